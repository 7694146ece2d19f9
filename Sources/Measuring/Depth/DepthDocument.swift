import Models

/// A depth map as one JSON document.
package struct DepthDocument: Encodable, Sendable {
    let model: String
    let plan: String
    let layers: Int
    let tokens: [Token]
    /// The share of tokens that ran each layer.
    let usage: [Double]
    let all: Summary
    let prompt: Summary
    /// Absent if nothing was generated.
    let answer: Summary?

    struct Token: Encodable {
        let id: Int
        let text: String
        let isPrompt: Bool
        let layersUsed: Double
        /// Whether each layer ran.
        let ran: [Bool]
        /// The share of each layer that ran; absent if no token ran half a layer.
        let shares: [Double]?
        /// The gate of each layer; null without a gate.
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
