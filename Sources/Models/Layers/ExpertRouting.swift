import Foundation
import Tensors

/// The experts that the rows of a pass chose, and the rows of each.
///
/// Rows of all sequences are grouped by expert, so that a pass reads each expert of their union once.
final class ExpertRouting {
    /// Router logits, then probabilities: [row, experts].
    let probabilities: AlignedBuffer<Float>
    /// Chosen experts of each row, ascending: [row, chosen].
    private let chosen: AlignedBuffer<Int>
    /// Their weights: [row, chosen].
    private let weights: AlignedBuffer<Float>
    /// Rows of one expert, ascending, and their weights for it: [row].
    let rows: AlignedBuffer<Int>
    let rowWeights: AlignedBuffer<Float>
    /// Inputs of one expert's rows, and its outputs: [row, hidden].
    let inputs: AlignedBuffer<Float>
    let outputs: AlignedBuffer<Float>

    init(_ experts: ExpertConfiguration, hiddenSize: Int, maximumRows: Int) {
        probabilities = AlignedBuffer(count: maximumRows * experts.count)
        chosen = AlignedBuffer(count: maximumRows * experts.chosenCount)
        weights = AlignedBuffer(count: maximumRows * experts.chosenCount)
        rows = AlignedBuffer(count: maximumRows)
        rowWeights = AlignedBuffer(count: maximumRows)
        inputs = AlignedBuffer(count: maximumRows * hiddenSize)
        outputs = AlignedBuffer(count: maximumRows * hiddenSize)
    }

    /// Chooses each row's experts by its router logits in `probabilities`: softmax over all experts, then the largest. Of equal
    /// probabilities the lower index wins.
    func choose(rowCount: Int, _ experts: Experts) {
        let count = experts.all.count
        for row in 0..<rowCount {
            let logits = UnsafeMutableBufferPointer(start: probabilities.pointer + row * count, count: count)
            Self.softmax(logits)
            let best = Self.largest(experts.chosenCount, of: UnsafeBufferPointer(logits))
            let sum = experts.renormalizes ? best.reduce(0) { $0 + logits[$1] } : 1
            for (place, expert) in best.sorted().enumerated() {
                chosen.pointer[row * experts.chosenCount + place] = expert
                weights.pointer[row * experts.chosenCount + place] = logits[expert] / sum
            }
        }
    }

    /// The experts that `row` chose, ascending.
    func experts(ofRow row: Int, chosenCount: Int) -> UnsafeBufferPointer<Int> {
        UnsafeBufferPointer(start: chosen.pointer + row * chosenCount, count: chosenCount)
    }

    /// Collects the rows that chose `expert` in `rows` and `rowWeights`, and returns their number.
    func collect(_ expert: Int, rowCount: Int, chosenCount: Int) -> Int {
        var found = 0
        for row in 0..<rowCount {
            for place in row * chosenCount..<(row + 1) * chosenCount where chosen.pointer[place] == expert {
                rows.pointer[found] = row
                rowWeights.pointer[found] = weights.pointer[place]
                found += 1
            }
        }
        return found
    }

    private static func softmax(_ logits: UnsafeMutableBufferPointer<Float>) {
        let largest = logits.max() ?? 0
        var sum: Float = 0
        for index in logits.indices {
            logits[index] = expf(logits[index] - largest)
            sum += logits[index]
        }
        for index in logits.indices { logits[index] /= sum }
    }

    /// The indices of the `count` largest values, largest first.
    private static func largest(_ count: Int, of values: UnsafeBufferPointer<Float>) -> [Int] {
        var best: [Int] = []
        best.reserveCapacity(count + 1)
        for index in values.indices {
            let place = best.firstIndex { values[$0] < values[index] } ?? best.count
            guard place < count else { continue }
            best.insert(index, at: place)
            if best.count > count { best.removeLast() }
        }
        return best
    }
}
