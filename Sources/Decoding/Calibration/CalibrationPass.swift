import Models
import Tensors

/// Runs the first tokens of a text through chosen layers, all in one pass.
final class CalibrationPass {
    private let forward: ForwardPass
    private let options: SessionOptions
    private let tokenCount: Int
    /// [token, hidden]: initially the embeddings.
    private let hidden: AlignedBuffer<Float>

    private static let tokenLimit = 512

    /// - Throws: `SessionError` if `tokens` is empty or holds an id outside the vocabulary, or for invalid options.
    init(of stack: LayerStack, on tokens: [Int], options: SessionOptions) throws(SessionError) {
        let configuration = stack.configuration
        let tokens = tokens.prefix(min(Self.tokenLimit, configuration.contextLength))
        guard !tokens.isEmpty else { throw .emptyPrompt }
        if let token = tokens.first(where: { !(0..<configuration.vocabularySize).contains($0) }) {
            throw .tokenOutOfRange(token, vocabularySize: configuration.vocabularySize)
        }
        try options.check()
        self.options = options
        tokenCount = tokens.count
        forward = try ForwardPass(stack, maximumRows: tokens.count, window: nil, options: options)
        hidden = AlignedBuffer(count: tokens.count * configuration.hiddenSize)
        for (row, token) in tokens.enumerated() {
            stack.embed(token, into: hidden.pointer + row * configuration.hiddenSize)
        }
    }

    /// Runs `layers` over every token.
    func run(_ layers: [LayerWeights]) {
        let configuration = forward.stack.configuration
        let ring = KVRing(
            KVRing.Shape(
                configuration, layerCount: layers.count, format: options.kvFormat, sinks: 0, limit: tokenCount))
        forward.run(layers[...], [Segment(ring: ring, rowCount: tokenCount)], hidden: hidden.pointer)
    }

    func copiedHidden() -> AlignedBuffer<Float> {
        let copy = AlignedBuffer<Float>(count: hidden.count)
        copy.pointer.update(from: hidden.pointer, count: hidden.count)
        return copy
    }

    /// Continues from the residuals that `copiedHidden` returned.
    func resume(from copy: AlignedBuffer<Float>) { hidden.pointer.update(from: copy.pointer, count: hidden.count) }

    /// The cosine between the tokens' residuals and those of `copy`, averaged over the tokens.
    func averageCosine(with copy: AlignedBuffer<Float>) -> Double {
        let width = forward.stack.configuration.hiddenSize
        let cosines = (0..<tokenCount).map { row in
            cosine(copy.pointer + row * width, hidden.pointer + row * width, count: width)
        }
        return cosines.reduce(0, +) / Double(tokenCount)
    }
}
