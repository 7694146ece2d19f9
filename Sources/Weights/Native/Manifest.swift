import JSON
import Tensors

/// What a native checkpoint holds and where: `manifest.json`. `docs/format.md` describes it byte by byte.
///
/// A manifest that exists was checked: names are plain file names, sizes fit and add up, and no two frames of a shard
/// share a byte.
package struct Manifest: Sendable {
    /// The fields of `config.json`, known or not.
    var configuration: JSONObject
    /// Tokenizer, licence and whatever else comes along.
    var files: [File] = []
    var shards: [Shard] = []
    var tensors: [Tensor] = []

    static let fileName = "manifest.json"
    static let format = "volley-checkpoint"
    static let version = 1
    /// The most values that one frame holds.
    package static let frameValueCount = 1 << 19
    /// The most bytes that one frame decodes to.
    package static let frameByteLimit = 4 << 20

    /// A file that comes along as it is.
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
        /// LZ4 frames, nothing between them.
        case lz4
        /// The tensors themselves, each at a multiple of 64 bytes.
        case none
    }

    struct Tensor: Equatable, Sendable {
        let name: String
        /// Row-major.
        let shape: [Int]
        let format: StorageFormat
        let filter: Filter
        /// In the order of their content.
        var frames: [Frame] = []

        var byteCount: Int { frames.reduce(0) { $0 + $1.contentCount } }
    }

    enum Filter: String, Sendable {
        case none
        /// Words taken apart into planes (`CKernels/kernels/planes.h`), each frame by itself.
        case planes
    }

    /// A part of a tensor.
    struct Frame: Equatable, Sendable {
        /// Index in `shards`.
        let shard: Int
        /// Place and size in the shard.
        let offset: Int
        let storedCount: Int
        /// Bytes of the tensor.
        let contentCount: Int
        /// Of the tensor's bytes, before the filter.
        let checksum: Checksum
    }
}

extension StorageFormat {
    /// Bytes of one value where it is one word, which the planes filter needs.
    var wordByteCount: Int? { valuesPerBlock == 1 ? bytesPerBlock : nil }
}
