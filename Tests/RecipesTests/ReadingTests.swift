import Recipes
import Testing

/// What is written is what is meant.
@Suite struct ReadingTests {
    @Test func whatIsInQuotesIsNoRange() throws {
        #expect(try GridAxis(#"prompt:hill=hill,"1-3""#, option: "--x").values == ["hill", "1-3"])
        #expect(try GridAxis("steps=1-3", option: "--x").values == ["1", "2", "3"])
    }

    @Test func aTagInAPlainPromptIsText() throws {
        for (syntax, kept) in [("plain", "a <lora:x:1> b"), ("weighted", "a  b")] {
            var settings = try #require(
                try PictureSettings(
                    texts: [
                        (
                            "parameters",
                            "a <lora:x:1> b\nSteps: 2, Seed: 1, Gesso prompt syntax: \(syntax), Version: gesso"
                        )
                    ], of: "it.png"))
            settings.leaveOutLoRAs { _ in false }
            #expect(settings.settings.first { $0.key == "prompt" }?.value == kept)
        }
    }
}
