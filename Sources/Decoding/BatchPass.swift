import Models
import Tensors

/// One token of several sequences at once: one trunk pass over every row that some head needs, one head pass, one `lm_head`.
///
/// Each sequence gets the bits that it gets alone, whoever shares the pass.
package final class BatchPass {
    /// Passes and rows so far.
    package private(set) var passes = PassCounts()

    private let workspace: Workspace
    private let batchSize: Int
    /// [sequence, vocabulary]
    private let logits: AlignedBuffer<Float>
    private var segments: [ForwardPass.Segment] = []

    /// - Parameter batchSize: most sequences in a pass, no more than the workspace was made for.
    package init(in workspace: Workspace, batchSize: Int) {
        self.workspace = workspace
        self.batchSize = batchSize
        logits = AlignedBuffer(count: batchSize * workspace.forward.model.configuration.vocabularySize)
        segments.reserveCapacity(batchSize)
    }

    /// Brings the head of each session over its last token; `logits` of each are then that token's.
    ///
    /// - Precondition: the sessions share the workspace, and each lacks exactly its last token.
    package func run(_ sessions: [Session]) {
        precondition(sessions.count <= batchSize && sessions.allSatisfy(\.lacksOneToken))
        guard !sessions.isEmpty else { return }
        refillTrunk(of: sessions)
        runHead(of: sessions)
        giveLogits(to: sessions)
    }

    /// The trunk over every token that it has not seen, of those sessions whose head is about to need it.
    private func refillTrunk(of sessions: [Session]) {
        let rowCount = begin(sessions) { session, row in
            for index in 0..<session.trunkRowsNeeded {
                session.embed(session.trunkRing.count + index, into: self.hiddenRow(row + index))
            }
            return ForwardPass.Segment(ring: session.trunkRing, rowCount: session.trunkRowsNeeded)
        }
        guard rowCount > 0 else { return }
        let needed = sessions.map(\.trunkRowsNeeded)
        workspace.forward.runTogether(workspace.forward.model.trunk, segments, hidden: workspace.hidden.pointer)
        passes.countTrunk(rowCount)
        var row = 0
        for (session, count) in zip(sessions, needed) where count > 0 {
            session.takeTrunk(hiddenRow(row), rowCount: count)
            row += count
        }
    }

    private func runHead(of sessions: [Session]) {
        let rowCount = begin(sessions) { session, row in
            session.feedHead(session.headRing.count, into: self.hiddenRow(row))
            return ForwardPass.Segment(ring: session.headRing, rowCount: 1)
        }
        workspace.forward.runTogether(workspace.forward.model.head, segments, hidden: workspace.hidden.pointer)
        passes.countHead(rowCount)
        for session in sessions { session.passes.countHead(1) }
    }

    private func giveLogits(to sessions: [Session]) {
        let vocabulary = workspace.forward.model.configuration.vocabularySize
        workspace.forward.logits(workspace.hidden.pointer, rowCount: sessions.count, into: logits.pointer)
        for (row, session) in sessions.enumerated() {
            session.lastLogits.pointer.update(from: logits.pointer + row * vocabulary, count: vocabulary)
        }
    }

    /// Collects a pass's segments, empty ones left out; returns how many rows they have.
    ///
    /// - Parameter fill: writes a session's rows, the first of them the given row, and says how many they are.
    private func begin(_ sessions: [Session], _ fill: (Session, _ row: Int) -> ForwardPass.Segment) -> Int {
        segments.removeAll(keepingCapacity: true)
        var row = 0
        for session in sessions {
            let segment = fill(session, row)
            guard segment.rowCount > 0 else { continue }
            segments.append(segment)
            row += segment.rowCount
        }
        return row
    }

    private func hiddenRow(_ row: Int) -> UnsafeMutablePointer<Float> {
        workspace.hidden.pointer + row * workspace.forward.model.configuration.hiddenSize
    }
}

extension Session {
    fileprivate var lacksOneToken: Bool { headRing.count == tokens.count - 1 }

    /// Rows that the trunk must run before the head can take the last token.
    fileprivate var trunkRowsNeeded: Int {
        headInput(at: tokens.count - 1).needsTrunk ? tokens.count - trunkRing.count : 0
    }

    /// Keeps the trunk's outputs of the next `rowCount` positions.
    fileprivate func takeTrunk(_ outputs: UnsafePointer<Float>, rowCount: Int) {
        trunkOutputs.append(outputs, count: rowCount)
        passes.countTrunk(rowCount)
    }
}
