import Foundation
import Recipes

/// A recipe of several edits, carried out on each picture of a batch.
struct BatchRecipe {
    private let preset: Preset
    private let source: RecipeSource
    private let masks: BatchMasks

    /// - Returns: nil where no preset has edits.
    init?(_ source: RecipeSource, _ masks: BatchMasks) throws {
        let presets = source.presets
        guard let preset = presets.first(where: \.hasEdits) else { return nil }
        guard presets.count == 1, preset.axes.isEmpty else {
            throw GessoError(
                .usage, "'\(preset.name.prefix(40))' has edits of its own",
                remedy: .part("preset", "give it alone, without a list below for:"))
        }
        let open = preset.masks.filter(\.isOpen).map(\.name)
        guard open.count <= 1, masks.isGiven == !open.isEmpty else {
            let what = open.isEmpty ? "no mask" : open.count == 1 ? "a mask" : "several masks"
            throw GessoError(
                .usage, "the recipe asks for \(what) by name",
                remedy: .part(
                    "masks",
                    open.isEmpty
                        ? "leave it out" : "give one mask for each picture, for one name"))
        }
        (self.preset, self.source, self.masks) = (preset, source, masks)
    }

    /// Whether a setting or the recipe gives the seed of the first picture.
    var isSeeded: Bool { (source.settings + preset.settings).contains { $0.key == "seed" } }

    /// The edits, as if their masks were given; for what they are made with.
    func outline() throws -> Request {
        let part = MaskPlan.Part(.alpha, at: .argument("--masks"))
        do {
            return try request([part], [], seed: nil)
        } catch RecipeError.missing(key: "prompt", _) {
            // Each picture may bring a prompt of its own.
            return try request([part], [RecipeSource.noPrompt], seed: nil)
        }
    }

    /// The edits of a picture.
    ///
    /// - Parameter seed: of the first, unless the picture's own settings or the recipe say one.
    func request(for item: BatchList.Item, seed: UInt64?) throws -> Request {
        let parts = masks.isGiven ? try masks.plan(for: item).parts : []
        return try request(parts, item.settings, seed: seed)
    }

    private func request(
        _ parts: [MaskPlan.Part], _ special: [Setting], seed: UInt64?
    ) throws -> Request {
        let open = preset.masks.first(where: \.isOpen)?.name
        let isSeeded = special.contains { $0.key == "seed" }
        let usual = source.settings.filter { setting in
            // The seed of a batch goes up from picture to picture.
            !(setting.key == "seed" && seed != nil)
                && !special.contains { $0.key == setting.key }
        }
        let own = isSeeded ? special : special + (seed.map { [seedSetting($0)] } ?? [])
        return try source.request(
            of: preset,
            RecipeGiven(
                variables: source.variables, masks: open.map { [$0: parts] } ?? [:],
                settings: usual + own))
    }

    private func seedSetting(_ seed: UInt64) -> Setting {
        Setting("seed", "\(seed)", at: .argument("--seed"))
    }
}
