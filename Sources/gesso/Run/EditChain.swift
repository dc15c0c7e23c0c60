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
        /// What is repainted; nil but for inpainting.
        var mask: MaskPlan?
    }

    var steps: [Step]
    let model: ModelOnCall?
    let manner: EditRun.Manner
    /// Where add-ons are found.
    var shelf = AddOnShelf()

    /// What the steps came to.
    struct Work {
        /// One for each step; the last of them holds the output.
        let runs: [EditRun]
        /// What each step came to.
        let works: [EditRun.Work]
        /// What of the first picture is in the result as it was.
        let claim: EditRun.Claim?

        /// What each step came to.
        var reports: [EditReport] { works.map(\.result.report) }
    }

    /// A picture that went through all steps.
    struct Made {
        let work: Work
        let picture: EditRun.Made

        /// What each step came to.
        var reports: [EditReport] { work.reports }
    }

    /// Loads what the first step needs, so that a fault of the model ends a batch before any picture.
    func loadModel(for output: Output) throws {
        if let first = steps.first { try run(first, output, RunInputs()).loadModel() }
    }

    /// - Parameter manner: in place of the chain's.
    private func run(
        _ step: Step, _ output: Output, _ inputs: RunInputs, _ manner: EditRun.Manner? = nil
    ) throws -> EditRun {
        try EditRun(
            step.verb, step.recipe, from: step.presets, output,
            model: step.recipe.steps == 0 ? nil : model, shelf: shelf, inputs: inputs,
            manner ?? self.manner)
    }

    /// Makes the picture at a path, as far as its bytes.
    ///
    /// - Parameter input: nil where the first step makes one from words.
    func make(_ input: String?, for output: Output) throws -> Made? {
        guard let work = try work(on: input, for: output), let run = work.runs.last,
            let last = work.works.last
        else { return nil }
        return Made(work: work, picture: try run.finished(last, claim: work.claim))
    }

    /// Goes through the steps, without a file in the end.
    func work(on input: String?, for output: Output) throws -> Work? {
        var (runs, works) = ([EditRun](), [EditRun.Work]())
        var place: ChainPlace?
        let inputs = RunInputs()
        var image: Image?
        for (index, step) in steps.enumerated() {
            let run = try self.run(step, output, inputs, manner.ofStep(index))
            tell(index)
            let source = try image ?? input.map { try run.image($0) }
            place = place ?? source.map(ChainPlace.init)
            let work = try run.work { try step.prepared(on: source, $0, place) }
            guard let work else { return nil }
            if let source { try place?.note(work.edit, step.verb, work.recipe, on: source) }
            image = try run.marked(work.result)
            place = place ?? image.map(ChainPlace.init)
            runs.append(run)
            works.append(work)
        }
        let isFromWords = steps.first?.verb == .textToImage
        return Work(runs: runs, works: works, claim: isFromWords ? nil : place?.claim)
    }

    /// What the steps would do and need, in their order; nil for one in which no model has a hand.
    func plans(on input: String?, for output: Output) throws -> [EditPlan?] {
        var place: ChainPlace?
        let inputs = RunInputs()
        var image: Image?
        return try steps.map { step in
            let run = try self.run(step, output, inputs)
            let source = try image ?? input.map { try run.image($0) }
            place = place ?? source.map(ChainPlace.init)
            let (edit, plan) = try run.plan { try step.prepared(on: source, $0, place) }
            if let source { try place?.note(edit, step.verb, step.recipe, on: source) }
            // A later step is planned on a picture of the size that this one makes.
            let next =
                edit.original
                ?? Mask(width: edit.width, height: edit.height, filledWith: 255).image.rgb8
            image = next
            place = place ?? ChainPlace(next)
            return plan
        }
    }

    private func tell(_ index: Int) {
        guard steps.count > 1 else { return }
        Console.line(
            "gesso: edit \(index + 1) of \(steps.count): \(steps[index].verb.rawValue)",
            isQuiet: manner.quiet)
    }
}

extension EditChain.Step {
    /// - Parameter place: where the first picture lies; nil where there is none yet.
    fileprivate func prepared(
        on image: Image?, _ run: EditRun, _ place: ChainPlace?
    ) throws -> EditRun.Prepared {
        guard let image, let place, let mask else { return try run.prepared(image) }
        return .edit(try mask.edit(of: image, run, place))
    }
}
