import Models
import Tensors

/// How much each layer changes the residual: BI = 1 − E[cos(x, y)] over a text's tokens, x going in and y coming out
/// (ShortGPT, arXiv 2403.03853).
package struct BlockInfluence: Sendable {
    /// [layer]
    package let ofLayers: [Double]

    package init(ofLayers: [Double]) { self.ofLayers = ofLayers }

    /// Tokens that are looked at, in one pass.
    private static let tokenLimit = 512

    /// Runs the first 512 of `tokens` through all layers.
    ///
    /// - Throws: `SessionError` for no tokens, or one outside the vocabulary.
    package init(of stack: LayerStack, on tokens: [Int], options: SessionOptions) throws(SessionError) {
        let configuration = stack.configuration
        let tokens = tokens.prefix(min(Self.tokenLimit, configuration.contextLength))
        guard !tokens.isEmpty else { throw .emptyPrompt }
        if let token = tokens.first(where: { !(0..<configuration.vocabularySize).contains($0) }) {
            throw .tokenOutOfRange(token, vocabularySize: configuration.vocabularySize)
        }
        try options.check()
        let width = configuration.hiddenSize
        let forward = ForwardPass(
            stack: stack, threadCount: options.threadCount, pinsThreads: options.pinsThreads,
            maximumRows: tokens.count, window: .max)
        let output = AlignedBuffer<Float>(count: tokens.count * width)
        let input = AlignedBuffer<Float>(count: tokens.count * width)
        for (row, token) in tokens.enumerated() { stack.embed(token, into: output.pointer + row * width) }
        ofLayers = stack.layers.indices.map { layer in
            input.pointer.update(from: output.pointer, count: input.count)
            let ring = KVRing(
                KVRing.Shape(
                    layerCount: 1, keyValueHeadCount: configuration.keyValueHeadCount,
                    headWidth: configuration.headWidth, format: options.kvFormat, sinks: 0, limit: tokens.count))
            forward.run(
                stack.layers[layer...layer], ForwardPass.Segment(ring: ring, rowCount: tokens.count),
                hidden: output.pointer)
            let cosines = tokens.indices.map { row in
                cosine(input.pointer + row * width, output.pointer + row * width, count: width)
            }
            return 1 - cosines.reduce(0, +) / Double(tokens.count)
        }
    }

    /// Layers, that of least influence first.
    package var ascending: [Int] { ofLayers.indices.sorted { (ofLayers[$0], $0) < (ofLayers[$1], $1) } }
}
