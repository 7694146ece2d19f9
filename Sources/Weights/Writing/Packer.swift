import Foundation
import JSON
import Tensors

/// Converts any readable checkpoint to a native one.
///
/// A head of its own for cycles keeps its formats beside a model. Alone, it is converted like one.
package struct Packer: Sendable {
    private let checkpoint: Checkpoint
    private let options: PackOptions
    private let head: Checkpoint?
    private let configuration: JSONObject
    private let tensors: [PlannedTensor]

    /// Plans the work without writing anything.
    ///
    /// - Parameter head: a head of its own for cycles that joins the model, in place of the one that it may have.
    /// - Throws: `CheckpointError` if a tensor cannot be read.
    package init(
        _ source: Checkpoint, head: Checkpoint? = nil, options: PackOptions
    ) throws(CheckpointError) {
        let joinsOwn = source.parts.count > 1 && head == nil
        let checkpoint = source.parts == [.head] ? source : try source.only(.model)
        let head = joinsOwn ? try source.only(.head) : head
        (self.checkpoint, self.head, self.options) = (checkpoint, head, options)
        var configuration = checkpoint.configuration.objectValue ?? [:]
        var tensors = try checkpoint.sources().map { PlannedTensor($0, as: options.format(of: $0)) }
        if let head {
            configuration[Checkpoint.headField] = head.configuration
            tensors += try head.sources().map { PlannedTensor($0, as: $0.format) }
        }
        if let head = options.ownHead(for: tensors) {
            tensors.append(head)
            configuration["tie_word_embeddings"] = .bool(false)
        } else if tensors.format(of: "lm_head.weight", differsFrom: "model.embed_tokens.weight") {
            // A head in another format is no longer a copy of the embedding.
            configuration["tie_word_embeddings"] = .bool(false)
        }
        self.configuration = configuration
        self.tensors = tensors
    }

    /// The matrices that keep their format because their rows are not whole blocks of the requested one.
    package var keptTensorNames: [String] {
        tensors.filter {
            $0.format != (options.wantedFormat(of: $0.name) ?? $0.format) && $0.source.shape.count > 1
                && (head == nil || !CheckpointPart.head.holds($0.name))
        }.map(\.name)
    }

    /// Writes the checkpoint. On failure, the destination is left unchanged.
    /// - Parameters:
    ///   - progress: called with the completed fraction, from 0 to 1.
    ///   - isCancelled: polled every few megabytes.
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

    /// Encodes the frames of `jobs` on all threads.
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

extension Checkpoint {
    /// All tensors, in the order of the layers.
    fileprivate func sources() throws(CheckpointError) -> [TensorSource] {
        var sources: [TensorSource] = []
        for name in tensorNames.sorted(by: { $0.compare($1, options: .numeric) == .orderedAscending }) {
            sources.append(try TensorSource(name, of: self))
        }
        return sources
    }
}

extension [PlannedTensor] {
    /// Whether both tensors exist and have different formats.
    fileprivate func format(of name: String, differsFrom other: String) -> Bool {
        guard let first = first(where: { $0.name == name }), let second = self.first(where: { $0.name == other }) else {
            return false
        }
        return first.format != second.format
    }
}

extension PackOptions {
    /// The requested format; nil keeps the tensor's own.
    fileprivate func wantedFormat(of name: String) -> StorageFormat? {
        switch name {
        case "lm_head.weight": lmHeadFormat ?? (keepsLMHead ? nil : format)
        case "model.embed_tokens.weight": embeddingFormat ?? (keepsEmbedding ? nil : format)
        // Routers are small, and rounding one changes which layers are skipped, or which experts run.
        case _ where name.contains("router.") || name.hasSuffix(".mlp.gate.weight"): nil
        default: format
        }
    }

    /// The output format of `source`: its own for vectors and if rows are not whole blocks of the requested one.
    fileprivate func format(of source: TensorSource) -> StorageFormat {
        guard let wanted = wantedFormat(of: source.name), source.shape.count > 1,
            wanted.rowByteCount(columns: source.shape.last ?? 1) != nil
        else { return source.format }
        return wanted
    }

    /// A separate `lm_head` for a model without one, if its format must differ from the embedding's.
    fileprivate func ownHead(for tensors: [PlannedTensor]) -> PlannedTensor? {
        guard !tensors.contains(where: { $0.name == "lm_head.weight" }),
            let embedding = tensors.first(where: { $0.name == "model.embed_tokens.weight" }),
            let wanted = lmHeadFormat ?? (keepsLMHead ? embedding.source.format : nil), embedding.format != wanted,
            wanted.rowByteCount(columns: embedding.source.shape.last ?? 1) != nil
        else { return nil }
        return PlannedTensor(embedding.source, as: wanted, name: "lm_head.weight")
    }
}
