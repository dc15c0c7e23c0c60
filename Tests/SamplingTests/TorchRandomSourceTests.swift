import Tensors
import Testing

@Suite("Torch's normal numbers")
struct TorchRandomSourceTests {
    @Test("the first values of seed 0, as torch prints them")
    func first() {
        var source = TorchRandomSource(seed: 0)
        let printed: [Float] = [1.5409961, -0.2934289, -2.1787894]
        for (a, b) in zip(source.normal([3]).values, printed) { #expect(abs(a - b) < 1e-6) }
        source = TorchRandomSource(seed: 0)
        let large: [Float] = [-1.1258398, -1.1523602, -0.2505786, -0.4338788]
        for (a, b) in zip(source.normal([20]).values, large) { #expect(abs(a - b) < 1e-6) }
    }

    @Test("only the low 32 bits of a seed count")
    func seeds() {
        var low = TorchRandomSource(seed: 7)
        var high = TorchRandomSource(seed: 7 + 1 << 32)
        #expect(low.normal([40]) == high.normal([40]))
    }

    @Test("a shape is only a count, and a copy goes its own way")
    func values() {
        var source = TorchRandomSource(seed: 9)
        var copy = source
        let square = source.normal([4, 2, 5])
        #expect(square.shape == [4, 2, 5])
        #expect(square.values == copy.normal([40]).values)
        #expect(source.normal([0]).values.isEmpty)
        #expect(source.normal([40]) != square.reshaped([40]))
    }

    @Test("a spare number waits through large draws")
    func spare() {
        var source = TorchRandomSource(seed: 3)
        let four = source.normal([4]).values
        source = TorchRandomSource(seed: 3)
        #expect(source.normal([3]).values == Array(four.prefix(3)))
        _ = source.normal([32])
        #expect(source.normal([1]).values == [four[3]])
    }
}
