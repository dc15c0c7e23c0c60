import Models
import Recipes
import Tensors

extension Areas {
    /// The share of the latents from which on a call for them alone saves nothing worth its difference.
    static let most = 0.75

    /// What is computed between whole calls for a mask [1,H,W,1]; nil where the recipe does not ask for it or the
    /// mask covers too much.
    init?(of mask: Tensor, _ recipe: Recipe) {
        guard recipe.reuse > 1, let areas = Areas(covering: mask), areas.share <= Self.most
        else { return nil }
        self = areas
    }
}

extension Model {
    /// Whether every second call of areas alone leaves out the branch without a prompt: where one prompt guides.
    func sparesBranch(_ recipe: Recipe) -> Bool {
        kind != .instruction && branches(for: recipe) == 2
            && !ScheduledPrompts(recipe, for: self).isComposed
    }

    /// Numbers that a run keeps between calls of the backbone.
    func reusedFloats(_ run: Outline.Run) -> Int {
        guard let areas = run.areas else { return 0 }
        let places = run.latents.paddedWidth * run.latents.paddedHeight / (vae.factor * vae.factor)
        let each = backbone.configuration.keptFloatsPerLatent(share: areas.share)
        // Those of the last two whole calls.
        return 2 * Int(each) * places * branches(for: run.recipe)
    }
}

extension Recipe {
    /// Where a mask covers too much for `reuse`, that it has no effect.
    func reuseRemark(on runs: [Outline.Run]) -> [String] {
        guard reuse > 1, runs.contains(where: { !$0.levels.isEmpty }),
            runs.allSatisfy({ $0.areas == nil })
        else { return [] }
        return ["what is repainted covers nearly all that the model works on: reuse has no effect"]
    }
}
