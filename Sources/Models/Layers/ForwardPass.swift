import Foundation
import Tensors

/// Runs a model's layers: the workspace, and what a pass over one sequence's next positions, or several sequences', does
/// with it. It knows nothing of a sequence once its pass is over.
package final class ForwardPass {
    package let stack: LayerStack
    /// Most rows of one pass.
    package let maximumRows: Int
    /// Where to note how long the parts of a pass take; nobody does unless a measurement asks.
    package var profile: PassProfile?
    private let window: Int
    let compute: Compute
    let scratch: Activations
    /// For passes whose rows part.
    let parting: PartingScratch

    /// - Parameters:
    ///   - window: how many positions a query sees, its own included; `Int.max` for all.
    ///   - activations: what quantised weights multiply.
    /// - Throws: where the system refuses a thread.
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
                configuration.hiddenSize, configuration.feedForwardSize,
                configuration.headCount * configuration.headWidth),
            headWidth: configuration.headWidth, activations: activations)
        scratch = Activations(configuration: configuration, maximumRows: maximumRows)
        parting = PartingScratch(stack: stack, maximumRows: maximumRows)
    }

    /// Runs `layers` in place over `hidden` [rowCount, hidden], the positions that follow those in the segment's ring.
    ///
    /// - Parameters:
    ///   - choice: which of them a token runs.
    ///   - depths: is told which ones did, unless all must.
    /// - Precondition: no more than `maximumRows` rows, and the ring has a slab for each layer.
    package func run(
        _ layers: ArraySlice<LayerWeights>, _ choice: LayerChoice, _ segment: Segment,
        hidden: UnsafeMutablePointer<Float>, depths: inout DepthRecord
    ) {
        guard choice != .all else { return run(layers, segment, hidden: hidden) }
        segment.ring.stageRest(of: segment.rowCount)
        depths.extend(to: segment.ring.end)
        let pass = LonePass(CollectionOfOne(segment), hidden: hidden, isRowExact: false)
        run(layers, pass) { index, layer, slab in
            guard choice.includes(index) else { return }
            if case .untilSaturated(let cosine) = choice {
                runUnsaturated(layer, above: cosine, index, slab, pass, &depths)
            } else if case .routed = choice, let routing = layer.routing {
                runRouted(layer, routing, index, slab, pass, &depths)
            } else {
                runWhole(layer, slab, pass)
                for row in 0..<segment.rowCount { depths.note(index, at: pass.position(ofRow: row), share: 1) }
            }
        }
    }

    /// Runs all of `layers`, whole.
    package func run(_ layers: ArraySlice<LayerWeights>, _ segment: Segment, hidden: UnsafeMutablePointer<Float>) {
        let pass = LonePass(CollectionOfOne(segment), hidden: hidden, isRowExact: false)
        run(layers, pass) { _, layer, slab in runWhole(layer, slab, pass) }
    }

    /// Runs all of `layers`, whole, over the rows of several sequences one behind another: each row gets the bits that it
    /// gets in a pass of 16 rows or fewer of its own.
    package func runTogether(
        _ layers: ArraySlice<LayerWeights>, _ segments: [Segment], hidden: UnsafeMutablePointer<Float>
    ) {
        let pass = Pass(segments, hidden: hidden, isRowExact: true)
        run(layers, pass) { _, layer, slab in runWhole(layer, slab, pass) }
    }

    private func run(
        _ layers: ArraySlice<LayerWeights>, _ pass: Pass<some Collection<Segment>>,
        _ runLayer: (_ index: Int, LayerWeights, _ slab: Int) -> Void
    ) {
        precondition(pass.rowCount <= maximumRows)
        precondition(pass.segments.allSatisfy { $0.ring.shape.layerCount == layers.count })
        for segment in pass.segments {
            segment.ring.reserve(segment.rowCount)
            segment.ring.stageRest(of: segment.rowCount)
        }
        tabulate(pass)
        for index in layers.indices { runLayer(index, layers[index], index - layers.startIndex) }
        for segment in pass.segments { segment.ring.commit(segment.rowCount) }
    }

    /// h = x + attention(norm(x)), y = h + feedForward(norm(h)), for every row.
    private func runWhole(_ layer: LayerWeights, _ slab: Int, _ pass: Pass<some Collection<Segment>>) {
        let (x, delta, rowCount) = (pass.hidden, scratch.delta.pointer, pass.rowCount)
        normalize(x, layer.attentionNorm, rowCount: rowCount)
        attendWhole(layer, slab, pass)
        add(delta, to: x, rowCount: rowCount)

        normalize(x, layer.feedForwardNorm, rowCount: rowCount)
        feedForward(layer.gateUp, layer.down, rowCount: rowCount, isRowExact: pass.isRowExact)
        add(delta, to: x, rowCount: rowCount)
    }

    /// Final norm and `lm_head` of each row by itself: `hidden` [rowCount, hidden] to `logits` [rowCount, vocabulary].
    package func logits(
        _ hidden: UnsafePointer<Float>, rowCount: Int = 1, into logits: UnsafeMutablePointer<Float>
    ) {
        normalize(hidden, stack.finalNorm, rowCount: rowCount)
        compute.linear(
            stack.vocabularyHead, scratch.normed.pointer, rowCount: rowCount, isRowExact: true, output: logits)
    }

    /// `logits` of one row where one could be the largest, and −∞ elsewhere; all of them where there is no screen.
    package func largestLogits(_ hidden: UnsafePointer<Float>, into logits: UnsafeMutablePointer<Float>) {
        guard let screen = stack.vocabularyScreen else { return self.logits(hidden, into: logits) }
        normalize(hidden, stack.finalNorm, rowCount: 1)
        let count = compute.linearForArgmax(
            stack.vocabularyHead, screen, scratch.normed.pointer, output: logits)
        profile?.addScreened(exactCount: count)
    }

    /// Runs `work`, noting its time as `part`'s where there is a profile.
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

    /// normed = RMSNorm(x)
    func normalize(_ x: UnsafePointer<Float>, _ weight: Vector, rowCount: Int) {
        compute.normalizeRows(
            x, rowCount: rowCount, width: stack.configuration.hiddenSize, weight: weight.pointer,
            epsilon: stack.configuration.normEpsilon, output: scratch.normed.pointer)
    }

    /// delta = o · attention(q, K, V) of every row, each sequence over its own keys and values
    func attendWhole(_ layer: LayerWeights, _ slab: Int, _ pass: Pass<some Collection<Segment>>) {
        let states = scratch.queryKeyValue.pointer
        let width = layer.queryKeyValue.rows
        compute.linear(
            layer.queryKeyValue, scratch.normed.pointer, rowCount: pass.rowCount, isRowExact: pass.isRowExact,
            output: states)
        var row = 0
        for segment in pass.segments {
            let rows = states + row * width
            let heads = heads(
                of: layer, slab, segment, firstRow: row, queries: HeadStates(rows, stride: width),
                entries: scratch.entries.pointer + row,
                keyValues: HeadStates(rows + layer.query.rows, stride: width))
            compute.rotateAndStore(heads, rowCount: segment.rowCount)
            mix(heads, segment, count: segment.rowCount, firstRow: row)
            row += segment.rowCount
        }
        compute.linear(
            layer.attentionOutput, scratch.mixed.pointer, rowCount: pass.rowCount, isRowExact: pass.isRowExact,
            output: scratch.delta.pointer)
    }

    /// mixed = softmax(scale · q · kᵀ) · v, the heads being placed
    ///
    /// - Parameters:
    ///   - count: queries.
    ///   - firstRow: the segment's first in the pass.
    func mix(_ heads: HeadRows, _ segment: Segment, count: Int, firstRow: Int = 0) {
        let (headCount, width) = (stack.configuration.headCount, stack.configuration.headWidth)
        let mask = AttentionMask(
            windowStarts: scratch.windowStarts.pointer + firstRow,
            sinks: segment.ring.entryCount(before: segment.ring.shape.sinks))
        measured(.attention) {
            compute.attend(
                AttentionPass(heads, mask: mask, rowCount: count, scale: 1 / Float(width).squareRoot()),
                output: scratch.mixed.pointer + firstRow * headCount * width)
        }
    }

    /// delta = out · (silu(gate · normed) ⊙ (other · normed)), gate | other being one matrix
    func feedForward(_ gateAndOther: Linear, _ out: Linear, rowCount: Int, isRowExact: Bool) {
        compute.linear(
            gateAndOther, scratch.normed.pointer, rowCount: rowCount, isRowExact: isRowExact,
            output: scratch.gateUp.pointer)
        compute.swiglu(scratch.gateUp.pointer, rowCount: rowCount, width: out.columns, output: scratch.inner.pointer)
        compute.linear(
            out, scratch.inner.pointer, rowCount: rowCount, isRowExact: isRowExact, output: scratch.delta.pointer)
    }

    /// - Parameter firstRow: the segment's first in the pass.
    func heads(
        of layer: LayerWeights, _ slab: Int, _ segment: Segment, firstRow: Int, queries: HeadStates,
        entries: UnsafePointer<Int>, keyValues: HeadStates
    ) -> HeadRows {
        let angles = firstRow * stack.inverseFrequencies.count
        return HeadRows(
            queries: queries, queryEntries: entries, keyValues: keyValues,
            headCount: stack.configuration.headCount, queryNorm: layer.queryNorm?.pointer,
            keyNorm: layer.keyNorm?.pointer, epsilon: stack.configuration.normEpsilon,
            cosines: scratch.cosines.pointer + angles, sines: scratch.sines.pointer + angles,
            keys: segment.ring.keys(slab), values: segment.ring.values(slab), ring: segment.ring.layout,
            firstOverflow: segment.ring.firstOverflow, firstEntry: segment.firstEntry)
    }

    /// Each row's entry and window, and cos and sin of position · frequency times YaRN's factor, float32 as transformers
    /// computes them.
    private func tabulate(_ pass: Pass<some Collection<Segment>>) {
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
