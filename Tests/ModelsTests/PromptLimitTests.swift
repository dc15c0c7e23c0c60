import Models
import Testing

/// Limits of prompts, just under and just over.
@Suite struct PromptLimitTests {
    private func nested(_ count: Int) -> String {
        String(repeating: "[", count: count) + "a:b:3" + String(repeating: "]", count: count)
    }

    @Test func bracketsGoSoDeep() {
        #expect(!PromptSchedule(nested(64)).isPlain)
        #expect(PromptSchedule(nested(65)).isPlain)
    }

    @Test(arguments: [("(a:100)", 100.0), ("(a:101)", 100), ("(a:-100)", -100), ("(a:-101)", -100)])
    func weightsGoSoFar(_ prompt: String, _ weight: Double) {
        #expect(WeightedPrompt(prompt).parts.map(\.weight) == [weight])
    }
}
