import Foundation
import TestSupport
import Testing

/// `volley --version` says which program this is.
struct VersionTests {
    @Test("the version has the changelog's number, the commit if the build was told, and the kind of build")
    func version() throws {
        let command = try Command.run(["--version"])
        let form = #/(\d+\.\d+\.\d+) \((commit [0-9a-f]{7,40}(-dirty)?, )?(release|debug) build\)\n/#
        let number = try #require(command.text.wholeMatch(of: form), "\(command.text)").1
        let changelog = try String(contentsOf: Self.root.appending(path: "CHANGELOG.md"), encoding: .utf8)
        let newest = try #require(changelog.firstMatch(of: #/\n## (\d+\.\d+\.\d+)/#)).1
        #expect(command.status == 0 && number == newest)
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
}
