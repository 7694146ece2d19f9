import Models
import Tensors

extension ForwardPass {
    /// - Parameter window: the number of positions that a query sees, its own included; nil for all.
    /// - Throws: `SessionError.threadRefused`.
    convenience init(
        _ stack: LayerStack, maximumRows: Int, window: Int?, options: SessionOptions
    ) throws(SessionError) {
        do throws(ThreadRefusal) {
            try self.init(
                stack: stack, threadCount: options.threadCount, pinsThreads: options.pinsThreads,
                maximumRows: maximumRows, window: window ?? .max, activations: options.activations)
        } catch {
            throw .threadRefused(started: error.started, of: error.count)
        }
    }
}
