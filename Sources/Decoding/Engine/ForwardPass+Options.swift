import Models
import Tensors

extension ForwardPass {
    /// - Parameter window: the number of positions that a query sees, its own included; nil for all.
    /// - Throws: `SessionError.threadRefused`; `SessionError.headWidth` if the KV format cannot hold the model's heads.
    convenience init(
        _ stack: LayerStack, maximumRows: Int, window: Int?, options: SessionOptions
    ) throws(SessionError) {
        let width = stack.configuration.headWidth
        guard width.isMultiple(of: options.kvFormat.valuesPerBlock) else {
            throw .headWidth(width, format: options.kvFormat)
        }
        do throws(ThreadRefusal) {
            try self.init(
                stack: stack, threadCount: options.threadCount, pinsThreads: options.pinsThreads,
                maximumRows: maximumRows, window: window ?? .max, activations: options.activations)
        } catch {
            throw .threadRefused(started: error.started, of: error.count)
        }
    }
}
