import Checkpoints
import Editing
import Foundation
import Imaging
import Models
import Tensors
import Testing

/// The safety checker against diffusers' class on a tiny random one.
@Suite struct SafetyParityTests {
    private struct Answer: Decodable {
        let special: [Float]
        let concepts: [Float]
        let refused: Bool
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Fixtures/Parity/safety").standardized

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

    /// One level of 255 is let pass: for some sizes Pillow 13 takes the two passes of resizing in the
    /// other order and rounds between them.
    @Test func picturesAreShownAsTransformersShowsThem() throws {
        for (number, expected) in try shown().enumerated() {
            let found = try CLIPImageProcessor(size: 28)(picture(number))
            let differences = zip(found.values, expected.values).map { abs($0 - $1) }
            #expect(try #require(differences.max()) < 1.001 / 255 / 0.261, "picture \(number)")
            #expect(differences.count { $0 > 2e-6 } * 3 < differences.count)
        }
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
