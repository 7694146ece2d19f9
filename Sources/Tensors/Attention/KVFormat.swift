/// Number format of keys and values.
public enum KVFormat: String, Sendable, CaseIterable, BitwiseCopyable {
    /// Half precision, in half the memory.
    case f16
    /// Single precision.
    case f32

    /// Bytes of one value.
    public var bytesPerValue: Int { self == .f16 ? 2 : 4 }
}
