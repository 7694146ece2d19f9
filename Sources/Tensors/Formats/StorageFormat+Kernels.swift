import CKernels

extension StorageFormat {
    /// The kernels' constant for the format.
    package var kernelFormat: volley_format {
        switch self {
        case .f32: VOLLEY_F32
        case .bf16: VOLLEY_BF16
        case .f16: VOLLEY_F16
        case .q8_0: VOLLEY_Q8_0
        case .q4_0: VOLLEY_Q4_0
        case .q4_1: VOLLEY_Q4_1
        case .q5_0: VOLLEY_Q5_0
        case .q5_1: VOLLEY_Q5_1
        case .iq4_nl: VOLLEY_IQ4_NL
        case .q2_K: VOLLEY_Q2_K
        case .q3_K: VOLLEY_Q3_K
        case .q4_K: VOLLEY_Q4_K
        case .q5_K: VOLLEY_Q5_K
        case .q6_K: VOLLEY_Q6_K
        case .iq4_xs: VOLLEY_IQ4_XS
        }
    }

    /// Whether kernels multiply the format in panels, with rounded activations.
    var roundsActivations: Bool { valuesPerBlock > 1 }
}
