import Models
import Tensors

/// All layers' matmuls in their order, with nothing between them.
struct LayerMatmuls {
    private let stack: LayerStack
    private let compute: Compute
    private let input: AlignedBuffer<Float>
    private let output: AlignedBuffer<Float>

    init(_ stack: LayerStack, threadCount: Int, maximumRows: Int, activations: ActivationFormat) throws(ThreadRefusal) {
        let linears = stack.layers.flatMap(\.matrices)
        let (columns, rows) = (linears.map(\.columns).max()!, linears.map(\.rows).max()!)
        self.stack = stack
        compute = try Compute(
            threadCount: threadCount, maximumRows: maximumRows, maximumColumns: columns,
            headWidth: stack.configuration.headWidth, activations: activations)
        input = AlignedBuffer(count: maximumRows * columns)
        output = AlignedBuffer(count: maximumRows * rows)
        for index in 0..<input.count { input.pointer[index] = Float(index % 17) - 8 }
    }

    var byteCount: Int { stack.layers.reduce(0) { $0 + $1.byteCount } }

    func seconds(rowCount: Int) -> Double {
        timed {
            for layer in stack.layers {
                for weights in layer.matrices {
                    compute.linear(weights, input.pointer, rowCount: rowCount, output: output.pointer)
                }
            }
        }
    }
}
