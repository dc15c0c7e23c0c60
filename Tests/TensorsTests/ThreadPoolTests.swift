import Tensors
import Testing

@Suite struct ThreadPoolTests {
    @Test(arguments: [1, 2, 5])
    func everyIndexIsGivenOnce(threads: Int) {
        for count in [0, 1, 2, 1000] {
            var hits = [Int](repeating: 0, count: count)
            hits.withUnsafeMutableBufferPointer { hits in
                nonisolated(unsafe) let hits = hits
                ThreadPool(threads: threads).run {
                    ThreadPool.forEach(count) { hits[$0] += $0 + 1 }
                }
            }
            #expect(hits == Array(1..<count + 1))
        }
    }

    @Test func aLoopWithinALoopIsDone() {
        var sums = [Int](repeating: 0, count: 40)
        sums.withUnsafeMutableBufferPointer { sums in
            nonisolated(unsafe) let sums = sums
            ThreadPool(threads: 3).run {
                ThreadPool.forEach(40) { outer in
                    ThreadPool.forEach(10) { sums[outer] += $0 }
                }
            }
        }
        #expect(sums == Array(repeating: 45, count: 40))
    }
}
