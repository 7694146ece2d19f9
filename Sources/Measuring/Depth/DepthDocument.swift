import Models

/// A depth map as one JSON document.
package struct DepthDocument: Encodable, Sendable {
    let model: String
    let plan: String
    let layers: Int
    let tokens: [Token]
    /// Share of the tokens that ran each layer.
    let usage: [Double]
    let all: Summary
    let prompt: Summary
    /// Absent where nothing was generated.
    let answer: Summary?

    struct Token: Encodable {
        let id: Int
        let text: String
        let isPrompt: Bool
        let layersUsed: Double
        /// By layer.
        let ran: [Bool]
        /// What part of each layer ran; absent where attention and feed-forward go together.
        let shares: [Double]?
        /// By layer; null where no router was asked.
        let gates: [Float?]
    }

    package struct Summary: Encodable, Sendable {
        let layersPerToken: Double
        let variance: Double

        package init(_ summary: DepthSummary) { (layersPerToken, variance) = (summary.mean, summary.variance) }
    }

    package init(_ map: DepthMap) {
        (model, plan, layers, usage) = (map.model, map.plan, map.layerCount, map.usage)
        let (indices, hasHalves) = (0..<map.layerCount, map.hasHalves)
        tokens = map.tokens.enumerated().map { position, token in
            Token(
                id: token.id, text: token.text, isPrompt: token.isPrompt, layersUsed: token.layersUsed,
                ran: indices.map { map.depths.ran($0, at: position) },
                shares: hasHalves ? indices.map { map.depths.share($0, at: position) } : nil,
                gates: indices.map { map.depths.gate($0, at: position) })
        }
        (all, prompt) = (Summary(map.all), Summary(map.prompt))
        answer = map.tokens.allSatisfy(\.isPrompt) ? nil : Summary(map.answer)
    }

    package func json() throws -> String { try jsonDocument() }
}
