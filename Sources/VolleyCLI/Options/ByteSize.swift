import ArgumentParser
import Foundation

/// A number of bytes, such as 1048576, 256MiB, 2GiB or 500MB.
struct ByteSize: ExpressibleByArgument {
    let byteCount: Int

    private static let units = [
        "": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "kB": 1000,
        "MB": 1_000_000, "GB": 1_000_000_000,
    ]

    init(byteCount: Int) { self.byteCount = byteCount }

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits), number > 0, let unit = Self.units[String(argument.dropFirst(digits.count))],
            number <= (1 << 50) / unit
        else { return nil }
        byteCount = number * unit
    }

    var defaultValueDescription: String { Self.text(byteCount) }

    /// The size as text with about three digits: 98.9 MiB.
    static func text(_ byteCount: Int) -> String {
        switch byteCount {
        case ..<(10 << 10): "\(byteCount) B"
        case ..<(10 << 20): String(format: "%.1f KiB", Double(byteCount) / 0x1p10)
        case ..<(10 << 30): String(format: "%.1f MiB", Double(byteCount) / 0x1p20)
        default: String(format: "%.1f GiB", Double(byteCount) / 0x1p30)
        }
    }
}
