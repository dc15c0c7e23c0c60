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
    /// Sees the pictures while they are under way.
    var onlooker: Onlooker?
    /// The values that a recipe's variables had; nil where no recipe of edits is carried out.
    var variables: [String: String]?

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
        var reports: [EditReport] { work.reports.dropLast() + [picture.report] }
        /// One for each step; the last of them holds the output.
        var runs: [EditRun] { work.runs }
    }

    /// How a picture was made, to be kept in a folder.
    func receipt(of made: Made, as output: Output, in folder: URL) throws -> Receipt {
        guard variables == nil, let run = made.runs.last else {
            return try Receipt(made, of: self, as: output, in: folder)
        }
        return try run.receipt(of: made.picture, in: folder)
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
            onlooker: onlooker, manner ?? self.manner)
    }

    /// Makes the picture at a path, as far as its bytes.
    ///
    /// - Parameter input: nil where the first step makes one from words.
    func make(_ input: String?, for output: Output) throws -> Made? {
        let work = try work(on: input, for: output)
        guard let run = work.runs.last, let last = work.works.last else { return nil }
        return Made(work: work, picture: try run.finished(last, claim: work.claim))
    }

    /// Goes through the steps, without a file in the end.
    func work(on input: String?, for output: Output) throws -> Work {
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
            if let source { try place?.note(work.edit, step.verb, work.recipe, on: source) }
            runs.append(run)
            works.append(work)
            // The last picture is marked when its file is finished.
            guard index < steps.count - 1 else { break }
            image = try run.marked(work.result)
            place = place ?? image.map(ChainPlace.init)
        }
        let isFromWords = steps.first?.verb == .textToImage
        return Work(runs: runs, works: works, claim: isFromWords ? nil : place?.claim)
    }

    /// What would be done to the picture at a path; each step's is as large as the one before makes it.
    func plan(_ input: String?, for output: Output) throws -> [EditRun.Planned] {
        var place: ChainPlace?
        let inputs = RunInputs()
        var image: Image?
        return try steps.map { step in
            let run = try self.run(step, output, inputs)
            let source = try image ?? input.map { try run.image($0) }
            place = place ?? source.map(ChainPlace.init)
            var edit: Edit?
            let planned = try run.plan { run in
                let prepared = try step.prepared(on: source, run, place)
                if case .edit(let known) = prepared { edit = known }
                return prepared
            }
            if let edit, let source {
                try place?.note(edit, step.verb, step.recipe, on: source)
            }
            let plan = planned.plan
            let next =
                edit?.original
                ?? Mask(width: plan.width, height: plan.height, filledWith: 255).image.rgb8
            image = next
            place = place ?? ChainPlace(next)
            return planned
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
