/// Restores Hugging Face's row order in the q and k matrices of Llama GGUF files.
///
/// Hugging Face's RoPE pairs row t of a head's first half with row t of its second half; llama.cpp pairs neighbours.
/// Its converter therefore writes the rows of each head of width d in the order 0, d/2, 1, d/2 + 1, …
/// (`LlamaModel.permute` in convert_hf_to_gguf.py). Only whole rows move, so the result is exact in every format.
struct RotaryRows {
    let rowCount: Int
    let headCount: Int

    /// Whether the rows divide into `headCount` heads of even width.
    var isValid: Bool {
        // Checked in two steps: a file can claim any head count, and 2 * headCount could overflow.
        headCount > 0 && rowCount > 0 && rowCount.isMultiple(of: headCount) && (rowCount / headCount).isMultiple(of: 2)
    }

    /// The row in the file that holds Hugging Face's row `row`.
    /// - Precondition: `isValid`.
    func fileRow(_ row: Int) -> Int {
        let width = rowCount / headCount
        let (head, index) = row.quotientAndRemainder(dividingBy: width)
        return head * width + index % (width / 2) * 2 + index / (width / 2)
    }

    /// Copies bytes `range` of the matrix in Hugging Face's order. `bytes` holds `rowCount` rows of equal size in the
    /// file's order.
    /// - Precondition: `isValid`.
    func copy(_ range: Range<Int>, of bytes: UnsafeRawBufferPointer, to output: UnsafeMutableRawPointer) {
        let rowBytes = bytes.count / rowCount
        guard rowBytes > 0 else { return }
        var position = range.lowerBound
        while position < range.upperBound {
            let (row, offset) = position.quotientAndRemainder(dividingBy: rowBytes)
            let count = min(rowBytes - offset, range.upperBound - position)
            let source = fileRow(row) * rowBytes + offset
            UnsafeMutableRawBufferPointer(start: output + (position - range.lowerBound), count: count)
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[source..<source + count]))
            position += count
        }
    }
}
