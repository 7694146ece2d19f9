import Decoding
import Models
import Tokens

/// Which layers each token of a prompt and its answer ran.
package struct DepthMap: Sendable {
    package struct Token: Sendable {
        package let id: Int
        /// What the text shows of it; `#id` without a tokenizer.
        package let text: String
        package let isPrompt: Bool
        package let layersUsed: Int

        /// With a mark before the end of a line, so that there is something to colour.
        package var shownText: String { text.replacing("\n", with: "↵\n") }
    }

    /// The model's name and the plan's.
    package let model: String
    package let plan: String
    /// Each was fed once, so that each has run its layers.
    package let tokens: [Token]
    /// Who ran what, by position and layer, and what routers said.
    package let depths: DepthRecord

    /// Answers `prompt` greedily.
    ///
    /// - Throws: `SessionError`, `SamplingError`, or `CancellationError`.
    package init(
        of model: Model, plan: any DecodePlan, prompt: [Int], maximumTokens: Int, options: SessionOptions,
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws {
        let context = try DecodingContext(model.fitted(to: plan).stack, options: options)
        let generation = try DecodingLoop(
            context, prompt: prompt, plan: plan, options: GenerationOptions(maximumTokens: maximumTokens),
            tokenizer: nil, endTokens: model.endTokens, isCancelled: isCancelled)
        while try generation.step() != nil {}
        // The last token, too, is to have run its layers.
        guard generation.finishReason != .cancelled, context.run(isCancelled: isCancelled) else {
            throw CancellationError()
        }
        self.model = model.name
        self.plan = plan.name
        depths = context.depths
        let texts = Self.texts(of: context.tokens, model.tokenizer)
        tokens = zip(zip(context.tokens, texts), depths.layersUsed).enumerated().map { position, token in
            Token(id: token.0.0, text: token.0.1, isPrompt: position < prompt.count, layersUsed: token.1)
        }
    }

    package var layerCount: Int { depths.layerCount }

    /// The fewest and the most layers that a token ran.
    package var range: ClosedRange<Int> {
        let used = tokens.map(\.layersUsed)
        return (used.min() ?? 0)...(used.max() ?? 0)
    }

    /// Where a token stands between the fewest and the most layers, from 0 to 1; 1 where all ran as many.
    package func shade(of token: Token) -> Double {
        guard range.count > 1 else { return 1 }
        return Double(token.layersUsed - range.lowerBound) / Double(range.count - 1)
    }

    package var all: DepthSummary { DepthSummary(tokens.map(\.layersUsed)) }
    package var prompt: DepthSummary { DepthSummary(tokens.filter(\.isPrompt).map(\.layersUsed)) }
    package var answer: DepthSummary { DepthSummary(tokens.filter { !$0.isPrompt }.map(\.layersUsed)) }

    /// Share of the tokens that ran each layer, from 0 to 1.
    package var usage: [Double] { depths.runShares }

    /// A character of several tokens is shown by the last of them.
    private static func texts(of ids: [Int], _ tokenizer: Tokenizer?) -> [String] {
        guard let tokenizer else { return ids.map { "#\($0) " } }
        var decoder = StreamDecoder(tokenizer, skipSpecial: false)
        var texts = ids.map { decoder.append($0) }
        texts[texts.count - 1] += decoder.flush()
        return texts
    }
}
