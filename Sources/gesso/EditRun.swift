import Editing
import Foundation
import Imaging
import Recipes

/// What every editing verb does: check all that is cheap to check, then load the model, edit, write
/// the picture and tell how it was made.
struct EditRun {
    private let verb: Verb
    private let options: EditOptions
    /// What is asked for; its seed is drawn.
    let recipe: Recipe
    private let output: Output
    private let modelFolder: URL
    private let tokenizers: TokenizerPlaces

    /// - Parameter settings: those given by the verb's own flags.
    init(_ verb: Verb, _ options: EditOptions, _ settings: [Setting]) throws {
        self.verb = verb
        self.options = options
        recipe = try options.recipe.recipe(verb, settings).drawingSeed()
        output = try Output(
            options.output, format: options.format, quality: options.quality,
            overwrites: options.overwrite)
        modelFolder = try ModelShelf().model(options.model)
        tokenizers = try ModelShelf().tokenizers(options.tokenizer)
    }

    /// A picture at a path, `-` being standard input; what is odd about it is told.
    func image(_ path: String) throws -> Image {
        let image = try Input.image(path)
        for warning in image.metadata.warnings { say("note: \(path): \(warning)") }
        return image
    }

    /// - Parameter prepare: reads and checks the pictures that the verb needs, and gives the edit for
    ///   a model once there is one.
    func perform(_ prepare: (EditRun) throws -> (Model) -> Edit) throws {
        let edit = try prepare(self)
        Editor.useThreads(options.threads ?? ProcessInfo.processInfo.activeProcessorCount)
        let start = ContinuousClock.now
        let model = try Model.load(modelFolder, tokenizers: tokenizers)
        let loading = start.duration(to: .now) / .seconds(1)
        let task = edit(model)
        try task.original?.checkEncodable(as: output.format)
        let result = try carryOut(task, with: model)
        try output.write(marked(result))
        try tell(result.report, loading: loading)
    }

    private func carryOut(_ edit: Edit, with model: Model) throws -> EditResult {
        var meter = ProgressMeter(options.quiet ? .nothing : Console.isLive ? .bar : .lines)
        defer { meter.clear() }
        var isAnnounced = false
        return try Editor(model)(edit, recipe: recipe) { progress in
            try Interruption.check()
            // By now all has been checked: from here on there are lines beside an error's.
            if !isAnnounced { announce(model) }
            isAnnounced = true
            meter.tell(progress)
        }
    }

    private func announce(_ model: Model) {
        if let seed = recipe.seed { say("seed \(seed)") }
        if model.isStandIn {
            say(
                "\(model.name) is a stand-in, not a trained model: "
                    + "its pictures mean little, name a checkpoint with --model")
        }
    }

    /// The picture with a record of how it was made, if anything of it was.
    private func marked(_ result: EditResult) -> Image {
        var image = result.image
        let report = result.report
        guard report.repaintedFraction > 0 else { return image }
        let provenance = Provenance(
            verb: verb, model: report.model, scheduler: report.scheduler, seed: report.seed,
            size: Size(width: report.width, height: report.height),
            program: "gesso " + Gesso.version)
        image.metadata.parameters = recipe.infotext(provenance)
        image.metadata.digitalSourceType =
            verb == .textToImage ? .trainedAlgorithmicMedia : .compositeWithTrainedAlgorithmicMedia
        return image
    }

    private func tell(_ report: EditReport, loading: Double) throws {
        for note in report.notes { say("note: " + note) }
        if output.format == .jpeg, report.repaintedFraction > 0, report.repaintedFraction < 1 {
            say("note: a JPEG is encoded anew as a whole: write a PNG to keep every other pixel")
        }
        if options.verbose {
            for stage in ["load", "prompt", "encode", "denoise", "decode"] {
                guard let seconds = stage == "load" ? loading : report.seconds[stage] else {
                    continue
                }
                say("\(stage) took \(String(format: "%.2f", seconds)) s")
            }
        }
        if options.json {
            try Console.result(
                JSON.text(
                    EditDocument(verb, recipe, report, output: output.path, loading: loading)))
        } else if !output.isStandardOutput {
            try Console.result(output.path)
        }
    }

    private func say(_ text: String) {
        if !options.quiet { Console.line(("gesso: " + text).asLine()) }
    }
}
