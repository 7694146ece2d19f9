import Decoding
import Foundation
import Models
import Tokens

/// Which layers each token of a prompt and its answer ran.
package struct DepthMap: Sendable {
    package struct Token: Sendable {
        package let id: Int
        /// What the text shows of it; `#id` without a tokenizer.
        package let text: String
        package let isPrompt: Bool
        package let layersUsed: Double

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
        let generator = Generator(model, options: options)
        try generator.begin(
            prompt, plan: plan, options: GenerationOptions(maximumTokens: maximumTokens), isCancelled: isCancelled)
        while try generator.step() != nil {}
        guard generator.finishReason != .cancelled else { throw CancellationError() }
        // The last token, too, is to have run its layers.
        _ = try generator.logits(isCancelled: isCancelled)
        self.model = model.name
        self.plan = plan.name
        depths = generator.depths
        let texts = Self.texts(of: generator.tokens, model.tokenizer)
        tokens = zip(zip(generator.tokens, texts), depths.layersUsed).enumerated().map { position, token in
            Token(id: token.0.0, text: token.0.1, isPrompt: position < prompt.count, layersUsed: token.1)
        }
    }

    package var layerCount: Int { depths.layerCount }

    /// The fewest and the most layers that a token ran.
    package var range: ClosedRange<Double> {
        let used = tokens.map(\.layersUsed)
        return (used.min() ?? 0)...(used.max() ?? 0)
    }

    /// Whether some token ran a layer's attention or feed-forward alone.
    package var hasHalves: Bool {
        tokens.indices.contains { position in
            (0..<layerCount).contains { depths.share($0, at: position) == 0.5 }
        }
    }

    /// From the fewest layers to the most, in whole layers or in halves.
    package var steps: [Double] {
        Array(stride(from: range.lowerBound, through: range.upperBound, by: hasHalves ? 0.5 : 1))
    }

    package func shade(of token: Token) -> Double { shade(of: token.layersUsed) }

    /// Where a number of layers stands between the fewest and the most, from 0 to 1; 1 where all ran as many.
    package func shade(of layersUsed: Double) -> Double {
        guard range.upperBound > range.lowerBound else { return 1 }
        return (layersUsed - range.lowerBound) / (range.upperBound - range.lowerBound)
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

extension Double {
    /// A number of layers for a person: `7` or `7.5`.
    package var layersText: String { String(format: "%g", self) }
}
