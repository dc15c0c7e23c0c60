import Editing
import Foundation
import Imaging
import Recipes
import Testing

@Suite("Differential diffusion follows its rule")
struct DifferentialParityTests {
    @Test("every sample", arguments: try RecordedEdit.all("differential.json"))
    func samples(_ edit: RecordedEdit) throws {
        var recipe = try edit.recipe(.inpaint)
        recipe.maskMode = .differential
        let mask = Mask(try RecordedEdit.image(edit.mask))
        let task = try Edit.inpaint(RecordedEdit.image(edit.input), mask, recipe)
        let model = try Model.load(
            RecordedEdit.folder.appending(components: "models", edit.model))
        try edit.expectEqual(Editor(model)(task))
    }
}
