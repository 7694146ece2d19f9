import Tensors

/// The rows of each sequence in the next pass of trunk and head: a pure function of the sequences' progress.
///
/// The trunk runs exactly when a position of the head needs it, over every token that it has not seen.
package struct PassPlan: Equatable {
    /// One sequence's rows in the pass.
    package struct Share: Equatable {
        /// Rows of the trunk's pass.
        package var trunkRows = 0
        /// Tokens that are drafted for the head's pass to verify.
        package var draftCount = 0
        /// Rows of the head's pass, including one per draft.
        package var headRows = 0

        package init(trunkRows: Int = 0, draftCount: Int = 0, headRows: Int = 0) {
            (self.trunkRows, self.draftCount, self.headRows) = (trunkRows, draftCount, headRows)
        }

        /// Rows of the widest pass.
        package var rowCount: Int { max(trunkRows, headRows) }
    }

    /// One share per sequence; empty if the sequence has nothing to run, or must wait for the next pass.
    package let shares: [Share]

    /// - Parameters:
    ///   - rowLimit: the maximum number of rows of one sequence.
    ///   - totalRows: the maximum number of rows of the pass.
    ///   - sharesWideRows: whether a sequence with more than 16 rows may share the pass. With float weights it must not:
    ///     OpenBLAS, which multiplies more than 16 rows, rounds differently for each number of rows.
    ///   - separatesHeadOnly: whether another head runs head-only positions, so that a pass ends before the head changes.
    package init(
        _ sequences: [SequenceProgress], rowLimit: Int, totalRows: Int, sharesWideRows: Bool,
        separatesHeadOnly: Bool = false
    ) {
        var (left, isWide) = (totalRows, false)
        shares = sequences.map { sequence in
            var limit = isWide ? 0 : min(rowLimit, left)
            if separatesHeadOnly { limit = min(limit, sequence.likeRowCount) }
            let share = Share(sequence, rowLimit: limit)
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
    /// As many of the head's next positions as fit, and the trunk rows that they need. If the trunk lacks more rows than fit,
    /// the head runs only the positions whose trunk outputs are computed.
    init(_ sequence: SequenceProgress, rowLimit: Int) {
        // With drafts the head is ahead of the tokens.
        let count = max(0, min(sequence.text.tokenCount - sequence.headCount, rowLimit))
        let positions = sequence.headCount..<sequence.headCount + count
        guard let last = positions.last(where: sequence.needsTrunk) else {
            self.init(headRows: count)
            return
        }
        let seen = sequence.trunkCount(before: min(sequence.trunkEnd, last + 1))
        let lag = max(0, sequence.trunkCount(before: last + 1) - seen)
        let trunkRows = min(lag, rowLimit)
        let firstMissing =
            lag == trunkRows
            ? nil
            : positions.first { sequence.needsTrunk(at: $0) && sequence.trunkCount(before: $0 + 1) > seen + trunkRows }
        let headRows = (firstMissing ?? positions.upperBound) - positions.lowerBound
        let draftCount = headRows == 0 ? 0 : min(sequence.draftCount, rowLimit - headRows)
        self.init(
            trunkRows: trunkRows + sequence.draftCountInTrunk(of: draftCount), draftCount: draftCount,
            headRows: headRows + draftCount)
    }
}
