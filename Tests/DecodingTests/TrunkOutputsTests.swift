import Decoding
import Tensors
import TestSupport
import Testing

/// The rows that are kept are those that were put in, whatever was forgotten between.
struct TrunkOutputsTests {
    @Test("random appends, discards, truncations and skips keep the rows between start and end")
    func rows() {
        var generator = SeededGenerator(seed: 7)
        for limit in [1, 3, 8, 300] {
            var outputs = TrunkOutputs(width: 2, limit: limit)
            var (expected, next): ([Int: Float], Float) = ([:], 1)
            for _ in 0..<400 {
                switch Int.random(in: 0..<6, using: &generator) {
                case 0...2:
                    let count = Int.random(in: 1...min(limit, 40), using: &generator)
                    let rows = AlignedBuffer<Float>(count: 2 * count)
                    for row in 0..<count {
                        (rows.pointer[2 * row], rows.pointer[2 * row + 1]) = (next, -next)
                        expected[outputs.end + row] = next
                        next += 1
                    }
                    outputs.append(rows.pointer, count: count)
                case 3: outputs.discard(before: Int.random(in: outputs.start...outputs.end + 2, using: &generator))
                case 4: outputs.truncate(to: Int.random(in: outputs.start...outputs.end, using: &generator))
                default:
                    guard Int.random(in: 0..<8, using: &generator) == 0 else { continue }
                    outputs.skip(to: outputs.end + 5)
                }
                #expect(outputs.end - outputs.start <= limit)
                for entry in outputs.start..<outputs.end {
                    let row = outputs.row(entry)
                    #expect(row[0] == expected[entry] && row[1] == -row[0])
                }
            }
        }
    }
}
