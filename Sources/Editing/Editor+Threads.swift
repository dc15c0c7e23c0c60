import Foundation
import Tensors

extension Editor {
    /// The threads that are used where a number of them, or none, is asked for.
    public static func threads(_ count: Int?) -> Int {
        count ?? ProcessInfo.processInfo.activeProcessorCount
    }

    /// Computes with a number of threads; nil is one for each core. No result depends on it.
    public static func withThreads<Result>(_ count: Int?, _ work: () throws -> Result) rethrows
        -> Result
    {
        Threads.use(threads(count))
        return try work()
    }
}
