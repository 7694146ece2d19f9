import Models
import Tensors

/// The inputs and outputs of a sequence's rows in a pass.
extension TokenSequence {
    /// The rows of the trunk's next pass.
    func trunkSegment(rowCount: Int) -> Segment { Segment(ring: trunkRing, rowCount: rowCount, skipping: skipping) }

    /// The rows of the head's next pass.
    func headSegment(rowCount: Int) -> Segment { Segment(ring: headRing, rowCount: rowCount, skipping: skipping) }

    /// Selects the trunk's next positions, and embeds their tokens: [rowCount, hidden].
    func feedTrunk(_ rows: UnsafeMutablePointer<Float>, rowCount: Int, _ stack: LayerStack) {
        var position = trunkRing.end
        for row in 0..<rowCount {
            while !trunkSees(position) { position += 1 }
            trunkRing.stage(position)
            stack.embed(token(at: position), into: rows + row * configuration.hiddenSize)
            position += 1
        }
    }

    /// Keeps the trunk's outputs, [rowCount, hidden], for the head.
    func takeTrunk(_ outputs: UnsafePointer<Float>, rowCount: Int) {
        trunkOutputs.append(outputs, count: rowCount)
        passes.countTrunk(rowCount)
    }

    /// Writes the head's inputs at its next positions: [rowCount, hidden].
    func feedHead(_ rows: UnsafeMutablePointer<Float>, rowCount: Int, _ input: HeadInput?, _ forward: ForwardPass) {
        let (width, text) = (configuration.hiddenSize, layout)
        for number in 0..<rowCount {
            let (row, position) = (rows + number * width, headRing.count + number)
            let input = input ?? plan.headInput(at: position, in: text)
            switch input {
            case .trunk: row.update(from: trunkOutput(at: position), count: width)
            case .embedding: forward.stack.embed(token(at: position), into: row)
            case .embeddingAndTrunk:
                forward.stack.embed(token(at: position), into: row)
                forward.add(trunkOutput(at: position), to: row)
            }
            fed.append(input)
        }
    }

    /// Counts a head pass, and discards trunk outputs that no later turn can need.
    func takeHead(rowCount: Int) {
        passes.countHead(rowCount)
        if headRing.count <= promptCount { trunkOutputs.discard(before: trunkRing.entryCount(before: headRing.count)) }
    }

    /// The trunk's output for the last position that it has seen.
    var lastTrunkOutput: UnsafePointer<Float> { UnsafePointer(trunkOutputs.row(trunkOutputs.end - 1)) }

    /// If the last pass gave logits after several positions, copies those after the last token to `logits`.
    func takeRowLogits() {
        let position = tokens.count - 1
        guard rowLogits.positions.contains(position), let row = rowLogits.after(position).baseAddress else { return }
        lastLogits.pointer.update(from: row, count: lastLogits.count)
    }

    /// Calls `body` with each position of the last pass that was fed T up to there, as in vanilla decoding, and the logits after it.
    ///
    /// - Precondition: nothing has been appended since that pass.
    func forEachVanillaRow(_ body: (_ position: Int, UnsafeBufferPointer<Float>) -> Void) {
        guard fed.last == .trunk else { return }
        guard isMetered, plan.refreshesHead, !rowLogits.positions.isEmpty else { return body(tokens.count - 1, logits) }
        for position in rowLogits.positions { body(position, rowLogits.after(position)) }
    }

    private func trunkOutput(at position: Int) -> UnsafePointer<Float> {
        UnsafePointer(trunkOutputs.row(trunkRing.entryCount(before: position)))
    }

    private func trunkSees(_ position: Int) -> Bool {
        plan.trunkCount(before: position + 1, promptCount: promptCount)
            > plan.trunkCount(before: position, promptCount: promptCount)
    }

    /// The token at `position`, or the draft if there is no token yet.
    private func token(at position: Int) -> Int {
        if position < tokens.count { return tokens[position] }
        guard let draft = drafts[position]?.token else {
            preconditionFailure("position \(position) has neither a token nor a draft, of \(tokens.count) tokens")
        }
        return draft
    }
}
