import Foundation

/// Runs the built executables, which lie beside the tests.
public struct Command {
    public let output: Data
    public let errors: String
    public let status: Int32

    public var text: String { String(decoding: output, as: UTF8.self) }

    public static let executable = built("volley")

    /// Whether the tests and the executable were built with a sanitizer.
    public static var isSanitized: Bool {
        let program = dlopen(nil, RTLD_NOW)
        return ["__asan_init", "__tsan_init"].contains { (name: String) in dlsym(program, name) != nil }
    }

    public static func built(_ name: String) -> URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: name)
    }

    /// - Parameters:
    ///   - input: contents of standard input, by default empty.
    ///   - program: the executable to run.
    public static func run(_ arguments: [String], input: Data = Data(), program: URL = executable) throws -> Command {
        let directory = FileManager.default.temporaryDirectory.appending(path: "volley-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        // Files instead of pipes: a full pipe would block the child while this process waits for it.
        func file(_ name: String, _ content: Data = Data()) throws -> FileHandle {
            let url = directory.appending(path: name)
            try content.write(to: url)
            return try FileHandle(forUpdating: url)
        }
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.standardInput = try file("input", input)
        let (output, errors) = (try file("output"), try file("errors"))
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        process.waitUntilExit()
        try output.seek(toOffset: 0)
        try errors.seek(toOffset: 0)
        return Command(
            output: try output.readToEnd() ?? Data(),
            errors: String(decoding: try errors.readToEnd() ?? Data(), as: UTF8.self),
            status: process.terminationStatus)
    }
}
