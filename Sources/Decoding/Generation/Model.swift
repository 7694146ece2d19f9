import Foundation
public import Models
public import Tensors
public import Tokens
import Weights

/// A checkpoint ready to generate: weights, tokenizer and what ends an answer. Shared by any number of sessions.
public struct Model: Sendable {
    /// The last part of the checkpoint's path.
    public let name: String
    /// Nil where the checkpoint has none, or one of a kind that is not implemented; then only token ids go in and out.
    public let tokenizer: Tokenizer?
    /// Why the checkpoint's tokenizer is not used; nil where it is, and where there is none.
    public let tokenizerRefusal: TokenizerError?
    /// Tokens that end an answer.
    public let endTokens: Set<Int>
    /// How its makers recommend to generate: what holds where `GenerationOptions` name nothing.
    public let generationDefaults: GenerationDefaults
    package let stack: LayerStack
    /// What the checkpoint says that is unknown here, contradictory or not acted on: each one sentence for the user.
    public let warnings: [String]

    /// Sizes, context length, trunk and head, and the factor that the checkpoint was trained for.
    public var configuration: ModelConfiguration { stack.configuration }

    /// Loads a native or Hugging Face directory, or a GGUF file, on a thread of its own.
    ///
    /// - Parameters:
    ///   - headLayers: how many of the last layers are the head, in place of the checkpoint's own number.
    ///   - vocabularyFormat: what `lm_head` is converted to, the embedding staying as it is.
    ///   - fp8Format: what the FP8 weights of a Hugging Face directory are made: f32, bf16, f16, q8_0, q4_0 or q4_1. bf16 keeps
    ///     their values nearly exactly, q8_0 takes half its bytes.
    ///   - screens: whether greedy decoding finds the next token by a smaller copy of `lm_head`, exactly: fewer bytes a token for
    ///     more memory and a longer loading.
    ///   - checksTensors: whether the checksums of a native checkpoint's tensors are looked at.
    ///   - ignoresUnusedTensors: whether tensors that the model has no use for are left out; else they are refused.
    /// - Throws: `CheckpointError`, `ConfigurationError` or `TokenizerError`, each one sentence; `CancellationError` where
    ///   the task was cancelled before.
    public static func load(
        _ path: String, headLayers: Int? = nil, vocabularyFormat: StorageFormat? = nil,
        fp8Format: StorageFormat = .bf16, screens: Bool = false, checksTensors: Bool = true,
        ignoresUnusedTensors: Bool = false
    ) async throws -> Model {
        try Task.checkCancellation()
        return try await withCheckedThrowingContinuation { continuation in
            // Decoding gigabytes would keep one of Swift's few cooperative threads for seconds.
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        try Model(
                            path: path, headLayers: headLayers, vocabularyFormat: vocabularyFormat,
                            fp8Format: fp8Format, screens: screens, checksTensors: checksTensors,
                            ignoresUnusedTensors: ignoresUnusedTensors)
                    })
            }
        }
    }

    /// As `load` does, on the thread that calls.
    ///
    /// - Parameter threadCount: threads that decode compressed weights.
    package init(
        path: String, headLayers: Int? = nil, vocabularyFormat: StorageFormat? = nil,
        fp8Format: StorageFormat = .bf16, screens: Bool = false,
        threadCount: Int = SessionOptions().threadCount, checksTensors: Bool = true,
        ignoresUnusedTensors: Bool = false
    ) throws {
        let opened = try Checkpoint.open(path, fp8Format: fp8Format)
        generationDefaults = try GenerationDefaults(opened.generation)
        let checkpoint = try opened.loaded(threadCount: threadCount, checksTensors: checksTensors)
        name = path.split(separator: "/").last.map(String.init) ?? path
        stack = try LayerStack(
            checkpoint: checkpoint, headLayers: headLayers, vocabularyFormat: vocabularyFormat, screens: screens,
            ignoresUnusedTensors: ignoresUnusedTensors)
        warnings = checkpoint.warnings(stack)
        (tokenizer, tokenizerRefusal) = try Tokenizer.orRefusal(checkpoint.tokenizer)
        endTokens = Set(stack.configuration.endTokens).union(tokenizer?.endOfTextIDs ?? [])
    }

    /// A model without a tokenizer, such as one of random weights.
    package init(name: String, _ stack: LayerStack) {
        self.name = name
        self.stack = stack
        tokenizer = nil
        tokenizerRefusal = nil
        endTokens = Set(stack.configuration.endTokens)
        generationDefaults = .none
        warnings = []
    }

    private init(_ model: Model, stack: LayerStack, tokenizer: Tokenizer?) {
        name = model.name
        self.stack = stack
        self.tokenizer = tokenizer
        tokenizerRefusal = model.tokenizerRefusal
        endTokens = model.endTokens
        generationDefaults = model.generationDefaults
        warnings = model.warnings
    }

    /// The same checkpoint with other layers, or cut elsewhere.
    func with(_ stack: LayerStack) -> Model { Model(self, stack: stack, tokenizer: tokenizer) }

    /// - Throws: `TokenizerError` where the checkpoint has a tokenizer that is not implemented, `GenerationError.noTokenizer`
    ///   where it has none.
    package func requireTokenizer() throws -> Tokenizer {
        guard let tokenizer else { throw tokenizerRefusal ?? GenerationError.noTokenizer(model: name) as any Error }
        return tokenizer
    }

    /// This model with another chat template in place of its own.
    ///
    /// - Parameter source: Jinja.
    /// - Throws: `GenerationError` or `TokenizerError` for a model without a tokenizer that is used.
    public func with(chatTemplate source: String) throws -> Model {
        Model(self, stack: stack, tokenizer: try requireTokenizer().with(chatTemplate: source))
    }

    /// The ids of a conversation as the model was trained to read it, up to where the answer begins.
    ///
    /// - Throws: `GenerationError` for a model without tokenizer or chat template; `TokenizerError` for a template that
    ///   cannot be run, and for messages that it refuses.
    package func tokens(of messages: [ChatMessage], _ options: ChatOptions = ChatOptions()) throws -> [Int] {
        let tokenizer = try requireTokenizer()
        guard tokenizer.hasChatTemplate else { throw GenerationError.noChatTemplate(model: name) }
        let text = try tokenizer.renderChat(messages, addGenerationPrompt: true, options: options)
        return tokenizer.encode(text, addSpecial: false)
    }
}
