import Tensors

/// How GGUF numbers its tensor types (`enum ggml_type` in ggml.h).
enum GGUFTensorType {
    /// The format of type `number`, or its name where no kernel knows it.
    static func stored(_ number: UInt32) -> TensorLocation.StoredType {
        formats[number].map { .known($0) } ?? .unknown(names[number] ?? "type number \(number)")
    }

    private static let formats: [UInt32: StorageFormat] = [
        0: .f32, 1: .f16, 2: .q4_0, 3: .q4_1, 6: .q5_0, 7: .q5_1, 8: .q8_0, 12: .q4_K, 13: .q5_K, 14: .q6_K, 30: .bf16,
    ]

    private static let names: [UInt32: String] = [
        9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
        20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS",
        24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
    ]
}
