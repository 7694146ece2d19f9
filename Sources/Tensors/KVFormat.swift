/// Number format of keys and values.
public enum KVFormat: String, Sendable, CaseIterable, BitwiseCopyable {
    case f16
    case f32

    /// Bytes of one value.
    public var bytesPerValue: Int { self == .f16 ? 2 : 4 }
}
