import Foundation
public import Models
public import Tensors
public import Tokens
import Weights

/// A loaded checkpoint: weights, tokenizer and end tokens. Any number of sessions share it.
public struct Model: Sendable {
    /// The last part of the checkpoint's path.
    public let name: String
    /// The tokenizer; nil if the checkpoint has none, or one that is not implemented. Then only token ids go in and out.
    public let tokenizer: Tokenizer?
    /// Why the checkpoint's tokenizer is not used; nil if it is used, and if there is none.
    public let tokenizerRefusal: TokenizerError?
    /// Tokens that end an answer.
    public let endTokens: Set<Int>
    /// The settings that the model's makers recommend. They apply where `GenerationOptions` are nil.
    public let generationDefaults: GenerationDefaults
    package let stack: LayerStack
    /// The smaller model that drafts tokens; nil unless `drafted(by:)` gave one.
    package let draft: DraftModel?
    /// Constraints over the vocabulary, shared by all copies.
    let constraints: VocabularyConstraints
    /// Warnings about fields of the checkpoint that are unknown, contradictory or without effect, one sentence each.
    public let warnings: [String]

    /// Sizes, context length, trunk/head split, and the factor that the checkpoint was trained for.
    public var configuration: ModelConfiguration { stack.configuration }

    /// Loads a native or Hugging Face directory, or a GGUF file, on a thread of its own.
    ///
    /// - Parameters:
    ///   - headLayers: the number of head layers; nil for the checkpoint's own.
    ///   - vocabularyFormat: the format that `lm_head` is converted to; the embedding keeps its own.
    ///   - fp8Format: the format that FP8 weights of a Hugging Face directory are converted to: f32, bf16, f16, q8_0, q4_0 or
    ///     q4_1. bf16 keeps their values nearly exactly; q8_0 takes half as many bytes.
    ///   - screens: whether greedy decoding finds the next token with a smaller copy of `lm_head`. The result is exact and reads
    ///     fewer bytes per token; loading takes longer and more memory.
    ///   - checksTensors: whether to verify the checksums of a native checkpoint's tensors.
    ///   - ignoresUnusedTensors: whether to ignore tensors that the model does not use, rather than refuse them.
    ///   - progress: called with the share of the weights' bytes that are decoded and packed, from 0 to 1, never falling; 1
    ///     once the model is complete. Loading threads call it, one at a time: it must not block.
    /// - Throws: `CheckpointError`, `ConfigurationError` or `TokenizerError`, each one sentence; `CancellationError` if the task
    ///   is cancelled, which stops loading between two layers.
    public static func load(
        _ path: String, headLayers: Int? = nil, vocabularyFormat: StorageFormat? = nil,
        fp8Format: StorageFormat = .bf16, screens: Bool = false, checksTensors: Bool = true,
        ignoresUnusedTensors: Bool = false, progress: (@Sendable (Double) -> Void)? = nil
    ) async throws -> Model {
        try Task.checkCancellation()
        let progress = LoadingProgress(progress)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // Decoding gigabytes would block one of Swift's few cooperative threads for seconds.
                Thread.detachNewThread {
                    continuation.resume(
                        with: Result {
                            do {
                                return try Model(
                                    path: path, headLayers: headLayers, vocabularyFormat: vocabularyFormat,
                                    fp8Format: fp8Format, screens: screens, checksTensors: checksTensors,
                                    ignoresUnusedTensors: ignoresUnusedTensors, progress: progress)
                            } catch CheckpointError.cancelled {
                                throw CancellationError()
                            }
                        })
                }
            }
        } onCancel: {
            progress.cancel()
        }
    }

    /// Loads a checkpoint on the calling thread. The other parameters and the errors are those of `load`.
    ///
    /// - Parameter threadCount: the number of threads that decode compressed weights.
    /// - Throws: `CheckpointError.cancelled` too, after `progress.cancel()`.
    package init(
        path: String, headLayers: Int? = nil, vocabularyFormat: StorageFormat? = nil,
        fp8Format: StorageFormat = .bf16, screens: Bool = false,
        threadCount: Int = SessionOptions().threadCount, checksTensors: Bool = true,
        ignoresUnusedTensors: Bool = false, progress: LoadingProgress = LoadingProgress()
    ) throws {
        let opened = try Checkpoint.open(path, fp8Format: fp8Format)
        generationDefaults = try GenerationDefaults(opened.generation)
        progress.begin(totalBytes: opened.loadingByteCount(checksTensors: checksTensors))
        let checkpoint = try opened.loaded(
            threadCount: threadCount, checksTensors: checksTensors, progress: progress)
        name = path.split(separator: "/").last.map(String.init) ?? path
        let own = try LayerStack(
            checkpoint: checkpoint.only(.model), headLayers: headLayers, vocabularyFormat: vocabularyFormat,
            screens: screens, ignoresUnusedTensors: ignoresUnusedTensors, progress: progress)
        stack = checkpoint.parts.contains(.head) ? try own.with(headIn: checkpoint) : own
        warnings = checkpoint.warnings(stack)
        (tokenizer, tokenizerRefusal) = try Tokenizer.orRefusal(checkpoint.tokenizer)
        endTokens = Set(stack.configuration.endTokens).union(tokenizer?.endOfTextIDs ?? [])
        draft = nil
        constraints = VocabularyConstraints()
        progress.finish()
    }

    /// A model of weights that come from no checkpoint, such as random ones.
    ///
    /// - Parameter tokenizer: nil if only token ids go in and out.
    package init(name: String, _ stack: LayerStack, tokenizer: Tokenizer? = nil) {
        self.name = name
        self.stack = stack
        self.tokenizer = tokenizer
        tokenizerRefusal = nil
        endTokens = Set(stack.configuration.endTokens).union(tokenizer?.endOfTextIDs ?? [])
        generationDefaults = .none
        warnings = []
        draft = nil
        constraints = VocabularyConstraints()
    }

    private init(_ model: Model, stack: LayerStack, tokenizer: Tokenizer?, draft: DraftModel?) {
        name = model.name
        self.stack = stack
        self.tokenizer = tokenizer
        tokenizerRefusal = model.tokenizerRefusal
        endTokens = model.endTokens
        generationDefaults = model.generationDefaults
        warnings = model.warnings
        constraints = model.constraints
        self.draft = draft
    }

    /// The same checkpoint with other layers or another trunk/head split.
    func with(_ stack: LayerStack) -> Model { Model(self, stack: stack, tokenizer: tokenizer, draft: draft) }

    /// This model with a head of its own for the head-only places of cycles, as `python -m recipe head` trains it.
    ///
    /// - Parameter path: a directory with `head.json` and `head.safetensors`, or a native one that holds a head.
    /// - Throws: `CheckpointError`, `ConfigurationError`, or an error that names the model that the head was made for.
    public func with(cycleHead path: String, threadCount: Int = SessionOptions().threadCount) throws -> Model {
        with(try stack.with(headIn: try Checkpoint.open(path).only(.head).loaded(threadCount: threadCount)))
    }

    /// This model with a smaller one that drafts tokens.
    ///
    /// - Throws: `DraftError` if the other model's vocabulary differs.
    public func drafted(by other: Model) throws(DraftError) -> Model {
        try check(draft: other)
        return Model(self, stack: stack, tokenizer: tokenizer, draft: DraftModel(name: other.name, stack: other.stack))
    }

    /// - Throws: `TokenizerError` if the checkpoint's tokenizer is not implemented, `GenerationError.noTokenizer` if it has none.
    package func requireTokenizer() throws -> Tokenizer {
        guard let tokenizer else { throw tokenizerRefusal ?? GenerationError.noTokenizer(model: name) as any Error }
        return tokenizer
    }

    /// This model with another chat template in place of its own.
    ///
    /// - Parameter source: the template's text, in Jinja.
    /// - Throws: `GenerationError` or `TokenizerError` for a model without a usable tokenizer.
    public func with(chatTemplate source: String) throws -> Model {
        Model(self, stack: stack, tokenizer: try requireTokenizer().with(chatTemplate: source), draft: draft)
    }

    /// The token ids of a conversation in the model's chat template, up to where the answer begins.
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
