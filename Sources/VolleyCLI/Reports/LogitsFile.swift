import Foundation

/// `--dump-logits`.
enum LogitsFile {
    /// Writes float32, little-endian.
    static func write(_ logits: UnsafeBufferPointer<Float>, to path: String) throws {
        var data = Data(capacity: 4 * logits.count)
        for logit in logits {
            withUnsafeBytes(of: logit.bitPattern.littleEndian) { data.append(contentsOf: $0) }
        }
        try WholeFile.write(data, to: path)
    }
}
