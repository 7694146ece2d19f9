import Models
public import Tensors
import Tokens
import Weights

/// A checkpoint ready to generate: weights, tokenizer and what ends an answer. Shared by any number of sessions.
public struct Model: Sendable {
    /// The last part of the checkpoint's path.
    public let name: String
    public let stack: LayerStack
    /// Nil where the checkpoint has none; then only token ids go in and out.
    public let tokenizer: Tokenizer?
    /// Tokens that end an answer.
    public let endTokens: Set<Int>

    /// Loads a native or Hugging Face directory, or a GGUF file.
    ///
    /// - Parameters:
    ///   - headLayers: how many of the last layers are the head, in place of the checkpoint's own number.
    ///   - vocabularyFormat: what `lm_head` is converted to.
    ///   - threadCount: threads that decode compressed weights.
    ///   - checksTensors: whether the checksums of a native checkpoint's tensors are looked at.
    /// - Throws: `CheckpointError`, `ConfigurationError` or `TokenizerError`, each one sentence.
    public static func load(
        _ path: String, headLayers: Int? = nil, vocabularyFormat: StorageFormat? = nil,
        threadCount: Int = SessionOptions().threadCount, checksTensors: Bool = true
    ) throws -> Model {
        let checkpoint = try Checkpoint.open(path).loaded(threadCount: threadCount, checksTensors: checksTensors)
        let stack = try LayerStack(
            checkpoint: checkpoint, headLayers: headLayers, vocabularyFormat: vocabularyFormat)
        let tokenizer = try Tokenizer(checkpoint.tokenizer)
        return Model(
            name: path.split(separator: "/").last.map(String.init) ?? path, stack: stack, tokenizer: tokenizer,
            endTokens: Set(stack.configuration.endTokens).union(tokenizer?.endOfTextIDs ?? []))
    }

    /// - Throws: `GenerationError.noTokenizer`.
    public func requireTokenizer() throws -> Tokenizer {
        guard let tokenizer else { throw GenerationError.noTokenizer(model: name) }
        return tokenizer
    }
}
