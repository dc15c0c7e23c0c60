import Sampling
import Tensors
import Testing

@Suite("A Brownian path")
struct BrownianTreeTests {
    private let tree = BrownianTree(over: 0.03...14.6, shape: [1, 4, 64, 64], seed: 5)

    @Test("increments over parts add up to that over the whole")
    func additive() {
        let whole = tree(from: 10, to: 2) * Float(8).squareRoot()
        let upper = tree(from: 10, to: 5.25) * Float(4.75).squareRoot()
        let lower = tree(from: 5.25, to: 2) * Float(3.25).squareRoot()
        for (a, b) in zip(whole.values, (upper + lower).values) { #expect(abs(a - b) < 2e-5) }
    }

    @Test("the other way round is the opposite, and no way is nothing")
    func direction() {
        #expect(tree(from: 2, to: 10).values == tree(from: 10, to: 2).values.map { -$0 })
        #expect(tree(from: 3, to: 3).values.allSatisfy { $0 == 0 })
    }

    @Test("noise is standard normal, and independent over ways that do not meet")
    func distribution() {
        let (first, second) = (tree(from: 10, to: 7), tree(from: 7, to: 0.5))
        for noise in [first, second] {
            let (mean, deviation) = noise.moments
            #expect(abs(mean) < 0.03 && abs(deviation - 1) < 0.03)
        }
        let products = zip(first.values, second.values).map { $0 * $1 }
        #expect(abs(products.reduce(0, +) / Float(products.count)) < 0.03)
    }

    @Test("levels outside of the span count as its ends")
    func outside() {
        #expect(tree(from: 14.6, to: 0.03).count == 4 * 64 * 64)
        let inside = tree(from: 14.6, to: 5) * Float(9.6).squareRoot()
        let beyond = tree(from: 20, to: 5) * Float(15).squareRoot()
        for (a, b) in zip(inside.values, beyond.values) { #expect(abs(a - b) < 1e-5) }
    }
}
