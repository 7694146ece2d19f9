import CKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An instruction set with kernels of its own.
package enum InstructionSet: String, Sendable, CaseIterable {
    /// The package's baseline, for any processor.
    case portable
    /// x86-64 with AVX2, FMA and F16C.
    case avx2
    /// `avx2` with AVX-VNNI, as on Intel processors without AVX-512.
    case avxvnni
    /// x86-64 with AVX-512 F, BW, VL, DQ and VNNI.
    case avx512

    /// Whether this machine supports it.
    package var isAvailable: Bool { volley_isa_available(kernelSet) }

    /// The fastest available set, or the one that the environment variable `VOLLEY_ISA` names.
    package static let best: InstructionSet = {
        if let name = getenv("VOLLEY_ISA"), let asked = InstructionSet(rawValue: String(cString: name)),
            asked.isAvailable
        {
            return asked
        }
        return allCases.last { $0.isAvailable } ?? .portable
    }()

    /// The kernel table.
    package var kernels: UnsafePointer<volley_kernels> { volley_kernels_for(kernelSet) }

    private var kernelSet: volley_isa {
        switch self {
        case .portable: VOLLEY_PORTABLE
        case .avx2: VOLLEY_AVX2
        case .avxvnni: VOLLEY_AVX_VNNI
        case .avx512: VOLLEY_AVX512
        }
    }
}
