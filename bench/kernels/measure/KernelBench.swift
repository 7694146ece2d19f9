import ArgumentParser
import Foundation
import Measuring
import Models
import Tensors

/// Times kernels by themselves, in turns with the memory's bandwidth: what a pass could be if nothing lay between its
/// matmuls.
///
///     swift run -c release KernelBench --shape qwen3-0.6b --format q8_0
@main
struct KernelBench: ParsableCommand {
    @Option(help: "Whose matrices: qwen3-0.6b, 1.7b, 4b, 8b or smollm2-135m.")
    var shape = "qwen3-0.6b"

    @Option(help: "Of the weights.")
    var format = "q8_0"

    @Option(help: "What quantised weights multiply: int16 or int8.")
    var activations = "int16"

    @Option(help: "Tokens of a pass, separated by commas.")
    var rows = "1,2,4,6,8"

    @Option(help: "Positions that attention sees.")
    var depth = 4096

    @Option(help: "Measurements of each; the fastest counts for what lies in a cache, the median for the rest.")
    var rounds = 7

    @Option(name: .shortAndLong, help: "Threads, but for the second cache's figure.")
    var threads = 2

    @Option(help: "Keys and values: f16, f32, q8_0, or as in q8_0/f16.")
    var kv = "f16"

    func run() throws {
        guard let shape = ModelShape(shape), let format = StorageFormat(rawValue: format),
            let activations = ActivationFormat(rawValue: activations), let kv = KVFormat(rawValue: kv)
        else {
            throw ValidationError("There is no such shape or format.")
        }
        let counts = rows.split(separator: ",").compactMap { Int($0) }
        guard !counts.isEmpty, counts.allSatisfy({ (1...16).contains($0) }), rounds > 0, depth > 0 else {
            throw ValidationError("Rows are 1 to 16; rounds and depth at least 1.")
        }
        let stack = try LayerStack.random(shape, format: format)
        let matmuls = try LayerMatmuls(stack, threadCount: threads, maximumRows: 16, activations: activations)
        let attention = try AttentionReads(
            stack.configuration, format: kv, depth: depth, threadCount: threads)
        let memory = try MemoryBandwidth(threadCount: threads)
        print(
            "| tokens | second cache, ns for 512 weights | layers' matmuls, ms | of memory's speed | attention, ms | of memory's speed |"
        )
        print("| ---: | ---: | ---: | ---: | ---: | ---: |")
        for count in counts {
            let cached = try CachedMatmul(format, activations).nanoseconds(rowCount: count, rounds: rounds)
            var (layers, layerShares, heads, headShares) = ([Double](), [Double](), [Double](), [Double]())
            for _ in 0..<rounds {
                let bandwidth = memory.measure()
                layers.append(matmuls.seconds(rowCount: count))
                layerShares.append(Double(matmuls.byteCount) / bandwidth / layers.last!)
                heads.append(attention.seconds(rowCount: count))
                headShares.append(Double(attention.byteCount) / bandwidth / heads.last!)
            }
            print(
                "| \(count) | \(cached.rounded(2)) | \((1e3 * layers.median).rounded(2)) | \(layerShares.percent) |",
                "\((1e3 * heads.median).rounded(2)) | \(headShares.percent) |")
        }
    }
}

/// The seconds that `work` takes.
func timed(_ work: () -> Void) -> Double {
    let start = ContinuousClock.now
    work()
    return (ContinuousClock.now - start).seconds
}

extension Double {
    fileprivate func rounded(_ places: Int) -> String { formatted(.number.precision(.fractionLength(places))) }
}

extension [Double] {
    fileprivate var median: Double { sorted()[count / 2] }
    fileprivate var percent: String {
        let (least, most) = (100 * (self.min() ?? 0), 100 * (self.max() ?? 0))
        return "\((100 * median).rounded(0)) % (\(least.rounded(0))–\(most.rounded(0)))"
    }
}
