import Tensors
import Testing

@Suite struct LayoutTests {
    private let x = Tensor((0..<24).map(Float.init), shape: [2, 3, 4])

    @Test func transposes() {
        let y = x.transposed([2, 0, 1])
        #expect(y.shape == [4, 2, 3])
        for a in 0..<2 {
            for b in 0..<3 {
                for c in 0..<4 {
                    #expect(y.values[(c * 2 + a) * 3 + b] == x.values[(a * 3 + b) * 4 + c])
                }
            }
        }
        #expect(y.transposed([1, 2, 0]) == x)
    }

    @Test func slicesAndJoinsAlongEveryAxis() {
        for axis in 0..<3 {
            let size = x.shape[axis]
            let parts = [x.sliced(axis: axis, 0..<1), x.sliced(axis: axis, 1..<size)]
            #expect(Tensor.concatenated(parts, axis: axis) == x)
        }
        #expect(x.sliced(axis: 1, 1..<2).values == [4, 5, 6, 7, 16, 17, 18, 19])
    }

    @Test func upsamplesToAnySize() {
        let small = Tensor([1, 2, 3, 4, 5, 6], shape: [1, 2, 3, 1])
        let itself = PackedFilter(StoredTensor(Tensor([1], shape: [1, 1, 1, 1])))
        let large = small.convolved(with: itself, after: Prologue(size: (3, 5)))
        #expect(large.shape == [1, 3, 5, 1])
        #expect(large.values == [1, 1, 2, 2, 3, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6])
        #expect(small.convolved(with: itself, after: Prologue(size: (2, 3))) == small)
    }

    /// Large enough to be shared out to several threads, in runs short and long.
    @Test func movesLargePictures() {
        let large = Tensor((0..<2 * 90 * 70 * 12).map { Float($0 % 9973) }, shape: [2, 90, 70, 12])
        for axis in 0..<4 {
            let parts = [
                large.sliced(axis: axis, 0..<1),
                large.sliced(axis: axis, 1..<large.shape[axis]),
            ]
            #expect(Tensor.concatenated(parts, axis: axis) == large)
        }
        let (all, upper) = (large.values, large.sliced(axis: 2, 3..<60).values)
        #expect(
            upper.indices.allSatisfy { place in
                let (line, inside) = (place / (57 * 12), place % (57 * 12))
                return upper[place] == all[line * 70 * 12 + 3 * 12 + inside]
            })
    }

    @Test func repeatsARow() {
        let row = Tensor((0..<200_000).map { Float($0 % 9973) }, shape: [1, 200_000])
        let rows = row.repeated(3)
        #expect(rows.shape == [3, 200_000])
        #expect(rows.values == row.values + row.values + row.values)
        #expect(rows.rowsAreAlike)
        #expect(row.rowsAreAlike)
        #expect(row.repeated(1) == row)
        #expect(!Tensor.concatenated([rows, row + 1], axis: 0).rowsAreAlike)
    }

    @Test func cropsAndOverwritesPictures() {
        let picture = Tensor((0..<40).map(Float.init), shape: [2, 4, 5, 1])
        let part = picture.cropped(rows: 1..<3, columns: 2..<4)
        #expect(part.shape == [2, 2, 2, 1])
        #expect(part.values == [7, 8, 12, 13, 27, 28, 32, 33])
        #expect(picture.cropped(rows: 0..<4, columns: 0..<5) == picture)
        var other = Tensor(zeros: [2, 4, 5, 1])
        let before = other
        other.overwrite(with: part, row: 2, column: 3)
        #expect(other.cropped(rows: 2..<4, columns: 3..<5) == part)
        #expect(other.values.reduce(0, +) == part.values.reduce(0, +))
        #expect(before.values.allSatisfy { $0 == 0 })
    }

    @Test func writesToItsOwnCopy() {
        var copy = x
        copy.withUnsafeMutableBufferPointer { $0[0] = 99 }
        #expect(copy.values[0] == 99)
        #expect(x.values[0] == 0)
        let view = x.reshaped([24])
        #expect(view.values == x.values)
    }

    @Test func doesArithmetic() {
        let y = Tensor((0..<24).map { Float($0) + 1 }, shape: [2, 3, 4])
        #expect((x + y).values[5] == 11)
        #expect((x - y).values.allSatisfy { $0 == -1 })
        #expect((x * y).values[3] == 12)
        #expect((y / y).values.allSatisfy { $0 == 1 })
        #expect((2 - x).values[7] == -5)
        #expect((1 / y).values[3] == 0.25)
        #expect(x.adding(y, scaledBy: 2).values[2] == 8)
        #expect(x.clamped(to: 3...5).values.prefix(7) == [3, 3, 3, 3, 4, 5, 5])
        #expect(Tensor([.nan], shape: [1]).clamped(to: 0...1).values[0].isNaN)
        #expect(Tensor(zeros: [2, 2]).values == [0, 0, 0, 0])
    }
}
