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

extension ThreadPool {
    /// Calls `body` for every index in 0..<count, spread over the threads of the pool that is bound to the
    /// calling thread, and returns when all are done. A loop within a loop runs on the thread that meets it.
    public static func forEach(_ count: Int, _ body: (_ index: Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { pointer in
                gesso_parallel(
                    count,
                    { context, index in
                        context?.assumingMemoryBound(to: ((Int) -> Void).self).pointee(index)
                    }, UnsafeMutableRawPointer(mutating: pointer))
            }
        }
    }
}
