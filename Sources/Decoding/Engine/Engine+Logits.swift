import Models
import Tensors

/// Logits for the rows of several sequences, computed by one `lm_head`.
extension Engine {
    /// Computes the requested logits of each sequence's rows, which follow each other in `hidden`.
    func giveLogits(to sequences: [TokenSequence], rows: (Int) -> Int, _ wanted: Wanted) {
        if case .each(let read) = wanted { return giveEach(to: sequences, rows: rows, read) }
        if case .states(let read) = wanted { return giveStates(of: sequences, rows: rows, read) }
        var (row, count) = (0, 0)
        var readers: [TokenSequence] = []
        for (index, sequence) in sequences.enumerated() where rows(index) > 0 {
            row += rows(index)
            // Nothing reads the logits of a prompt's rows before the last.
            guard !sequence.isBehind else { continue }
            for wantedRow in row - sequence.logitRowCount..<row {
                if wantedRow > count { copyRow(wantedRow, to: count) }
                count += 1
            }
            readers.append(sequence)
        }
        guard let first = readers.first else { return }
        forward.measured(.vocabularyHead) {
            if readers.count > 1 {
                share(logits(rowCount: count), with: readers)
            } else if case .largest = wanted, count == 1 {
                forward.largestLogits(hidden.pointer, into: first.logitRows)
            } else {
                forward.logits(hidden.pointer, rowCount: count, into: first.logitRows)
            }
        }
        for reader in readers { reader.takeVerifiedLogits() }
    }

    /// Calls `body` with each sequence and the logits of its last trunk output, by the final norm and `lm_head`.
    func forEachTrunkLogits(
        of sequences: [TokenSequence], _ body: (TokenSequence, UnsafeBufferPointer<Float>) -> Void
    ) {
        let width = stack.configuration.hiddenSize
        for (row, sequence) in sequences.enumerated() {
            hiddenRow(row).update(from: sequence.lastTrunkOutput, count: width)
        }
        forEachLogits(of: sequences, body)
    }

    /// Calls `body` with each sequence and the logits of its row of `hidden`; each has one there.
    func forEachLogits(of sequences: [TokenSequence], _ body: (TokenSequence, UnsafeBufferPointer<Float>) -> Void) {
        let (rows, size) = (logits(rowCount: sequences.count), stack.configuration.vocabularySize)
        for (row, sequence) in sequences.enumerated() {
            body(sequence, UnsafeBufferPointer(start: rows + row * size, count: size))
        }
    }

    private func giveEach(
        to sequences: [TokenSequence], rows: (Int) -> Int, _ read: (Int, UnsafeBufferPointer<Float>) -> Void
    ) {
        var row = 0
        for (index, sequence) in sequences.enumerated() {
            for number in 0..<rows(index) {
                forward.logits(hiddenRow(row), into: sequence.lastLogits.pointer)
                read(sequence.computedCount - rows(index) + number, sequence.logits)
                row += 1
            }
        }
    }

    private func giveStates(
        of sequences: [TokenSequence], rows: (Int) -> Int, _ read: (Int, UnsafeBufferPointer<Float>) -> Void
    ) {
        let state = AlignedBuffer<Float>(unfilledCount: stack.configuration.hiddenSize)
        var row = 0
        for (index, sequence) in sequences.enumerated() {
            for number in 0..<rows(index) {
                forward.finalState(hiddenRow(row), into: state.pointer)
                read(
                    sequence.computedCount - rows(index) + number,
                    UnsafeBufferPointer(start: state.pointer, count: state.count))
                row += 1
            }
        }
    }

    /// The logits of the first rows of `hidden`, [rowCount, vocabulary]; valid until the next call.
    private func logits(rowCount: Int) -> UnsafePointer<Float> {
        let count = rowCount * stack.configuration.vocabularySize
        if sharedLogits.count < count { sharedLogits = AlignedBuffer(unfilledCount: count) }
        forward.logits(hidden.pointer, rowCount: rowCount, into: sharedLogits.pointer)
        return UnsafePointer(sharedLogits.pointer)
    }

    private func share(_ logits: UnsafePointer<Float>, with readers: [TokenSequence]) {
        var rows = logits
        for reader in readers {
            let count = reader.logitRowCount * stack.configuration.vocabularySize
            reader.logitRows.update(from: rows, count: count)
            rows += count
        }
    }

    private func copyRow(_ row: Int, to other: Int) {
        hiddenRow(other).update(from: hiddenRow(row), count: stack.configuration.hiddenSize)
    }
}

extension TokenSequence {
    /// The number of rows with logits once the head has seen the last token: that of the token, and one per draft.
    fileprivate var logitRowCount: Int { 1 + drafts.tokens.count }

    /// The memory of these logits: [logitRowCount, vocabulary].
    fileprivate var logitRows: UnsafeMutablePointer<Float> {
        drafts.tokens.isEmpty ? lastLogits.pointer : drafts.rows()
    }

    /// If drafts follow the last token, copies the logits after it to `logits`.
    fileprivate func takeVerifiedLogits() {
        guard !drafts.tokens.isEmpty else { return }
        setLogits(drafts.logits(after: tokens.count - 1, vocabularySize: lastLogits.count))
    }
}
