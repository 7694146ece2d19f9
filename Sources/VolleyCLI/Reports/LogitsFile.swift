import Foundation

/// The file of `--dump-logits`.
enum LogitsFile {
    /// Writes logits as little-endian float32.
    static func write(_ logits: UnsafeBufferPointer<Float>, to path: String) throws {
        var data = Data(capacity: 4 * logits.count)
        for logit in logits {
            withUnsafeBytes(of: logit.bitPattern.littleEndian) { data.append(contentsOf: $0) }
        }
        try WholeFile.write(data, to: path)
    }
}
