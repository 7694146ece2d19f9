import Foundation
import PackagePlugin

/// `swift package generate-documentation [--output-path DIRECTORY]`: the library's documentation, by docs/build.sh.
@main
struct Documentation: CommandPlugin {
    /// The script's own exit code says what went wrong, its words are on standard error.
    struct Failed: Error, CustomStringConvertible {
        let code: Int32
        var description: String { "docs/build.sh failed with exit code \(code)" }
    }

    func performCommand(context: PluginContext, arguments: [String]) throws {
        var arguments = ArgumentExtractor(arguments)
        let root = context.package.directoryURL
        let output = arguments.extractOption(named: "output-path").first ?? root.appending(path: ".build/docs").path
        let script = Process()
        script.executableURL = URL(filePath: "/bin/bash")
        // The package manager that runs this plugin holds the build folder.
        script.arguments = [root.appending(path: "docs/build.sh").path, output, "--ignore-lock"]
        try script.run()
        script.waitUntilExit()
        guard script.terminationStatus == 0 else { throw Failed(code: script.terminationStatus) }
        print("the documentation is in \(output)")
    }
}
