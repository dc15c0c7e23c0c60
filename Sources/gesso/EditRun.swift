import Editing
import Foundation
import Imaging
import Recipes

/// What every editing verb does: check all that is cheap to check, then load the model, edit, prove
/// and write the picture and tell how it was made.
struct EditRun {
    let verb: Verb
    /// What is asked for; its seed is drawn, and once there is a model, what it brings is filled in.
    private(set) var recipe: Recipe
    /// The files that the recipe came from.
    let presets: [Preset]
    let output: Output
    /// Nil where the recipe has no steps, so that no model is needed.
    let model: ModelOnCall?
    /// What is added to the model.
    let addOns: [AddOnShelf.Entry]
    /// What has been read so far.
    let inputs: RunInputs
    private let receipt: ReceiptPlace?
    let manner: Manner
    /// Sees the picture while it is under way.
    private let onlooker: Onlooker?

    /// How a run goes on beside the picture it makes.
    struct Manner {
        var threads: Int?
        var quiet = false
        var verbose = false
        var json = false
        var dryRun = false
        var show = false
        /// Whether a run before it has said what holds for all of them.
        var isLaterStep = false

        /// The manner of a step of a chain, counted from 0.
        func ofStep(_ index: Int) -> Manner {
            var manner = self
            manner.isLaterStep = index > 0
            return manner
        }
    }

    /// That a result is as the original was outside of a mask of its size.
    struct Claim {
        let original: Image
        let mask: Mask
    }

    /// A picture that was made.
    struct Made {
        /// What was asked for, with what the model brought.
        let recipe: Recipe
        let report: EditReport
        /// The picture with its metadata.
        let picture: Image
        /// The bytes of its file.
        let data: Data
        /// What these bytes decode to.
        let written: Image
        /// What was found outside the mask, if there was one.
        let proof: MaskProof?
        /// Seconds that loading the model took.
        let loading: Double
    }

    /// - Parameters:
    ///   - settings: those given by the verb's own flags.
    ///   - input: the path of the picture, which names of results may follow.
    init(
        _ verb: Verb, _ options: EditOptions, _ settings: [Setting], of input: String?
    ) throws {
        let presets = try options.recipe.files()
        RecipeOptions.note(presets, for: [verb], quiet: options.progress.quiet)
        let recipe = try options.recipe.recipe(verb, settings, presets).drawingSeed()
        let output = try options.place(of: input, verb, seed: recipe.seed)
        try self.init(
            verb, recipe, from: presets, output,
            receipt: options.receipt.map {
                try ReceiptPlace($0, overwrites: options.overwrite, beside: output)
            },
            model: options.model(for: recipe.steps > 0 ? [verb] : []),
            onlooker: Onlooker(
                options.preview, overwrites: options.overwrite, isQuiet: options.progress.quiet),
            Manner(
                threads: options.engine.threads, quiet: options.progress.quiet,
                verbose: options.progress.verbose > 0,
                json: options.json, dryRun: options.dryRun, show: options.show))
    }

    init(
        _ verb: Verb, _ recipe: Recipe, from presets: [Preset] = [], _ output: Output,
        receipt: ReceiptPlace? = nil, model: ModelOnCall?, shelf: AddOnShelf = AddOnShelf(),
        inputs: RunInputs = RunInputs(), onlooker: Onlooker? = nil, _ manner: Manner
    ) throws {
        self.verb = verb
        self.inputs = inputs
        let (tagged, literal) = recipe.takingLoRATags()
        self.recipe = tagged.drawingSeed()
        addOns = model == nil ? [] : try shelf.entries(of: tagged)
        self.presets = presets
        self.output = output
        self.receipt = receipt
        self.model = model
        (self.onlooker, self.manner) = (onlooker, manner)
        for tag in literal { say("note: \(tag) names no LoRA: it stays text") }
    }

    /// The picture to be edited, `-` being standard input; what is odd about it is told.
    func image(_ path: String) throws -> Image {
        let (image, holdsCredentials) = try inputs.readSource(path)
        for warning in image.metadata.warnings { say("note: \(path): \(warning)") }
        if holdsCredentials {
            say(
                "note: \(path): its Content Credentials (C2PA) do not hold for the result "
                    + "and were left out")
        }
        return image
    }

    /// A picture at a path, `-` being standard input, that a mask is read from; what is odd about it
    /// is told.
    func maskImage(_ path: String) throws -> Image {
        let image = try inputs.readMask(path)
        for warning in image.metadata.warnings { say("note: \(path): \(warning)") }
        return image
    }

    /// What a verb prepares: an edit, or one that waits for the model's own size.
    enum Prepared {
        case edit(Edit)
        case forModel((Model) -> Edit)
    }

    /// - Parameter prepare: reads and checks the pictures that the verb needs.
    func perform(_ prepare: (EditRun) throws -> Prepared) throws {
        if manner.dryRun { return try tell(plan(prepare)) }
        let made = try make(prepare)
        try write(made)
        try tell(made)
    }

    /// Puts a picture in its place, and the receipt beside it if one is wanted.
    func write(_ made: Made) throws {
        try output.write(made.data) {
            try receipt.map { try $0.write(receipt(of: made, in: $0.folder)) }
            try onlooker?.writeFilmstrip(made.picture)
        }
    }

    /// How a picture was made, to be kept in a folder.
    func receipt(of made: Made, in folder: URL) throws -> Receipt {
        var run = self
        run.recipe = made.recipe
        return try Receipt(run, made, in: folder)
    }

    /// Makes the picture, as far as its bytes. See `perform`.
    func make(_ prepare: (EditRun) throws -> Prepared) throws -> Made {
        try finished(work(prepare))
    }

    /// An edit that was carried out.
    struct Work {
        /// What was asked for, with what the model brought.
        let recipe: Recipe
        let edit: Edit
        let result: EditResult
        /// Seconds that loading the model took.
        let loading: Double
    }

    /// Loads the model with what is added to it, if it is not loaded yet.
    func loadModel() throws {
        if let model { _ = try loaded(model) }
    }

    private func loaded(_ onCall: ModelOnCall) throws -> Model {
        try onCall.model(adding: AddOns(addOns, of: recipe), encoding: verb != .textToImage)
    }

    /// An edit with what is to carry it out, all checked that is cheap to check.
    struct Ready {
        let edit: Edit
        /// What is asked for, with what the model brings.
        let recipe: Recipe
        let means: Means

        enum Means {
            /// With remarks on what it brings, and the seconds that loading it took.
            case model(Model, notes: [String], loading: Double)
            /// No model has a hand in it: that is the result.
            case fill(EditResult)
        }
    }

    /// The threads to compute with.
    var threads: Int { manner.threads ?? ProcessInfo.processInfo.activeProcessorCount }

    /// Reads and checks the pictures, and loads the model.
    func ready(_ prepare: (EditRun) throws -> Prepared) throws -> Ready {
        let prepared = try prepare(self)
        guard let onCall = model else { return try filled(prepared) }
        Editor.useThreads(threads)
        let model = try loaded(onCall)
        let edit =
            switch prepared {
            case .edit(let edit): edit
            case .forModel(let edit): edit(model)
            }
        try edit.original?.checkEncodable(as: output.format)
        let (recipe, defaults) = model.completed(recipe)
        let notes = defaults + recipe.idleSettings(of: verb)
        return Ready(
            edit: edit, recipe: recipe,
            means: .model(model, notes: notes, loading: onCall.takeLoadingSeconds()))
    }

    /// An edit in which no model has a hand.
    private func filled(_ prepared: Prepared) throws -> Ready {
        guard case .edit(let edit) = prepared, let result = edit.filled(seed: recipe.seed ?? 0)
        else {
            throw Failure(
                .usage, "0 steps leave nothing to do", at: "--steps", do: "give 1 or more")
        }
        try result.image.checkEncodable(as: output.format)
        return Ready(edit: edit, recipe: recipe, means: .fill(result))
    }

    /// Carries the edit out. See `perform`.
    func work(_ prepare: (EditRun) throws -> Prepared) throws -> Work {
        let ready = try ready(prepare)
        let idle = ready.recipe.idleSettings(of: verb)
        func made(_ result: EditResult, _ loading: Double = 0) -> Work {
            var result = result
            result.report.notes = idle + result.report.notes
            return Work(recipe: ready.recipe, edit: ready.edit, result: result, loading: loading)
        }
        switch ready.means {
        case .fill(let result):
            for note in idle { say("note: " + note) }
            say(ready.edit.coverage)
            return made(result)
        case .model(let model, let notes, let loading):
            var run = self
            run.recipe = ready.recipe
            return made(try run.carryOut(ready.edit, with: model, notes), loading)
        }
    }

    /// The bytes of the file that an edit comes to, proved by what it may not have changed.
    func finished(_ work: Work) throws -> Made {
        let claim = work.edit.original.flatMap { original in
            work.edit.mask.map { Claim(original: original, mask: $0) }
        }
        return try finished(work, claim: claim)
    }

    /// - Parameter claim: what is proved of the bytes; nil where all may have changed.
    func finished(_ work: Work, claim: Claim?) throws -> Made {
        var run = self
        run.recipe = work.recipe
        let picture = try run.marked(work.result)
        let data = try output.encoded(picture)
        let written = try Image(decoding: data, name: output.path)
        var report = work.result.report
        if work.result.isWatermarked, !written.holds(work.recipe.watermark) {
            report.notes.append(output.keeps(picture) ? Self.smallMark : Self.lossyMark)
        }
        return Made(
            recipe: work.recipe, report: report, picture: picture, data: data, written: written,
            proof: try claim.map { try prove($0, of: written) }, loading: work.loading)
    }

    /// All files that are written.
    var files: [String] {
        [output.isStandardOutput ? nil : output.path, receipt?.path].compactMap(\.self)
            + (onlooker?.files ?? [])
    }

    private func carryOut(_ edit: Edit, with model: Model, _ notes: [String]) throws -> EditResult {
        var meter = ProgressMeter(isQuiet: manner.quiet)
        defer { meter.clear() }
        var isAnnounced = false
        let preview = try onlooker?.preview(of: model)
        return try Editor(model)(edit, recipe: recipe, preview: preview) { progress in
            try Interruption.check()
            // By now all has been checked: from here on there are lines beside an error's.
            if !isAnnounced { announce(edit, model, notes) }
            isAnnounced = true
            meter.tell(progress)
        }
    }

    private func announce(_ edit: Edit, _ model: Model, _ notes: [String]) {
        for note in notes { say("note: " + note) }
        if edit.mask != nil { say(edit.coverage) }
        if let seed = recipe.seed { say("seed \(seed)") }
        if model.isStandIn, !manner.isLaterStep {
            say(
                "\(model.name) is a small model that knows drawn landscapes only: "
                    + "for all else name a checkpoint with --model")
        }
    }

    /// The picture with a record of how it was made, if anything of it was.
    func marked(_ result: EditResult) throws -> Image {
        var image = result.image
        if recipe.stripGPS { image.metadata.dropLocation() }
        if recipe.stripMetadata { image.metadata.dropAllButProfile() }
        let report = result.report
        guard report.repaintedFraction > 0 else { return image }
        let provenance = Provenance(
            verb: verb, model: report.model, scheduler: report.scheduler, seed: report.seed,
            size: Size(width: report.width, height: report.height),
            program: "gesso " + Gesso.version,
            addOns: try addOns.compactMap { try $0.provenance(in: recipe) })
        if !recipe.stripMetadata { image.metadata.parameters = recipe.infotext(provenance) }
        guard report.evaluations > 0 else { return image }
        image.metadata.digitalSourceType =
            verb == .textToImage ? .trainedAlgorithmicMedia : .compositeWithTrainedAlgorithmicMedia
        return image
    }

    /// Compares what the file will hold with the original, wherever that must not change.
    private func prove(_ claim: Claim, of written: Image) throws -> MaskProof {
        let proof = MaskProof(try Comparison(claim.original, written, outside: claim.mask))
        guard !output.keeps(claim.original) || proof.changed == 0 else {
            throw Failure(
                .unexpected, proof.line, at: output.path,
                do: "nothing was written; please report it")
        }
        return proof
    }

    /// Says what there is to say of a picture that was written.
    ///
    /// - Parameter other: the document for `--json`, in place of the edit's own.
    func tell(_ made: Made, as other: @autoclosure () -> String? = nil) throws {
        let report = made.report
        // What has no effect was said before the run.
        let told = made.recipe.idleSettings(of: verb)
        for note in report.notes where !told.contains(note) { say("note: " + note) }
        if let proof = made.proof { say("verified: " + proof.line) }
        if !output.keeps(made.picture), report.repaintedFraction > 0, report.repaintedFraction < 1 {
            say("note: \(output.loss): write a PNG to keep every other pixel")
        }
        if manner.verbose {
            for line in report.seams.map({ SeamDocument($0).lines }) ?? [] { say(line) }
            for stage in ["load", "prompt", "encode", "denoise", "decode"] {
                guard let seconds = stage == "load" ? made.loading : report.seconds[stage] else {
                    continue
                }
                say("\(stage) took \(String(format: "%.2f", seconds)) s")
            }
        }
        if manner.show, !manner.quiet { try TerminalPicture.show(made.written) }
        if manner.json {
            let document = EditDocument(
                verb, made.recipe, report, output: output.path, loading: made.loading,
                verified: made.proof)
            try Console.result(other() ?? JSON.text(document))
        } else if !output.isStandardOutput {
            try Console.result(output.path)
        }
    }

    private static let smallMark =
        "the watermark cannot be read from the file: the changed part is too small or grey"
    private static let lossyMark =
        "the watermark cannot be read from the file, which is compressed: give --quality more, "
        + "or write a PNG"

    func say(_ text: String) {
        Console.line(("gesso: " + text).asLine(), isQuiet: manner.quiet)
    }
}
