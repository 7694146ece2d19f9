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
        logits = AlignedBuffer(count: batchSize * workspace.stack.configuration.vocabularySize)
        segments.reserveCapacity(batchSize)
    }

    /// Brings the head of each context over its last token; `logits` of each are then that token's.
    ///
    /// - Precondition: the contexts share the workspace and their passes, and each lacks exactly its last token.
    package func run(_ contexts: [DecodingContext]) {
        precondition(contexts.count <= batchSize)
        precondition(contexts.allSatisfy { $0.sharesPasses && $0.lacksOneToken })
        guard !contexts.isEmpty else { return }
        refillTrunk(of: contexts)
        runHead(of: contexts)
        giveLogits(to: contexts)
    }

    /// The trunk over every token that it has not seen, of those contexts whose head is about to need it.
    private func refillTrunk(of contexts: [DecodingContext]) {
        let needed = contexts.map(\.trunkRowsNeeded)
        let rowCount = begin(contexts) { context, row in
            let needed = context.trunkRowsNeeded
            context.embedForTrunk(rowCount: needed, into: self.hiddenRow(row))
            return ForwardPass.Segment(ring: context.trunkRing, rowCount: needed)
        }
        guard rowCount > 0 else { return }
        workspace.forward.runTogether(workspace.stack.trunk, segments, hidden: workspace.hidden.pointer)
        passes.countTrunk(rowCount)
        var row = 0
        for (context, count) in zip(contexts, needed) where count > 0 {
            context.takeTrunk(hiddenRow(row), rowCount: count)
            row += count
        }
    }

    private func runHead(of contexts: [DecodingContext]) {
        let rowCount = begin(contexts) { context, row in
            context.feedHead(context.headRing.count, into: self.hiddenRow(row))
            return ForwardPass.Segment(ring: context.headRing, rowCount: 1)
        }
        workspace.forward.runTogether(workspace.stack.head, segments, hidden: workspace.hidden.pointer)
        passes.countHead(rowCount)
        for context in contexts { context.passes.countHead(1) }
    }

    private func giveLogits(to contexts: [DecodingContext]) {
        let vocabulary = workspace.stack.configuration.vocabularySize
        workspace.forward.logits(workspace.hidden.pointer, rowCount: contexts.count, into: logits.pointer)
        for (row, context) in contexts.enumerated() {
            context.lastLogits.pointer.update(from: logits.pointer + row * vocabulary, count: vocabulary)
        }
    }

    /// Collects a pass's segments, empty ones left out; returns how many rows they have.
    ///
    /// - Parameter fill: writes a context's rows, the first of them the given row, and says how many they are.
    private func begin(
        _ contexts: [DecodingContext], _ fill: (DecodingContext, _ row: Int) -> ForwardPass.Segment
    ) -> Int {
        segments.removeAll(keepingCapacity: true)
        var row = 0
        for context in contexts {
            let segment = fill(context, row)
            guard segment.rowCount > 0 else { continue }
            segments.append(segment)
            row += segment.rowCount
        }
        return row
    }

    private func hiddenRow(_ row: Int) -> UnsafeMutablePointer<Float> {
        workspace.hidden.pointer + row * workspace.stack.configuration.hiddenSize
    }
}

extension DecodingContext {
    /// Whether its plan can share passes: one that skips layers or drafts tokens runs by itself.
    package var sharesPasses: Bool { plan.layers == .all && plan.draftCount == 0 }

    fileprivate var lacksOneToken: Bool { headRing.count == tokens.count - 1 }

    /// Rows that the trunk must run before the head can take the last token.
    fileprivate var trunkRowsNeeded: Int {
        headInput(at: tokens.count - 1).needsTrunk ? trunkLag(upTo: tokens.count - 1) : 0
    }

    /// Keeps the trunk's outputs of the next `rowCount` positions.
    fileprivate func takeTrunk(_ outputs: UnsafePointer<Float>, rowCount: Int) {
        trunkOutputs.append(outputs, count: rowCount)
        passes.countTrunk(rowCount)
    }
}
