import CKernels

/// What activations are rounded to, 32 at a time, where they meet quantised weights.
public enum ActivationFormat: String, Sendable, CaseIterable, BitwiseCopyable {
    /// Logits stay those of float32 activations as far as can be seen.
    case int16
    /// The precision of most runtimes: prompts and passes over several tokens are faster, and a few answers differ.
    case int8

    /// The kernels' name for the format.
    package var kernelActivations: volley_activations { self == .int16 ? VOLLEY_INT16 : VOLLEY_INT8 }

    /// Bytes of 32 of them.
    package var bytesPerBlock: Int { volley_block_bytes(kernelActivations) }
}
