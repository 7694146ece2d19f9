import Tensors

/// What the next pass of trunk and head does for each of several sequences: a pure function of how far these have come.
///
/// The trunk runs exactly when a position of the head needs it, over every token that it has not seen.
package struct PassPlan: Equatable {
    /// One sequence's part of the pass.
    package struct Share: Equatable {
        /// Rows of the trunk's pass.
        package var trunkRows = 0
        /// Tokens drafted after the trunk's pass.
        package var draftCount = 0
        /// Rows of the head's pass, a row for each draft among them.
        package var headRows = 0

        package init(trunkRows: Int = 0, draftCount: Int = 0, headRows: Int = 0) {
            (self.trunkRows, self.draftCount, self.headRows) = (trunkRows, draftCount, headRows)
        }

        /// Rows of the widest pass.
        package var rowCount: Int { max(trunkRows, headRows) }
    }

    /// One for each sequence; empty for one that has nothing to run, or must wait for the next pass.
    package let shares: [Share]

    /// - Parameters:
    ///   - rowLimit: most rows of one sequence.
    ///   - totalRows: most rows of the pass.
    ///   - sharesWideRows: whether a sequence of more than 16 rows may share the pass. With float weights it must not:
    ///     OpenBLAS, which takes these alone, rounds by the number of rows.
    package init(_ sequences: [SequenceProgress], rowLimit: Int, totalRows: Int, sharesWideRows: Bool) {
        var (left, isWide) = (totalRows, false)
        shares = sequences.map { sequence in
            let share = Share(sequence, rowLimit: isWide ? 0 : min(rowLimit, left))
            guard !sharesWideRows, share.rowCount > Compute.kernelRows else {
                left -= share.rowCount
                return share
            }
            guard left == totalRows else { return Share() }
            isWide = true
            return share
        }
    }
}

extension PassPlan.Share {
    /// The head's next positions, as many as fit, and the trunk's rows that they need. Where the trunk lags by more rows than
    /// fit, the head runs those positions alone whose trunk outputs are there.
    init(_ sequence: SequenceProgress, rowLimit: Int) {
        let positions = sequence.headCount..<min(sequence.tokenCount, sequence.headCount + rowLimit)
        guard let last = positions.last(where: sequence.needsTrunk) else {
            self.init(headRows: max(0, positions.count))
            return
        }
        let seen = sequence.trunkCount(before: min(sequence.trunkEnd, last + 1))
        let lag = max(0, sequence.trunkCount(before: last + 1) - seen)
        let trunkRows = min(lag, rowLimit)
        let firstLacking = lag == trunkRows
            ? nil
            : positions.first { sequence.needsTrunk(at: $0) && sequence.trunkCount(before: $0 + 1) > seen + trunkRows }
        let headRows = (firstLacking ?? positions.upperBound) - positions.lowerBound
        let draftCount = headRows == 0 ? 0 : min(sequence.draftCount, rowLimit - headRows)
        self.init(trunkRows: trunkRows, draftCount: draftCount, headRows: headRows + draftCount)
    }
}
