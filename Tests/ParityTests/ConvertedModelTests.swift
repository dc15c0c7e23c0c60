import Checkpoints
import Editing
import Foundation
import Imaging
import Recipes
import Testing

@Suite("A converted model is the model it was made from")
struct ConvertedModelTests {
    /// Every tiny model there is as a folder.
    private static let folders =
        ["tiny-f32", "tiny-f16", "tiny-bf16"].map { ["models", $0] }
        + ["tiny-inpaint", "tiny-instruct", "tiny-2", "tiny-xl", "tiny-xl-refiner"]
        .map { ["families", "models", $0] }

    private func picture(_ model: Model) throws -> Image {
        let verb: Verb =
            switch model.name {
            case "tiny-inpaint": .inpaint
            case "tiny-instruct": .instruct
            default: .imageToImage
            }
        var recipe = Recipe(verb)
        (recipe.seed, recipe.steps, recipe.prompt) = (3, 3, "a hill at dusk")
        let source = try RecordedEdit.image("inputs/picture-64x48.png")
        let edit: Edit
        switch verb {
        case .inpaint:
            let mask = try Mask(RecordedEdit.image("inputs/mask-64x48.png"))
            edit = try .inpaint(source, mask, recipe)
        case .instruct: edit = .instruct(source, recipe)
        default: edit = try .imageToImage(source, recipe)
        }
        return try Editor(model)(edit).image
    }

    @Test("as a file and as a folder again it makes the same picture", arguments: folders)
    func pictures(_ path: [String]) throws {
        let folder = path.reduce(RecordedEdit.folder) { $0.appending(path: $1) }
        let name = folder.lastPathComponent
        let place = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        let isRefiner = name == "tiny-xl-refiner"
        let tokenizer = TokenizerPlaces(
            folder.appending(path: isRefiner ? "tokenizer_2" : "tokenizer"))
        let file = place.appending(path: name + ".safetensors")
        _ = try Model.convert(folder, to: file, as: nil, tokenizers: TokenizerPlaces())
        let again = place.appending(path: name)
        _ = try Model.convert(file, to: again, as: nil, tokenizers: tokenizer)

        let expected = try picture(.load(folder))
        #expect(try picture(.load(file, tokenizers: tokenizer)).samples == expected.samples)
        #expect(try picture(.load(again)).samples == expected.samples)
        #expect(try Model.familyName(of: again) == Model.familyName(of: folder))
    }
}
