import Imaging
import Tensors
import Testing

private func picture(
    _ width: Int, _ height: Int, _ color: (_ x: Int, _ y: Int) -> [UInt16]
) -> Image {
    Image(
        width: width, height: height, channels: 3,
        samples: (0..<width * height).flatMap { color($0 % width, $0 / width) })
}

private func rectangle(
    _ width: Int, _ height: Int, _ columns: Range<Int>, _ rows: Range<Int>
) -> Mask {
    Mask(
        width: width, height: height,
        values: (0..<width * height).map {
            columns.contains($0 % width) && rows.contains($0 / width) ? 255 : 0
        })
}

/// A grain of sixteen levels that is the same everywhere.
private func grain(_ x: Int, _ y: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: (x &* 73 &+ y &* 151 &+ x &* y &* 7) >> 2 & 15)
}

@Suite struct PatchFillingTests {
    @Test func theNumberOfThreadsChangesNothing() {
        let image = noise(width: 150, height: 110, channels: 3)
        let hole = rectangle(150, 110, 40..<75, 30..<68)
            .united(with: rectangle(150, 110, 130..<145, 80..<100))
        let alone = image.filled(where: hole, with: .patch)
        for threads in [1, 2, 5] {
            let shared = ThreadPool(threads: threads).run {
                image.filled(where: hole, with: .patch)
            }
            #expect(shared == alone, "\(threads) threads")
        }
    }

    /// Memory goes with what is looked at, not with the picture.
    @Test func memoryGoesWithTheSurroundings() {
        let image = noise(width: 1200, height: 1000, channels: 3)
        let small = rectangle(1200, 1000, 40..<75, 30..<68)
        let large = rectangle(1200, 1000, 100..<1000, 100..<900)
        func bytes(_ hole: Mask, _ filling: Filling) -> Int {
            image.bytesToFill(where: hole, with: filling)
        }
        #expect(bytes(large, .color(red: 0, green: 0, blue: 0)) == 0)
        #expect(bytes(Mask(width: 1200, height: 1000, filledWith: 0), .patch) == 0)
        #expect(bytes(large, .patch) == 105 * 1200 * 1000)
        #expect(bytes(small, .patch) < bytes(large, .patch) / 10)
        #expect(bytes(small, .edge) < 40 * 40 * 40)
        #expect(bytes(small, .blur) < bytes(large, .blur))
        // What is hidden is filled, too.
        var hidden = image.converted(channels: 4, depth: 8)
        hidden.samples[hidden.samples.count - 1] = 0
        #expect(hidden.bytesToFill(where: small, with: .edge) > 40 * 1000 * 900)
    }

    /// A beam that runs behind the hole comes out of it on the other side.
    @Test(arguments: [0, 1, -1])
    func linesGoOn(slope: Int) {
        func isBeam(_ x: Int, _ y: Int) -> Bool { abs(y - 80 - slope * (x - 100) / 2) < 5 }
        let image = picture(200, 160) { x, y in
            isBeam(x, y)
                ? [30 + grain(x, y), 20, 20] : [190 + grain(x, y), 180 + grain(y, x), 150]
        }
        let hole = rectangle(200, 160, 76..<124, 50..<110)
        let filled = image.filled(where: hole, with: .patch)
        var wrong = 0
        for x in 76..<124 {
            for y in 50..<110 where ((filled[x: x, y: y].first ?? 0) < 110) != isBeam(x, y) {
                wrong += 1
            }
        }
        // Of 2880 pixels, some along the edges of the beam.
        #expect(wrong < 30, "\(wrong) pixels")
    }

    /// Left of the hole is red, right of it blue: what is avoided does not come in.
    @Test func nothingIsTakenFromWhatIsAvoided() {
        let image = picture(180, 120) { x, y in
            x < 90 ? [200 + grain(x, y), 40, 40] : [40, 40, 200 + grain(x, y)]
        }
        let hole = rectangle(180, 120, 70..<110, 40..<80)
        let right = rectangle(180, 120, 90..<180, 0..<120)
        let filled = image.filled(where: hole, with: .patch, avoiding: right)
        for y in 46..<74 {
            for x in 76..<104 {
                #expect((filled[x: x, y: y].first ?? 0) > 150, "at \(x),\(y)")
            }
        }
        let whole = Mask(width: 180, height: 120, filledWith: 255)
        #expect(
            image.filled(where: hole, with: .patch, avoiding: whole)
                == image.filled(where: hole, with: .edge))
    }

    /// What is far away has no part in it, so the time goes with the hole and not with the picture.
    @Test func onlyTheNeighbourhoodIsLookedAt() {
        let hole = rectangle(900, 200, 40..<60, 90..<110)
        let near = picture(900, 200) { x, y in [100 + grain(x, y), 90, 80] }
        var far = near
        for y in 0..<200 {
            for x in 700..<900 { far.samples[(y * 900 + x) * 3] = 255 }
        }
        let (first, second) = (
            near.filled(where: hole, with: .patch), far.filled(where: hole, with: .patch)
        )
        for y in 90..<110 {
            for x in 40..<60 { #expect(first[x: x, y: y] == second[x: x, y: y]) }
        }
    }

    /// Holes far from each other are filled as if each were alone.
    @Test func farHolesDoNotMatterToEachOther() {
        let image = noise(width: 500, height: 120, channels: 3)
        let (left, right) = (
            rectangle(500, 120, 40..<60, 50..<70), rectangle(500, 120, 430..<450, 50..<70)
        )
        let both = image.filled(where: left.united(with: right), with: .patch)
        let inTurn = image.filled(where: left, with: .patch).filled(where: right, with: .patch)
        #expect(both == inTurn)
    }

    @Test func specksAreFilledTogether() {
        let image = picture(120, 120) { _, _ in [70, 130, 90] }
        let specks = Mask(
            width: 120, height: 120,
            values: (0..<14_400).map { $0 % 120 % 25 == 7 && $0 / 120 % 25 == 9 ? 255 : 0 })
        var spoilt = image
        for (pixel, value) in specks.values.enumerated() where value > 0 {
            spoilt.samples[pixel * 3] = 255
        }
        #expect(spoilt.filled(where: specks, with: .patch) == image)
    }

    @Test func progressRisesAndEndsTheWork() {
        struct Stop: Error {}
        let image = noise(width: 120, height: 90, channels: 3)
        let hole = rectangle(120, 90, 40..<70, 30..<60)
        var shares: [Double] = []
        _ = image.filled(where: hole, with: .patch, avoiding: nil) { shares.append($0) }
        #expect(shares.first == 0 && shares.last == 1 && shares == shares.sorted())
        #expect(throws: Stop.self) {
            try image.filled(where: hole, with: .patch, avoiding: nil) {
                if $0 > 0.1 { throw Stop() }
            }
        }
    }
}

@Suite struct SharedLoopTests {
    /// What is made with one thread and with others.
    private func check<Value: Equatable>(_ make: () throws -> Value) rethrows {
        let alone = try make()
        for threads in [2, 3, 7] {
            #expect(try ThreadPool(threads: threads).run(make) == alone)
        }
    }

    @Test func comparingDoesNotDependOnThreads() throws {
        let (a, b) = (
            noise(width: 70, height: 211, channels: 4), noise(width: 70, height: 211, channels: 3)
        )
        let mask = rectangle(70, 211, 3..<50, 20..<190)
        try check { try Comparison(a, b) }
        try check { try Comparison(a, b, outside: mask) }
        try check { try structuralSimilarity(a, b) }
        try check { try Image.heatMap(a, b) }
    }

    @Test(arguments: ResamplingFilter.allCases)
    func resizingDoesNotDependOnThreads(filter: ResamplingFilter) {
        for (channels, depth) in [(3, 8), (4, 16)] {
            let image = noise(width: 61, height: 97, channels: channels, depth: depth)
            check { image.resized(width: 130, height: 40, filter: filter) }
            check { image.resized(width: 33, height: 201, filter: filter) }
        }
    }
}
