import Editing
import Foundation
import Imaging
import Recipes
import Sampling
import TestSupport
import Testing

/// An edit that diffusers was asked for, of Fixtures/Parity/pictures.json.
struct RecordedEdit: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let verb: String
    let model: String
    let prompt: String
    let negativePrompt: String
    let seed: UInt64
    let steps: Int
    let guidanceScale: Double
    let imageGuidanceScale: Double?
    let strength: Double?
    let scheduler: String
    let algorithmType: String?
    let karras: Bool
    let width: Int
    let height: Int
    let input: String?
    let mask: String?
    let result: String
    let evaluations: Int

    var testDescription: String { name }

    static let folder = Fixtures.parity

    /// - Parameter manifest: the file that lists the edits.
    static func all(_ manifest: String = "pictures.json") throws -> [Self] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(
            [Self].self, from: Data(contentsOf: folder.appending(path: manifest)))
    }

    static func image(_ path: String?) throws -> Image {
        try Image(contentsOf: folder.appending(path: #require(path)))
    }

    /// The scheduler under Gesso's name.
    var schedulerName: SchedulerName? {
        algorithmType == "sde-dpmsolver++"
            ? .dpmppMultistepSDE : SchedulerName(diffusersClassName: scheduler)
    }

    /// What diffusers is to be matched with, nothing of Gesso's own.
    func recipe(_ verb: Verb) throws -> Recipe {
        var recipe = Recipe(verb)
        recipe.prompt = prompt
        recipe.negativePrompt = negativePrompt
        recipe.seed = seed
        recipe.steps = steps
        recipe.guidanceScale = guidanceScale
        recipe.imageGuidanceScale = imageGuidanceScale ?? recipe.imageGuidanceScale
        recipe.strength = strength ?? recipe.strength
        recipe.scheduler = schedulerName
        recipe.sigmas = karras ? .karras : .default
        recipe.compat = .diffusers
        recipe.maskFeather = 0
        return recipe
    }

    /// The edit carried out by Gesso.
    func carriedOut() throws -> EditResult {
        try carriedOut(by: .load(Self.folder.appending(components: "models", model)))
    }

    /// The edit carried out by Gesso with any model.
    func carriedOut(by model: Model) throws -> EditResult {
        try Editor(model)(edit())
    }

    /// The edit.
    func edit() throws -> Edit {
        switch verb {
        case "txt2img":
            var recipe = try recipe(.textToImage)
            (recipe.width, recipe.height) = (width, height)
            return try .textToImage(recipe, defaultSize: 512)
        case "img2img":
            let recipe = try recipe(.imageToImage)
            return try .imageToImage(Self.image(input), recipe)
        case "instruct":
            let recipe = try recipe(.instruct)
            return try .instruct(Self.image(input), recipe)
        default:
            let recipe = try recipe(.inpaint)
            return try .inpaint(Self.image(input), Mask(Self.image(mask)), recipe)
        }
    }

    /// The picture to arrive at. Under the mask it is diffusers'; beside it the original, which
    /// diffusers does not keep.
    func expected() throws -> Image {
        var expected = try Self.image(result)
        guard input != nil else { return expected }
        let original = try Self.image(input).samples
        for range in try kept() {
            expected.samples.replaceSubrange(range, with: original[range])
        }
        return expected
    }

    /// Where the samples of the pixels beside the mask lie.
    func kept() throws -> [Range<Int>] {
        guard let mask else { return [] }
        return try Mask(Self.image(mask)).values.enumerated()
            .filter { $0.element == 0 }
            .map { ($0.offset * 3)..<($0.offset * 3 + 3) }
    }

    /// Expects what was found to be diffusers' picture, and the original beside the mask.
    func expectEqual(_ found: EditResult) throws {
        let expected = try expected()
        #expect(found.report.evaluations == evaluations)
        try #require(found.image.channels == 3 && found.image.depth == 8)
        try #require((found.image.width, found.image.height) == (width, height))
        let differences = zip(found.image.samples, expected.samples).map { abs(Int($0) - Int($1)) }
        let worst = differences.max() ?? 0
        let mean = Double(differences.reduce(0, +)) / Double(differences.count)
        // A value that is between two steps may round either way: diffusers in double precision
        // differs from its own recording as much.
        #expect(worst <= 1, "a sample is off by \(worst)/255")
        #expect(mean <= 0.005, "off by \(mean)/255 on average")
        #expect(try kept().allSatisfy { differences[$0].allSatisfy { $0 == 0 } })
    }
}

@Suite("Whole pictures are diffusers'")
struct PictureParityTests {
    @Test("every sample", arguments: try RecordedEdit.all())
    func samples(_ edit: RecordedEdit) throws {
        try edit.expectEqual(edit.carriedOut())
    }

    @Test("every scheduler that diffusers has is there for every verb")
    func coverage() throws {
        let recorded = try RecordedEdit.all()
        let known = SchedulerName.allCases.filter { $0.diffusersClassName != nil }
        for verb in ["txt2img", "img2img", "inpaint"] {
            let names = recorded.filter { $0.verb == verb }.compactMap(\.schedulerName)
            #expect(Set(names) == Set(known), "\(verb)")
        }
    }
}
