import Foundation
import JSON
import Tensors

/// Writes a checkpoint of any readable kind as a native one.
package struct Packer: Sendable {
    private let checkpoint: Checkpoint
    private let options: PackOptions
    private let configuration: JSONObject
    private let tensors: [PlannedTensor]

    /// Plans the work; nothing is written yet.
    /// - Throws: `CheckpointError` where a tensor cannot be read.
    package init(_ checkpoint: Checkpoint, options: PackOptions) throws(CheckpointError) {
        self.checkpoint = checkpoint
        self.options = options
        var configuration = checkpoint.configuration.objectValue ?? [:]
        var tensors: [PlannedTensor] = []
        for name in checkpoint.tensorNames.sorted(by: { $0.compare($1, options: .numeric) == .orderedAscending }) {
            let source = try TensorSource(name, of: checkpoint)
            tensors.append(PlannedTensor(source, as: options.format(of: source)))
        }
        if let head = options.ownHead(for: tensors) {
            tensors.append(head)
            configuration["tie_word_embeddings"] = .bool(false)
        } else if tensors.format(of: "lm_head.weight", differsFrom: "model.embed_tokens.weight") {
            // A copy of the embedding would be one no longer.
            configuration["tie_word_embeddings"] = .bool(false)
        }
        self.configuration = configuration
        self.tensors = tensors
    }

    /// The matrices that keep their format because their rows are not whole blocks of the one that was asked for.
    package var keptTensorNames: [String] {
        tensors.filter { $0.format != (options.wantedFormat(of: $0.name) ?? $0.format) && $0.source.shape.count > 1 }
            .map(\.name)
    }

    /// Writes the checkpoint. The destination is complete, or as it was before.
    /// - Parameters:
    ///   - progress: told the share that is done, from 0 to 1.
    ///   - isCancelled: looked at every few megabytes.
    /// - Throws: `CheckpointError`.
    package func write(
        to destination: String, progress: (Double) -> Void, isCancelled: () -> Bool
    ) throws(CheckpointError) {
        let staged = try StagedDirectory(for: destination, mayReplace: NativeCheckpoint.isOne)
        var manifest = Manifest(configuration: configuration)
        manifest.files = try CompanionFiles(of: checkpoint).write(to: staged.path)
        var writer = ShardWriter(directory: staged.path, options: options)
        let jobs = tensors.indices.flatMap { tensors[$0].jobs(tensor: $0) }
        let batchCount = 4 * options.threadCount
        for start in stride(from: 0, to: jobs.count, by: batchCount) {
            guard !isCancelled() else { throw .cancelled }
            let batch = Array(jobs[start..<min(start + batchCount, jobs.count)])
            for (job, frame) in zip(batch, try packed(batch)) {
                try writer.append(frame, of: tensors[job.tensor], index: job.tensor)
            }
            progress(Double(start + batch.count) / Double(jobs.count))
        }
        (manifest.shards, manifest.tensors) = try writer.finish(tensors)
        var file = try OutputFile(path: joinedPath(staged.path, Manifest.fileName))
        try file.write(manifest.encoded())
        try file.finish()
        try staged.commit()
    }

    /// The frames of `jobs`, made by all threads.
    private func packed(_ jobs: [PackJob]) throws(CheckpointError) -> [PackedFrame] {
        let results = FrameSlots(count: jobs.count)
        try inParallel(count: jobs.count, threadCount: options.threadCount) {
            FrameEncoder(options)
        } body: { encoder, index throws(CheckpointError) in
            results.fill(index, try encoder.encode(jobs[index], of: tensors[jobs[index].tensor]))
        }
        return results.frames
    }
}

extension [PlannedTensor] {
    /// Whether both are there, in two formats.
    fileprivate func format(of name: String, differsFrom other: String) -> Bool {
        guard let first = first(where: { $0.name == name }), let second = self.first(where: { $0.name == other }) else {
            return false
        }
        return first.format != second.format
    }
}

extension PackOptions {
    /// What was asked for; nil where the tensor's own is to be kept.
    fileprivate func wantedFormat(of name: String) -> StorageFormat? {
        switch name {
        case "lm_head.weight": headFormat ?? (keepsHead ? nil : format)
        case "model.embed_tokens.weight": embeddingFormat ?? (keepsEmbedding ? nil : format)
        // Routers decide, and are small: a rounded one skips other layers.
        case _ where name.contains("router."): nil
        default: format
        }
    }

    /// The format that `source` gets: its own for vectors, and where a row would not be whole blocks.
    fileprivate func format(of source: TensorSource) -> StorageFormat {
        guard let wanted = wantedFormat(of: source.name), source.shape.count > 1,
            wanted.rowByteCount(columns: source.shape.last ?? 1) != nil
        else { return source.format }
        return wanted
    }

    /// The `lm_head` of a model that has none, where one in another format than the embedding's was asked for.
    fileprivate func ownHead(for tensors: [PlannedTensor]) -> PlannedTensor? {
        guard !tensors.contains(where: { $0.name == "lm_head.weight" }),
            let embedding = tensors.first(where: { $0.name == "model.embed_tokens.weight" }),
            let wanted = headFormat ?? (keepsHead ? embedding.source.format : nil), embedding.format != wanted,
            wanted.rowByteCount(columns: embedding.source.shape.last ?? 1) != nil
        else { return nil }
        return PlannedTensor(embedding.source, as: wanted, name: "lm_head.weight")
    }
}
