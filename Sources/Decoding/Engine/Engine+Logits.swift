import Models
import Tensors

/// Logits for the rows of several sequences, computed by one `lm_head`.
extension Engine {
    /// Computes the requested logits of each sequence's rows, which follow each other in `hidden`.
    func giveLogits(to sequences: [TokenSequence], _ part: HeadPart, rows: (Int) -> Int, _ wanted: Wanted) {
        let norm = part.norm(of: stack)
        if case .each(let read) = wanted { return giveEach(to: sequences, norm, rows: rows, read) }
        if case .states(let read) = wanted { return giveStates(of: sequences, norm, rows: rows, read) }
        var (row, count) = (0, 0)
        var readers: [Reader] = []
        for (index, sequence) in sequences.enumerated() where rows(index) > 0 {
            row += rows(index)
            // Nothing reads the logits of a prompt's rows before the last.
            guard !sequence.isBehind else { continue }
            let logitRows = sequence.beginLogits(rowCount: rows(index))
            for wantedRow in row - logitRows.count..<row {
                if wantedRow > count { copyRow(wantedRow, to: count) }
                count += 1
            }
            readers.append(Reader(sequence: sequence, rows: logitRows))
        }
        guard let first = readers.first else { return }
        forward.measured(.vocabularyHead) {
            if readers.count > 1 {
                share(logits(norm, rowCount: count), with: readers)
            } else if case .largest = wanted, count == 1 {
                forward.largestLogits(hidden.pointer, norm: norm, into: first.rows.pointer)
            } else {
                forward.logits(hidden.pointer, norm: norm, rowCount: count, into: first.rows.pointer)
            }
        }
        for reader in readers { reader.sequence.takeRowLogits() }
    }

    /// Calls `body` with each sequence and the logits of its last trunk output, by the final norm and `lm_head`.
    func forEachTrunkLogits(
        of sequences: [TokenSequence], _ body: (TokenSequence, UnsafeBufferPointer<Float>) -> Void
    ) {
        let width = stack.configuration.hiddenSize
        for (row, sequence) in sequences.enumerated() {
            hiddenRow(row).update(from: sequence.lastTrunkOutput, count: width)
        }
        forEachLogits(of: sequences, .own, body)
    }

    /// Calls `body` with each sequence and the logits of its row of `hidden`; each has one there.
    func forEachLogits(
        of sequences: [TokenSequence], _ part: HeadPart, _ body: (TokenSequence, UnsafeBufferPointer<Float>) -> Void
    ) {
        let (rows, size) = (logits(part.norm(of: stack), rowCount: sequences.count), stack.configuration.vocabularySize)
        for (row, sequence) in sequences.enumerated() {
            body(sequence, UnsafeBufferPointer(start: rows + row * size, count: size))
        }
    }

    private func giveEach(
        to sequences: [TokenSequence], _ norm: Vector, rows: (Int) -> Int,
        _ read: (Int, UnsafeBufferPointer<Float>) -> Void
    ) {
        var row = 0
        for (index, sequence) in sequences.enumerated() {
            for number in 0..<rows(index) {
                forward.logits(hiddenRow(row), norm: norm, into: sequence.lastLogits.pointer)
                read(sequence.computedCount - rows(index) + number, sequence.logits)
                row += 1
            }
        }
    }

    private func giveStates(
        of sequences: [TokenSequence], _ norm: Vector, rows: (Int) -> Int,
        _ read: (Int, UnsafeBufferPointer<Float>) -> Void
    ) {
        let state = AlignedBuffer<Float>(unfilledCount: stack.configuration.hiddenSize)
        var row = 0
        for (index, sequence) in sequences.enumerated() {
            for number in 0..<rows(index) {
                forward.finalState(hiddenRow(row), norm: norm, into: state.pointer)
                read(
                    sequence.computedCount - rows(index) + number,
                    UnsafeBufferPointer(start: state.pointer, count: state.count))
                row += 1
            }
        }
    }

    /// The logits of the first rows of `hidden`, [rowCount, vocabulary]; valid until the next call.
    private func logits(_ norm: Vector, rowCount: Int) -> UnsafePointer<Float> {
        let count = rowCount * stack.configuration.vocabularySize
        if sharedLogits.count < count { sharedLogits = AlignedBuffer(unfilledCount: count) }
        forward.logits(hidden.pointer, norm: norm, rowCount: rowCount, into: sharedLogits.pointer)
        return UnsafePointer(sharedLogits.pointer)
    }

    private func share(_ logits: UnsafePointer<Float>, with readers: [Reader]) {
        var rows = logits
        for reader in readers {
            let count = reader.rows.count * stack.configuration.vocabularySize
            reader.rows.pointer.update(from: rows, count: count)
            rows += count
        }
    }

    private func copyRow(_ row: Int, to other: Int) {
        hiddenRow(other).update(from: hiddenRow(row), count: stack.configuration.hiddenSize)
    }
}

/// A sequence, and the memory of the logits after its last rows: [count, vocabulary].
private struct Reader {
    let sequence: TokenSequence
    let rows: (pointer: UnsafeMutablePointer<Float>, count: Int)
}

extension TokenSequence {
    /// The memory of the logits that a head pass over `rowCount` rows gives: those after the last token and after each draft; if
    /// metered, also those after the tokens that a refresh read again.
    fileprivate func beginLogits(rowCount: Int) -> (pointer: UnsafeMutablePointer<Float>, count: Int) {
        let count: Int
        if isMetered, plan.refreshesHead {
            count = min(rowCount, tokens.count - layout.promptCount + 1)
        } else {
            count = 1 + drafts.count
        }
        guard count > 1 else {
            rowLogits.removeAll()
            return (lastLogits.pointer, 1)
        }
        let end = tokens.count + drafts.count
        return (rowLogits.begin(end - count..<end), count)
    }
}
