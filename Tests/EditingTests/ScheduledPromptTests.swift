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

    /// A share is one of evaluations, of which some schedulers make two a step.
    @Test(arguments: ["heun", "dpmpp-sde", "dpmpp-2s-ancestral"])
    func sharesCountEvaluations(_ scheduler: String) throws {
        let settings = ["scheduler": scheduler, "steps": "4"]
        let half = try picture("[cat:dog:0.5]", settings).samples
        #expect(try half == picture("[cat:dog:4]", settings).samples)
        #expect(try half != picture("[cat:dog:2]", settings).samples)
    }

    /// In a second run a share of the first is over.
    @Test func aSecondRunHasTheLaterText() throws {
        let larger = ["hires_scale": "2", "hires_strength": "0.9", "scheduler": "heun"]
        let both = try picture("[cat:dog:0.5]", larger).samples
        let named = larger.merging(["hires_prompt": "dog"]) { $1 }
        #expect(try both == picture("[cat:dog:0.5]", named).samples)
        let later = try picture("[cat:dog:1.5]", larger).samples
        #expect(later != both)
        // Of six steps of two evaluations each: twelve before, and six more.
        #expect(try later == picture("[cat:dog:18]", larger).samples)
    }

    /// With 0 only the negative prompt counts, where the program matched guides by any scale.
    @Test(arguments: ["a1111", "comfy"])
    func scalesBelowOneGuide(_ compat: String) throws {
        func samples(_ prompt: String, _ scale: String, _ compat: String?) throws -> [UInt16] {
            var settings = ["negative_prompt": "dog", "guidance_scale": scale]
            settings["compat"] = compat
            return try picture(prompt, settings).samples
        }
        let half = try samples("cat", "0.5", compat)
        #expect(try samples("cat", "0", compat) == samples("red", "0", compat))
        #expect(try half != samples("cat", "0", compat))
        #expect(try half != samples("cat", "1", compat))
        for scale in ["0.5", "0"] {
            #expect(try samples("cat", scale, nil) == samples("cat", "1", nil))
        }
    }

    /// Where nothing is filled up, the shorter prompt has the estimate that it has beside one as short.
    @Test func longerPromptsAreComputedApart() throws {
        let settings = ["negative_prompt": "dog", "guidance_scale": "0", "compat": "a1111"]
        let short = try picture("cat", settings).samples
        let long = try picture("cat BREAK red", settings).samples
        #expect(zip(short, long).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    }

    @Test func plainSyntaxHasNoSchedules() throws {
        let plain = ["prompt_syntax": "plain"]
        #expect(try picture("[cat:dog:0]", plain).samples != picture("dog", plain).samples)
    }
}
