import JSON
import Tensors

/// Facts about a tensor that are known without reading it.
package struct TensorSummary: Sendable {
    package let name: String
    /// Row-major.
    package let shape: [Int]
    /// The `StorageFormat`, or the file's name of an unknown one; both if loading converts the tensor.
    package let format: String
    /// Size in memory.
    package let byteCount: Int
    /// Size in the file.
    package let storedByteCount: Int

    package var valueCount: Int { shape.reduce(1, *) }
}

extension Checkpoint {
    /// All tensors, sorted by name.
    package var summary: [TensorSummary] {
        let summaries: [TensorSummary] =
            switch contents {
            case .mapped(let locations): locations.map { TensorSummary($0.key, $0.value) }
            case .native(let native): native.manifest.tensors.map(TensorSummary.init)
            case .loaded(let tensors): tensors.values.map(TensorSummary.init)
            }
        return summaries.sorted { $0.name < $1.name }
    }
}

extension TensorSummary {
    fileprivate init(_ name: String, _ location: TensorLocation) {
        let format =
            switch location.type {
            case .known(let format): location.scales == nil ? format.rawValue : "f8_e4m3 as \(format.rawValue)"
            case .e4m3, .unknown: location.type.name
            }
        self.init(
            name: name, shape: location.shape, format: format, byteCount: location.byteCount,
            storedByteCount: location.byteRange.count + (location.scales?.byteRange.count ?? 0))
    }

    fileprivate init(_ tensor: Manifest.Tensor) {
        self.init(
            name: tensor.name, shape: tensor.shape, format: tensor.format.rawValue, byteCount: tensor.byteCount,
            storedByteCount: tensor.frames.reduce(0) { $0 + $1.storedCount })
    }

    fileprivate init(_ tensor: StoredTensor) {
        self.init(
            name: tensor.name, shape: tensor.shape, format: tensor.format.rawValue, byteCount: tensor.bytes.count,
            storedByteCount: tensor.bytes.count)
    }
}
