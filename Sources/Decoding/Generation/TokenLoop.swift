import Constraints
import Models
import Tensors
import Tokens

/// Samples one token after another from a sequence's logits, and checks what ends the text.
struct TokenLoop {
    /// Why the generation ended; nil while it goes on.
    private(set) var finishReason: FinishReason?
    /// Maximum number of tokens; the context may be full earlier.
    let tokenLimit: Int
    /// The seed that repeats the text; nil for greedy decoding.
    var seed: UInt64? { chooser.seed }

    private let options: GenerationOptions
    private let endTokens: Set<Int>
    private var chooser: TokenChooser
    private var text: TextStream
    private var emittedCount = 0
    private var budget: ThinkingBudget?
    private let promptCount: Int
    /// How often vanilla would have chosen the same tokens; nil unless metered.
    private(set) var agreement: Agreement?

    /// - Parameters:
    ///   - sequence: a sequence with its prompt.
    ///   - options: parameters that are nil have no effect; `filled(from:)` replaces them by a model's defaults.
    ///   - selection: the caller's logit processors and sampler.
    ///   - constraint: what the text must be; nil for any text.
    ///   - tokenizer: turns ids into text. Without one, tokens have no text, and stop strings are not found.
    ///   - endTokens: tokens that end the generation.
    init(
        _ sequence: TokenSequence, options: GenerationOptions, selection: TokenSelection,
        constraint: TokenConstraint? = nil, tokenizer: Tokenizer?, endTokens: Set<Int>
    ) {
        self.options = options
        self.endTokens = options.ignoresEnd ? [] : endTokens
        chooser = TokenChooser(
            options.sampling, selection, verifyRule: options.verifyRule,
            vocabularySize: sequence.configuration.vocabularySize,
            constraint: constraint.map { [ends = self.endTokens] in ConstraintCursor($0, endTokens: ends) },
            isMetered: options.isMetered)
        promptCount = sequence.tokens.count
        agreement = options.isMetered ? Agreement() : nil
        sequence.isMetered = options.isMetered
        sequence.draftSampler = chooser.draftSampler
        sequence.cursor = chooser.cursor
        text = TextStream(tokenizer: tokenizer, stops: options.stops)
        tokenLimit = options.tokenLimit(
            promptCount: promptCount, contextLength: sequence.configuration.contextLength)
        for token in sequence.tokens { chooser.observe(token, isGenerated: false) }
        if let limit = options.thinkingBudget, let tokenizer {
            budget = ThinkingBudget(limit: limit, prompt: sequence.tokens, tokenizer: tokenizer)
        }
    }

    /// Samples a token from the sequence's logits, and appends it to the sequence; nil at the end.
    ///
    /// - Throws: `SessionError.cacheOverflow` if keys or values do not fit the cache's format,
    ///   `SamplingError.logitsNotFinite` if the weights are damaged, and the errors of processors and sampler.
    mutating func take(from sequence: TokenSequence) throws -> GeneratedToken? {
        guard finishReason == nil else { return nil }
        guard emittedCount < tokenLimit else { return finish(.length) }
        guard sequence.remainingPositions > 0 else { return finish(.context) }
        if chooser.cursor?.isOver == true { return finish(.stop) }
        try sequence.checkCache()
        if agreement != nil { sequence.forEachVanillaRow { note($0, $1) } }
        let token = try nextToken(of: sequence)
        let logprobs = try options.logprobCount.map { count in
            Decoding.logprobs(of: try chooser.reported(sequence.logits), sampled: token, count: count)
        }
        try chooser.advance(token)
        try sequence.append(token)
        sequence.cursor = chooser.cursor
        chooser.observe(token, isGenerated: true)
        budget?.observe(token)
        emittedCount += 1
        let cycleIndex = sequence.cycleIndex(ofTokenAt: sequence.tokens.count - 1)
        agreement?.add(token: token, cycleIndex: cycleIndex)
        return GeneratedToken(
            id: token, text: releasedText(of: token, sequence), cycleIndex: cycleIndex, logprobs: logprobs ?? [])
    }

    private mutating func nextToken(of sequence: TokenSequence) throws -> Int {
        // Reasoning cannot end within a character: the model goes on until a constraint allows the closing tag.
        guard let token = budget?.nextToken, try chooser.cursor?.allows(token) ?? true else {
            return try chooser.choose(from: sequence.logits, draft: sequence.nextDraft)
        }
        chooser.skip()
        return token
    }

    /// Notes what vanilla chooses by the logits after `position`, unless it is noted.
    mutating func note(_ position: Int, _ logits: UnsafeBufferPointer<Float>) {
        let number = position + 1 - promptCount
        guard number == agreement?.choices.count else { return }
        guard let choice = chooser.vanillaChoice(from: logits, number: number) else { return }
        agreement?.add(choice: choice)
    }

    mutating func finish(_ reason: FinishReason) -> GeneratedToken? {
        finishReason = reason
        return nil
    }

    /// Text held back when the generation was cancelled.
    mutating func flush() -> String { text.flush() }

    /// The text that `token` releases. Sets `finishReason` if the generation ends with the token.
    private mutating func releasedText(of token: Int, _ sequence: TokenSequence) -> String {
        if endTokens.contains(token) {
            finishReason = .stop
            return text.flush()
        }
        let (released, isStopped) = text.append(token)
        if isStopped {
            finishReason = .stop
            return released
        }
        if emittedCount == tokenLimit {
            finishReason = .length
        } else if sequence.remainingPositions == 0 {
            finishReason = .context
        }
        return finishReason == nil ? released : released + text.flush()
    }
}
