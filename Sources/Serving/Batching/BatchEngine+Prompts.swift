import Decoding

/// Admits jobs and reads their prompts, up to the step at which they join those that decode.
extension BatchEngine {
    /// Admits waiting jobs while there are seats, and memory for their keys and values.
    func admit() {
        while true {
            let room = budget.byteCount - kvByteCount
            let next = queue.next(hasSeat: hasSeat) { budget.byteCount(of: $0) <= room }
            guard let job = next else { return }
            do {
                let (sequence, isTold) = sequence(for: job, room: room)
                reading.append(
                    try Seat(
                        job, sequence, isTold: isTold, engine: engine, model: model,
                        entries: budget.entries(of: job), draftByteCount: budget.draftByteCount(of: job)))
            } catch {
                metrics.countEnd(.failed)
                job.deliver(.failed(error))
            }
        }
    }

    /// One seat more than the batch size is for a client that has none, so that it need not wait for another's long answers.
    private func hasSeat(for job: Job) -> Bool {
        let count = seats.count
        return count < limits.batchSize
            || count == limits.batchSize && !seats.contains { $0.job.client.id == job.client.id }
    }

    /// A cached sequence that shares a prefix with the job's prompt, if its memory fits; otherwise a new one. The oldest cached
    /// sequences are removed until the memory suffices.
    private func sequence(for job: Job, room: Int) -> (sequence: TokenSequence, isTold: Bool) {
        let entries = budget.entries(of: job)
        // Logprobs of a prompt need the whole prompt to be read.
        var taken = job.promptLogprobCount == nil ? prefixCache.take(for: job) : nil
        if let sequence = taken?.sequence, sequence.kvByteCount(reserving: entries) > room { taken = nil }
        let needed = taken?.sequence.kvByteCount(reserving: entries) ?? budget.byteCount(of: job)
        while prefixCache.kvByteCount > room - needed { prefixCache.removeOldest() }
        return taken ?? (engine.makeSequence(), false)
    }

    /// Whether a sequence is about to begin its cycle, or none decodes.
    var isBetweenCycles: Bool { decoding.isEmpty || decoding.contains { $0.nextCycleIndex == 0 } }

    /// Rows of prompts that are read between two cycles, so that a long prompt does not hold up the other sequences.
    private static let chunkRows = 128

    /// Reads a chunk of the next prompt, and the following prompts that are short enough to fit in the same chunk.
    func readPrompts() {
        var room = Self.chunkRows
        while let next = reading.first, room == Self.chunkRows || next.unreadTokens <= room {
            room -= readChunk(of: reading.removeFirst())
        }
    }

    /// Reads a chunk of a prompt; at the prompt's end, emits the first token. Returns the number of rows.
    private func readChunk(of seat: Seat) -> Int {
        // Before each chunk: of two prompts with the same beginning, each then computes only half of it.
        if engine.isRowExact {
            seat.takeOver(fromOneOf: seats.map(\.prefix) + prefixCache.prefixes, in: prefixCache)
        }
        if let cachedPrefixes, prefixCache.isDiskOpen(to: seat.job.client) {
            seat.restore(from: cachedPrefixes, isTold: prefixCache.isToldOfDisk(seat.job.client))
        }
        let before = seat.sequence.computedCount
        seat.runChunk(on: engine, rowLimit: engine.isRowExact ? Self.chunkRows : .max)
        let rowCount = seat.sequence.computedCount - before
        cachedPrefixes?.store(seat.sequence, from: before)
        if seat.sequence.isBehind {
            reading.append(seat)
        } else {
            metrics.countPrompt(
                readTokens: seat.job.prompt.count - seat.reusedTokens, reusedTokens: seat.reusedTokens)
            if emit(seat, isFirst: true) { ready.append(seat) }
        }
        return rowCount
    }

    /// Moves ready seats whose cycle can begin at this step to the decoding ones. The first seat of an empty batch sets the step
    /// count.
    func join() {
        if decoding.isEmpty { stepCount = ready.first?.nextCycleIndex ?? 0 }
        let (joining, waiting) = (ready.filter(isAligned), ready.filter { !isAligned($0) })
        decoding += joining
        ready = waiting
    }

    private func isAligned(_ seat: Seat) -> Bool {
        (stepCount - seat.nextCycleIndex) % seat.job.plan.cycleLength == 0
    }
}
