import Synchronization
import Tensors
import Weights

extension LayerStack {
    /// A hash of the model's sizes, its norms, and three rows of every matrix. Models with other weights differ in it; the same
    /// weights with another trunk/head split do not. It does not detect forgery.
    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.add([
            configuration.layerCount, configuration.hiddenSize, configuration.headCount,
            configuration.keyValueHeadCount, configuration.headWidth, configuration.feedForwardSize,
            configuration.vocabularySize, configuration.contextLength,
        ])
        hash.add([configuration.normEpsilon, configuration.rope.attentionFactor] + inverseFrequencies)
        hash.add(finalNorm)
        hash.add(vocabularyHead)
        if let embedding {
            hash.add([embedding.format], rows: embedding.rows, columns: embedding.columns, embedding.copyRow)
        }
        for layer in layers {
            let norms = [
                layer.attentionNorm, layer.queryNorm, layer.keyNorm, layer.feedForwardNorm, layer.routing?.router?.norm,
            ]
            for norm in norms.compactMap(\.self) { hash.add(norm) }
            for matrix in layer.matrices + (layer.routing?.matrices ?? []) { hash.add(matrix) }
        }
        return hash.value
    }
}

extension LayerStack {
    /// A hash of the fingerprint and of every byte of the weights. It takes about as long as reading them once.
    func makeChecksum(threadCount: Int) -> UInt64 {
        let matrices = layers.flatMap { $0.matrices + ($0.routing?.matrices ?? []) } + [vocabularyHead]
        let embeddings = embedding.map { [UnsafeRawBufferPointer(start: $0.bytes, count: $0.byteCount)] } ?? []
        let own = cycleHead?.layers.flatMap(\.matrices) ?? []
        nonisolated(unsafe) let regions = (matrices + own).flatMap(\.regions) + embeddings
        let values = Mutex([UInt64](repeating: 0, count: regions.count))
        inParallel(count: regions.count, threadCount: threadCount, { () }) { (_, index) throws(Never) in
            let value = Checksum(of: regions[index]).value
            values.withLock { $0[index] = value }
        }
        let all = values.withLock(\.self) + [fingerprint]
        return all.withUnsafeBytes { Checksum(of: $0).value }
    }
}

/// A hash of hashes.
private struct Fingerprint {
    private var parts: [UInt64] = []

    var value: UInt64 { parts.withUnsafeBytes { Checksum(of: $0).value } }

    mutating func add<T: BitwiseCopyable>(_ values: [T]) {
        values.withUnsafeBytes { parts.append(Checksum(of: $0).value) }
    }

    mutating func add(_ vector: Vector) {
        parts.append(Checksum(of: UnsafeRawBufferPointer(start: vector.pointer, count: vector.count * 4)).value)
    }

    mutating func add(_ matrix: Linear) {
        add(matrix.formats, rows: matrix.rows, columns: matrix.columns, matrix.copyRow)
    }

    /// The formats of a matrix, and its first, middle and last row.
    mutating func add(
        _ formats: [StorageFormat], rows: Int, columns: Int, _ copyRow: (Int, UnsafeMutablePointer<Float>) -> Void
    ) {
        for format in formats { add(Array(format.rawValue.utf8)) }
        let row = Vector(count: columns)
        for index in [0, rows / 2, rows - 1] {
            copyRow(index, row.pointer)
            add(row)
        }
    }
}

extension RoutingWeights {
    fileprivate var matrices: [Linear] {
        switch self {
        case .flexiDepth(let router, let adapter): [router.encoder, router.gate.row] + adapter.matrices
        case .mindSkip(let attention, let feedForward): [attention.row, feedForward.row]
        case .mixtureOfDepths(let gate): [gate.row]
        }
    }
}
