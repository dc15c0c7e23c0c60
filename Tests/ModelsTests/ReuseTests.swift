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

    /// A reuse that knows a whole call, and computes its areas alone from now on.
    private func reuse(
        _ areas: Areas, after unet: UNet2DCondition, _ sample: Tensor, at time: Float
    ) -> Reuse {
        let reuse = Reuse(areas: areas)
        _ = answer(unet, sample, at: time, reuse)
        reuse.isPartial = true
        return reuse
    }

    @Test func oneAreaOfEverythingIsAWholeCallToTheBit() throws {
        let unet = try unet()
        let reuse = reuse(everything, after: unet, sample(1.7), at: 900)
        for (time, step) in [(600, 2.3), (300, 0.7)] as [(Float, Float)] {
            #expect(
                answer(unet, sample(step), at: time, reuse) == answer(unet, sample(step), at: time))
        }
    }

    /// Areas that touch see each other's newest places, at every resolution.
    @Test func areasThatCoverEverythingAreAWholeCall() throws {
        let unet = try unet()
        let (rows, columns) = ([0..<4, 4..<8, 8..<13], [0..<8, 8..<11])
        let tiles = rows.flatMap { rows in columns.map { Area(rows: rows, columns: $0) } }
        let reuse = reuse(
            Areas(height: height, width: width, tiles), after: unet, sample(1.7), at: 900)
        expectClose(
            answer(unet, sample(2.3), at: 100, reuse), answer(unet, sample(2.3), at: 100))
    }

    /// What did not change since the last whole call is computed from it as it was.
    @Test func anAreaOfTheSameInputIsThatOfAWholeCall() throws {
        let unet = try unet()
        let two = areas(middle, Area(rows: 10..<13, columns: 0..<2))
        let reuse = reuse(two, after: unet, sample(1.7), at: 500)
        let whole = answer(unet, sample(1.7), at: 500)
        expectClose(answer(unet, sample(1.7), at: 500, reuse), whole)
        expectClose(answer(unet, sample(1.7), at: 500, reuse), whole)
    }

    @Test func onlyAreasChange() throws {
        let unet = try unet()
        let reuse = reuse(areas(middle), after: unet, sample(1.7), at: 500)
        let before = answer(unet, sample(1.7), at: 500)
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

    /// Changes little, for the weights know no smooth function of the timestep.
    private func picture(at time: Float) -> Tensor { sample(0.7) + sample(2.3) * (time - 720) }

    /// How far a call of the area at a timestep is from a whole one, after whole calls at others.
    private func error(_ unet: UNet2DCondition, at time: Float, after whole: [Float]) -> Float {
        let reuse = Reuse(areas: areas(middle))
        for time in whole { _ = answer(unet, picture(at: time), at: time, reuse) }
        reuse.isPartial = true
        let own = answer(unet, picture(at: time), at: time, reuse)
        let inside = (own - answer(unet, picture(at: time), at: time))
            .cropped(rows: middle.rows, columns: middle.columns)
        return inside.values.reduce(0) { $0 + $1 * $1 }
    }

    /// What changed between two whole calls goes on changing, which brings an area nearer to a whole call.
    @Test func changesGoOn() throws {
        let unet = try unet()
        let (without, with) = (
            error(unet, at: 720.05, after: [720.1]),
            error(unet, at: 720.05, after: [720.15, 720.1])
        )
        #expect(with > 0 && with < 0.4 * without, "\(with) and \(without)")
    }

    /// Between two whole calls an area is nearer to its own than beyond them.
    @Test func betweenTwoCallsIsBetweenWhatTheyLeft() throws {
        let unet = try unet()
        let (beyond, between) = (
            error(unet, at: 720.1, after: [720.2, 720.15]),
            error(unet, at: 720.1, after: [720.15, 720.05])
        )
        #expect(between > 0 && between < 0.5 * beyond, "\(between) and \(beyond)")
    }

    /// What was before a call of other prompts or rows is not gone on with.
    @Test func aNewStartKnowsNothing() throws {
        let unet = try unet()
        func answer(_ earlier: [Float]) -> Tensor {
            let reuse = Reuse(areas: areas(middle))
            for time in earlier {
                _ = self.answer(unet, picture(at: time), at: time, reuse)
            }
            reuse.startOver()
            _ = self.answer(unet, picture(at: 700), at: 700, reuse)
            reuse.isPartial = true
            return self.answer(unet, picture(at: 600), at: 600, reuse)
        }
        #expect(answer([900, 800]) == answer([]))
    }

    /// The row of the prompt is that of a whole call where areas are everything, and the other one is not asked for.
    @Test func aCallOfThePromptAloneIsItsRowOfAWholeCall() throws {
        let unet = try unet()
        let reuse = reuse(everything, after: unet, sample(1.7), at: 900)
        for (time, step) in [(800, 2.3), (700, 0.7)] as [(Float, Float)] {
            let one = waves([1, height, width, 4], step)
            let prompt = contexts.sliced(axis: 0, 1..<2)
            #expect(
                unet(one, timestep: time, encoderHiddenStates: prompt, reuse: reuse)
                    == unet(one, timestep: time, encoderHiddenStates: prompt))
        }
    }

    /// Around an area are the last row's features, whatever calls of both rows were before.
    @Test func anAreaOfThePromptAloneIsThatOfAWholeCall() throws {
        let unet = try unet()
        let reuse = reuse(areas(middle), after: unet, sample(1.7), at: 800)
        let (one, prompt) = (
            sample(1.7).sliced(axis: 0, 1..<2), contexts.sliced(axis: 0, 1..<2)
        )
        let whole = answer(unet, sample(1.7), at: 800)
        for _ in 0..<2 {
            expectClose(
                unet(one, timestep: 800, encoderHiddenStates: prompt, reuse: reuse),
                whole.sliced(axis: 0, 1..<2))
            expectClose(answer(unet, sample(1.7), at: 800, reuse), whole)
        }
    }

    /// One row of a call between two whole ones is that row of a call of both.
    @Test func aRowBetweenTwoCallsIsThatOfBoth() throws {
        let unet = try unet()
        let reuse = Reuse(areas: areas(middle))
        for time in [900, 700] as [Float] {
            _ = answer(unet, sample(time / 300), at: time, reuse)
        }
        reuse.isPartial = true
        let both = answer(unet, sample(1.7), at: 850, reuse)
        expectClose(
            unet(
                sample(1.7).sliced(axis: 0, 1..<2), timestep: 850,
                encoderHiddenStates: contexts.sliced(axis: 0, 1..<2), reuse: reuse),
            both.sliced(axis: 0, 1..<2))
    }

    @Test func controlIsAddedInTheAreas() throws {
        let unet = try unet()
        let (fine, coarse) = ([2, 13, 11, 16], [2, 7, 6, 16])
        let control = ControlResiduals(
            down: [fine, fine, coarse, coarse].enumerated().map {
                waves($1, 0.3 + Float($0))
            }, middle: waves(coarse, 0.6))
        let reuse = reuse(everything, after: unet, sample(1.7), at: 900)
        #expect(
            answer(unet, sample(2.3), at: 100, reuse, control: control)
                == answer(unet, sample(2.3), at: 100, control: control))
    }

    @Test func bytesDoNotDependOnThreads() throws {
        let unet = try unet()
        let answers = [1, 2, 5].map { threads in
            ThreadPool(threads: threads).run {
                let reuse = reuse(areas(middle), after: unet, sample(1.7), at: 900)
                return answer(unet, sample(2.3), at: 800, reuse)
            }
        }
        #expect(answers[1] == answers[0] && answers[2] == answers[0])
    }

    /// Around the areas an estimate is between those of the whole calls, and beyond them the last one.
    @Test func anEstimateIsCompletedAroundTheAreas() throws {
        let unet = try unet()
        let reuse = Reuse(areas: areas(middle))
        let estimates = [0.3, 0.8, 1.1].map { waves([1, height, width, 4], $0) }
        for (time, estimate) in zip([900, 700] as [Float], estimates) {
            _ = answer(unet, sample(1.7), at: time, reuse)
            #expect(reuse.completed(estimate: estimate) == estimate)
        }
        reuse.isPartial = true
        let around: [(Float, Tensor)] = [
            (850, estimates[0] * 0.75 + estimates[1] * 0.25), (700, estimates[1]),
            (600, estimates[1]),
        ]
        for (time, outside) in around {
            var expected = outside
            _ = answer(unet, sample(1.7), at: time, reuse)
            expected.overwrite(
                with: estimates[2].cropped(rows: middle.rows, columns: middle.columns), row: 4,
                column: 3)
            expectClose(reuse.completed(estimate: estimates[2]), expected)
        }
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
