import JSON
import Tensors

/// An open directory written by `volley pack`. The manifest is read and checked; the tensors are not.
struct NativeCheckpoint: Sendable {
    let directory: String
    let manifest: Manifest
    let shards: [ShardFile]
    /// Indices in `manifest.tensors`, by name.
    let indices: [String: Int]

    /// - Throws: `CheckpointError` if the manifest is damaged, or a shard is missing or has the wrong size.
    init(directory: String) throws(CheckpointError) {
        let path = joinedPath(directory, Manifest.fileName)
        let file = try MappedFile(path: path)
        let manifest = try Manifest(file.copy(0..<file.bytes.count), path: path)
        var shards: [ShardFile] = []
        for shard in manifest.shards { shards.append(try ShardFile(directory: directory, shard)) }
        self.init(directory: directory, manifest, shards)
    }

    private init(directory: String, _ manifest: Manifest, _ shards: [ShardFile]) {
        (self.directory, self.manifest, self.shards) = (directory, manifest, shards)
        indices = Dictionary(
            manifest.tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The same directory with the tensors of one part.
    func only(_ part: CheckpointPart) -> NativeCheckpoint {
        var manifest = manifest
        manifest.tensors = manifest.tensors.filter { part.holds($0.name) }
        return NativeCheckpoint(directory: directory, manifest, shards)
    }

    static func isOne(_ directory: String) -> Bool { PathKind(joinedPath(directory, Manifest.fileName)) == .file }

    /// Loads every tensor: decoded on `threadCount` threads, or mapped if its shard is uncompressed.
    /// - Parameter checksTensors: whether to verify each tensor's checksum.
    func load(
        threadCount: Int, checksTensors: Bool, progress: LoadingProgress
    ) throws(CheckpointError) -> [String: StoredTensor] {
        let maps = try mappedShards()
        var tensors: [String: StoredTensor] = [:]
        var jobs: [FrameJob] = []
        // Each tensor has its own allocation, so keeping one does not retain the others.
        for tensor in manifest.tensors where !isMapped(tensor) {
            let memory = AlignedBuffer<UInt8>(unfilledCount: tensor.byteCount)
            jobs += decodingJobs(of: tensor, into: memory.pointer)
            tensors[tensor.name] = stored(tensor, in: memory)
        }
        let work = jobs
        try inParallel(count: work.count, threadCount: threadCount) {
            FrameDecoder(checksTensors: checksTensors)
        } body: { decoder, index throws(CheckpointError) in
            let job = work[index]
            try decoder.decode(job.frame, of: job.tensor, from: shards[job.frame.shard], to: job.output)
            progress.add(job.frame.contentCount)
            try progress.report()
        }
        for tensor in manifest.tensors where isMapped(tensor) { tensors[tensor.name] = mapped(tensor, maps) }
        if checksTensors { try checkMapped(tensors, threadCount: threadCount, progress: progress) }
        return tensors
    }

    /// The number of bytes that `load` decodes or checks, plus those that a model packs.
    func loadingByteCount(checksTensors: Bool) -> Int {
        manifest.tensors.reduce(0) { $0 + $1.byteCount * (checksTensors || !isMapped($1) ? 2 : 1) }
    }

    /// Decodes one tensor into memory.
    func tensor(_ index: Int) throws(CheckpointError) -> StoredTensor {
        let tensor = manifest.tensors[index]
        let buffer = AlignedBuffer<UInt8>(unfilledCount: tensor.byteCount)
        let decoder = FrameDecoder()
        for job in decodingJobs(of: tensor, into: buffer.pointer) {
            try decoder.decode(job.frame, of: tensor, from: shards[job.frame.shard], to: job.output)
        }
        return stored(tensor, in: buffer)
    }
}

/// A frame and the destination of its bytes.
// Sendable: only the thread that takes a job writes its memory.
private struct FrameJob: @unchecked Sendable {
    let frame: Manifest.Frame
    let tensor: Manifest.Tensor
    let output: UnsafeMutableRawPointer
}

extension NativeCheckpoint {
    private func decodingJobs(of tensor: Manifest.Tensor, into base: UnsafeMutablePointer<UInt8>) -> [FrameJob] {
        var offset = 0
        return tensor.frames.map { frame in
            defer { offset += frame.contentCount }
            return FrameJob(frame: frame, tensor: tensor, output: UnsafeMutableRawPointer(base + offset))
        }
    }

    private func stored(_ tensor: Manifest.Tensor, in memory: AlignedBuffer<UInt8>) -> StoredTensor {
        StoredTensor(
            name: tensor.name, shape: tensor.shape, format: tensor.format,
            bytes: UnsafeRawBufferPointer(start: memory.pointer, count: memory.count), owner: memory)
    }

    private func isMapped(_ tensor: Manifest.Tensor) -> Bool {
        tensor.frames.first.map { manifest.shards[$0.shard].compression == .none } ?? false
    }

    private func mappedShards() throws(CheckpointError) -> [Int: MappedFile] {
        var maps: [Int: MappedFile] = [:]
        for (index, shard) in shards.enumerated() where shard.shard.compression == .none {
            let map = try MappedFile(path: shard.path)
            guard map.bytes.count == shard.shard.byteCount else {
                throw .unreadable(path: shard.path, reason: "its size changed while it was opened")
            }
            maps[index] = map
        }
        return maps
    }

    private func mapped(_ tensor: Manifest.Tensor, _ maps: [Int: MappedFile]) -> StoredTensor? {
        guard let frame = tensor.frames.first, let map = maps[frame.shard] else { return nil }
        let bytes = UnsafeRawBufferPointer(rebasing: map.bytes[frame.offset..<frame.offset + tensor.byteCount])
        return StoredTensor(name: tensor.name, shape: tensor.shape, format: tensor.format, bytes: bytes, owner: map)
    }

    private func checkMapped(
        _ tensors: [String: StoredTensor], threadCount: Int, progress: LoadingProgress
    ) throws(CheckpointError) {
        let mapped = manifest.tensors.filter(isMapped)
        try inParallel(count: mapped.count, threadCount: threadCount) {
        } body: { _, index throws(CheckpointError) in
            let tensor = mapped[index]
            try tensors[tensor.name]?.withBytes { bytes throws(CheckpointError) in
                var start = 0
                for frame in tensor.frames {
                    let part = UnsafeRawBufferPointer(rebasing: bytes[start..<start + frame.contentCount])
                    guard Checksum(of: part) == frame.checksum else {
                        throw .damaged(
                            path: shards[frame.shard].path, place: "tensor \(quoted(tensor.name))",
                            problem: "does not have the checksum that the manifest says")
                    }
                    start += frame.contentCount
                }
            }
            progress.add(tensor.byteCount)
            try progress.report()
        }
    }
}
