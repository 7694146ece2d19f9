import Foundation
import Tensors

/// Runs a model's layers over the next positions of one or more sequences. It keeps no sequence's state between passes.
package final class ForwardPass {
    package let stack: LayerStack
    /// Maximum number of rows in a pass.
    package let maximumRows: Int
    /// Times of the parts of passes; nil unless profiling.
    package var profile: PassProfile?
    private let window: Int
    let compute: Compute
    let scratch: Activations
    /// The rows that run a layer that others skip.
    let selection: LayerSelection
    /// The rows of each expert; nil for a dense model.
    let routing: ExpertRouting?

    /// - Parameters:
    ///   - window: the number of positions that a query sees, its own included; `Int.max` for all.
    ///   - activations: the format of activations that quantised weights multiply.
    /// - Throws: `ThreadRefusal` if the system refuses a thread.
    package init(
        stack: LayerStack, threadCount: Int, pinsThreads: Bool, maximumRows: Int, window: Int,
        activations: ActivationFormat
    ) throws(ThreadRefusal) {
        let configuration = stack.configuration
        self.stack = stack
        self.maximumRows = maximumRows
        self.window = window
        compute = try Compute(
            threadCount: threadCount, pinsThreads: pinsThreads, maximumRows: maximumRows,
            maximumColumns: max(
                configuration.hiddenSize, configuration.widestFeedForward,
                configuration.headCount * configuration.headWidth),
            headWidth: configuration.headWidth, activations: activations)
        scratch = Activations(configuration: configuration, maximumRows: maximumRows)
        selection = LayerSelection(stack: stack, maximumRows: maximumRows)
        routing = configuration.experts.map {
            ExpertRouting($0, hiddenSize: configuration.hiddenSize, maximumRows: maximumRows)
        }
    }

    /// Runs `layers` in place over `hidden` [rowCount, hidden]. Each segment's rows are the positions after those in its ring.
    /// Each row gets the same bits in a shared pass as alone.
    ///
    /// - Precondition: at most `maximumRows` rows, and each ring has a slab for each layer.
    package func run(_ layers: ArraySlice<LayerWeights>, _ segments: [Segment], hidden: UnsafeMutablePointer<Float>) {
        let pass = PassRows(segments, hidden: hidden)
        precondition(pass.rowCount <= maximumRows)
        for segment in segments {
            precondition(segment.ring.shape.layerCount == layers.count)
            segment.ring.reserve(segment.rowCount)
            segment.ring.stageRest(of: segment.rowCount)
            segment.skipping?.log.extend(to: segment.ring.end)
        }
        tabulate(pass)
        for index in layers.indices {
            let (layer, slab) = (layers[index], index - layers.startIndex)
            if segments.allSatisfy({ $0.runsWhole(layer, index) }) {
                run(layer, slab, pass)
                noteWhole(index, pass)
            } else {
                runSelected(layer, index, slab, pass)
            }
        }
        for segment in segments { segment.ring.commit(segment.rowCount) }
    }

    /// Final norm and `lm_head`: `hidden` [rowCount, hidden] to `logits` [rowCount, vocabulary].
    ///
    /// - Parameter norm: the final norm; nil for the model's own.
    package func logits(
        _ hidden: UnsafePointer<Float>, norm: Vector? = nil, rowCount: Int = 1,
        into logits: UnsafeMutablePointer<Float>
    ) {
        normalize(scratch.normed.pointer, hidden, norm ?? stack.finalNorm, rowCount: rowCount)
        compute.linear(
            stack.vocabularyHead, scratch.normed.pointer, rowCount: rowCount, isRowExact: true, output: logits)
    }

    /// Logits of one row that could be the largest, and −∞ for the others. Without a screen, all logits.
    package func largestLogits(
        _ hidden: UnsafePointer<Float>, norm: Vector, into logits: UnsafeMutablePointer<Float>
    ) {
        guard let screen = stack.vocabularyScreen else { return self.logits(hidden, norm: norm, into: logits) }
        normalize(scratch.normed.pointer, hidden, norm, rowCount: 1)
        let count = compute.linearForArgmax(
            stack.vocabularyHead, screen, scratch.normed.pointer, output: logits)
        profile?.addScreened(exactCount: count)
    }

    /// The final norm of one row, both [hidden].
    package func finalState(
        _ hidden: UnsafePointer<Float>, norm: Vector, into state: UnsafeMutablePointer<Float>
    ) {
        normalize(state, hidden, norm, rowCount: 1)
    }

    /// Runs `work`; when profiling, adds its time to that of `part`.
    package func measured(_ part: PassProfile.Part, _ work: () -> Void) {
        guard let profile else { return work() }
        let start = ContinuousClock.now
        work()
        profile.add(ContinuousClock.now - start, to: part)
    }

    /// y += x, both [rowCount, hidden].
    package func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, rowCount: Int = 1) {
        compute.add(x, to: y, rowCount: rowCount, width: stack.configuration.hiddenSize)
    }

    /// normed = RMSNorm(x), both [rowCount, hidden].
    func normalize(
        _ normed: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ weight: Vector, rowCount: Int
    ) {
        compute.normalizeRows(
            x, rowCount: rowCount, width: stack.configuration.hiddenSize, weight: weight.pointer,
            epsilon: stack.configuration.normEpsilon, output: normed)
    }

    /// Computes each row's entry and window, and cos and sin of position · frequency times YaRN's factor, in float32 as in
    /// transformers.
    private func tabulate(_ pass: PassRows) {
        let count = stack.inverseFrequencies.count
        let scale = stack.configuration.rope.attentionFactor
        var row = 0
        for segment in pass.segments {
            for number in 0..<segment.rowCount {
                let position = segment.position(ofRow: number)
                scratch.entries.pointer[row] = segment.firstEntry + number
                scratch.windowStarts.pointer[row] =
                    position < window ? 0 : segment.ring.entryCount(before: position + 1 - window)
                for (index, frequency) in stack.inverseFrequencies.enumerated() {
                    let angle = Float(position) * frequency
                    scratch.cosines.pointer[row * count + index] = cosf(angle) * scale
                    scratch.sines.pointer[row * count + index] = sinf(angle) * scale
                }
                row += 1
            }
        }
    }
}
