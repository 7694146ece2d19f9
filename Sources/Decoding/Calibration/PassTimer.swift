import Models
import Tensors

/// Times single passes of a model's layers, with the options of a session.
package final class PassTimer {
    private let stack: LayerStack
    private let forward: ForwardPass
    private let depth: Int
    private let sessionOptions: SessionOptions
    private let hidden: AlignedBuffer<Float>
    private let logits: AlignedBuffer<Float>
    /// Passes are repeated until they have taken this many seconds together.
    private static let leastSeconds = 0.02

    /// - Parameter depth: the number of positions before the timed passes.
    /// - Throws: `SessionError.threadRefused`.
    package init(_ stack: LayerStack, depth: Int = 0, sessionOptions: SessionOptions) throws(SessionError) {
        let rows = MultiTokenPlan.factors.upperBound
        self.stack = stack
        self.depth = depth
        self.sessionOptions = sessionOptions
        forward = try ForwardPass(stack, maximumRows: rows, window: sessionOptions.window, options: sessionOptions)
        hidden = AlignedBuffer(count: rows * stack.configuration.hiddenSize)
        logits = AlignedBuffer(count: stack.configuration.vocabularySize)
    }

    /// Seconds of one pass of `layers` over `rows` tokens: the mean of repeated passes.
    package func secondsOfPass(_ layers: ArraySlice<LayerWeights>, rows: Int) -> Double {
        let ring = ring(layers.count)
        while ring.count < depth { run(layers, ring, rows: min(forward.maximumRows, depth - ring.count)) }
        return seconds {
            run(layers, ring, rows: rows)
            ring.truncate(to: depth)
        }
    }

    /// Seconds of one `lm_head`.
    package func secondsOfLogits() -> Double {
        seconds { forward.logits(hidden.pointer, into: logits.pointer) }
    }

    private func run(_ layers: ArraySlice<LayerWeights>, _ ring: KVRing, rows: Int) {
        // The same input each time: repeated passes over their own output would grow without bound.
        for index in 0..<rows * stack.configuration.hiddenSize { hidden.pointer[index] = Float(index % 13) - 6 }
        forward.run(layers, [Segment(ring: ring, rowCount: rows)], hidden: hidden.pointer)
    }

    private func seconds(_ work: () -> Void) -> Double {
        let start = ContinuousClock.now
        var count = 0
        var elapsed = 0.0
        while elapsed < Self.leastSeconds {
            work()
            count += 1
            elapsed = (ContinuousClock.now - start).seconds
        }
        return elapsed / Double(count)
    }

    private func ring(_ layerCount: Int) -> KVRing {
        KVRing(
            KVRing.Shape(
                stack.configuration, layerCount: layerCount, format: sessionOptions.kvFormat, sinks: 0,
                limit: max(depth, 1) + forward.maximumRows))
    }
}
