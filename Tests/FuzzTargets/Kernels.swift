import Foundation
import NaiveKernels
import Tensors

extension FuzzTarget {
    /// The kernels on shapes that the bytes give: what they compute is compared with sums made plainly, and
    /// AddressSanitizer watches what they read and write.
    static let kernels = FuzzTarget(
        "kernels", longest: 16,
        from: {
            (0..<4).map { kind in
                Seed(name: "shape-\(kind)", data: Data([UInt8(kind), 7, 5, 33, 3, 1, 2, 0, 9, 1]))
            }
        }
    ) { data in
        var bytes = data.makeIterator()
        func next(_ range: ClosedRange<Int>) -> Int {
            range.lowerBound + Int(bytes.next() ?? 0) % range.count
        }
        switch next(0...2) {
        case 0:
            let (rows, columns, out) = (next(1...40), next(1...70), next(1...70))
            let (x, w) = (noise([rows, columns]), noise([out, columns], seed: 2))
            try compare(Naive.product(x, w)) { x.multiplied(by: PackedMatrix(StoredTensor(w))) }
        case 1:
            let x = noise([next(1...2), next(1...24), next(1...24), next(1...20)])
            let side = [1, 3][next(0...1)]
            let w = noise([next(1...20), x.shape[3], side, side], seed: 2)
            let (stride, padding) = (next(1...2), Padding.all(side / 2))
            try compare(Naive.convolution(x, w, stride: stride, padding: padding)) {
                x.convolved(
                    with: PackedFilter(StoredTensor(w)), stride: stride, padding: padding)
            }
        default:
            let (heads, batch) = (next(1...3), next(1...2))
            let channels = heads * next(1...40)
            let (queries, keys, isCausal) = (next(1...40), next(1...40), next(0...1) == 1)
            let q = noise([batch, queries, channels])
            let (k, v) = (
                noise([batch, keys, channels], seed: 2), noise([batch, keys, channels], seed: 3)
            )
            let expected = Naive.attention(q, k, v, heads: heads, causal: isCausal)
            try compare(expected) {
                Tensor.attention(query: q, key: k, value: v, heads: heads, causal: isCausal)
            }
        }
    }

    /// Every set of kernels must come as near as the tests of the kernels ask.
    private static func compare(_ expected: [Double], _ body: () -> Tensor) throws {
        try withEverySet { set in
            let distance = difference(body(), expected)
            try require(distance < 4e-5, "\(set.name) is off by \(distance)")
        }
    }
}
