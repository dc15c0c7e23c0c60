import Foundation
import Tensors

extension Editor {
    /// The threads that are used where a number of them, or none, is asked for.
    public static func threads(_ count: Int?) -> Int {
        count ?? ProcessInfo.processInfo.activeProcessorCount
    }

    /// Runs work with that many threads of its own; nil is one for each core. Without it, the calling thread
    /// computes alone. No result depends on the number.
    public static func withThreads<Result>(
        _ count: Int?, _ work: () throws -> Result
    ) rethrows -> Result {
        try ThreadPool(threads: threads(count)).run(work)
    }
}
