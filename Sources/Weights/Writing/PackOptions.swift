import Tensors

/// Options for packing a checkpoint.
package struct PackOptions: Sendable {
    /// Format of matrices; nil keeps each tensor's own. Vectors always keep theirs.
    package var format: StorageFormat?
    /// Format of `lm_head`, overriding `format`. A model that ties it to the embedding gets a separate one.
    package var lmHeadFormat: StorageFormat?
    /// Format of the embedding, overriding `format`.
    package var embeddingFormat: StorageFormat?
    /// Whether `lm_head` keeps its own format despite `format`.
    package var keepsLMHead = false
    /// Whether the embedding keeps its own format despite `format`.
    package var keepsEmbedding = false
    package var compression: Compression
    /// Size limit of a shard in bytes. Only a single larger tensor or frame exceeds it.
    package var shardByteCount: Int
    /// Number of threads that convert and compress.
    package var threadCount: Int

    /// Whether to split words into byte planes before compressing. Only benchmarks turn this off.
    package var splitsPlanes = true

    package enum Compression: String, Sendable, CaseIterable {
        case lz4
        /// The same frame format, compressed better and more slowly.
        case lz4hc
        /// Raw tensors, for memory mapping.
        case none
    }

    /// The formats to which tensors can be converted.
    package static let formats = Quantizer.formats

    package init(
        format: StorageFormat? = nil, lmHeadFormat: StorageFormat? = nil, embeddingFormat: StorageFormat? = nil,
        compression: Compression = .lz4, shardByteCount: Int = 256 << 20, threadCount: Int = 1
    ) {
        self.format = format
        self.lmHeadFormat = lmHeadFormat
        self.embeddingFormat = embeddingFormat
        self.compression = compression
        self.shardByteCount = shardByteCount
        self.threadCount = threadCount
    }

    /// The filter applied to values of `format` before compression.
    func filter(for format: StorageFormat) -> Manifest.Filter {
        compression != .none && splitsPlanes && format.wordByteCount != nil ? .planes : .none
    }
}
