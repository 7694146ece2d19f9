import Models
import Tensors

extension LayerStack {
    /// Random weights in the sizes of `shape`, scaled so that activations stay near 1.
    ///
    /// - Parameters:
    ///   - lmHeadFormat: the format of `lm_head`; nil for `format`.
    ///   - headLayers: the number of head layers; nil for the default.
    ///   - screens: whether `lm_head` is screened.
    /// - Throws: `BenchError.format` if rows are not whole blocks, `ConfigurationError.noScreen`.
    package static func random(
        _ shape: ModelShape, format: StorageFormat, lmHeadFormat: StorageFormat? = nil, headLayers: Int? = nil,
        screens: Bool = false
    ) throws -> LayerStack {
        let configuration = try shape.configuration(headLayers: headLayers)
        let hidden = configuration.hiddenSize
        let queries = configuration.headCount * configuration.headWidth
        let keys = configuration.keyValueHeadCount * configuration.headWidth
        let inner = configuration.feedForwardSize
        let widths = [hidden, queries, inner] + (configuration.experts.map { [$0.width] } ?? [])
        for (format, columns) in widths.map({ (format, $0) }) + [(lmHeadFormat ?? format, hidden)] {
            guard format.rowByteCount(columns: columns) != nil else {
                throw BenchError.format(format, columns: columns, shape: shape.name)
            }
        }
        var seed: UInt64 = 0
        func matrix(_ rows: Int, _ columns: Int, _ format: StorageFormat) -> Matrix {
            seed += 1
            return randomMatrix(rows: rows, columns: columns, format: format, seed: seed)
        }
        func network(_ width: Int) -> (gateUp: Linear, down: Linear) {
            (Linear([width, width].map { matrix($0, hidden, format) }), Linear([matrix(hidden, width, format)]))
        }
        func feedForward(_ layer: Int) -> FeedForward {
            guard let experts = configuration.experts, experts.isSparse(layer) else {
                let (gateUp, down) = network(inner)
                return .dense(gateUp: gateUp, down: down)
            }
            let all = (0..<experts.count).map { _ in
                let (gateUp, down) = network(experts.width)
                return Experts.Expert(gateUp: gateUp, down: down)
            }
            return .experts(
                Experts(
                    router: Linear([matrix(experts.count, hidden, .f32)]), all: all,
                    chosenCount: experts.chosenCount, renormalizes: experts.renormalizes))
        }
        let isQwen = configuration.architecture == .qwen3
        let layers = (0..<configuration.layerCount).map { layer in
            LayerWeights(
                attentionNorm: ones(hidden),
                queryKeyValue: Linear([queries, keys, keys].map { matrix($0, hidden, format) }),
                queryNorm: isQwen ? ones(configuration.headWidth) : nil,
                keyNorm: isQwen ? ones(configuration.headWidth) : nil,
                attentionOutput: Linear([matrix(hidden, queries, format)]), feedForwardNorm: ones(hidden),
                feedForward: feedForward(layer))
        }
        let vocabulary = configuration.vocabularySize
        let embedding = configuration.tiesEmbeddings ? nil : matrix(vocabulary, hidden, format)
        let vocabularyHead = matrix(vocabulary, hidden, lmHeadFormat ?? format)
        return LayerStack(
            configuration: configuration, embedding: embedding, layers: layers, finalNorm: ones(hidden),
            vocabularyHead: Linear([vocabularyHead]),
            vocabularyScreen: screens ? try .ofVocabulary(vocabularyHead) : nil,
            inverseFrequencies: configuration.rope.inverseFrequencies())
    }
}
