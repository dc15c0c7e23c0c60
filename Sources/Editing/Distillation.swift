import Checkpoints
public import Foundation
public import Recipes
import Sampling

/// How a model runs that was distilled to need few steps.
struct Distillation: CustomStringConvertible {
    let name: String
    let steps: Int
    let guidanceScale: Double

    /// Detected from the scheduler's configuration and the backbone: latent consistency models have a
    /// scheduler of their own or a guidance embedding; Turbo and Lightning step by Euler's rule down from
    /// the noisiest timestep, where they were trained.
    ///
    /// Steps and guidance are those of the models' cards: Luo et al. 2023 (LCM, 4 steps, scale 8), Sauer
    /// et al. 2023 (Turbo, up to 4), Lin, Wang & Yang 2024 (Lightning, 4 as a rule).
    init?(_ scheduler: SchedulerConfiguration, hasGuidanceEmbedding: Bool) {
        let own = try? scheduler.scheduler
        if hasGuidanceEmbedding {
            (name, steps, guidanceScale) = ("latent consistency model", 4, 8)
        } else if own == .lcm {
            (name, steps, guidanceScale) = ("latent consistency model", 4, 1)
        } else if own == .euler || own == .eulerAncestral, scheduler.timestepSpacing == .trailing,
            scheduler.predictionType == .epsilon, !scheduler.rescaleBetasZeroSNR
        {
            (name, steps, guidanceScale) = ("Turbo or Lightning model", 4, 1)
        } else {
            return nil
        }
    }

    var description: String {
        let guidance = guidanceScale > 1 ? "guidance scale \(Int(guidanceScale))" : "no guidance"
        return "\(steps) steps, \(guidance) (\(name))"
    }
}

extension Model {
    /// The recipe with the model's defaults for what was not asked for, or only by a shipped preset: few
    /// steps and hardly any guidance for a distilled model. And the notes on it.
    public func completed(_ recipe: Recipe) -> (recipe: Recipe, notes: [String]) {
        guard let distillation else { return (recipe, []) }
        var (completed, defaults) = (recipe, [String]())
        if recipe.isOpen("steps") {
            completed.steps = distillation.steps
            defaults.append("steps \(distillation.steps)")
        }
        if recipe.isOpen("guidance_scale") {
            completed.guidanceScale = distillation.guidanceScale
            defaults.append("guidance_scale \(Int(distillation.guidanceScale))")
        }
        guard !defaults.isEmpty else { return (recipe, []) }
        return (
            completed,
            ["\(name) is a \(distillation.name): \(defaults.joined(separator: ", "))"]
        )
    }
}

extension Model {
    /// A recipe with the values that a checkpoint's `model_index.json` has for a verb (`_gesso_settings`)
    /// where the choice is open.
    ///
    /// What is wrong with the checkpoint itself is reported when it is loaded.
    ///
    /// - Returns: the recipe, the settings that take a preset's place, such as `strength 0.5`, and the
    ///   model's name.
    /// - Throws: `RecipeError` for a value that a recipe does not take.
    public static func completed(
        _ recipe: Recipe, for verb: Verb, by checkpoint: URL
    ) throws(RecipeError) -> (recipe: Recipe, replaced: [String], model: String) {
        guard let source = try? modelSource(checkpoint, supplied: ["vae"]),
            let own = source.ownSettings[verb.rawValue]
        else { return (recipe, [], checkpoint.lastPathComponent) }
        let (completed, replaced) = try recipe.completed(by: own, for: verb, of: source.name)
        return (completed, replaced, source.name)
    }
}
