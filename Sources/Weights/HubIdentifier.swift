/// A model name on the Hugging Face hub, such as `Qwen/Qwen3-0.6B`, given instead of a path.
struct HubIdentifier {
    let text: String

    private static let addresses = ["https://huggingface.co/", "huggingface.co/", "https://hf.co/", "hf.co/", "hf://"]

    /// Returns nil if the path does not look like such a name, or its parent directory exists.
    init?(_ path: String) {
        let address = Self.addresses.first { path.hasPrefix($0) }
        let name = path.dropFirst(address?.count ?? 0)
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy(Self.isName), !parts[1].hasSuffix(".gguf"),
            address != nil || PathKind(String(parts[0])) == .nothing
        else { return nil }
        text = String(name)
    }

    private static func isName(_ part: Substring) -> Bool {
        guard let first = part.first, first.isLetter || first.isNumber else { return false }
        return part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    }
}
