import Foundation
import Models
import Tensors

/// Reuses and keeps the prompts of one engine's sequences.
package final class CachedPrefixes {
    private let cache: PromptCache
    private let directory: CacheDirectory
    private let engine: Engine
    private let modelName: String
    /// Made with the first prompt that is long enough: it takes a checksum of all weights.
    private lazy var context = ChunkContext(engine, modelName: modelName)
    private var content = AlignedBuffer<UInt8>(count: 0)
    /// Whether chunks were added since the directory's size was last checked.
    private var hasGrown = false

    /// Nil if the engine's options have no cache.
    package init?(_ engine: Engine, of model: Model) {
        guard let cache = engine.options.promptCache else { return nil }
        self.cache = cache
        self.engine = engine
        directory = CacheDirectory(cache.path)
        modelName = model.name
    }

    /// Gives a sequence the longest prefix of its prompt that the cache holds, but for the prompt's last token, whose pass computes the
    /// logits.
    ///
    /// - Returns: the number of positions that need not be computed.
    package func restore(_ sequence: TokenSequence) -> Int {
        let before = sequence.computedCount
        guard let end = lastEnd(of: sequence), end > before, engine.isRowExact || before == 0 else { return 0 }
        var used: [String] = []
        for start in stride(from: before / engine.cachedRows * engine.cachedRows, to: end, by: engine.cachedRows) {
            guard let name = load(prefix(of: sequence, start), into: sequence) else { break }
            used.append(name)
        }
        guard sequence.computedCount > before else { return 0 }
        directory.touch(used)
        return sequence.computedCount - before
    }

    /// Keeps the chunks of a prompt that the pass since `first` has completed.
    package func store(_ sequence: TokenSequence, from first: Int) {
        guard first < sequence.promptCount else { return }
        let rows = engine.cachedRows
        let end = min(sequence.computedCount, sequence.promptCount)
        defer { if end == sequence.promptCount, hasGrown { tidy(after: sequence) } }
        if !engine.isRowExact {
            // Only a pass over exactly a chunk, after others like it, gives the bits that a new text's pass gives.
            guard first == sequence.wholeChunkEnd, sequence.computedCount == first + rows else { return }
            sequence.wholeChunkEnd = first + rows
        }
        guard let limit = lastEnd(of: sequence), first / rows < end / rows, (try? sequence.checkCache()) != nil else {
            return
        }
        for start in stride(from: first / rows * rows, through: min(end, limit) - rows, by: rows) {
            save(prefix(of: sequence, start), sequence)
        }
    }

    /// Notes that a prompt's chunks were used, and removes old ones beyond the cache's size.
    private func tidy(after sequence: TokenSequence) {
        hasGrown = false
        let rows = engine.cachedRows
        directory.touch(
            stride(from: 0, through: sequence.promptCount - rows, by: rows).map { prefix(of: sequence, $0).fileName })
        directory.evict(byteLimit: cache.byteLimit)
    }

    /// The end of the last chunk that a sequence's prompt fills; nil if the cache cannot hold the sequence.
    private func lastEnd(of sequence: TokenSequence) -> Int? {
        guard sequence.plan.layers == .all, !sequence.hasWrapped, sequence.promptCount <= sequence.slotLimit else {
            return nil
        }
        let rows = engine.cachedRows
        // With float weights a chunk is used as a whole, or not at all.
        let usable = engine.isRowExact ? sequence.promptCount : sequence.promptCount - 1
        let end = usable / rows * rows
        return end > 0 ? end : nil
    }

    private func prefix(of sequence: TokenSequence, _ start: Int) -> ChunkPrefix {
        let end = start + engine.cachedRows
        return ChunkPrefix(
            context: context, start: start, tokens: sequence.tokens[..<end].map { UInt32($0) },
            fed: sequence.inputs(before: end).map(\.rawValue))
    }

    /// - Returns: the chunk's name; nil if the cache has no such chunk.
    private func load(_ prefix: ChunkPrefix, into sequence: TokenSequence) -> String? {
        let name = prefix.fileName
        let byteCount = engine.cachedRows * sequence.bytesPerPosition
        guard sequence.acceptsPrefix(from: prefix.start, to: prefix.tokens.count, of: engine),
            let bytes = directory.bytes(of: name, limit: 2 * byteCount + 1 << 28)
        else { return nil }
        let buffer = buffer(byteCount)
        let problem = bytes.withUnsafeBytes { bytes in
            ChunkFile.problem(bytes) { $0.prefix == prefix && $0.byteCount == byteCount ? buffer : nil }
        }
        guard problem == nil else {
            directory.remove(name)
            return nil
        }
        sequence.adopt(UnsafeRawBufferPointer(buffer), from: prefix.start, to: prefix.tokens.count)
        return name
    }

    /// Adds a chunk, if the cache lacks it.
    private func save(_ prefix: ChunkPrefix, _ sequence: TokenSequence) {
        let (name, end) = (prefix.fileName, prefix.tokens.count)
        guard sequence.fed[..<end].map(\.rawValue) == prefix.fed, sequence.holdsPrefix(upTo: end),
            !directory.contains(name)
        else { return }
        let buffer = buffer(engine.cachedRows * sequence.bytesPerPosition)
        sequence.copyPrefix(prefix.start..<end, to: buffer)
        do throws(SessionFileError) {
            try ChunkFile.write(prefix, UnsafeRawBufferPointer(buffer), to: directory.path(of: name))
            hasGrown = true
        } catch {
            cache.note(error)
        }
    }

    private func buffer(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
        if content.count < byteCount { content = AlignedBuffer(unfilledCount: byteCount) }
        return UnsafeMutableRawBufferPointer(start: content.pointer, count: byteCount)
    }
}
