import Foundation
import Recipes
import Testing
import Yams

@Suite struct RecipeSchemaTests {
    /// What a schema cannot say: other files, variables, ranges inside of texts, and what one key means
    /// for another.
    private static let beyond: Set<String> = [
        "aspect-of-zero", "closing-brace", "edit-extends-another-verb", "edit-extends-several",
        "extends-a-broken-one", "extends-an-absolute-path", "extends-itself", "extends-nothing",
        "extends-outside", "extends-unknown-preset", "for-an-endless-range", "for-an-unknown-key",
        "for-of-another-verb", "for-out-of-range", "key-of-no-edit", "lone-brace",
        "mask-by-absolute-path", "mask-outside", "mask-through-a-link", "masks-in-a-ring",
        "mask-that-takes-away-first", "no-steps", "ring-a", "ring-b", "side-too-far",
        "size-without-height", "undeclared-variable", "unknown-mask", "unknown-scheduler",
        "unknown-variable", "variable-out-of-range", "words-in-the-middle",
        "prompt-outside-of-a-prompt", "mask-called-alpha", "work-size-of-one-side",
        "work-size-too-small",
        "doubling-masks", "masks-of-too-many-parts", "variable-many-times", "longer-than-a-prompt",
        // Any YAML file may hold these; a recipe does not.
        "alias", "anchor", "anchor-in-a-list", "anchor-in-an-edit", "directive",
        "tag", "indented-from-the-start",
        "seed-too-large", "edits-in-brackets", "hexadecimal", "mapping-in-braces", "overflowing",
    ]

    private func accepts(_ text: String) throws -> Bool {
        let validator = SchemaValidator(RecipeSchema.document)
        let bare = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
        guard let node = try Yams.compose(yaml: bare) else { return true }
        let accepted = validator.accepts(node, validator.root)
        #expect(validator.unknown.isEmpty)
        return accepted
    }

    @Test func shippedPresetsFit() throws {
        for preset in try PresetShelf.shipped() {
            #expect(try accepts(preset.text), "\(preset.name)")
        }
    }

    @Test(arguments: RecipeCase.all(in: "Good"))
    func goodFilesFit(_ file: RecipeCase) throws {
        #expect(try accepts(String(decoding: file.bytes, as: UTF8.self)))
    }

    /// Of the bad files all that are YAML are refused, but for what is beyond a schema.
    @Test(arguments: RecipeCase.all(in: "Bad"))
    func badFilesDoNotFit(_ file: RecipeCase) throws {
        guard let text = String(validating: file.bytes, as: UTF8.self),
            let accepted = try? accepts(text)
        else { return }
        let name = String(file.name.dropLast(".yaml".count))
        #expect(accepted == Self.beyond.contains(name))
    }
}
