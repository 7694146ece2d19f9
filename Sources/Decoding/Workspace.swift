import Models
import Tensors

/// Where passes are computed: threads, scratch memory and the rows on their way. Any number of sequences can share one,
/// all on one thread.
package final class Workspace {
    package let options: SessionOptions
    let forward: ForwardPass
    /// [row, hidden]
    let hidden: AlignedBuffer<Float>

    var stack: LayerStack { forward.stack }

    /// - Parameter batchSize: most sequences that share a pass.
    /// - Throws: `SessionError` where the options make no sense for the model.
    package init(_ stack: LayerStack, options: SessionOptions, batchSize: Int = 1) throws(SessionError) {
        try options.check()
        let rows = max(
            options.maximumRows(contextLength: stack.configuration.contextLength),
            batchSize * MultiTokenPlan.factors.upperBound)
        self.options = options
        forward = ForwardPass(
            stack: stack, threadCount: options.threadCount, pinsThreads: options.pinsThreads, maximumRows: rows,
            window: options.window ?? .max, activations: options.activations)
        hidden = AlignedBuffer(count: rows * stack.configuration.hiddenSize)
    }
}
