import Foundation
import Tensors

/// Runs a model's layers: the workspace, and what a pass over one sequence's next positions, or several sequences', does with it.
package final class ForwardPass {
    package let model: LayerStack
    /// Most rows of one pass.
    package let maximumRows: Int
    /// Where to note how long the parts of a pass take; nobody does unless a measurement asks.
    package var profile: PassProfile?
    private let window: Int
    private let compute: Compute
    private let scratch: Activations

    /// - Parameter window: how many positions a query sees, its own included; `Int.max` for all.
    package init(model: LayerStack, threadCount: Int, pinsThreads: Bool, maximumRows: Int, window: Int) {
        let configuration = model.configuration
        self.model = model
        self.maximumRows = maximumRows
        self.window = window
        compute = Compute(
            threadCount: threadCount, pinsThreads: pinsThreads, maximumRows: maximumRows,
            maximumColumns: max(
                configuration.hiddenSize, configuration.feedForwardSize,
                configuration.headCount * configuration.headWidth),
            headWidth: configuration.headWidth)
        scratch = Activations(configuration: configuration, maximumRows: maximumRows)
    }

    /// One sequence's share of a pass: the positions that follow those in `ring`.
    package struct Segment {
        package let ring: KVRing
        package let rowCount: Int

        package init(ring: KVRing, rowCount: Int) {
            self.ring = ring
            self.rowCount = rowCount
        }
    }

    /// Runs `layers` in place over `hidden` [rowCount, hidden], the positions that follow those in `ring`.
    ///
    /// - Precondition: `rowCount <= maximumRows`, and the ring has a slab for each layer.
    package func run(
        _ layers: ArraySlice<LayerWeights>, ring: KVRing, hidden: UnsafeMutablePointer<Float>, rowCount: Int
    ) {
        run(layers, CollectionOfOne(Segment(ring: ring, rowCount: rowCount)), hidden: hidden, isRowExact: false)
    }

    /// Runs `layers` in place over `hidden`, the rows of several sequences one behind another: each row gets the bits that
    /// it gets in a pass of 16 rows or fewer of its own.
    ///
    /// - Precondition: no more than `maximumRows` rows together, and each ring has a slab for each layer.
    package func runTogether(
        _ layers: ArraySlice<LayerWeights>, _ segments: [Segment], hidden: UnsafeMutablePointer<Float>
    ) {
        run(layers, segments, hidden: hidden, isRowExact: true)
    }

    private func run(
        _ layers: ArraySlice<LayerWeights>, _ segments: some Collection<Segment>,
        hidden x: UnsafeMutablePointer<Float>, isRowExact: Bool
    ) {
        let rowCount = segments.reduce(0) { $0 + $1.rowCount }
        precondition(rowCount <= maximumRows && segments.allSatisfy { $0.ring.shape.layerCount == layers.count })
        for segment in segments { segment.ring.reserve(segment.rowCount) }
        tabulateRotations(segments)
        let width = model.configuration.hiddenSize
        let epsilon = model.configuration.normEpsilon
        let normed = scratch.normed.pointer
        let delta = scratch.delta.pointer
        for (index, layer) in layers.enumerated() {
            compute.normalizeRows(
                x, rowCount: rowCount, width: width, weight: layer.attentionNorm.pointer, epsilon: epsilon,
                output: normed)
            attend(layer, index, segments, rowCount: rowCount, isRowExact: isRowExact)
            compute.add(delta, to: x, rowCount: rowCount, width: width)

            compute.normalizeRows(
                x, rowCount: rowCount, width: width, weight: layer.feedForwardNorm.pointer, epsilon: epsilon,
                output: normed)
            feedForward(layer, rowCount: rowCount, isRowExact: isRowExact)
            compute.add(delta, to: x, rowCount: rowCount, width: width)
        }
        for segment in segments { segment.ring.commit(segment.rowCount) }
    }

    /// Final norm and `lm_head` of each row by itself: `hidden` [rowCount, hidden] to `logits` [rowCount, vocabulary].
    package func logits(
        _ hidden: UnsafePointer<Float>, rowCount: Int = 1, into logits: UnsafeMutablePointer<Float>
    ) {
        compute.normalizeRows(
            hidden, rowCount: rowCount, width: model.configuration.hiddenSize, weight: model.finalNorm.pointer,
            epsilon: model.configuration.normEpsilon, output: scratch.normed.pointer)
        compute.linear(
            model.vocabularyHead, scratch.normed.pointer, rowCount: rowCount, isRowExact: true, output: logits)
    }

    /// Runs `work`, noting its time as `part`'s where there is a profile.
    package func measured(_ part: PassProfile.Part, _ work: () -> Void) {
        guard let profile else { return work() }
        let start = ContinuousClock.now
        work()
        profile.add(ContinuousClock.now - start, to: part)
    }

    /// y += x, both [hidden].
    package func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>) {
        compute.add(x, to: y, width: model.configuration.hiddenSize)
    }

    /// delta = o · attention(RoPE(norm(q)), RoPE(norm(k)), v), each sequence over its own keys and values
    private func attend(
        _ layer: LayerWeights, _ index: Int, _ segments: some Collection<Segment>, rowCount: Int, isRowExact: Bool
    ) {
        compute.linear(
            layer.queryKeyValue, scratch.normed.pointer, rowCount: rowCount, isRowExact: isRowExact,
            output: scratch.queryKeyValue.pointer)
        var firstRow = 0
        for segment in segments {
            let heads = heads(of: layer, index, segment, firstRow: firstRow)
            compute.placeHeads(heads, rowCount: segment.rowCount)
            mix(heads, rowCount: segment.rowCount, firstRow: firstRow)
            firstRow += segment.rowCount
        }
        compute.linear(
            layer.attentionOutput, scratch.mixed.pointer, rowCount: rowCount, isRowExact: isRowExact,
            output: scratch.delta.pointer)
    }

    private func heads(of layer: LayerWeights, _ index: Int, _ segment: Segment, firstRow: Int) -> HeadRows {
        let angles = firstRow * model.inverseFrequencies.count
        return HeadRows(
            states: scratch.queryKeyValue.pointer + firstRow * layer.queryKeyValue.rows,
            headCount: model.configuration.headCount, queryNorm: layer.queryNorm?.pointer,
            keyNorm: layer.keyNorm?.pointer, epsilon: model.configuration.normEpsilon,
            cosines: scratch.cosines.pointer + angles, sines: scratch.sines.pointer + angles,
            keys: segment.ring.keys(index), values: segment.ring.values(index), ring: segment.ring.layout,
            firstPosition: segment.ring.count)
    }

    /// mixed = softmax(scale · q · kᵀ) · v
    private func mix(_ heads: HeadRows, rowCount: Int, firstRow: Int) {
        let width = model.configuration.headWidth
        measured(.attention) {
            compute.attend(
                AttentionPass(heads, window: window, rowCount: rowCount, scale: 1 / Float(width).squareRoot()),
                output: scratch.mixed.pointer + firstRow * model.configuration.headCount * width)
        }
    }

    /// delta = down · (silu(gate · x) ⊙ (up · x))
    private func feedForward(_ layer: LayerWeights, rowCount: Int, isRowExact: Bool) {
        let width = model.configuration.feedForwardSize
        compute.linear(
            layer.gateUp, scratch.normed.pointer, rowCount: rowCount, isRowExact: isRowExact,
            output: scratch.gateUp.pointer)
        compute.gate(scratch.gateUp.pointer, rowCount: rowCount, width: width, output: scratch.inner.pointer)
        compute.linear(
            layer.down, scratch.inner.pointer, rowCount: rowCount, isRowExact: isRowExact,
            output: scratch.delta.pointer)
    }

    /// cos and sin of position · frequency, float32 as transformers computes them.
    private func tabulateRotations(_ segments: some Collection<Segment>) {
        var place = 0
        for segment in segments {
            for position in segment.ring.count..<segment.ring.count + segment.rowCount {
                for frequency in model.inverseFrequencies {
                    let angle = Float(position) * frequency
                    scratch.cosines.pointer[place] = cosf(angle)
                    scratch.sines.pointer[place] = sinf(angle)
                    place += 1
                }
            }
        }
    }
}
