public import Imaging
import Models
import Recipes
import Sampling

/// An edit laid out: its passes, what runs in each, and the memory it takes.
struct Outline {
    /// Name of the model.
    let model: String
    /// The numbers that it is computed in.
    let precision: ModelPrecision
    /// The kernel set and the units that compute it.
    let kernels: [String]
    /// What is done, with nothing left open.
    let recipe: ResolvedRecipe
    /// Remarks on settings: what the model brings, and what has no effect.
    let notes: [String]
    /// The passes in their order.
    let passes: [Pass]
    /// The scheduler; nil when nothing runs.
    let scheduler: SchedulerName?
    /// The runs over the steps: one for each pass, or two where it is made larger between them.
    let runs: [Run]
    /// The latents of the largest run.
    let largest: Latents
    /// What the largest run needs.
    let memory: MemoryPlan
    /// Whether the model never works on the whole picture at its own size.
    let isScaled: Bool

    /// One run over the steps.
    struct Run {
        let recipe: Recipe
        let latents: Latents
        /// Noise levels at which the UNet runs.
        let levels: [NoiseLevel]
        /// Pictures that are encoded before it.
        let encoded: Int
        /// Whether its result is decoded.
        var isDecoded = true
        /// Whether it is the one over the picture made larger.
        var isSecond = false
        /// What the backbone computes between whole calls; nil where all are whole.
        var areas: Areas?

        /// A call of the UNet.
        struct Call {
            /// The evaluation that it serves.
            let evaluation: Int
            let rows: Int
            /// Whether it computes all of the latents.
            let isWhole: Bool
        }

        /// All calls, those that are made ahead included.
        func calls(_ model: Model) -> [Call] {
            let rows = levels.map { model.guides(recipe, at: $0) ? model.branches(for: recipe) : 1 }
            guard areas != nil else {
                return rows.enumerated().map {
                    Call(evaluation: $0.offset, rows: $0.element, isWhole: true)
                }
            }
            let schedule = ReuseSchedule(recipe, levels, for: model)
            return schedule.evaluations.enumerated().flatMap { index, evaluation in
                let own = Call(
                    evaluation: index, rows: evaluation.isOfPromptAlone ? 1 : rows[index],
                    isWhole: evaluation.isWhole)
                return [own]
                    + (evaluation.ahead.map {
                        [Call(evaluation: $0, rows: rows[$0], isWhole: true)]
                    } ?? [])
            }
        }
    }

    /// What is computed of the latents in some of the calls; nil where all are whole.
    func reuse(_ model: Model) -> EditPlan.Reuse? {
        let calls = runs.flatMap { run in
            run.calls(model).map { (isWhole: $0.isWhole, share: run.areas?.share ?? 1) }
        }
        let partial = calls.filter { !$0.isWhole }
        guard !partial.isEmpty else { return nil }
        let share = partial.reduce(0) { $0 + $1.share } / Double(partial.count)
        return EditPlan.Reuse(
            evaluations: partial.count, share: (share * 1000).rounded() / 1000,
            ahead: calls.count - evaluations)
    }

    /// UNet runs in all.
    var evaluations: Int { runs.reduce(0) { $0 + $1.levels.count } }

    /// What of the recipe cannot be followed to the letter.
    func remarks(on edit: Edit) -> [String] {
        switch edit.division {
        case .tiles(_, let overlap) where passes.count > 1:
            let half = (passes.map { max($0.width, $0.height) }.max() ?? 0) / 2
            return overlap > half
                ? ["tile_overlap \(overlap) is more than half a tile: \(half) is taken"] : []
        case .mask(_, _, byComponent: true):
            let prompts = recipe.componentPromptCount
            let parts = passes.count { $0.detailStrength == nil }
            return prompts > parts
                ? [
                    "component_prompts has \(prompts) lines and the mask \(parts) parts: "
                        + "the last lines are left over"
                ] : []
        default: return []
        }
    }

    /// The passes as they are reported; a second run counts as one.
    var reported: [PassReport] {
        passes.map(PassReport.init)
            + runs.dropFirst(passes.count).map {
                PassReport(
                    box: passes[0].box, width: $0.latents.paddedWidth,
                    height: $0.latents.paddedHeight)
            }
    }
}

/// A part of a picture that the model works on at once.
public struct PassReport: Sendable, Equatable, Encodable {
    /// Where it is on the canvas.
    public let box: Box
    /// Size it is worked on at.
    public let width: Int
    /// Size it is worked on at.
    public let height: Int
    /// Share of the noise schedule that is run to give what was made larger its detail; nil where the
    /// edit's own share is run.
    public let detailStrength: Double?

    init(_ pass: Pass) {
        self.init(
            box: pass.box, width: pass.width, height: pass.height,
            detailStrength: pass.detailStrength)
    }

    init(box: Box, width: Int, height: Int, detailStrength: Double? = nil) {
        (self.box, self.width, self.height) = (box, width, height)
        self.detailStrength = detailStrength
    }

    private enum CodingKeys: String, CodingKey {
        case x, y, width, height, workWidth, workHeight, detailStrength
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
        try container.encodeIfPresent(
            detailStrength.map { ($0 * 1000).rounded() / 1000 }, forKey: .detailStrength)
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
        let side = recipe.regionSize ?? model.nativeSize
        let picture = edit.pictureBox
        // Tiles are of a size that the model can do already.
        let work =
            edit.original == nil || edit.isIdentity || edit.enlargement != nil
                || edit.verb == .upscale
            ? nil
            : recipe.workArea(
                onPixels: picture.width * picture.height, side: side, native: model.nativeSize)
        let passes = try edit.passes(side: side, multiple: model.vae.factor, work: work).map {
            pass in
            var pass = pass
            pass.detailStrength = pass.detailStrength.map(recipe.runnable)
            return pass
        }
        let name = try model.schedulerName(for: recipe)
        var levels: [[NoiseLevel]] = []
        if !edit.isIdentity {
            // Passes of one strength run at the same levels.
            var known: [Double?: [NoiseLevel]] = [:]
            for pass in passes {
                let strength = pass.detailStrength ?? edit.strength
                let own =
                    try known[strength]
                    ?? model.scheduler(
                        for: recipe, strength: strength, inpainting: edit.region != nil
                    ).scheduler.levels
                known[strength] = own
                levels.append(own)
            }
        }
        let runs = try runs(of: edit, recipe, passes, levels: levels)
        let largest =
            runs.map(\.latents).max {
                $0.paddedWidth * $0.paddedHeight < $1.paddedWidth * $1.paddedHeight
            } ?? Latents(model.vae, width: edit.width, height: edit.height, seed: 0, recipe)
        // A small mask may be all that a box holds at its own size; the canvas is not seen as a whole.
        let isScaled = work != nil && passes.contains { $0.isPart(of: edit) }
        return Outline(
            model: model.name, precision: model.precision, kernels: model.kernels,
            recipe: ResolvedRecipe(
                recipe, seed: edit.seed, scheduler: name, nativeSize: model.nativeSize,
                width: edit.width,
                height: edit.height),
            notes: defaults + [model.precisionNote].compactMap(\.self)
                + recipe.idleSettings(of: edit.verb, isScaled: isScaled)
                + (isScaled ? [edit.remark(on: passes)] : [])
                + recipe.reuseRemark(on: runs), passes: passes,
            scheduler: edit.isIdentity ? nil : name,
            runs: runs, largest: largest,
            memory: MemoryPlan(
                model, recipe, largest, canvas: edit.width * edit.height, isInParts: isScaled,
                joined: passes.map { $0.box.width * $0.box.height }.max() ?? 0,
                controls: edit.controls, reused: runs.map(model.reusedFloats).max() ?? 0),
            isScaled: isScaled)
    }
    /// The runs of an edit, in their order.
    private func runs(
        of edit: Edit, _ recipe: Recipe, _ passes: [Pass], levels: [[NoiseLevel]]
    ) throws -> [Outline.Run] {
        func latents(_ width: Int, _ height: Int) -> Latents {
            Latents(model.vae, width: width, height: height, seed: 0, recipe)
        }
        let pictures = edit.start == nil ? 0 : model.isForInpainting ? 2 : 1
        var runs = passes.enumerated().map { index, pass in
            let latents = latents(pass.width, pass.height)
            let mask = recipe.reuse > 1 ? pass.workRegion(edit.mode) : nil
            return Outline.Run(
                recipe: recipe, latents: latents,
                levels: levels.indices.contains(index) ? levels[index] : [], encoded: pictures,
                areas: mask.flatMap { Areas(of: latents.mask($0, recipe), recipe) })
        }
        guard let enlargement = edit.enlargement else { return runs }
        let second = recipe.ofSecondRun
        let isOfPixels = enlargement.upscaler.scaling == nil
        runs[0].isDecoded = isOfPixels
        runs.append(
            Outline.Run(
                recipe: second, latents: latents(edit.width, edit.height),
                levels: try model.scheduler(
                    for: second, strength: second.strength, inpainting: false
                ).scheduler.levels, encoded: isOfPixels ? 1 : 0, isSecond: true))
        return runs
    }
}
