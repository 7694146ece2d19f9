import ArgumentParser
import Foundation
import Volley

struct Cache: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, verify or clear a prompt cache.",
        discussion: "`--prompt-cache DIR` of generate, chat, compare, eval, tune and serve fills one.",
        subcommands: [List.self, Verify.self, Clear.self])

    struct Directory: ParsableArguments {
        @Argument(help: ArgumentHelp("The prompt cache.", valueName: "directory"))
        var path: String
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the prompts, the last used first.")

        @OptionGroup var directory: Directory

        func run() throws {
            let contents = try CacheDirectory(directory.path).contents()
            let rows = contents.prompts.map { prompt in
                [
                    prompt.modelName, "\(prompt.tokenCount)", ByteSize.text(prompt.byteCount),
                    prompt.lastUse.formatted(.iso8601),
                ]
            }
            let table = TextTable(header: ["model", "tokens", "size", "last used"], rows: rows)
            let size = ByteSize.text(contents.byteCount)
            try StandardOutput.write(table.text + "\(contents.chunkCount) chunks, \(size)\n")
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check every byte of every chunk against its checksums.",
            discussion:
                "Prints each damaged file, and fails if there is one. A generation removes what it finds damaged.")

        @OptionGroup var directory: Directory

        func run() throws {
            var (count, faultCount) = (0, 0)
            try CacheDirectory(directory.path).verify { path, problem in
                count += 1
                guard let problem else { return }
                faultCount += 1
                StandardError.write("volley: \(path): \(problem)\n")
            }
            guard faultCount == 0 else { throw ExitCode.failure }
            try StandardOutput.write("\(directory.path): \(count) chunks, every checksum is right\n")
        }
    }

    struct Clear: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove every chunk. Other files stay.")

        @OptionGroup var directory: Directory

        func run() throws {
            let (count, byteCount) = try CacheDirectory(directory.path).clear()
            try StandardOutput.write("removed \(count) chunks, \(ByteSize.text(byteCount))\n")
        }
    }
}
