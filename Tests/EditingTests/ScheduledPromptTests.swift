import Editing
import Foundation
import Imaging
import Recipes
import TestSupport
import Testing

/// What prompts that change from step to step, and several prompts, come to.
@Suite struct ScheduledPromptTests {
    private static let model = Fixtures.folder.appending(path: "Parity/models/tiny-f32")

    private func picture(_ prompt: String, _ settings: [String: String] = [:]) throws -> Image {
        let usual = [
            "prompt": prompt, "seed": "3", "guidance_scale": "4", "steps": "6",
            "scheduler": "euler", "width": "32", "height": "32",
        ]
        let recipe = try Recipe(
            .textToImage,
            settings: usual.merging(settings) { $1 }.map {
                Setting($0, $1, at: .argument("--set"))
            })
        let model = try Model.load(Self.model)
        return try Editor(model)(.textToImage(recipe, defaultSize: 32)).image
    }

    /// Prompts that say the same at every step give the same pixels.
    @Test(arguments: [
        ("[cat:cat:3]", "cat"), ("[cat:dog:0]", "dog"), ("[cat:dog:99]", "cat"),
        ("[cat|cat]", "cat"), ("a [::3]cat", "a cat"), ("cat:1.5", "cat:1.5"),
    ])
    func theSameTextsGiveTheSamePicture(_ prompt: String, _ plain: String) throws {
        #expect(try picture(prompt).samples == picture(plain).samples)
    }

    @Test(arguments: ["[cat:dog:2]", "[cat|dog]", "cat AND dog", "cat AND cat :0.5"])
    func othersDoNot(_ prompt: String) throws {
        let made = try picture(prompt).samples
        #expect(try made != picture("cat").samples)
        #expect(try made != picture("dog").samples)
    }

    /// The text of a step counts from the step on: the last step's text is seen by the last alone.
    @Test func theNegativePromptChangesToo() throws {
        let plain = try picture("cat", ["negative_prompt": "dog"])
        #expect(try picture("cat", ["negative_prompt": "[dog:dog:2]"]).samples == plain.samples)
        #expect(try picture("cat", ["negative_prompt": "[dog:red:2]"]).samples != plain.samples)
        #expect(try picture("cat", ["negative_prompt": "dog AND red"]).samples != plain.samples)
    }

    /// Two estimates of one prompt push as far as one under a doubled scale.
    @Test func weightsAddUp() throws {
        let twice = try picture("cat AND cat", ["guidance_scale": "2"])
        let doubled = try picture("cat", ["guidance_scale": "4"])
        #expect(zip(twice.samples, doubled.samples).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
        let nothing = try picture("cat AND dog :0")
        let plain = try picture("cat ")
        #expect(zip(nothing.samples, plain.samples).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    }

    @Test func plainSyntaxHasNoSchedules() throws {
        let plain = ["prompt_syntax": "plain"]
        #expect(try picture("[cat:dog:0]", plain).samples != picture("dog", plain).samples)
    }
}
