import Tensors

/// Writes frames to shards in order and records their locations.
struct ShardWriter: ~Copyable {
    private let directory: String
    private let options: PackOptions
    private var file: OutputFile?
    private var shards: [Manifest.Shard] = []
    /// Written frames by tensor index.
    private var frames: [Int: [Manifest.Frame]] = [:]

    private static let alignment = 64

    init(directory: String, options: PackOptions) {
        self.directory = directory
        self.options = options
    }

    /// Appends the next frame of `tensor`, the planned tensor at `index`.
    mutating func append(_ frame: PackedFrame, of tensor: PlannedTensor, index: Int) throws(CheckpointError) {
        if options.compression == .none {
            if frames[index] == nil { try makeRoom(for: tensor.byteCount, alignment: Self.alignment) }
        } else {
            try makeRoom(for: frame.stored.count, alignment: 1)
        }
        let offset = file?.byteCount ?? 0
        try file?.write(frame.stored)
        frames[index, default: []].append(
            Manifest.Frame(
                shard: shards.count, offset: offset, storedCount: frame.stored.count,
                contentCount: frame.contentCount, checksum: frame.checksum))
    }

    /// Starts a new shard if `byteCount` more bytes would exceed the limit.
    private mutating func makeRoom(for byteCount: Int, alignment: Int) throws(CheckpointError) {
        if let used = file?.byteCount {
            let start = (used + alignment - 1) / alignment * alignment
            if start + byteCount <= options.shardByteCount {
                try file?.write([UInt8](repeating: 0, count: start - used))
                return
            }
            try finishShard()
        }
        file = try OutputFile(path: joinedPath(directory, name))
    }

    private var name: String {
        let number = String(shards.count + 1)
        let padding = String(repeating: "0", count: max(0, 5 - number.count))
        return "weights-\(padding)\(number).\(options.compression == .none ? "bin" : "lz4")"
    }

    private mutating func finishShard() throws(CheckpointError) {
        guard let file = file.take() else { return }
        let shard = Manifest.Shard(
            name: name, byteCount: file.byteCount, compression: options.compression == .none ? .none : .lz4)
        try file.finish()
        shards.append(shard)
    }

    /// Closes the last shard and returns the manifest entries.
    mutating func finish(
        _ tensors: [PlannedTensor]
    ) throws(CheckpointError) -> (shards: [Manifest.Shard], tensors: [Manifest.Tensor]) {
        try finishShard()
        let entries = tensors.enumerated().map { index, tensor in
            Manifest.Tensor(
                name: tensor.name, shape: tensor.source.shape, format: tensor.format,
                filter: options.filter(for: tensor.format), frames: frames[index] ?? [])
        }
        return (shards, entries)
    }
}
