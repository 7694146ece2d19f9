import Foundation

/// The recorded FlexiDepth checkpoint with a byte-level tokenizer, so that it can be prompted with text.
public final class RoutedCheckpoint {
    private let directory: TemporaryDirectory

    public var path: String { directory.path }

    public init() throws {
        directory = try TemporaryDirectory()
        for name in ["config.json", "model.safetensors"] {
            try FileManager.default.copyItem(
                atPath: Goldens.url("flexidepth/\(name)").path, toPath: directory.path + "/" + name)
        }
        try Self.byteTokenizer().write(to: URL(fileURLWithPath: directory.path + "/tokenizer.json"))
    }

    /// A recorded tokenizer, stripped of merges and added tokens.
    private static func byteTokenizer() throws -> Data {
        let recorded = try JSONSerialization.jsonObject(
            with: Data(contentsOf: Goldens.url("tokenizers/qwen2-style/tokenizer.json")))
        guard var tokenizer = recorded as? [String: Any], var model = tokenizer["model"] as? [String: Any],
            let vocabulary = model["vocab"] as? [String: Int]
        else { throw CocoaError(.fileReadCorruptFile) }
        model["vocab"] = vocabulary.filter { $0.value < 256 }
        model["merges"] = [String]()
        tokenizer["model"] = model
        tokenizer["added_tokens"] = [[String: Any]]()
        return try JSONSerialization.data(withJSONObject: tokenizer)
    }
}
