import Foundation
import Tensors

/// Runs a model's layers for one session: the workspace and what a pass over consecutive positions does with it.
package final class ForwardPass {
    package let stack: LayerStack
    /// Most rows of one pass.
    package let maximumRows: Int
    /// Where to note how long the parts of a pass take; nobody does unless a measurement asks.
    package var profile: PassProfile?
    private let window: Int
    private let compute: Compute
    private let scratch: Activations

    /// - Parameter window: how many positions a query sees, its own included; `Int.max` for all.
    package init(stack: LayerStack, threadCount: Int, pinsThreads: Bool, maximumRows: Int, window: Int) {
        let configuration = stack.configuration
        self.stack = stack
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

    /// Runs `layers` in place over `hidden` [rowCount, hidden], the positions that follow those in `ring`.
    ///
    /// - Precondition: `rowCount <= maximumRows`, and the ring has a slab for each layer.
    package func run(
        _ layers: ArraySlice<LayerWeights>, ring: KVRing, hidden x: UnsafeMutablePointer<Float>, rowCount: Int
    ) {
        precondition(rowCount <= maximumRows && layers.count == ring.shape.layerCount)
        ring.reserve(rowCount)
        tabulateRotations(firstPosition: ring.count, rowCount: rowCount)
        let width = stack.configuration.hiddenSize
        let epsilon = stack.configuration.normEpsilon
        let normed = scratch.normed.pointer
        let delta = scratch.delta.pointer
        for (index, layer) in layers.enumerated() {
            compute.normalizeRows(
                x, rowCount: rowCount, width: width, weight: layer.attentionNorm.pointer, epsilon: epsilon,
                output: normed)
            attend(layer, index, ring: ring, rowCount: rowCount)
            compute.add(delta, to: x, rowCount: rowCount, width: width)

            compute.normalizeRows(
                x, rowCount: rowCount, width: width, weight: layer.feedForwardNorm.pointer, epsilon: epsilon,
                output: normed)
            feedForward(layer, rowCount: rowCount)
            compute.add(delta, to: x, rowCount: rowCount, width: width)
        }
        ring.commit(rowCount)
    }

    /// Final norm and `lm_head` of one row: `hidden` [hidden] to `logits` [vocabulary].
    package func logits(_ hidden: UnsafePointer<Float>, into logits: UnsafeMutablePointer<Float>) {
        compute.normalizeRows(
            hidden, rowCount: 1, width: stack.configuration.hiddenSize, weight: stack.finalNorm.pointer,
            epsilon: stack.configuration.normEpsilon, output: scratch.normed.pointer)
        compute.linear(stack.vocabularyHead, scratch.normed.pointer, rowCount: 1, output: logits)
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
        compute.add(x, to: y, width: stack.configuration.hiddenSize)
    }

    /// delta = o · attention(RoPE(norm(q)), RoPE(norm(k)), v)
    private func attend(_ layer: LayerWeights, _ index: Int, ring: KVRing, rowCount: Int) {
        let width = stack.configuration.headWidth
        let heads = HeadRows(
            states: scratch.queryKeyValue.pointer, headCount: stack.configuration.headCount,
            queryNorm: layer.queryNorm?.pointer, keyNorm: layer.keyNorm?.pointer,
            epsilon: stack.configuration.normEpsilon, cosines: scratch.cosines.pointer, sines: scratch.sines.pointer,
            keys: ring.keys(index), values: ring.values(index), ring: ring.layout, firstPosition: ring.count)
        compute.linear(layer.queryKeyValue, scratch.normed.pointer, rowCount: rowCount, output: heads.states)
        compute.placeHeads(heads, rowCount: rowCount)
        measured(.attention) {
            compute.attend(
                AttentionPass(heads, window: window, rowCount: rowCount, scale: 1 / Float(width).squareRoot()),
                output: scratch.mixed.pointer)
        }
        compute.linear(
            layer.attentionOutput, scratch.mixed.pointer, rowCount: rowCount, output: scratch.delta.pointer)
    }

    /// delta = down · (silu(gate · x) ⊙ (up · x))
    private func feedForward(_ layer: LayerWeights, rowCount: Int) {
        let width = stack.configuration.feedForwardSize
        compute.linear(
            layer.gateUp, scratch.normed.pointer, rowCount: rowCount, output: scratch.gateUp.pointer)
        compute.gate(scratch.gateUp.pointer, rowCount: rowCount, width: width, output: scratch.inner.pointer)
        compute.linear(layer.down, scratch.inner.pointer, rowCount: rowCount, output: scratch.delta.pointer)
    }

    /// cos and sin of position · frequency, float32 as transformers computes them.
    private func tabulateRotations(firstPosition: Int, rowCount: Int) {
        let count = stack.inverseFrequencies.count
        for row in 0..<rowCount {
            for (index, frequency) in stack.inverseFrequencies.enumerated() {
                let angle = Float(firstPosition + row) * frequency
                scratch.cosines.pointer[row * count + index] = cosf(angle)
                scratch.sines.pointer[row * count + index] = sinf(angle)
            }
        }
    }
}
