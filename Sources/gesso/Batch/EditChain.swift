import Editing
import Foundation
import Imaging
import Recipes

/// Edits that follow one another, each on the result of the one before; most often there is one.
struct EditChain {
    /// One of them.
    struct Step {
        let verb: Verb
        var recipe: Recipe
        /// The files that the recipe came from.
        let presets: [Preset]
        var masks: [MaskPart] = []
    }

    var steps: [Step]
    let model: ModelOnCall?
    let manner: EditRun.Manner

    /// A picture that went through all steps.
    struct Made {
        /// One for each step; the last of them holds the output.
        let runs: [EditRun]
        let picture: EditRun.Made
        /// What each step came to.
        let reports: [EditReport]
    }

    /// Loads what the first step needs, so that a fault of the model ends a batch before any picture.
    func loadModel(for output: Output) throws {
        if let first = steps.first { try run(first, output).loadModel() }
    }

    private func run(_ step: Step, _ output: Output) throws -> EditRun {
        try EditRun(
            step.verb, step.recipe, from: step.presets, output,
            model: step.recipe.steps == 0 ? nil : model, manner)
    }

    /// What would be done to the picture at a path; each step's is as large as the one before makes it.
    func plan(_ input: String, for output: Output) throws -> [EditRun.Planned] {
        var image: Image?
        return try steps.map { step in
            try run(step, output).plan { run in
                let source = try image ?? run.image(input)
                let prepared = try run.prepared(source, masks: step.masks)
                if case .edit(let edit) = prepared {
                    image = source.resized(width: edit.width, height: edit.height)
                }
                return prepared
            }
        }
    }

    /// Makes the picture at a path, as far as its bytes; nil where there are no steps.
    func make(_ input: String, for output: Output) throws -> Made? {
        var runs: [EditRun] = []
        var reports: [EditReport] = []
        var image: Image?
        for (index, step) in steps.enumerated() {
            let run = try self.run(step, output)
            runs.append(run)
            let work = try run.work { run in
                try run.prepared(image ?? run.image(input), masks: step.masks)
            }
            if index == steps.count - 1 {
                let picture = try run.finished(work)
                return Made(runs: runs, picture: picture, reports: reports + [picture.report])
            }
            reports.append(work.result.report)
            image = try run.marked(work.result)
        }
        return nil
    }
}
