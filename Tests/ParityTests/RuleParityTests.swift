import Editing
import Foundation
import Imaging
import Recipes
import Sampling
import Testing

/// Other programs' ways to hold a picture, against loops in torch that follow their formulas
/// (`Scripts/goldens/rules.py`).
@Suite struct RuleParityTests {
    /// What a recording says beside the edit.
    private struct Ruled: Decodable {
        let rule: String
        let soft: Soft?
        let shown: String?

        struct Soft: Decodable {
            let bias, preservation, contrast, influence, threshold, difference: Double
        }
    }

    private static let cases = Result {
        let file = RecordedEdit.folder.appending(path: "rules.json")
        let rules = try JSONDecoder().decode([Ruled].self, from: Data(contentsOf: file))
        return Array(zip(try RecordedEdit.all("rules.json"), rules))
    }

    @Test(arguments: 0..<4)
    func everySample(_ number: Int) throws {
        let cases = try Self.cases.get()
        try #require(cases.count == 4)
        let (edit, ruled) = cases[number]
        let recipe = try recipe(edit, ruled)
        let original = try RecordedEdit.image(edit.input)
        let task = try Edit.inpaint(original, Mask(RecordedEdit.image(edit.mask)), recipe)
        let model = try Model.load(
            RecordedEdit.folder.appending(components: "models", edit.model))
        let found = try Editor(model)(task)
        #expect(found.report.evaluations == edit.evaluations)
        var share = try #require(task.mask)
        if let shown = ruled.shown {
            share = try share.darkened(by: Mask(RecordedEdit.image(shown)))
        }
        let expected = try composite(
            original: original, generated: RecordedEdit.image(edit.result), mask: share)
        let comparison = try Comparison(expected, found.image)
        #expect(comparison.largestDifference <= 1, "\(edit.name)")
        #expect(try Comparison(expected, original).largestDifference > 60)
    }

    private func recipe(_ edit: RecordedEdit, _ ruled: Ruled) throws -> Recipe {
        var recipe = try edit.recipe(.inpaint)
        recipe.compat = ruled.rule == "comfy" ? .comfy : .a1111
        guard let soft = ruled.soft else { return recipe }
        recipe.maskMode = .soft
        recipe.softBlend.bias = soft.bias
        recipe.softBlend.preservation = soft.preservation
        recipe.softBlend.contrast = soft.contrast
        recipe.softComposite.influence = soft.influence
        recipe.softComposite.threshold = soft.threshold
        recipe.softComposite.contrast = soft.difference
        return recipe
    }
}
