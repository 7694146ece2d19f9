/// Undoes the row order that llama.cpp gives the q and k matrices of Llama models.
///
/// Hugging Face rotates row t of a head's first half together with row t of its second half; llama.cpp rotates
/// neighbours. So its converter writes, inside each head of width d, Hugging Face's rows 0, d/2, 1, d/2 + 1, …
/// (`LlamaModel.permute` in llama.cpp's convert_hf_to_gguf.py). Only whole rows move: exact in every format.
struct RotaryRows {
    let rowCount: Int
    let headCount: Int

    /// Whether the rows divide into `headCount` heads of even width.
    var isValid: Bool {
        // Not a multiple of 2 * headCount: a file can claim any head count, and that product could overflow.
        headCount > 0 && rowCount > 0 && rowCount.isMultiple(of: headCount) && (rowCount / headCount).isMultiple(of: 2)
    }

    /// Where the file has row `row` of Hugging Face's order.
    /// - Precondition: `isValid`.
    func fileRow(_ row: Int) -> Int {
        let width = rowCount / headCount
        let (head, place) = row.quotientAndRemainder(dividingBy: width)
        return head * width + place % (width / 2) * 2 + place / (width / 2)
    }

    /// Copies part `range` of what `bytes`, which hold `rowCount` rows of equal size, would be in Hugging Face's order.
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
