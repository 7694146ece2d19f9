import CKernels

/// The integer format that activations are rounded to, in blocks of 32, to multiply quantised weights.
public enum ActivationFormat: String, Sendable, CaseIterable, BitwiseCopyable {
    /// 16 bits: logits are practically those of float32 activations.
    case int16
    /// 8 bits, as in most runtimes: prompts and passes over several tokens are faster, and a few answers differ.
    case int8

    /// The kernels' constant for the format.
    package var kernelActivations: volley_activations { self == .int16 ? VOLLEY_INT16 : VOLLEY_INT8 }

    /// Bytes of a block of 32 activations.
    package var bytesPerBlock: Int { volley_activation_block_bytes(kernelActivations) }
}
