import Decoding
import Models
import Tensors

/// Measures the cost of trunk passes over several tokens, relative to a pass over one.
package struct PassBench: Sendable {
    /// The cost of passes over `rows` tokens.
    package struct Cost: Sendable {
        package let rows: Int
        package fileprivate(set) var seconds = Samples()
        /// Time over that of a pass over one token in the same round.
        package fileprivate(set) var ratio = Samples()
    }

    package private(set) var costs: [Cost]

    /// - Parameters:
    ///   - rowCounts: the numbers of rows to measure; 1 is always included.
    ///   - depth: the number of positions before the measured passes.
    package init(
        of stack: LayerStack, rowCounts: [Int] = Array(MultiTokenPlan.factors), depth: Int = 0, repeats: Int,
        sessionOptions: SessionOptions, isCancelled: () -> Bool = { false }
    ) throws {
        let timer = try PassTimer(stack, depth: depth, sessionOptions: sessionOptions)
        costs = Set(rowCounts + [1]).sorted().map { Cost(rows: $0) }
        for cost in costs { _ = timer.secondsOfPass(stack.trunk, rows: cost.rows) }
        for _ in 0..<repeats {
            if isCancelled() { throw CancellationError() }
            let seconds = costs.map { timer.secondsOfPass(stack.trunk, rows: $0.rows) }
            for number in costs.indices {
                costs[number].seconds.append(seconds[number])
                costs[number].ratio.append(seconds[number] / seconds[0])
            }
        }
    }
}
