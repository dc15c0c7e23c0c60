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

    /// Makes the picture at a path, as far as its bytes; nil where only a plan was wanted.
    func make(_ input: String, for output: Output) throws -> Made? {
        var runs: [EditRun] = []
        var reports: [EditReport] = []
        var image: Image?
        for (index, step) in steps.enumerated() {
            let run = try EditRun(
                step.verb, step.recipe, from: step.presets, output,
                model: step.recipe.steps == 0 ? nil : model, manner)
            runs.append(run)
            let work = try run.work { run in
                let source = try image ?? run.image(input)
                return .edit(try step.edit(of: source, run))
            }
            // A plan of a later step would need the picture of the one before.
            guard let work else { return nil }
            reports.append(work.result.report)
            if index == steps.count - 1 {
                return Made(runs: runs, picture: try run.finished(work), reports: reports)
            }
            image = run.marked(work.result)
        }
        return nil
    }
}

extension EditChain.Step {
    fileprivate func edit(of image: Image, _ run: EditRun) throws -> Edit {
        switch verb {
        case .inpaint: try masks.edit(of: image, run)
        case .outpaint: try Edit.outpaint(image, run.recipe)
        case .instruct: .instruct(image, run.recipe)
        case .imageToImage, .textToImage: .imageToImage(image, run.recipe)
        }
    }
}
