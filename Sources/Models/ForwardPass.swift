import Foundation
import Tensors

/// Runs a model's layers for one session: the workspace and what a pass over consecutive positions does with it.
package final class ForwardPass {
    package let stack: LayerStack
    /// Most rows of one pass.
    package let maximumRows: Int
    /// Where to note how long the parts of a pass take; nobody does unless a measurement asks.
    package var profile: PassProfile?
    /// Which layers each position ran, where a choice lets some be skipped.
    package var depths: DepthRecord
    private let window: Int
    let compute: Compute
    let scratch: Activations
    /// For passes whose rows part; made when the first one comes.
    private(set) lazy var parting = PartingScratch(stack: stack, maximumRows: maximumRows)

    /// - Parameter window: how many positions a query sees, its own included; `Int.max` for all.
    package init(stack: LayerStack, threadCount: Int, pinsThreads: Bool, maximumRows: Int, window: Int) {
        let configuration = stack.configuration
        self.stack = stack
        self.maximumRows = maximumRows
        self.window = window
        depths = DepthRecord(layerCount: configuration.layerCount)
        compute = Compute(
            threadCount: threadCount, pinsThreads: pinsThreads, maximumRows: maximumRows,
            maximumColumns: max(
                configuration.hiddenSize, configuration.feedForwardSize,
                configuration.headCount * configuration.headWidth),
            headWidth: configuration.headWidth)
        scratch = Activations(configuration: configuration, maximumRows: maximumRows)
    }

    /// Consecutive positions on their way through the layers: those that follow the ones in `ring`.
    struct Pass {
        let ring: KVRing
        /// [rowCount, hidden]
        let hidden: UnsafeMutablePointer<Float>
        let rowCount: Int

        var firstPosition: Int { ring.count }
    }

    /// Runs `layers` in place over `hidden` [rowCount, hidden], the positions that follow those in `ring`.
    ///
    /// - Parameter choice: which of them a token runs.
    /// - Precondition: `rowCount <= maximumRows`, and the ring has a slab for each layer.
    package func run(
        _ layers: ArraySlice<LayerWeights>, _ choice: LayerChoice = .all, ring: KVRing,
        hidden: UnsafeMutablePointer<Float>, rowCount: Int
    ) {
        precondition(rowCount <= maximumRows && layers.count == ring.shape.layerCount)
        ring.reserve(rowCount)
        let pass = Pass(ring: ring, hidden: hidden, rowCount: rowCount)
        tabulate(pass)
        if choice != .all { depths.extend(to: pass.firstPosition + rowCount) }
        for index in layers.indices where choice.includes(index) {
            let (layer, slab) = (layers[index], index - layers.startIndex)
            switch (choice, layer.routing) {
            case (.routed, let routing?): runRouted(layer, routing, index, slab, pass)
            case (.untilSaturated(let cosine), _): runUnsaturated(layer, above: cosine, index, slab, pass)
            default:
                runWhole(layer, slab, pass)
                if choice != .all { depths.noteRun(of: index, at: pass.firstPosition, count: rowCount) }
            }
        }
        ring.commit(rowCount)
    }

    /// h = x + attention(norm(x)), y = h + feedForward(norm(h)), for every row.
    private func runWhole(_ layer: LayerWeights, _ slab: Int, _ pass: Pass) {
        normalize(pass.hidden, layer.attentionNorm, rowCount: pass.rowCount)
        let heads = wholeHeads(of: layer, slab, pass)
        compute.linear(
            layer.queryKeyValue, scratch.normed.pointer, rowCount: pass.rowCount, output: heads.queries.rows)
        compute.placeHeads(heads, rowCount: pass.rowCount)
        attend(layer, heads, count: pass.rowCount)
        add(scratch.delta.pointer, to: pass.hidden, rowCount: pass.rowCount)

        normalize(pass.hidden, layer.feedForwardNorm, rowCount: pass.rowCount)
        feedForward(layer.gateUp, layer.down, rowCount: pass.rowCount)
        add(scratch.delta.pointer, to: pass.hidden, rowCount: pass.rowCount)
    }

    /// Final norm and `lm_head`: `hidden` [rowCount, hidden] to `logits` [rowCount, vocabulary].
    package func logits(
        _ hidden: UnsafePointer<Float>, rowCount: Int = 1, into logits: UnsafeMutablePointer<Float>
    ) {
        normalize(hidden, stack.finalNorm, rowCount: rowCount)
        compute.linear(stack.vocabularyHead, scratch.normed.pointer, rowCount: rowCount, output: logits)
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

    /// delta = o · attention(q, K, V), the heads being placed
    func attend(_ layer: LayerWeights, _ heads: HeadRows, count: Int) {
        let scale = 1 / Float(stack.configuration.headWidth).squareRoot()
        measured(.attention) {
            compute.attend(
                AttentionPass(heads, window: window, rowCount: count, scale: scale), output: scratch.mixed.pointer)
        }
        compute.linear(layer.attentionOutput, scratch.mixed.pointer, rowCount: count, output: scratch.delta.pointer)
    }

    /// delta = out · (silu(gate · normed) ⊙ (other · normed)), gate | other being one matrix
    func feedForward(_ gateAndOther: Linear, _ out: Linear, rowCount: Int) {
        compute.linear(gateAndOther, scratch.normed.pointer, rowCount: rowCount, output: scratch.gateUp.pointer)
        compute.gate(scratch.gateUp.pointer, rowCount: rowCount, width: out.columns, output: scratch.inner.pointer)
        compute.linear(out, scratch.inner.pointer, rowCount: rowCount, output: scratch.delta.pointer)
    }

    /// q | k | v side by side in `scratch.queryKeyValue`, every position asking.
    private func wholeHeads(of layer: LayerWeights, _ slab: Int, _ pass: Pass) -> HeadRows {
        let width = layer.queryKeyValue.rows
        let states = scratch.queryKeyValue.pointer
        return heads(
            of: layer, slab, pass, queries: HeadStates(states, stride: width), positions: scratch.positions.pointer,
            keyValues: HeadStates(states + layer.query.rows, stride: width))
    }

    func heads(
        of layer: LayerWeights, _ slab: Int, _ pass: Pass, queries: HeadStates, positions: UnsafePointer<Int>,
        keyValues: HeadStates
    ) -> HeadRows {
        HeadRows(
            queries: queries, queryPositions: positions, keyValues: keyValues,
            headCount: stack.configuration.headCount, queryNorm: layer.queryNorm?.pointer,
            keyNorm: layer.keyNorm?.pointer, epsilon: stack.configuration.normEpsilon,
            cosines: scratch.cosines.pointer, sines: scratch.sines.pointer, keys: pass.ring.keys(slab),
            values: pass.ring.values(slab), ring: pass.ring.layout, firstPosition: pass.firstPosition)
    }

    /// The positions, and cos and sin of position · frequency, float32 as transformers computes them.
    private func tabulate(_ pass: Pass) {
        let count = stack.inverseFrequencies.count
        for row in 0..<pass.rowCount {
            let position = pass.firstPosition + row
            scratch.positions.pointer[row] = position
            for (index, frequency) in stack.inverseFrequencies.enumerated() {
                let angle = Float(position) * frequency
                scratch.cosines.pointer[row * count + index] = cosf(angle)
                scratch.sines.pointer[row * count + index] = sinf(angle)
            }
        }
    }
}
