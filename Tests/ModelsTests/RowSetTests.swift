import Models
import Tensors
import TestSupport
import Testing

/// Rows of a pass that some layer runs, sequence by sequence.
struct RowSetTests {
    private static func segment(rowCount: Int) -> Segment {
        let shape = KVRing.Shape(
            layerCount: 1, keyValueHeadCount: 1, headWidth: 2, format: .f32, sinks: 0, limit: 64)
        return Segment(ring: KVRing(shape), rowCount: rowCount)
    }

    @Test("each sequence gets its part of the set, and its first row in the pass, even where the part is empty")
    func parts() {
        var generator = SeededGenerator(seed: 3)
        let hidden = AlignedBuffer<Float>(count: 1)
        for _ in 0..<200 {
            let counts = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                Int.random(in: 1...4, using: &generator)
            }
            let pass = PassRows(counts.map(Self.segment), hidden: hidden.pointer)
            #expect(pass.rowCount == counts.reduce(0, +))
            let set = RowSet(maximumRows: pass.rowCount)
            let rows = (0..<pass.rowCount).filter { _ in Bool.random(using: &generator) }
            for row in rows { set.append(row: row, entry: row, factor: Float(row)) }
            #expect(set.count == rows.count)
            var (seen, firstRows): ([Int], [Int]) = ([], [])
            var index = 0
            pass.forEachSegment(of: set) { segment, firstRow, part in
                firstRows.append(firstRow)
                for number in part {
                    let row = set.rows.pointer[number]
                    #expect((firstRow..<firstRow + segment.rowCount).contains(row))
                    #expect(set.factors.pointer[number] == Float(row))
                    seen.append(row)
                }
                index += 1
            }
            #expect(seen == rows && index == counts.count)
            #expect(firstRows == counts.indices.map { counts[..<$0].reduce(0, +) })
            set.removeAll()
            #expect(set.count == 0)
        }
    }

    @Test("only a pass that sequences share must give each row the bits of a narrow pass")
    func rowExactness() {
        let hidden = AlignedBuffer<Float>(count: 1)
        #expect(!PassRows([Self.segment(rowCount: 40)], hidden: hidden.pointer).isRowExact)
        #expect(PassRows([Self.segment(rowCount: 1), Self.segment(rowCount: 1)], hidden: hidden.pointer).isRowExact)
    }
}
