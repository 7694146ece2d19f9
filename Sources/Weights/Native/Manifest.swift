import JSON
import Tensors

/// The table of contents of a native checkpoint, `manifest.json`. `docs/format.md` specifies it byte by byte.
///
/// Every instance is valid: names are plain file names, sizes are consistent, and no two frames of a shard overlap.
package struct Manifest: Sendable {
    /// All fields of `config.json`, including unknown ones.
    var configuration: JSONObject
    /// Companion files: tokenizer, licence and so on.
    var files: [File] = []
    var shards: [Shard] = []
    var tensors: [Tensor] = []

    static let fileName = "manifest.json"
    static let format = "volley-checkpoint"
    static let version = 1
    /// Maximum number of values per frame.
    package static let frameValueCount = 1 << 19
    /// Maximum decoded size of a frame.
    package static let frameByteLimit = 4 << 20

    /// A companion file, stored unchanged.
    struct File: Equatable, Sendable {
        let name: String
        let byteCount: Int
        let checksum: Checksum
    }

    struct Shard: Equatable, Sendable {
        let name: String
        let byteCount: Int
        let compression: Compression
    }

    enum Compression: String, Sendable {
        /// LZ4 frames without gaps.
        case lz4
        /// Raw tensors, each aligned to 64 bytes.
        case none
    }

    struct Tensor: Equatable, Sendable {
        let name: String
        /// Row-major.
        let shape: [Int]
        let format: StorageFormat
        let filter: Filter
        /// Frames in the order of their content.
        var frames: [Frame] = []

        var byteCount: Int { frames.reduce(0) { $0 + $1.contentCount } }
    }

    enum Filter: String, Sendable {
        case none
        /// Words split into byte planes (`CKernels/kernels/planes.h`), per frame.
        case planes
    }

    /// A part of a tensor.
    struct Frame: Equatable, Sendable {
        /// Index in `shards`.
        let shard: Int
        /// Offset and size in the shard.
        let offset: Int
        let storedCount: Int
        /// Number of the tensor's bytes.
        let contentCount: Int
        /// Checksum of the tensor's bytes, before the filter.
        let checksum: Checksum
    }
}

extension StorageFormat {
    /// Bytes per value if each value is one word, as the planes filter needs; otherwise nil.
    var wordByteCount: Int? { valuesPerBlock == 1 ? bytesPerBlock : nil }
}
