import ArgumentParser
import Volley

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@main
struct VolleyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volley",
        abstract: "A runtime that makes language models emit several tokens per trunk pass.",
        discussion: """
            Results go to standard output, everything else to standard error.
            Exit codes: 0 success, 1 failure (with a one-sentence error), 64 wrong usage.
            """,
        version: Version.text,
        subcommands: [
            Generate.self, Chat.self, Tokenize.self, Pack.self, Unpack.self, Inspect.self, Verify.self,
            Compare.self, Tune.self, Bench.self, Eval.self, Depth.self, Cache.self,
        ] + serving)

    /// The commands of the trait `Server`.
    private static var serving: [any ParsableCommand.Type] {
        #if Server
            [Serve.self]
        #else
            []
        #endif
    }

    static func main() async {
        signal(SIGPIPE, SIG_IGN)  // a closed standard output is then an ordinary error
        StandardStreams.fillClosed()
        do {
            try checkArgumentsAreUTF8()
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(withError: reported(error))
        }
    }

    /// Prints the text of `--help` or `--version`. Returns the error to exit with.
    private static func printed(_ error: any Error) -> any Error {
        do {
            try StandardOutput.write(fullMessage(for: error) + "\n")
            return ExitCode.success
        } catch {
            return reported(error)
        }
    }

    /// Refuses arguments that are not UTF-8. Invalid bytes would otherwise reach the prompt as U+FFFD.
    private static func checkArgumentsAreUTF8() throws {
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let argument = CommandLine.unsafeArgv[index] else { continue }
            guard String(validatingCString: argument) != nil else {
                throw ValidationError("argument \(index) is not UTF-8; give text in UTF-8")
            }
        }
    }

    /// The error to exit with. Errors of ArgumentParser keep their messages and codes; others are printed and give code 1.
    private static func reported(_ error: any Error) -> any Error {
        switch exitCode(for: error) {
        case .success where !(error is ExitCode): return printed(error)
        case .failure where error is ExitCode: return error
        case .failure:
            StandardError.write("volley: \(error)\n")
            return ExitCode.failure
        default: return error
        }
    }
}
