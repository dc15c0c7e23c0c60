import NaiveKernels
import Tensors
import Testing

/// Products in split floats, bf16 and int8 by every unit that can run here, emulated AMX among them: int8 to the bit, bf16 to
/// the bit of its twin in C where the order of the sum is the same, and to that of floats elsewhere.
@Suite struct NarrowProductTests {
    private let tolerance = 5e-6

    @Test(arguments: [[1, 1, 1], [7, 5, 3], [77, 768, 50], [601, 33, 130], [13, 2000, 33]])
    func products(_ size: [Int]) throws {
        let x = noise([size[0], size[1]]) * 3
        let w = StoredTensor(noise([size[2], size[1]], seed: 2), as: .float16)
        let bias = noise([size[2]], seed: 3)
        for unit in NarrowUnit.all {
            let matrix = PackedMatrix(w, arithmetic: unit.arithmetic)
            let y = x.multiplied(by: matrix)
            switch unit.precision {
            case .int8: #expect(y == Narrow.product(x, w.widened()), "\(unit.name)")
            case .exact:
                #expect(
                    difference(y, Naive.product(x, w.widened())) < tolerance, "\(unit.name)")
            case .bf16:
                let rounded = Naive.product(Narrow.rounded(x), Narrow.rounded(w.widened()))
                #expect(difference(y, rounded) < tolerance, "\(unit.name)")
            }
            let full = x.multiplied(by: matrix, bias: bias, activation: .silu)
            let biased = y.values.enumerated().map { $1 + bias.values[$0 % size[2]] }
            let expected = biased.map { Naive.activation(Double($0), .silu) }
            #expect(difference(full, expected) < tolerance, "\(unit.name)")
        }
    }

    /// To the last bits of floats.
    @Test func splitFloats() {
        let x = noise([50, 300])
        for type in [DataType.float16, .bfloat16] {
            let w = StoredTensor(noise([70, 300], seed: 2), as: type)
            for unit in NarrowUnit.all where unit.precision == .exact {
                let y = x.multiplied(by: PackedMatrix(w, arithmetic: unit.arithmetic))
                #expect(
                    difference(y, Naive.product(x, w.widened())) < 1e-6,
                    "\(unit.name), \(type)")
                #expect(y != x.multiplied(by: PackedMatrix(w)), "\(unit.name) is not used")
            }
        }
    }

    /// A few channels far larger than the others cost these nothing of their steps.
    @Test func outlierChannels() {
        var x = noise([70, 320])
        x.withUnsafeMutableBufferPointer { values in
            for row in 0..<70 {
                for channel in stride(from: 5, to: 320, by: 64) {
                    values[row * 320 + channel] *= 20
                }
            }
        }
        let w = StoredTensor(noise([96, 320], seed: 2))
        let exact = Naive.product(x, w.widened())
        for unit in NarrowUnit.all where unit.precision == .int8 {
            let y = x.multiplied(by: PackedMatrix(w, arithmetic: unit.arithmetic))
            #expect(y == Narrow.product(x, w.widened()), "\(unit.name)")
            #expect(difference(y, exact) < 0.018, "\(unit.name)")
        }
        #expect(Narrow.outliers(x) == Set(stride(from: 5, to: 320, by: 64)))
    }

    @Test(arguments: [1, 2]) func outlierChannelsOfPictures(_ stride: Int) {
        var x = noise([2, 9, 7, 70])
        x.withUnsafeMutableBufferPointer { values in
            for pixel in 0..<126 { values[pixel * 70 + 3] *= pixel < 63 ? 30 : 50 }
        }
        let w = StoredTensor(noise([40, 70, 3, 3], seed: 2))
        let seen = Narrow.quantized(x.reshaped([2, 63 * 70]), channels: 70).reshaped(x.shape)
        let expected = Naive.convolution(
            seen, Narrow.quantized(w.widened()), stride: stride, padding: .all(1))
        for unit in NarrowUnit.all where unit.precision == .int8 {
            let filter = PackedFilter(w, arithmetic: unit.arithmetic)
            let y = x.convolved(with: filter, stride: stride, padding: .all(1))
            #expect(difference(y, expected) < tolerance, "\(unit.name)")
        }
    }

    /// Results of 8 MB and more are written past the caches; those of either half are not.
    @Test func largeResults() {
        let rows = (0..<2).map { noise([36_000, 16], seed: UInt64(7 + $0)) }
        let weights = StoredTensor(noise([32, 16], seed: 3), as: .float16)
        let gates = StoredTensor(noise([64, 16], seed: 4), as: .float16)
        for unit in NarrowUnit.all {
            let matrix = PackedMatrix(weights, arithmetic: unit.arithmetic)
            let gated = PackedMatrix(gates, arithmetic: unit.arithmetic)
            func both(_ result: (Tensor) -> Tensor) -> Bool {
                result(.concatenated(rows, axis: 0)) == .concatenated(rows.map(result), axis: 0)
            }
            #expect(both { $0.multiplied(by: matrix) }, "\(unit.name)")
            #expect(both { $0.gatedProduct(with: gated) }, "\(unit.name)")
        }
    }

    /// Units that sum in the same order give the same bytes.
    @Test func unitsAgree() throws {
        let x = noise([70, 500])
        let (w, filter) = (noise([40, 500], seed: 2), noise([40, 20, 3, 3], seed: 3))
        let picture = noise([2, 9, 12, 20], seed: 4)
        for precision in Precision.allCases {
            let answers = NarrowUnit.all.filter { $0.precision == precision }.map { unit in
                let matrix = PackedMatrix(
                    StoredTensor(w, as: .float16), arithmetic: unit.arithmetic)
                let taps = PackedFilter(
                    StoredTensor(filter, as: .float16), arithmetic: unit.arithmetic)
                return (
                    unit.name, x.multiplied(by: matrix),
                    picture.convolved(with: taps, padding: .all(1))
                )
            }
            let twin = try #require(answers.first { $0.0.hasPrefix("portable") })
            for (name, product, convolved) in answers {
                if precision == .int8 || name.hasPrefix("avx") || name.hasPrefix("portable") {
                    #expect(product == twin.1 && convolved == twin.2, "\(name)")
                } else {
                    #expect(difference(product, twin.1.values.map(Double.init)) < tolerance)
                    #expect(difference(convolved, twin.2.values.map(Double.init)) < tolerance)
                }
            }
        }
    }

    @Test(arguments: [
        // batch, height, width, in, out, kernel, stride, padding of top, left, bottom, right
        [2, 7, 5, 3, 5, 3, 1, 1, 1, 1, 1], [1, 9, 11, 70, 40, 3, 2, 1, 1, 1, 1],
        [1, 8, 6, 33, 17, 3, 2, 0, 0, 1, 1], [2, 6, 7, 40, 33, 1, 1, 0, 0, 0, 0],
        [1, 5, 9, 8, 8, 5, 1, 2, 2, 2, 2], [2, 6, 5, 32, 8, 3, 1, 9, 0, 9, 2],
        [1, 6, 5, 8, 8, 3, 1, 0, 1, 2, 0],
    ])
    func convolutions(_ s: [Int]) {
        let x = noise([s[0], s[1], s[2], s[3]])
        let w = StoredTensor(noise([s[4], s[3], s[5], s[5]], seed: 2), as: .float16)
        let padding = Padding(top: s[7], left: s[8], bottom: s[9], right: s[10])
        // A 1x1 convolution is a product, with a scale for each pixel.
        let rows = x.reshaped(s[5] == 1 ? [s[0] * s[1] * s[2], s[3]] : [s[0], s[1] * s[2] * s[3]])
        let seenInt8 = Narrow.quantized(rows, channels: s[3])
        let int8 = Narrow.quantized(w.widened())
        for unit in NarrowUnit.all {
            let filter = PackedFilter(w, arithmetic: unit.arithmetic)
            let y = x.convolved(with: filter, stride: s[6], padding: padding)
            let (seen, filters) =
                switch unit.precision {
                case .exact: (rows, w.widened())
                case .bf16: (Narrow.rounded(rows), Narrow.rounded(w.widened()))
                case .int8: (seenInt8, int8)
                }
            let expected = Naive.convolution(
                seen.reshaped(x.shape), filters, stride: s[6], padding: padding)
            let bound = unit.precision == .exact ? tolerance : tolerance
            #expect(difference(y, expected) < bound, "\(unit.name)")
        }
    }

    @Test func gatedProducts() {
        let x = noise([77, 320])
        let w = StoredTensor(noise([128, 320], seed: 2), as: .float16)
        let bias = noise([128], seed: 3)
        for unit in NarrowUnit.all {
            let matrix = PackedMatrix(w, arithmetic: unit.arithmetic)
            #expect(
                x.gatedProduct(with: matrix, bias: bias)
                    == x.multiplied(by: matrix, bias: bias).gegluGated(), "\(unit.name)")
        }
    }

    /// Attention rounds queries, keys, values and weights; softmax itself does not.
    @Test(arguments: [
        // batch, queries, keys, heads, head, causal
        [2, 50, 77, 2, 40, 0], [1, 130, 200, 1, 17, 0], [1, 77, 77, 3, 64, 1],
        [1, 5, 100, 1, 96, 0],
    ])
    func attention(_ s: [Int]) {
        let q = noise([s[0], s[1], s[3] * s[4]])
        let (k, v) = (
            noise([s[0], s[2], s[3] * s[4]], seed: 2), noise([s[0], s[2], s[3] * s[4]], seed: 3)
        )
        let exact = Naive.attention(q, k, v, heads: s[3], causal: s[5] == 1)
        for unit in NarrowUnit.all where unit.precision == .bf16 {
            let kernel = unit.arithmetic.attention(head: s[4])
            func answer() -> Tensor {
                .attention(
                    query: q, key: k, value: v, heads: s[3], causal: s[5] == 1, by: kernel)
            }
            let y = answer()
            let distance = difference(y, exact)
            #expect(distance > 1e-5 && distance < 1.5e-2, "\(unit.name): \(distance)")
            #expect(ThreadPool(threads: 3).run { answer() } == y, "\(unit.name)")
        }
    }

    @Test func nonFiniteValuesSpread() {
        for bad in [Float.nan, .infinity] {
            var x = noise([40, 200])
            x.withUnsafeMutableBufferPointer { $0[3377] = bad }
            for unit in NarrowUnit.all {
                let matrix = PackedMatrix(
                    StoredTensor(noise([5, 200]), as: .float16), arithmetic: unit.arithmetic)
                #expect(x.multiplied(by: matrix).hasNonFiniteValues, "\(unit.name) \(bad)")
            }
        }
    }

    @Test func bytesDoNotDependOnThreads() {
        let x = noise([2, 33, 29, 64])
        for unit in NarrowUnit.all {
            let filter = PackedFilter(
                StoredTensor(noise([96, 64, 3, 3], seed: 2), as: .float16),
                arithmetic: unit.arithmetic)
            let alone = x.convolved(with: filter, padding: .all(1))
            for threads in [2, 5] {
                let together = ThreadPool(threads: threads).run {
                    x.convolved(with: filter, padding: .all(1))
                }
                #expect(together == alone, "\(unit.name) with \(threads) threads")
            }
        }
    }
}
