import Foundation
import NaiveKernels
import Tensors
import Testing

/// Kernels against their naive twins, on every instruction set of the processor. Sums of n products
/// in single precision are off by about √n · 6e-8 of the largest; 5e-6 holds for all sizes here and
/// is a twentieth of what the parity tests allow. Large pictures, filtered in tiles of 6x6, round up
/// to eight times as much at worst.
///
/// The suite is serial because it switches threads for the whole process.
@Suite(.serialized) struct KernelTests {
    private let tolerance = 5e-6

    @Test(arguments: [
        [1, 1, 1], [7, 5, 3], [12, 320, 32], [13, 321, 33], [77, 768, 50], [200, 17, 300],
        [193, 641, 257],
    ])
    func products(_ size: [Int]) {
        let x = noise([size[0], size[1]])
        let w = noise([size[2], size[1]], seed: 2)
        let bias = noise([size[2]], seed: 3)
        let residual = noise([size[0], size[2]], seed: 4)
        let plain = Naive.product(x, w)
        let matrix = PackedMatrix(StoredTensor(w))
        withEverySet { set in
            #expect(difference(x.multiplied(by: matrix), plain) < tolerance, "\(set.name)")
            for activation in Activation.allCases {
                let full = x.multiplied(
                    by: matrix, bias: bias, activation: activation, adding: residual)
                let expected = plain.indices.map { place in
                    Naive.activation(
                        plain[place] + Double(bias.values[place % size[2]]), activation)
                        + Double(residual.values[place])
                }
                #expect(difference(full, expected) < tolerance, "\(set.name) \(activation)")
            }
        }
    }

    /// Rows, columns and results; the last of a width that the kernel leaves to the unfused way.
    @Test(arguments: [[1, 3, 32], [77, 320, 64], [601, 40, 96], [13, 321, 40]])
    func gatedProducts(_ size: [Int]) {
        let (rows, out) = (size[0], size[2])
        let x = noise([rows, size[1]])
        let w = noise([2 * out, size[1]], seed: 2)
        let bias = noise([2 * out], seed: 3)
        let plain = Naive.product(x, w)
        let matrix = PackedMatrix(StoredTensor(w))
        let expected = { (bias: [Float]?) in
            (0..<rows * out).map { place in
                let (row, column) = (place / out, place % out)
                let (a, b) = (row * 2 * out + column, row * 2 * out + out + column)
                return (plain[a] + Double(bias?[column] ?? 0))
                    * Naive.activation(plain[b] + Double(bias?[out + column] ?? 0), .gelu)
            }
        }
        withEverySet { set in
            let biased = x.gatedProduct(with: matrix, bias: bias)
            #expect(difference(biased, expected(bias.values)) < tolerance, "\(set.name)")
            #expect(biased == x.multiplied(by: matrix, bias: bias).gegluGated(), "\(set.name)")
            #expect(
                difference(x.gatedProduct(with: matrix), expected(nil)) < tolerance, "\(set.name)")
        }
    }

    @Test(arguments: [
        // batch, height, width, in, out, kernel, stride, padding of top, left, bottom, right
        [1, 1, 1, 1, 1, 3, 1, 1, 1, 1, 1], [2, 7, 5, 3, 5, 3, 1, 1, 1, 1, 1],
        [1, 9, 11, 4, 40, 3, 2, 1, 1, 1, 1], [1, 8, 6, 33, 17, 3, 2, 0, 0, 1, 1],
        [2, 6, 7, 40, 33, 1, 1, 0, 0, 0, 0], [1, 16, 16, 48, 64, 3, 1, 1, 1, 1, 1],
        [2, 12, 20, 130, 32, 3, 1, 1, 1, 1, 1], [1, 5, 9, 8, 8, 5, 1, 2, 2, 2, 2],
        [1, 8, 9, 700, 33, 3, 1, 1, 1, 1, 1], [2, 6, 5, 32, 8, 3, 1, 9, 0, 9, 2],
    ])
    func convolutions(_ s: [Int]) {
        let x = noise([s[0], s[1], s[2], s[3]])
        let w = noise([s[4], s[3], s[5], s[5]], seed: 2)
        let padding = Padding(top: s[7], left: s[8], bottom: s[9], right: s[10])
        let plain = Naive.convolution(x, w, stride: s[6], padding: padding)
        let filter = PackedFilter(StoredTensor(w))
        let bias = noise([s[4]], seed: 3)
        let channelBias = noise([s[0], s[4]], seed: 4)
        let perPicture = plain.count / s[0]
        let biased = plain.indices.map { place in
            plain[place] + Double(bias.values[place % s[4]])
                + Double(channelBias.values[place / perPicture * s[4] + place % s[4]])
        }
        withEverySet { set in
            let y = x.convolved(with: filter, stride: s[6], padding: padding)
            #expect(difference(y, plain) < tolerance, "\(set.name)")
            let full = x.convolved(
                with: filter, bias: bias, stride: s[6], padding: padding, channelBias: channelBias,
                adding: y)
            let expected = zip(biased, plain).map { $0 + $1 }
            #expect(difference(full, expected) < tolerance, "\(set.name)")
        }
    }

    @Test(arguments: [
        // batch, height, width, in, out, seen height and width, kernel, stride; then the work of several
        // groups of tiles; then pictures large enough for tiles of 6x6
        [1, 3, 4, 5, 6, 3, 4, 1, 1], [2, 3, 2, 40, 3, 5, 3, 3, 1], [1, 9, 7, 33, 5, 9, 7, 3, 2],
        [2, 300, 40, 64, 2, 300, 40, 3, 1], [1, 20, 1000, 33, 2, 40, 1000, 3, 1],
        [2, 195, 25, 64, 1, 195, 200, 3, 1],
    ])
    func prologues(_ s: [Int]) {
        let x = noise([s[0], s[1], s[2], s[3]])
        let w = noise([s[4], s[3], s[7], s[7]], seed: 2)
        let scales = noise([s[0], 2, s[3]], seed: 3)
        let seen = Naive.seen(x, height: s[5], width: s[6], scales: scales, activation: .silu)
        let plain = Naive.convolution(seen, w, stride: s[8], padding: .all(s[7] / 2))
        let filter = PackedFilter(StoredTensor(w))
        withEverySet { set in
            let prologue = Prologue(size: (s[5], s[6]), scales: scales, activation: .silu)
            let y = x.convolved(
                with: filter, after: prologue, stride: s[8], padding: .all(s[7] / 2))
            #expect(
                difference(y, plain) < (s[5] * s[6] > 36_000 ? 8 : 1) * tolerance, "\(set.name)")
        }
    }

    /// Results of 8 MB and more are written past the caches; those of either half are not.
    @Test func largeResults() {
        let pictures = (0..<2).map { noise([1, 240, 240, 32], seed: UInt64(5 + $0)) }
        let rows = (0..<2).map { noise([36_000, 16], seed: UInt64(7 + $0)) }
        let filter = PackedFilter(StoredTensor(noise([32, 32, 3, 3], seed: 2)))
        let matrix = PackedMatrix(StoredTensor(noise([32, 16], seed: 3)))
        let gates = PackedMatrix(StoredTensor(noise([64, 16], seed: 4)))
        withEverySet { set in
            func both(_ halves: [Tensor], _ result: (Tensor) -> Tensor) -> Bool {
                result(.concatenated(halves, axis: 0)) == .concatenated(halves.map(result), axis: 0)
            }
            #expect(
                both(pictures) { $0.convolved(with: filter, padding: .all(1), adding: $0) },
                "\(set.name)")
            #expect(both(rows) { $0.multiplied(by: matrix) }, "\(set.name)")
            #expect(both(rows) { $0.gatedProduct(with: gates) }, "\(set.name)")
        }
    }

    @Test(arguments: [[1, 20, 24, 48, 40, 3], [1, 5, 6, 7, 9, 3], [2, 8, 8, 33, 33, 1]])
    func residualsInPlace(_ s: [Int]) {
        let x = noise([s[0], s[1], s[2], s[3]])
        let filter = PackedFilter(StoredTensor(noise([s[4], s[3], s[5], s[5]], seed: 2)))
        let place = { (tensor: borrowing Tensor) in tensor.withUnsafeBufferPointer(\.baseAddress) }
        withEverySet { set in
            var residual = noise([s[0], s[1], s[2], s[4]], seed: 3)
            let before = place(residual)
            let fresh = x.convolved(with: filter, padding: .all(s[5] / 2), adding: residual)
            #expect(place(fresh) != before, "\(set.name)")
            residual = x.convolved(with: filter, padding: .all(s[5] / 2), adding: consume residual)
            #expect(place(residual) == before && residual == fresh, "\(set.name)")
            let matrix = PackedMatrix(StoredTensor(noise([s[4], s[3]], seed: 4)))
            let product = x.multiplied(by: matrix, adding: residual)
            residual = x.multiplied(by: matrix, adding: consume residual)
            #expect(place(residual) == before && residual == product, "\(set.name)")
        }
    }

    /// A large picture and its halves, which are not: tiles of 6x6 and of 4x4.
    @Test(arguments: [DataType.float32, .float16, .bfloat16])
    func largePictures(_ type: DataType) {
        let x = noise([1, 200, 190, 130])
        let filter = PackedFilter(StoredTensor(noise([40, 130, 3, 3], seed: 2), as: type))
        let bias = noise([40], seed: 3)
        let (residual, channelBias) = (noise([1, 200, 190, 40], seed: 4), noise([1, 40], seed: 5))
        func convolved(_ seen: Range<Int>, _ made: Range<Int>) -> Tensor {
            x.sliced(axis: 1, seen).convolved(
                with: filter, bias: bias,
                padding: Padding(
                    top: seen.lowerBound == 0 ? 1 : 0, left: 1,
                    bottom: seen.upperBound == 200 ? 1 : 0, right: 1),
                channelBias: channelBias, adding: residual.sliced(axis: 1, made))
        }
        withEverySet { set in
            let halves = [convolved(0..<101, 0..<100), convolved(99..<200, 100..<200)]
            let expected = Tensor.concatenated(halves, axis: 1).values.map(Double.init)
            #expect(
                difference(convolved(0..<200, 0..<200), expected) < 8 * tolerance, "\(set.name)")
        }
    }

    /// Enlarged line by line, and enlarged before.
    @Test func enlargedPictures() {
        let x = noise([2, 21, 17, 48])
        let filter = PackedFilter(StoredTensor(noise([33, 48, 3, 3], seed: 2)))
        let ones = Tensor.concatenated(
            [Tensor(Array(repeating: 1, count: 48), shape: [1, 48]), Tensor(zeros: [1, 48])],
            axis: 0)
        let scales = ones.reshaped([1, 2, 48]).repeated(2)
        let seen = Naive.seen(x, height: 42, width: 33, scales: scales, activation: .none)
        withEverySet { set in
            let y = x.convolved(with: filter, after: Prologue(size: (42, 33)), padding: .all(1))
            #expect(y == seen.convolved(with: filter, padding: .all(1)), "\(set.name)")
        }
    }

    @Test(arguments: [
        // batch, queries, keys, heads, head, causal
        [1, 1, 1, 1, 1, 0], [2, 13, 7, 2, 8, 0], [1, 77, 77, 4, 8, 1], [2, 100, 300, 2, 40, 0],
        [1, 97, 257, 1, 80, 0], [1, 33, 64, 1, 160, 0], [1, 20, 40, 1, 512, 0],
        [1, 300, 300, 1, 16, 1],
    ])
    func attention(_ s: [Int]) {
        let q = noise([s[0], s[1], s[3] * s[4]]) * 4
        let k = noise([s[0], s[2], s[3] * s[4]], seed: 2) * 4
        let v = noise([s[0], s[2], s[3] * s[4]], seed: 3)
        let expected = Naive.attention(q, k, v, heads: s[3], causal: s[5] == 1)
        withEverySet { set in
            let y = Tensor.attention(query: q, key: k, value: v, heads: s[3], causal: s[5] == 1)
            #expect(difference(y, expected) < 2 * tolerance, "\(set.name)")
        }
    }

    @Test func attentionToLargeScores() {
        let q = noise([1, 5, 8]) * 300
        let y = Tensor.attention(query: q, key: q, value: q, heads: 1)
        #expect(!y.hasNonFiniteValues)
    }

    @Test(arguments: [[1, 3, 2, 1], [2, 35, 32, 4], [1, 200, 40, 40], [1, 130, 48, 3]])
    func groupNorm(_ s: [Int]) {
        // A mean far from zero is where a careless variance loses its digits.
        let x = noise([s[0], s[1], 1, s[2]]) + 30
        let (weight, bias) = (noise([s[2]], seed: 2), noise([s[2]], seed: 3))
        let plain = Naive.groupNorm(
            x, groups: s[3], weight: weight.values, bias: bias.values, epsilon: 1e-5)
        withEverySet { set in
            let scales = x.groupScales(groups: s[3], weight: weight, bias: bias, epsilon: 1e-5)
            #expect(difference(x.scaled(by: scales), plain) < 4 * tolerance, "\(set.name)")
        }
    }

    /// Statistics of a picture from those of a part of it and of the rest.
    @Test func groupNormOfParts() {
        let x = noise([2, 90, 1, 32]) + 30
        let (weight, bias) = (noise([32], seed: 2), noise([32], seed: 3))
        let (upper, lower) = (x.sliced(axis: 1, 0..<37), x.sliced(axis: 1, 37..<90))
        let expected = x.groupScales(groups: 4, weight: weight, bias: bias, epsilon: 1e-5)
        func scales(_ sums: GroupSums) -> Tensor {
            sums.scales(weight: weight, bias: bias, epsilon: 1e-5)
        }
        let sums = [x, upper, lower].map { $0.groupSums(groups: 4) }
        #expect(scales(sums[0]) == expected)
        #expect(difference(scales(sums[1] + sums[2]), expected.values.map(Double.init)) < tolerance)
        let own = upper.groupScales(groups: 4, weight: weight, bias: bias, epsilon: 1e-5)
        #expect(difference(scales(sums[0] - sums[2]), own.values.map(Double.init)) < tolerance)
        #expect(scales(sums[0] - sums[0] + sums[0]) == expected)
    }

    /// Means go on by differences, deviations by ratios.
    @Test func statisticsThatGoOnChanging() {
        let x = noise([2, 90, 1, 32]) + 3
        let (weight, bias) = (noise([32], seed: 2), noise([32], seed: 3))
        func scales(_ sums: GroupSums) -> [[Float]] {
            let scales = sums.scales(weight: weight, bias: bias, epsilon: 0)
            return (0..<2).map { scales.sliced(axis: 1, $0..<$0 + 1).values }
        }
        let (first, second) = (x.groupSums(groups: 4), (x * 2).groupSums(groups: 4))
        let (own, going) = (scales(first), scales(second.extrapolated(from: first, by: 1)))
        for (place, (scale, shift)) in zip(own[0], own[1]).enumerated() {
            let bias = bias.values[place % 32]
            #expect(abs(going[0][place] - scale / 4) < 1e-5)
            #expect(abs(going[1][place] - (bias + (shift - bias) * 3 / 4)) < 1e-5)
        }
        let same = scales(first.extrapolated(from: second, by: 0))
        #expect(zip(same[0] + same[1], own[0] + own[1]).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(noise([4]).extrapolated(from: noise([4]) * 0, by: 0.5) == noise([4]) * 1.5)
        #expect(
            noise([3, 4]).extrapolated(from: noise([3, 4]) * 0, by: -0.5, lastRows: 2)
                == noise([3, 4]).lastRows(2) * 0.5)
    }

    @Test(arguments: [[1, 1], [5, 32], [70, 33], [3, 768]])
    func layerNorm(_ s: [Int]) {
        let x = noise([s[0], s[1]]) + 3
        let (weight, bias) = (noise([s[1]], seed: 2), noise([s[1]], seed: 3))
        let expected = Naive.groupNorm(
            x, groups: 1, weight: weight.values, bias: bias.values, epsilon: 1e-5)
        withEverySet { set in
            let y = x.layerNormalized(weight: weight, bias: bias, epsilon: 1e-5)
            #expect(difference(y, expected) < 2 * tolerance, "\(set.name)")
        }
    }

    @Test func activationsOverTheirRange() {
        let x = Tensor((-2000...2000).map { Float($0) * 0.05 }, shape: [4001])
        withEverySet { set in
            for activation in Activation.allCases {
                let y = x.applying(activation)
                for (found, input) in zip(y.values, x.values) {
                    let expected = Naive.activation(Double(input), activation)
                    let allowed = 1e-6 * max(1, abs(expected))
                    #expect(
                        abs(Double(found) - expected) < allowed,
                        "\(set.name) \(activation) \(input)")
                }
            }
        }
    }

    @Test func gates() {
        let x = noise([3, 34]) * 5
        let values = x.values.map(Double.init)
        let expected = (0..<51).map { place in
            let start = place / 17 * 34 + place % 17
            return values[start] * Naive.activation(values[start + 17], .gelu)
        }
        withEverySet { set in
            #expect(difference(x.gegluGated(), expected) < tolerance, "\(set.name)")
        }
    }

    @Test(arguments: [DataType.float16, .bfloat16])
    func narrowWeights(_ type: DataType) {
        let words: [UInt16] = noise([40 * 50], seed: 9).values.map { value in
            type == .float16
                ? Float16(value).bitPattern : UInt16(truncatingIfNeeded: value.bitPattern >> 16)
        }
        let owner = NSArray(array: words)
        words.withUnsafeBytes { bytes in
            let stored = StoredTensor(shape: [40, 50], dataType: type, bytes: bytes, owner: owner)
            let wide = stored.widened()
            for (found, word) in zip(wide.values, words) {
                let exact =
                    type == .float16
                    ? Float(Float16(bitPattern: word)) : Float(bitPattern: UInt32(word) << 16)
                #expect(found == exact)
            }
            let x = noise([30, 50])
            let matrix = PackedMatrix(stored)
            withEverySet { set in
                let y = x.multiplied(by: matrix)
                #expect(difference(y, Naive.product(x, wide)) < tolerance, "\(set.name)")
                #expect(y == x.multiplied(by: PackedMatrix(StoredTensor(wide))), "\(set.name)")
            }
        }
    }

    @Test func nonFiniteValuesAreFoundAndSpread() {
        for bad in [Float.nan, .infinity, -.infinity] {
            var x = noise([40, 20])
            #expect(!x.hasNonFiniteValues)
            x.withUnsafeMutableBufferPointer { $0[337] = bad }
            #expect(x.hasNonFiniteValues)
            #expect(
                x.multiplied(by: PackedMatrix(StoredTensor(noise([5, 20])))).hasNonFiniteValues)
            let one = Tensor(Array(repeating: 1, count: 20), shape: [20])
            let normal = x.layerNormalized(weight: one, bias: one, epsilon: 1e-5)
            #expect(normal.hasNonFiniteValues)
            let rows = x.reshaped([1, 40, 20])
            let y = Tensor.attention(query: rows, key: rows, value: rows, heads: 2)
            #expect(y.hasNonFiniteValues)
        }
    }

    @Test func bytesDoNotDependOnThreads() {
        let x = noise([2, 33, 29, 64])
        let filter = PackedFilter(StoredTensor(noise([96, 64, 3, 3], seed: 2)))
        let matrix = PackedMatrix(StoredTensor(noise([130, 64], seed: 3)))
        let ones = Tensor(Array(repeating: 1, count: 64), shape: [64])
        func everything() -> [Tensor] {
            let scales = x.groupScales(groups: 8, weight: ones, bias: ones, epsilon: 1e-5)
            let prologue = Prologue(size: (200, 190), scales: scales, activation: .silu)
            let rows = x.reshaped([2, 33 * 29, 64])
            return [
                x.convolved(with: filter, padding: .all(1)),
                x.multiplied(by: matrix, activation: .gelu),
                .attention(query: rows, key: rows, value: rows, heads: 4),
                x.scaled(by: scales),
                x.convolved(with: filter, after: prologue, padding: .all(1)),
                x.layerNormalized(weight: ones, bias: ones, epsilon: 1e-5),
                x.gegluGated(), x.applying(.silu),
            ]
        }
        withEverySet { set in
            let alone = everything()
            for threads in [1, 2, 3, 7] {
                let shared = ThreadPool(threads: threads).run(everything)
                #expect(shared == alone, "\(set.name) with \(threads) threads")
            }
        }
    }

    /// Pools of different sizes work in one process at the same time, from several threads each.
    @Test func poolsWorkAtTheSameTime() async {
        let x = noise([1, 40 * 40, 64])
        let alone = Tensor.attention(query: x, key: x, value: x, heads: 4)
        let pools = [1, 2, 3, 5].map(ThreadPool.init)
        await withTaskGroup(of: Bool.self) { group in
            for index in 0..<24 {
                group.addTask {
                    pools[index % pools.count].run {
                        Tensor.attention(query: x, key: x, value: x, heads: 4) == alone
                    }
                }
            }
            for await isEqual in group { #expect(isEqual) }
        }
    }
}
