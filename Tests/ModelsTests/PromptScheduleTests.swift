import Foundation
import Models
import Testing

/// A prompt of `Fixtures/Prompts/schedules.jsonl` with its texts at each evaluation, as
/// `Scripts/work-out-prompts.py` works them out from the grammar.
private struct ScheduleCase: Sendable, Decodable, CustomTestStringConvertible {
    struct Part: Sendable, Decodable {
        let weight: Double
        let texts: [String]
    }

    let prompt: String
    let steps: Int
    let parts: [Part]

    var testDescription: String { prompt }

    static let all: [ScheduleCase] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/Prompts/schedules.jsonl")
        let lines = (try? String(contentsOf: file, encoding: .utf8))?.split(separator: "\n") ?? []
        return lines.compactMap {
            try? JSONDecoder().decode(ScheduleCase.self, from: Data($0.utf8))
        }
    }()
}

@Suite struct PromptScheduleTests {
    @Test func theTableIsThere() { #expect(ScheduleCase.all.count >= 60) }

    @Test(arguments: ScheduleCase.all)
    fileprivate func eachStepHasItsText(_ each: ScheduleCase) {
        let schedule = PromptSchedule(each.prompt)
        #expect(schedule.count == each.parts.count)
        for index in 0..<each.steps {
            let parts = schedule.parts(at: index, of: each.steps)
            #expect(parts.map(\.text) == each.parts.map { $0.texts[index] })
            #expect(parts.map(\.weight) == each.parts.map(\.weight))
        }
    }

    /// A1111's second run: shares are those above 1, numbers go on counting the first run's steps.
    @Test(arguments: [
        ("[a:b:0.5]", 0), ("[a:b:1.5]", 5), ("[a:b:1.0]", 0), ("[a:b:2.0]", 10), ("[a:b:12]", 4),
        ("[a:b:8]", 0), ("[a:b:99]", 10),
    ])
    func aSecondRunGoesOn(_ prompt: String, changesAfter step: Int) {
        let schedule = PromptSchedule(prompt)
        let texts = (1...10).map { schedule.parts(at: $0, of: 10, after: 8)[0].text }
        #expect(texts == (1...10).map { $0 <= step ? "a" : "b" })
    }

    @Test func aPromptWithoutSchedulesIsPlain() {
        #expect(PromptSchedule("a (cat:1.2) [dog] AND-gate a:b").isPlain == false)
        #expect(PromptSchedule("a (cat:1.2) [dog], 16:9").isPlain)
        #expect(!PromptSchedule("[a:b:3]").isPlain)
        #expect(PromptSchedule("a AND b", isDivided: false).isPlain)
    }

    /// Time grows with the length alone, and brackets without end have no meaning.
    @Test(arguments: ["[", "[a:", "[a|", "(", "]", "[[a:b:3]", "[a:b:3]", "AND ", "\\[", ":", "|"])
    func longPromptsAreReadOnce(_ piece: String) {
        let text = String(repeating: piece, count: 64 << 10 / piece.count)
        let parts = PromptSchedule(text).parts(at: 3, of: 20)
        #expect(!parts.isEmpty)
    }
}
