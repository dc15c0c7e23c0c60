import CKernels

/// An instruction set that the kernels are compiled for; the best one that the processor has is used.
public struct KernelSet: Sendable, Equatable {
    private let number: Int32

    /// `portable`, `avx2` and so on.
    public var name: String { String(cString: gesso_kernel_set_name(number)) }

    /// All sets of this architecture, whether this processor has them or not; the better ones come last.
    public static var all: [KernelSet] {
        (0..<gesso_kernel_set_count()).map(KernelSet.init(number:))
    }

    /// The set in use on the calling thread. `GESSO_KERNELS` in the environment chooses another one.
    public static var current: KernelSet { KernelSet(number: gesso_kernel_set_in_use()) }

    /// Uses this set from now on for what this thread does and starts; false where the processor does
    /// not have it.
    package func use() -> Bool { gesso_use_kernel_set(number) }
}
