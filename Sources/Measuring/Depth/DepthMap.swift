public import Decoding
public import Models
import Tokens

/// Which layers each token of a prompt and its answer ran.
public struct DepthMap: Sendable {
    public struct Token: Sendable {
        public let id: Int
        /// What the text shows of it; `#id` without a tokenizer.
        public let text: String
        public let isPrompt: Bool
        public let layersUsed: Int

        /// With a mark before the end of a line, so that there is something to colour.
        public var shownText: String { text.replacing("\n", with: "↵\n") }
    }

    /// The model's name and the plan's.
    public let model: String
    public let plan: String
    /// Each was fed once, so that each has run its layers.
    public let tokens: [Token]
    /// Who ran what, by position and layer, and what routers said.
    public let depths: DepthRecord

    /// Answers `prompt` greedily.
    ///
    /// - Throws: `SessionError`, `SamplingError`, or `CancellationError`.
    public init(
        of language: Model, plan: any DecodePlan, prompt: [Int], maximumTokens: Int, options: SessionOptions,
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws {
        let session = try Session(model: language.stack, options: options)
        let generation = try Generation(
            session, prompt: prompt, plan: plan, options: GenerationOptions(maximumTokens: maximumTokens),
            tokenizer: nil, endTokens: language.endTokens, isCancelled: isCancelled)
        while try generation.step() != nil {}
        // The last token, too, is to have run its layers.
        guard generation.finishReason != .cancelled, session.run(isCancelled: isCancelled) else {
            throw CancellationError()
        }
        model = language.name
        self.plan = plan.name
        depths = session.depths
        let texts = Self.texts(of: session.tokens, language.tokenizer)
        tokens = zip(zip(session.tokens, texts), depths.layersUsed).enumerated().map { position, token in
            Token(id: token.0.0, text: token.0.1, isPrompt: position < prompt.count, layersUsed: token.1)
        }
    }

    public var layerCount: Int { depths.layerCount }

    /// The fewest and the most layers that a token ran.
    public var range: ClosedRange<Int> {
        let used = tokens.map(\.layersUsed)
        return (used.min() ?? 0)...(used.max() ?? 0)
    }

    /// Where a token stands between the fewest and the most layers, from 0 to 1; 1 where all ran as many.
    public func shade(of token: Token) -> Double {
        guard range.count > 1 else { return 1 }
        return Double(token.layersUsed - range.lowerBound) / Double(range.count - 1)
    }

    public var all: DepthSummary { DepthSummary(tokens.map(\.layersUsed)) }
    public var prompt: DepthSummary { DepthSummary(tokens.filter(\.isPrompt).map(\.layersUsed)) }
    public var answer: DepthSummary { DepthSummary(tokens.filter { !$0.isPrompt }.map(\.layersUsed)) }

    /// Share of the tokens that ran each layer, from 0 to 1.
    public var usage: [Double] {
        (0..<layerCount).map { layer in
            Double(tokens.indices.count { depths.ran(layer, at: $0) }) / Double(max(tokens.count, 1))
        }
    }

    /// A character of several tokens is shown by the last of them.
    private static func texts(of ids: [Int], _ tokenizer: Tokenizer?) -> [String] {
        guard let tokenizer else { return ids.map { "#\($0) " } }
        var decoder = StreamDecoder(tokenizer, skipSpecial: false)
        var texts = ids.map { decoder.append($0) }
        texts[texts.count - 1] += decoder.flush()
        return texts
    }
}
