/// Whoever sent a request.
package struct Client: Sendable, Hashable {
    /// What the client is known by among others that wait: the name of its key, else its address.
    package let id: String
    /// Prompts of one domain may share what has been read of them; nil for a server without keys, where anyone may ask.
    package let domain: String?

    package init(id: String, domain: String? = nil) {
        self.id = id
        self.domain = domain
    }

    /// A program that runs the engine by itself.
    package static let local = Client(id: "", domain: "")
}
