import Checkpoints
import Models
import Tensors
import Testing

/// Calls that compute some areas of the latents alone. What they have to come to is what a whole call does.
@Suite struct ReuseTests {
    private let height = 13
    private let width = 11
    private let contexts = Tensor.concatenated(
        [waves([1, 5, 32], 0.9), waves([1, 5, 32], 0.4)], axis: 0)

    private func unet() throws -> UNet2DCondition {
        let component = try EditedComponent("unet")
        return try UNet2DCondition(
            component.weights(), configuration: .init(json: component.configuration))
    }

    /// Both branches of guidance.
    private func sample(_ step: Float) -> Tensor { waves([1, height, width, 4], step).repeated(2) }

    private func answer(
        _ unet: UNet2DCondition, _ sample: Tensor, at time: Float, _ reuse: Reuse? = nil,
        control: ControlResiduals? = nil
    ) -> Tensor {
        unet(
            sample, timestep: time, encoderHiddenStates: contexts, control: control, reuse: reuse)
    }

    private func areas(_ all: Area...) -> Areas { Areas(height: height, width: width, all) }

    private var everything: Areas { areas(Area(rows: 0..<height, columns: 0..<width)) }

    private let middle = Area(rows: 4..<8, columns: 3..<9)

    @Test func oneAreaOfEverythingIsAWholeCallToTheBit() throws {
        let unet = try unet()
        let reuse = Reuse(interval: 9, areas: everything)
        for (time, step) in [(900, 1.7), (600, 2.3), (300, 0.7)] as [(Float, Float)] {
            #expect(
                answer(unet, sample(step), at: time, reuse) == answer(unet, sample(step), at: time))
        }
    }

    /// Areas that touch see each other's newest places, at every resolution.
    @Test func areasThatCoverEverythingAreAWholeCall() throws {
        let unet = try unet()
        let (rows, columns) = ([0..<4, 4..<8, 8..<13], [0..<8, 8..<11])
        let tiles = rows.flatMap { rows in columns.map { Area(rows: rows, columns: $0) } }
        let reuse = Reuse(interval: 9, areas: Areas(height: height, width: width, tiles))
        _ = answer(unet, sample(1.7), at: 900, reuse)
        expectClose(
            answer(unet, sample(2.3), at: 100, reuse), answer(unet, sample(2.3), at: 100))
    }

    /// What did not change since the last whole call is computed from it as it was.
    @Test func anAreaOfTheSameInputIsThatOfAWholeCall() throws {
        let unet = try unet()
        let two = areas(middle, Area(rows: 10..<13, columns: 0..<2))
        let reuse = Reuse(interval: 5, areas: two)
        let whole = answer(unet, sample(1.7), at: 500, reuse)
        #expect(whole == answer(unet, sample(1.7), at: 500))
        expectClose(answer(unet, sample(1.7), at: 500, reuse), whole)
        expectClose(answer(unet, sample(1.7), at: 500, reuse), whole)
    }

    @Test func onlyAreasChange() throws {
        let unet = try unet()
        let reuse = Reuse(interval: 2, areas: areas(middle))
        let before = answer(unet, sample(1.7), at: 500, reuse)
        let after = answer(unet, sample(2.3), at: 400, reuse)
        for row in 0..<height {
            for column in 0..<width {
                func place(_ x: Tensor) -> Tensor {
                    x.cropped(rows: row..<row + 1, columns: column..<column + 1)
                }
                let isInside = middle.rows.contains(row) && middle.columns.contains(column)
                #expect((place(after) != place(before)) == isInside)
            }
        }
    }

    @Test func oneOfSoManyCallsIsWhole() throws {
        let unet = try unet()
        let reuse = Reuse(interval: 3, areas: areas(middle))
        let whole = [900, 800, 700, 600, 500, 400].map { (time: Float) in
            answer(unet, sample(time / 100), at: time, reuse)
                == answer(unet, sample(time / 100), at: time)
        }
        #expect(whole == [true, true, false, true, false, false])
        let always = Reuse(interval: 1, areas: areas(middle))
        for time in [900, 800] as [Float] {
            #expect(
                answer(unet, sample(1.7), at: time, always) == answer(unet, sample(1.7), at: time))
        }
    }

    @Test func wholeCallsComeSoonerInMoreNoise() throws {
        let unet = try unet()
        let reuse = Reuse(interval: 4, areas: areas(middle))
        let times = stride(from: Float(950), to: 0, by: -100)
        let whole = times.map { time in
            answer(unet, sample(time / 100), at: time, reuse)
                == answer(unet, sample(time / 100), at: time)
        }
        #expect(
            whole == [true, true, false, true, false, false, true, false, false, false])
        #expect(Reuse.gap(4, after: 999) == 1 && Reuse.gap(4, after: 500) == 4)
        #expect(Reuse.gap(4, after: 0) == 6 && Reuse.gap(1, after: 0) == 1)
    }

    /// What changed between two whole calls goes on changing, which brings an area nearer to a whole call.
    @Test func changesGoOn() throws {
        let unet = try unet()
        /// Changes little, for the weights know no smooth function of the timestep.
        func picture(at time: Float) -> Tensor { sample(0.7) + sample(2.3) * (time - 720) }
        func difference(after earlier: [Float]) -> Float {
            let reuse = Reuse(interval: 3, areas: areas(middle))
            for time in earlier { _ = answer(unet, picture(at: time), at: time, reuse) }
            let own = answer(unet, picture(at: 720.05), at: 720.05, reuse)
            let whole = answer(unet, picture(at: 720.05), at: 720.05)
            let inside = (own - whole).cropped(rows: middle.rows, columns: middle.columns)
            return inside.values.reduce(0) { $0 + $1 * $1 }
        }
        let (without, with) = (
            difference(after: [720.1]), difference(after: [720.2, 720.15, 720.1])
        )
        #expect(with > 0 && with < 0.4 * without, "\(with) and \(without)")
    }

    /// Where guidance ends, rows are fewer.
    @Test func aCallOfOtherRowsIsWhole() throws {
        let unet = try unet()
        let reuse = Reuse(interval: 9, areas: areas(middle))
        _ = answer(unet, sample(1.7), at: 900, reuse)
        let one = waves([1, height, width, 4], 2.3)
        let context = contexts.sliced(axis: 0, 1..<2)
        #expect(
            unet(one, timestep: 800, encoderHiddenStates: context, reuse: reuse)
                == unet(one, timestep: 800, encoderHiddenStates: context))
    }

    /// The row of the prompt is that of a whole call where areas are everything, and the other one is not asked for.
    @Test func aCallOfThePromptAloneIsItsRowOfAWholeCall() throws {
        let unet = try unet()
        let reuse = Reuse(interval: 9, areas: everything, sparesBranch: true)
        #expect(!reuse.sparesNextBranch())
        _ = answer(unet, sample(1.7), at: 900, reuse)
        #expect(!reuse.sparesNextBranch(), "what the prompt changes is not known")
        reuse.keep(difference: waves([1, height, width, 4], 0.3))
        for (time, step) in [(800, 2.3), (700, 0.7)] as [(Float, Float)] {
            #expect(reuse.sparesNextBranch())
            let one = waves([1, height, width, 4], step)
            let prompt = contexts.sliced(axis: 0, 1..<2)
            #expect(
                unet(one, timestep: time, encoderHiddenStates: prompt, reuse: reuse)
                    == unet(one, timestep: time, encoderHiddenStates: prompt))
        }
    }

    /// Around an area are the last row's features.
    @Test func anAreaOfThePromptAloneIsThatOfAWholeCall() throws {
        let unet = try unet()
        let reuse = Reuse(interval: 4, areas: areas(middle), sparesBranch: true)
        let whole = answer(unet, sample(1.7), at: 800, reuse)
        reuse.keep(difference: whole.sliced(axis: 0, 0..<1))
        #expect(reuse.sparesNextBranch())
        let (one, prompt) = (
            sample(1.7).sliced(axis: 0, 1..<2), contexts.sliced(axis: 0, 1..<2)
        )
        expectClose(
            unet(one, timestep: 800, encoderHiddenStates: prompt, reuse: reuse),
            whole.sliced(axis: 0, 1..<2))
    }

    @Test func whatThePromptChangesGoesOnChanging() throws {
        let unet = try unet()
        let reuse = Reuse(interval: 4, areas: areas(middle), sparesBranch: true)
        let changes = [0.3, 0.8].map { waves([1, height, width, 4], $0) }
        for (time, change) in zip([900, 800] as [Float], changes) {
            #expect(!reuse.sparesNextBranch())
            _ = answer(unet, sample(1.7), at: time, reuse)
            reuse.keep(difference: change)
            #expect(reuse.sparesNextBranch())
            let one = sample(1.7).sliced(axis: 0, 1..<2)
            _ = unet(
                one, timestep: time - 50, encoderHiddenStates: contexts.sliced(axis: 0, 1..<2),
                reuse: reuse)
        }
        // Half of the time between both is added.
        expectClose(
            try #require(reuse.keptDifference),
            changes[1] + (changes[1] - changes[0]) * (0.6 / 1.15))
        reuse.startOver()
        #expect(!reuse.sparesNextBranch(), "another prompt changes something else")
    }

    @Test func controlIsAddedInTheAreas() throws {
        let unet = try unet()
        let (fine, coarse) = ([2, 13, 11, 16], [2, 7, 6, 16])
        let control = ControlResiduals(
            down: [fine, fine, coarse, coarse].enumerated().map {
                waves($1, 0.3 + Float($0))
            }, middle: waves(coarse, 0.6))
        let reuse = Reuse(interval: 9, areas: everything)
        _ = answer(unet, sample(1.7), at: 900, reuse)
        #expect(
            answer(unet, sample(2.3), at: 100, reuse, control: control)
                == answer(unet, sample(2.3), at: 100, control: control))
    }

    @Test func bytesDoNotDependOnThreads() throws {
        let unet = try unet()
        let answers = [1, 2, 5].map { threads in
            ThreadPool(threads: threads).run {
                let reuse = Reuse(interval: 9, areas: areas(middle))
                _ = answer(unet, sample(1.7), at: 900, reuse)
                return answer(unet, sample(2.3), at: 800, reuse)
            }
        }
        #expect(answers[1] == answers[0] && answers[2] == answers[0])
    }

    @Test func anEstimateIsKeptAroundTheAreas() throws {
        let unet = try unet()
        let reuse = Reuse(interval: 9, areas: areas(middle))
        let (first, second) = (
            waves([1, height, width, 4], 0.3), waves([1, height, width, 4], 0.8)
        )
        _ = answer(unet, sample(1.7), at: 900, reuse)
        #expect(reuse.completed(estimate: first) == first)
        _ = answer(unet, sample(1.7), at: 800, reuse)
        var expected = first
        expected.overwrite(
            with: second.cropped(rows: middle.rows, columns: middle.columns), row: 4, column: 3)
        #expect(reuse.completed(estimate: second) == expected)
    }
}

@Suite struct AreasTests {
    private func mask(_ height: Int, _ width: Int, _ isWhite: (Int, Int) -> Bool) -> Tensor {
        Tensor(
            (0..<height * width).map { isWhite($0 / width, $0 % width) ? 1 : 0 },
            shape: [1, height, width, 1])
    }

    @Test func aCompactMaskIsOneArea() throws {
        let square = mask(64, 64) { (21..<41).contains($0) && (30..<50).contains($1) }
        #expect(
            try #require(Areas(covering: square)).all == [Area(rows: 21..<41, columns: 30..<50)])
    }

    @Test func partsThatAreFarApartHaveTheirOwn() throws {
        let two = mask(64, 64) { y, x in (y < 6 && x < 6) || (y > 57 && x > 57) }
        #expect(
            try #require(Areas(covering: two)).all
                == [Area(rows: 0..<6, columns: 0..<6), Area(rows: 58..<64, columns: 58..<64)])
    }

    @Test func aFrameIsLittleMoreThanItsPlaces() throws {
        let frame = mask(64, 64) { y, x in min(y, x, 63 - y, 63 - x) < 8 }
        let areas = try #require(Areas(covering: frame))
        #expect(areas.all.count > 1 && areas.share < 0.7)
    }

    @Test func nothingHasNone() { #expect(Areas(covering: mask(8, 8) { _, _ in false }) == nil) }

    /// Every white place is in an area, and areas of one resolution share no place.
    @Test(arguments: 1...24) func everyPlaceIsCovered(_ seed: Int) throws {
        let noise = waves([1, 40, 33, 1], 0.11 * Float(seed)).values
        let spots = mask(40, 33) { y, x in noise[y * 33 + x] > 0.98 }
        guard let areas = Areas(covering: spots) else { return }
        for y in 0..<40 {
            for x in 0..<33 {
                let count = areas.all.count { $0.rows.contains(y) && $0.columns.contains(x) }
                #expect(count <= 1)
                if noise[y * 33 + x] > 0.98 { #expect(count == 1) }
            }
        }
    }
}
