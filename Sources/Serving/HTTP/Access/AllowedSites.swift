/// The names that a server goes by, and the origins whose pages may use it from a browser.
///
/// A page of any site can make its reader's browser send requests to this machine: to its address, or to a name of its own that
/// it lets resolve to this machine. Names and origins tell such requests from wanted ones.
package struct AllowedSites: Sendable {
    /// Names beside addresses, `localhost` and the bound name; `*` for any.
    package var hosts: [String]
    /// Origins such as `https://example.com`; `*` for any.
    package var origins: [String]

    /// - Parameter bound: the name or address that the server listens at.
    package init(bound: String, hosts: [String] = [], origins: [String] = []) {
        self.hosts = (hosts + [bound, "localhost"]).map { $0.lowercased() }
        self.origins = origins.map { $0.lowercased() }
    }

    /// Whether a request to `authority`, a name with or without a port, is meant for this server.
    package func allows(authority: String) -> Bool {
        let host = Self.host(of: authority)
        // No name can stand for an address that it does not have.
        return hosts.contains("*") || hosts.contains(host) || host.hasSuffix(".localhost") || Self.isAddress(host)
    }

    /// Whether pages of `origin` may use the server; its own page may.
    package func allows(origin: String, authority: String) -> Bool {
        let origin = origin.lowercased()
        let own = authority.lowercased()
        return allows(listed: origin) || origin == "http://" + own || origin == "https://" + own
    }

    /// Whether pages of `origin`, another site's, may use the server.
    func allows(listed origin: String) -> Bool {
        origins.contains("*") || origins.contains(origin.lowercased())
    }

    /// The name or address in `authority`, without brackets, port and final dot.
    private static func host(of authority: String) -> String {
        let text = authority.lowercased()
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            return String(text[text.index(after: text.startIndex)..<end])
        }
        let host = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        return String(host.hasSuffix(".") ? host.dropLast() : host)
    }

    /// Whether this is an IPv4 or IPv6 address.
    private static func isAddress(_ host: String) -> Bool {
        if host.contains(":") { return host.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." } }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
