import Tensors

/// The logits after several positions of one pass, [row, vocabulary].
struct RowLogits {
    /// The positions of the rows.
    private(set) var positions = 0..<0
    private let vocabularySize: Int
    private var values = AlignedBuffer<Float>(count: 0)

    init(vocabularySize: Int) { self.vocabularySize = vocabularySize }

    /// The memory of the logits after `positions`. Logits of an earlier pass are gone.
    mutating func begin(_ positions: Range<Int>) -> UnsafeMutablePointer<Float> {
        self.positions = positions
        let needed = positions.count * vocabularySize
        if values.count < needed { values = AlignedBuffer(count: needed) }
        return values.pointer
    }

    mutating func removeAll() { positions = 0..<0 }

    /// - Precondition: `positions` contains `position`.
    func after(_ position: Int) -> UnsafeBufferPointer<Float> {
        precondition(positions.contains(position))
        return UnsafeBufferPointer(
            start: values.pointer + (position - positions.lowerBound) * vocabularySize, count: vocabularySize)
    }
}
