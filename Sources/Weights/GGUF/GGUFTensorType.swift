import Tensors

/// How GGUF numbers its tensor types (`enum ggml_type` in ggml.h).
enum GGUFTensorType {
    /// The format of type `number`, or its name where no kernel knows it.
    static func stored(_ number: UInt32) -> TensorLocation.StoredType {
        switch number {
        case 0: .known(.f32)
        case 1: .known(.f16)
        case 2: .known(.q4_0)
        case 3: .known(.q4_1)
        case 8: .known(.q8_0)
        case 30: .known(.bf16)
        default: .unknown(names[number] ?? "type number \(number)")
        }
    }

    private static let names: [UInt32: String] = [
        6: "Q5_0", 7: "Q5_1", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K",
        16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS",
        24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
    ]
}
