import CKernels

/// Threads that the kernels share their work out to. No result depends on their number.
///
/// Work uses the pool that is bound to its thread while ``run(_:)`` works; without one it is
/// done by the calling thread alone. Several pools can work at the same time.
///
/// `@unchecked Sendable`: the pool admits one loop at a time, under its own lock.
public final class ThreadPool: @unchecked Sendable {
    private let handle: OpaquePointer?

    /// A pool of that many threads, 1 to 256; fewer where the system refuses them.
    public init(threads: Int) {
        handle = gesso_pool_create(Int32(clamping: threads))
    }

    deinit { gesso_pool_destroy(handle) }

    /// Runs `body` on the calling thread with this pool bound to it.
    public func run<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = gesso_pool_bind(handle)
        defer { _ = gesso_pool_bind(before) }
        return try body()
    }
}

/// The instruction sets that kernels are written for; the best one that the processor has is used.
public enum KernelSet: String, Sendable, CaseIterable {
    /// Plain C.
    case portable
    /// AVX2, FMA and F16C.
    case avx2
    /// AVX-512 F, VL, BW and DQ.
    case avx512

    /// The set in use on the calling thread. `GESSO_KERNELS` in the environment chooses another one.
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
