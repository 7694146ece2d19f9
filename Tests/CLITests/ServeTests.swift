import Foundation
import TestSupport
import Testing

/// Errors of `serve`. The server itself is tested with real clients in ServingTests/clients.
struct ServeTests {
    @Test(
        "options out of range are wrong usage",
        arguments: [
            ("--port", "65536"), ("--max-batch", "0"), ("--max-batch", "33"), ("--max-queue", "0"),
            ("--max-tokens", "-1"),
            ("--max-mtd", "17"), ("--kv-budget", "much"), ("--api-key", ""), ("--mtd", "17"),
            ("--shutdown-timeout", "-1"), ("--request-timeout", "0"), ("--max-connections", "0"),
            ("--tls-cert", "a.pem"),
        ])
    func usage(_ option: String, _ value: String) throws {
        let command = try Command.run(["serve", "\(option)=\(value)"])
        #expect(command.status == 64)
        #expect(command.errors.contains(option))
    }

    @Test(
        "a plan that requests cannot share a model with is one sentence",
        arguments: [
            (
                ["--plan", "layerskip:4"],
                "layerskip:4:4 cuts the model elsewhere than other requests expect; add --head-layers 20"
            ),
            (["--plan", "laco:2"], "laco:2 changes the weights that other requests share"),
        ])
    func plans(_ arguments: [String], _ sentence: String) throws {
        let command = try Command.run(["serve", "--port", "0"] + arguments)
        #expect(command.status == 1)
        #expect(command.errors.hasPrefix("volley: \(sentence)"))
        #expect(command.errors.split(separator: "\n").count == 1)
    }

    @Test("a file of keys or certificates that is none is one sentence, before the server starts")
    func files() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/file"
        try "ada key many".write(toFile: path, atomically: true, encoding: .utf8)
        for (arguments, sentence) in [
            (["--api-key-file", path], "line 1 of the key file is no name, key and limit"),
            (["--api-key-file", path + "s"], "the file cannot be read"),
            (["--tls-cert", path, "--tls-key", path], "the file holds no certificates in PEM"),
            (["--access-log", directory.path], "the log cannot be written there"),
        ] {
            let command = try Command.run(["serve", "--port", "0"] + arguments)
            #expect(command.status == 1)
            #expect(command.errors.contains(sentence))
            #expect(command.errors.split(separator: "\n").count == 1)
        }
    }

    @Test("an address of another machine gives one sentence")
    func address() throws {
        let command = try Command.run(["serve", "--host", "203.0.113.1", "--port", "0"])
        #expect(command.status == 1)
        #expect(command.errors.hasPrefix("volley: cannot serve at 203.0.113.1:0: "))
        #expect(command.errors.hasSuffix("choose another --host or --port, or stop what uses it\n"))
        #expect(command.errors.split(separator: "\n").count == 1)
    }
}
