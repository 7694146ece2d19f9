import Decoding
import Foundation
import Models
import Tokens

/// The layers that each token of a prompt and its answer ran.
package struct DepthMap: Sendable {
    package struct Token: Sendable {
        package let id: Int
        /// The token's text; `#id` without a tokenizer.
        package let text: String
        package let isPrompt: Bool
        package let layersUsed: Double

        /// The text with a visible mark before each line break, so that line breaks have a colour.
        package var shownText: String { text.replacing("\n", with: "↵\n") }
    }

    /// The model's name.
    package let model: String
    /// The plan's name.
    package let plan: String
    /// All tokens; each has run its layers, the last included.
    package let tokens: [Token]
    /// The layers that each position ran, and the gates of their routers.
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
        // Runs the layers of the last token too.
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

    /// Numbers of layers from the fewest to the most, in steps of whole or half layers.
    package var steps: [Double] {
        Array(stride(from: range.lowerBound, through: range.upperBound, by: hasHalves ? 0.5 : 1))
    }

    package func shade(of token: Token) -> Double { shade(of: token.layersUsed) }

    /// A number of layers on a scale from the fewest, 0, to the most, 1. If all tokens ran as many layers, 1.
    package func shade(of layersUsed: Double) -> Double {
        guard range.upperBound > range.lowerBound else { return 1 }
        return (layersUsed - range.lowerBound) / (range.upperBound - range.lowerBound)
    }

    package var all: DepthSummary { DepthSummary(tokens.map(\.layersUsed)) }
    package var prompt: DepthSummary { DepthSummary(tokens.filter(\.isPrompt).map(\.layersUsed)) }
    package var answer: DepthSummary { DepthSummary(tokens.filter { !$0.isPrompt }.map(\.layersUsed)) }

    /// The share of tokens that ran each layer, from 0 to 1.
    package var usage: [Double] { depths.runShares }

    /// The text of each token. The text of a character of several tokens belongs to the last of them.
    private static func texts(of ids: [Int], _ tokenizer: Tokenizer?) -> [String] {
        guard let tokenizer else { return ids.map { "#\($0) " } }
        var decoder = StreamDecoder(tokenizer, skipSpecial: false)
        var texts = ids.map { decoder.append($0) }
        texts[texts.count - 1] += decoder.flush()
        return texts
    }
}

extension Double {
    /// A number of layers as text: `7` or `7.5`.
    package var layersText: String { String(format: "%g", self) }
}
