import Checkpoints
import Editing
import Foundation
import Imaging
import Models
import Tensors
import TestSupport
import Testing

/// The safety checker against diffusers' class on a tiny random one.
@Suite struct SafetyParityTests {
    private struct Answer: Decodable {
        let special: [Float]
        let concepts: [Float]
        let refused: Bool
    }

    private static let folder = Fixtures.parity.appending(path: "safety")

    private func answers() throws -> [Answer] {
        try JSONDecoder().decode(
            [Answer].self, from: Data(contentsOf: Self.folder.appending(path: "answers.json")))
    }

    /// [1, 28, 28, 3] each: what transformers shows of the pictures.
    private func shown() throws -> [Tensor] {
        let file = try Safetensors(
            contentsOf: Self.folder.appending(path: "answers.safetensors"))
        let count = try answers().count
        let pixels = try Weights(file).tensor("pixels", shape: [count, 3, 28, 28]).widened()
        return (0..<count).map {
            pixels.sliced(axis: 0, $0..<$0 + 1).transposed([0, 2, 3, 1])
        }
    }

    private func picture(_ number: Int) throws -> Image {
        try Image(contentsOf: Self.folder.appending(path: "\(number).png"))
    }

    /// To the last bits of 32-bit arithmetic: a level of 255 is 0.015.
    @Test func picturesAreShownAsTransformersShowsThem() throws {
        for (number, expected) in try shown().enumerated() {
            let found = try CLIPImageProcessor(size: 28)(picture(number))
            let differences = zip(found.values, expected.values).map { abs($0 - $1) }
            #expect(try #require(differences.max()) < 2e-6, "picture \(number)")
        }
    }

    /// A strip is shown by its middle, without being enlarged as a whole first.
    @Test func aStripIsShownByItsMiddle() throws {
        let strip = Image(
            width: 65_500, height: 1, channels: 3,
            samples: (0..<65_500).flatMap { x in [UInt16(x / 257), 7, 7] as [UInt16] })
        let shown = CLIPImageProcessor(size: 28)(strip)
        #expect(shown.shape == [1, 28, 28, 3])
        let red = shown.values[0] * 0.26862954 + 0.48145466
        #expect(abs(red - 127.0 / 255) < 0.01)
    }

    @Test func verdictsOnPicturesAreDiffusers() throws {
        let check = try #require(try SafetyCheck(ModelFolder(Self.folder)))
        for (number, answer) in try answers().enumerated() {
            #expect(try check(picture(number)).isRefused == answer.refused)
        }
    }

    @Test func scoresAreDiffusers() throws {
        let folder = try ModelFolder(Self.folder)
        let checker = try SafetyChecker(
            folder.weights("safety_checker"),
            configuration: SafetyChecker.Configuration(
                json: folder.configuration("safety_checker")))
        let answers = try answers()
        for (number, (answer, pixels)) in zip(answers, try shown()).enumerated() {
            let scores = checker(pixels)
            for (found, expected) in zip(
                scores.special + scores.concepts, answer.special + answer.concepts)
            {
                #expect(abs(found - expected) < 1e-6, "picture \(number)")
            }
            #expect(scores.special.count == 3 && scores.concepts.count == 17)
            #expect(scores.isRefused == answer.refused)
        }
        #expect(answers.contains { $0.refused } && answers.contains { !$0.refused })
    }
}
