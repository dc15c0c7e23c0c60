public import Imaging
import Models
import Recipes
import Sampling

/// An edit laid out: its passes, what runs in each, and the memory it takes.
struct Outline {
    /// Name of the model.
    let model: String
    /// What is done, with nothing left open.
    let recipe: ResolvedRecipe
    /// Remarks on settings: what the model brings, and what has no effect.
    let notes: [String]
    /// The passes in their order.
    let passes: [Pass]
    /// The scheduler; nil when nothing runs.
    let scheduler: SchedulerName?
    /// Noise levels at which the UNet runs in each pass.
    let levels: [NoiseLevel]
    /// The latents of each pass.
    let sizes: [Latents]
    /// The latents of the largest pass.
    let largest: Latents
    /// What the largest pass needs.
    let memory: MemoryPlan

    /// UNet runs in all.
    var evaluations: Int { levels.count * passes.count }

    /// What of the recipe cannot be followed to the letter.
    func remarks(on edit: Edit) -> [String] {
        switch edit.division {
        case .tiles(_, let overlap) where passes.count > 1:
            let half = (passes.map { max($0.width, $0.height) }.max() ?? 0) / 2
            return overlap > half
                ? ["tile_overlap \(overlap) is more than half a tile: \(half) is taken"] : []
        case .mask(_, byComponent: true):
            let prompts = recipe.componentPromptCount
            return prompts > passes.count
                ? [
                    "component_prompts has \(prompts) lines and the mask \(passes.count) parts: "
                        + "the last lines are left over"
                ] : []
        default: return []
        }
    }

    /// The passes as they are reported.
    var reported: [PassReport] { passes.map(PassReport.init) }
}

/// A part of a picture that the model works on at once.
public struct PassReport: Sendable, Equatable, Encodable {
    /// Where it lies on the canvas.
    public let box: Box
    /// Size it is worked on at.
    public let width: Int
    /// Size it is worked on at.
    public let height: Int

    init(_ pass: Pass) {
        (box, width, height) = (pass.box, pass.width, pass.height)
    }

    private enum CodingKeys: String, CodingKey {
        case x, y, width, height, workWidth, workHeight
    }

    /// The box and the size of the work, side by side.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(box.x, forKey: .x)
        try container.encode(box.y, forKey: .y)
        try container.encode(box.width, forKey: .width)
        try container.encode(box.height, forKey: .height)
        try container.encode(width, forKey: .workWidth)
        try container.encode(height, forKey: .workHeight)
    }
}

extension Editor {
    /// Lays out an edit.
    ///
    /// - Throws: `SamplingError` for what could not be run, `EditingError` for what the model or the
    ///   mask are not made for.
    func outline(of edit: Edit) throws -> Outline {
        let (recipe, defaults) = model.completed(edit.recipe)
        if model.isForInpainting, edit.region == nil {
            throw EditingError.inpaintingOnly(model: model.name)
        }
        guard edit.isInstruction == model.followsInstructions else {
            throw edit.isInstruction
                ? EditingError.noInstructions(model: model.name)
                : EditingError.instructionsOnly(model: model.name)
        }
        let passes = try edit.passes(
            side: recipe.regionSize ?? model.nativeSize, multiple: model.vae.factor)
        let sizes = passes.map { pass in
            Latents(model.vae, width: pass.width, height: pass.height, seed: 0, recipe)
        }
        let largest =
            sizes.max {
                $0.paddedWidth * $0.paddedHeight < $1.paddedWidth * $1.paddedHeight
            }
            ?? Latents(model.vae, width: edit.width, height: edit.height, seed: 0, recipe)
        let run =
            edit.isIdentity
            ? nil
            : try model.scheduler(
                for: recipe, strength: edit.strength, inpainting: edit.region != nil)
        let name = try run?.name ?? model.schedulerName(for: recipe)
        return Outline(
            model: model.name,
            recipe: ResolvedRecipe(
                recipe, seed: edit.seed, scheduler: name, nativeSize: model.nativeSize,
                width: edit.width,
                height: edit.height),
            notes: defaults + recipe.idleSettings(of: edit.verb), passes: passes,
            scheduler: run?.name,
            levels: run?.scheduler.levels ?? [], sizes: sizes, largest: largest,
            memory: MemoryPlan(
                model, recipe, largest, canvas: edit.width * edit.height,
                joined: passes.map { $0.box.width * $0.box.height }.max() ?? 0,
                controls: edit.controls))
    }
}
