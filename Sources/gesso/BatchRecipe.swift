import Foundation
import Gesso

/// A recipe of several edits, carried out on each picture of a batch.
struct BatchRecipe {
    private let preset: Preset
    private let options: RecipeOptions
    private let settings: [Setting]
    private let masks: BatchMasks

    /// - Parameter settings: those given by the batch's own flags.
    /// - Returns: nil where no preset has edits.
    init?(
        _ presets: [Preset], _ options: RecipeOptions, _ settings: [Setting], _ masks: BatchMasks
    ) throws {
        guard let preset = presets.first(where: \.hasEdits) else { return nil }
        guard presets.count == 1, preset.axes.isEmpty else {
            throw Failure(
                .usage, "'\(preset.name.prefix(40))' has edits of its own", at: "--preset",
                do: "give it alone, without a list below for:")
        }
        let open = preset.masks.filter(\.isOpen).map(\.name)
        guard open.count <= 1, masks.isGiven == !open.isEmpty else {
            let what = open.isEmpty ? "no mask" : open.count == 1 ? "a mask" : "several masks"
            throw Failure(
                .usage, "the recipe asks for \(what) by name", at: "--masks",
                do: open.isEmpty ? "leave it out" : "give one mask for each picture, for one name")
        }
        (self.preset, self.options, self.settings) = (preset, options, settings)
        self.masks = masks
    }

    /// Where the recipe comes from.
    var presets: [Preset] { [preset] + preset.bases }

    /// Whether a flag or the recipe says the seed of the first picture.
    func isSeeded() throws -> Bool {
        let said = try options.direct(settings) + preset.settings
        return said.contains { $0.key == "seed" }
    }

    /// The edits, as if their masks were given; for what they are made with.
    func outline() throws -> [RecipeEdit] {
        let part = MaskPlan.Part(.alpha, at: .argument("--masks"))
        do {
            return try edits([part], [], seed: nil)
        } catch RecipeError.missing(key: "prompt", _) {
            // Each picture may bring a prompt of its own.
            let none = Setting("prompt", "", at: .argument("--prompt"))
            return try edits([part], [none], seed: nil)
        }
    }

    /// The values that variables have.
    func variables() throws -> [String: String] {
        preset.values(given: try options.givenVariables)
    }

    /// The edits of a picture.
    ///
    /// - Parameter seed: of the first, unless the picture's own settings or the recipe say one.
    func edits(for item: BatchList.Item, seed: UInt64?) throws -> [RecipeEdit] {
        let parts = masks.isGiven ? try masks.plan(for: item).parts : []
        return try edits(parts, item.settings, seed: seed)
    }

    private func edits(
        _ parts: [MaskPlan.Part], _ special: [Setting], seed: UInt64?
    ) throws -> [RecipeEdit] {
        let open = preset.masks.first(where: \.isOpen)?.name
        let isSeeded = special.contains { $0.key == "seed" }
        let usual = try options.direct(settings).filter { setting in
            // The seed of a batch goes up from picture to picture.
            !(setting.key == "seed" && seed != nil)
                && !special.contains { $0.key == setting.key }
        }
        let own = isSeeded ? special : special + (seed.map { [seedSetting($0)] } ?? [])
        return try preset.edits(
            RecipeGiven(
                variables: options.givenVariables,
                masks: open.map { [$0: parts] } ?? [:], settings: usual + own)
        ).map { edit in
            var edit = edit
            edit.recipe = try options.styled(edit.recipe)
            return edit
        }
    }

    private func seedSetting(_ seed: UInt64) -> Setting {
        Setting("seed", "\(seed)", at: .argument("--seed"))
    }
}
