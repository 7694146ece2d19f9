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
        let layersUsed: Int
        /// By layer.
        let ran: [Bool]
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
        tokens = map.tokens.enumerated().map { position, token in
            Token(
                id: token.id, text: token.text, isPrompt: token.isPrompt, layersUsed: token.layersUsed,
                ran: (0..<map.layerCount).map { map.depths.ran($0, at: position) },
                gates: (0..<map.layerCount).map { map.depths.gate($0, at: position) })
        }
        (all, prompt) = (Summary(map.all), Summary(map.prompt))
        answer = map.tokens.allSatisfy(\.isPrompt) ? nil : Summary(map.answer)
    }

    package func json() throws -> String { try jsonDocument() }
}
