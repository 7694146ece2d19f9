import Models
import Tensors

/// How a context brings its trunk and its head up to its last token.
extension DecodingContext {
    /// Brings the head up to the last token; `logits` are then that token's.
    ///
    /// - Parameters:
    ///   - onlyLargest: whether nobody needs but the largest: others may then be −∞.
    ///   - isCancelled: looked at before each pass.
    /// - Returns: false where it was cancelled; a later call goes on from there.
    @discardableResult
    package func run(onlyLargest: Bool = false, isCancelled: () -> Bool = { false }) -> Bool {
        if drafts.token(at: tokens.count - 1) != nil { takeDraftedLogits() }
        while needsChunk {
            if wantsDrafts {
                guard !isCancelled() else { return false }
                draft()
            } else {
                guard runChunk(onlyLargest: onlyLargest, isCancelled: isCancelled) else { return false }
            }
        }
        return true
    }

    /// Whether `runChunk` has something to do.
    package var needsChunk: Bool { headRing.count < tokens.count }

    /// Whether the last token is all that the head lacks, and the plan drafts what follows it.
    private var wantsDrafts: Bool {
        plan.draftCount > 0 && headRing.count >= promptCount && headRing.count == tokens.count - 1
    }

    /// Brings the head over the next positions, no more than share a pass.
    ///
    /// - Parameters:
    ///   - rowLimit: most positions; fewer than `run` takes change no bit where all weights are quantised.
    ///   - onlyLargest: as `run` takes it.
    ///   - onLogits: takes the logits at each of the positions, all of them, not the last position's alone.
    ///   - isCancelled: looked at before each pass.
    /// - Returns: false where it was cancelled.
    @discardableResult
    package func runChunk(
        rowLimit: Int = .max, onlyLargest: Bool = false,
        onLogits: ((_ position: Int, UnsafeBufferPointer<Float>) -> Void)? = nil,
        isCancelled: () -> Bool = { false }
    ) -> Bool {
        let rowCount = min(chunkRows, rowLimit, tokens.count - headRing.count)
        guard refillTrunk(for: headRing.count..<headRing.count + rowCount, isCancelled), !isCancelled() else {
            return false
        }
        runHead(rowCount: rowCount, onlyLargest: onlyLargest, onLogits)
        return true
    }

    /// Runs the trunk over every token it has not seen, up to the last of `positions` whose feed needs it.
    private func refillTrunk(for positions: Range<Int>, _ isCancelled: () -> Bool) -> Bool {
        guard let last = positions.last(where: { headInput(at: $0).needsTrunk }) else { return true }
        while trunkLag(upTo: last) > 0 {
            guard !isCancelled() else { return false }
            runTrunk(rowCount: min(chunkRows, trunkLag(upTo: last)))
        }
        return true
    }

    /// Positions up to `last` that the trunk is to run over and has not.
    func trunkLag(upTo last: Int) -> Int {
        max(0, trunkCount(before: last + 1) - trunkCount(before: min(trunkRing.end, last + 1)))
    }

    /// Says which positions the trunk runs over next, and embeds their tokens.
    func embedForTrunk(rowCount: Int, into rows: UnsafeMutablePointer<Float>) {
        var position = trunkRing.end
        for row in 0..<rowCount {
            while trunkCount(before: position + 1) == trunkCount(before: position) { position += 1 }
            trunkRing.stage(position)
            embed(position, into: rows + row * stack.configuration.hiddenSize)
            position += 1
        }
    }

    func headInput(at position: Int) -> HeadInput {
        plan.headInput(at: position, promptCount: promptCount)
    }

    func runTrunk(rowCount: Int) {
        embedForTrunk(rowCount: rowCount, into: hidden.pointer)
        forward.measured(.trunk) {
            run(stack.trunk, ForwardPass.Segment(ring: trunkRing, rowCount: rowCount))
        }
        trunkOutputs.append(hidden.pointer, count: rowCount)
        passes.countTrunk(rowCount)
    }

    func runHead(
        rowCount: Int, onlyLargest: Bool = false, _ onLogits: ((Int, UnsafeBufferPointer<Float>) -> Void)? = nil
    ) {
        for row in 0..<rowCount { feedHead(headRing.count + row, into: hiddenRow(row)) }
        forward.measured(.head) {
            run(stack.head, ForwardPass.Segment(ring: headRing, rowCount: rowCount))
        }
        passes.countHead(rowCount)
        if headRing.count <= promptCount { trunkOutputs.discard(before: trunkRing.entryCount(before: headRing.count)) }
        if let onLogits {
            for row in 0..<rowCount {
                forward.logits(hiddenRow(row), into: lastLogits.pointer)
                onLogits(headRing.count - rowCount + row, logits)
            }
        } else if headRing.count == tokens.count {
            let last = hiddenRow(rowCount - 1)
            forward.measured(.vocabularyHead) {
                onlyLargest
                    ? forward.largestLogits(last, into: lastLogits.pointer)
                    : forward.logits(last, into: lastLogits.pointer)
            }
        }
    }

    private func run(_ layers: ArraySlice<LayerWeights>, _ segment: ForwardPass.Segment) {
        forward.run(layers, plan.layers, segment, hidden: hidden.pointer, depths: &depths)
    }

    func feedHead(_ position: Int, into row: UnsafeMutablePointer<Float>) {
        let width = stack.configuration.hiddenSize
        let input = headInput(at: position)
        switch input {
        case .trunk: row.update(from: trunkOutput(at: position), count: width)
        case .embedding: embed(position, into: row)
        case .embeddingAndTrunk:
            embed(position, into: row)
            forward.add(trunkOutput(at: position), to: row)
        }
        fed.append(input)
    }

    private func trunkOutput(at position: Int) -> UnsafePointer<Float> {
        UnsafePointer(trunkOutputs.row(trunkRing.entryCount(before: position)))
    }

    private func hiddenRow(_ row: Int) -> UnsafeMutablePointer<Float> {
        hidden.pointer + row * stack.configuration.hiddenSize
    }

    func embed(_ position: Int, into row: UnsafeMutablePointer<Float>) {
        stack.embed(position < tokens.count ? tokens[position] : drafts.token(at: position) ?? 0, into: row)
    }
}
