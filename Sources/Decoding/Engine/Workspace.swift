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
    /// - Throws: `SessionError` where the options make no sense for the model, or the system refuses a thread.
    package init(_ stack: LayerStack, options: SessionOptions, batchSize: Int = 1) throws(SessionError) {
        try options.check()
        let rows = max(
            options.maximumRows(contextLength: stack.configuration.contextLength),
            batchSize * MultiTokenPlan.factors.upperBound)
        self.options = options
        forward = try ForwardPass(stack, maximumRows: rows, window: options.window, options: options)
        hidden = AlignedBuffer(count: rows * stack.configuration.hiddenSize)
    }
}
