import Editing
import Testing

/// Which calls of a run are whole.
@Suite struct ReuseScheduleTests {
    /// Timesteps of twenty steps as DDIM spaces them.
    private let timesteps = stride(from: Float(951), through: 1, by: -50).map { $0 }

    private func schedule(
        _ interval: Int, begins: Set<Int> = [0], spares: Bool = false
    ) -> [ReuseSchedule.Evaluation] {
        ReuseSchedule(
            interval: interval, timesteps: timesteps,
            begins: timesteps.indices.map(begins.contains), sparesBranch: { _ in spares }
        ).evaluations
    }

    /// The evaluations that have a whole call, at once or made ahead.
    private func whole(_ evaluations: [ReuseSchedule.Evaluation]) -> [Int] {
        evaluations.indices.filter { evaluations[$0].isWhole }
            + evaluations.compactMap(\.ahead)
    }

    @Test(arguments: [
        (1, Array(0..<20)), (5, [0, 3, 6, 10, 15]), (7, [0, 4, 9, 16]), (100, [0]),
    ])
    func oneOfSoManyHasAWholeCall(_ interval: Int, _ expected: [Int]) {
        let evaluations = schedule(interval)
        #expect(whole(evaluations).sorted() == expected)
        #expect(evaluations.filter(\.isWhole).count == 1)
        #expect(evaluations.allSatisfy { !$0.isOfPromptAlone })
    }

    @Test func aWholeCallIsMadeAheadFromTheOneBefore() {
        let evaluations = schedule(7)
        #expect([0, 4, 9, 16].map { evaluations[$0].ahead } == [4, 9, 16, nil])
    }

    /// Nothing is known before another prompt, and no call is made ahead for what comes after it.
    @Test func anotherPromptBeginsAnew() {
        let evaluations = schedule(7, begins: [0, 8, 9])
        #expect(evaluations.indices.filter { evaluations[$0].isWhole } == [0, 8, 9])
        #expect(evaluations[0].ahead == 4 && evaluations[4].ahead == nil)
        #expect(evaluations[8].ahead == nil && evaluations[9].ahead == 16)
    }

    @Test func everySecondCallIsOfThePromptAlone() {
        let evaluations = schedule(7, begins: [0, 7], spares: true)
        let alone = evaluations.indices.filter { evaluations[$0].isOfPromptAlone }
        #expect(alone == [2, 4, 6, 9, 11, 13, 15, 17, 19])
    }

    @Test func gapsGrowAsNoiseFalls() {
        #expect(ReuseSchedule.gap(4, after: 999) == 2 && ReuseSchedule.gap(4, after: 500) == 4)
        #expect(ReuseSchedule.gap(4, after: 0) == 6 && ReuseSchedule.gap(1, after: 999) == 1)
    }
}
