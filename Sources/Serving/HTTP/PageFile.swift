import Hummingbird

/// A file of the page, which needs no API key.
struct PageFile: Sendable {
    /// Where the server has it, and where the page's own links look for it.
    let path: String
    private let type: String
    private let bytes: [UInt8]

    static let all =
        [PageFile("/", "text/html", PackageResources.page_html)]
        + [
            style("page", PackageResources.page_css), style("chat", PackageResources.chat_css),
            style("race", PackageResources.race_css),
        ]
        + [
            script("answers", PackageResources.answers_js), script("chat", PackageResources.chat_js),
            script("chooser", PackageResources.chooser_js), script("conversations", PackageResources.conversations_js),
            script("dom", PackageResources.dom_js), script("examples", PackageResources.examples_js),
            script("follow", PackageResources.follow_js), script("lanes", PackageResources.lanes_js),
            script("markdown", PackageResources.markdown_js), script("page", PackageResources.page_js),
            script("plans", PackageResources.plans_js), script("race", PackageResources.race_js),
            script("recording", PackageResources.recording_js), script("replay", PackageResources.replay_js),
            script("results", PackageResources.results_js), script("server", PackageResources.server_js),
            script("turn", PackageResources.turn_js),
        ]

    private init(_ path: String, _ type: String, _ bytes: [UInt8]) {
        (self.path, self.type, self.bytes) = (path, type + "; charset=utf-8", bytes)
    }

    private static func style(_ name: String, _ bytes: [UInt8]) -> PageFile {
        PageFile("page/\(name).css", "text/css", bytes)
    }

    private static func script(_ name: String, _ bytes: [UInt8]) -> PageFile {
        PageFile("page/\(name).js", "text/javascript", bytes)
    }

    var response: Response {
        var response = Response(text: String(decoding: bytes, as: UTF8.self), type: type)
        response.headers[.contentSecurityPolicy] = Self.policy
        response.headers[.xContentTypeOptions] = "nosniff"
        // So that the files of two versions never mix.
        response.headers[.cacheControl] = "no-cache"
        return response
    }

    /// Only the server's own files run or style the page, no text becomes markup, and no other page shows it in a frame.
    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src data:",
        "base-uri 'none'",
        "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].joined(separator: "; ")
}
