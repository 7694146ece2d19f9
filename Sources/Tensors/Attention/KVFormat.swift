/// Number formats of keys and values.
public struct KVFormat: RawRepresentable, Sendable, Hashable, CaseIterable, BitwiseCopyable {
    /// The format of keys: one of `numberFormats`.
    public let keys: StorageFormat
    /// The format of values, likewise.
    public let values: StorageFormat

    /// Half precision.
    public static let f16 = KVFormat(both: .f16)
    /// Single precision, in twice the memory.
    public static let f32 = KVFormat(both: .f32)
    /// Blocks of 32 values along the head's width, each a float16 scale and 32 int8 codes: 0.53 of float16's memory.
    public static let q8_0 = KVFormat(both: .q8_0)

    /// The formats that keys and values can have.
    public static let numberFormats: [StorageFormat] = [.f16, .f32, .q8_0]

    public static let allCases = numberFormats.flatMap { keys in
        numberFormats.compactMap { KVFormat(keys: keys, values: $0) }
    }

    private init(both format: StorageFormat) { (keys, values) = (format, format) }

    /// Nil unless both are one of `numberFormats`.
    public init?(keys: StorageFormat, values: StorageFormat) {
        guard Self.numberFormats.contains(keys), Self.numberFormats.contains(values) else { return nil }
        (self.keys, self.values) = (keys, values)
    }

    /// One format for both, or those of keys and values: `q8_0`, `q8_0/f16`. Nil for anything else.
    public init?(rawValue: String) {
        let formats = rawValue.split(separator: "/", omittingEmptySubsequences: false)
        guard formats.count <= 2, let keys = StorageFormat(rawValue: String(formats[0])),
            let values = StorageFormat(rawValue: String(formats[formats.count - 1]))
        else { return nil }
        self.init(keys: keys, values: values)
    }

    public var rawValue: String { keys == values ? keys.rawValue : "\(keys.rawValue)/\(values.rawValue)" }

    /// The number that a head's width must be a multiple of.
    public var valuesPerBlock: Int { max(keys.valuesPerBlock, values.valuesPerBlock) }

    /// Bytes of the key of one attention head; `headWidth` is a multiple of `valuesPerBlock`.
    package func keyByteCount(headWidth: Int) -> Int { headWidth / keys.valuesPerBlock * keys.bytesPerBlock }

    /// Bytes of the value of one attention head, likewise.
    package func valueByteCount(headWidth: Int) -> Int { headWidth / values.valuesPerBlock * values.bytesPerBlock }
}
