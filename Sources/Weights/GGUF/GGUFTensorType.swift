import Tensors

/// GGUF's tensor type numbers (`enum ggml_type` in ggml.h).
enum GGUFTensorType {
    /// The format of type `number`, or its name if no kernel supports it.
    static func stored(_ number: UInt32) -> TensorLocation.StoredType {
        formats[number].map { .known($0) } ?? .unknown(names[number] ?? "type number \(number)")
    }

    private static let formats: [UInt32: StorageFormat] = [
        0: .f32, 1: .f16, 2: .q4_0, 3: .q4_1, 6: .q5_0, 7: .q5_1, 8: .q8_0, 10: .q2_K, 11: .q3_K, 12: .q4_K,
        13: .q5_K, 14: .q6_K, 20: .iq4_nl, 23: .iq4_xs, 30: .bf16,
    ]

    private static let names: [UInt32: String] = [
        9: "Q8_1", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 21: "IQ3_S", 22: "IQ2_S",
        24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 31: "Q4_0_4_4", 32: "Q4_0_4_8",
        33: "Q4_0_8_8", 34: "TQ1_0", 35: "TQ2_0", 36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8", 38: "IQ4_NL_8_8", 39: "MXFP4",
        40: "NVFP4", 41: "Q1_0", 42: "Q2_0",
        // Only in ik_llama.cpp.
        133: "Q6_0", 134: "IQ1_BN", 135: "IQ2_BN", 137: "IQ2_K", 138: "IQ3_K", 139: "IQ4_K", 140: "IQ5_K",
        141: "IQ6_K", 144: "IQ4_KS", 145: "IQ2_KS", 146: "IQ4_KSS", 152: "IQ5_KS", 153: "IQ2_KT", 154: "IQ3_KT",
        155: "IQ4_KT", 156: "IQ3_KS", 157: "IQ2_KL", 158: "IQ1_KT",
    ]
}
