import ArgumentParser

/// Token ids separated by commas.
struct TokenIDs: ExpressibleByArgument {
    let ids: [Int]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let ids = parts.compactMap { part in Int(part.drop { $0 == " " }) }
        guard ids.count == parts.count else { return nil }
        self.ids = ids
    }
}
