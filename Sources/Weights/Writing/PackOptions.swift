import Tensors

/// What a packed checkpoint is to be like.
package struct PackOptions: Sendable {
    /// Of the matrices; nil keeps each tensor's own. Vectors always keep theirs.
    package var format: StorageFormat?
    /// Of `lm_head`, in place of `format`. A model that ties it to the embedding gets one of its own.
    package var headFormat: StorageFormat?
    /// Of the embedding, in place of `format`.
    package var embeddingFormat: StorageFormat?
    /// Whether `lm_head` keeps its own format, whatever `format` says.
    package var keepsHead = false
    /// Whether the embedding keeps its own format, whatever `format` says.
    package var keepsEmbedding = false
    package var compression: Compression
    /// A new shard begins where one would grow beyond this.
    package var shardByteCount: Int
    /// Threads that convert and compress.
    package var threadCount: Int

    /// Whether words are taken apart before they are compressed; only the bench has a reason not to.
    package var splitsPlanes = true

    package enum Compression: String, Sendable, CaseIterable {
        case lz4
        /// The same frames, made with more time.
        case lz4hc
        /// Plain tensors, to be mapped.
        case none
    }

    /// The formats that tensors can be converted to.
    package static let formats = Quantizer.formats

    package init(
        format: StorageFormat? = nil, headFormat: StorageFormat? = nil, embeddingFormat: StorageFormat? = nil,
        compression: Compression = .lz4, shardByteCount: Int = 256 << 20, threadCount: Int = 1
    ) {
        self.format = format
        self.headFormat = headFormat
        self.embeddingFormat = embeddingFormat
        self.compression = compression
        self.shardByteCount = shardByteCount
        self.threadCount = threadCount
    }

    /// What is done to values of `format` before they are compressed.
    func filter(for format: StorageFormat) -> Manifest.Filter {
        compression != .none && splitsPlanes && format.wordByteCount != nil ? .planes : .none
    }
}
