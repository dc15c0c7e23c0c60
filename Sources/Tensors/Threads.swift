import CKernels

/// The threads that the kernels share their work out to. No result depends on their number.
public enum Threads {
    /// Uses that many threads, 1 or more, from the next operation on, in the whole process.
    public static func use(_ count: Int) {
        gesso_use_threads(Int32(clamping: count))
    }
}

/// The instruction sets that kernels are written for; the best one present is used.
public enum KernelSet: String, Sendable, CaseIterable {
    /// Plain C.
    case portable
    /// AVX2, FMA and F16C.
    case avx2
    /// AVX-512 F, VL, BW and DQ.
    case avx512

    /// The set in use. `GESSO_KERNELS` names another one in the environment.
    public static var current: KernelSet {
        switch gesso_kernels() {
        case GESSO_AVX512: .avx512
        case GESSO_AVX2: .avx2
        default: .portable
        }
    }

    /// Uses this set from now on for what this thread does and starts; false where the processor does
    /// not have it.
    package func use() -> Bool {
        switch self {
        case .portable: gesso_use_kernels(GESSO_PORTABLE)
        case .avx2: gesso_use_kernels(GESSO_AVX2)
        case .avx512: gesso_use_kernels(GESSO_AVX512)
        }
    }
}
