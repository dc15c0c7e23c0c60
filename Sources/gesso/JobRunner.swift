import Foundation
import Gesso
import Terminal

/// Carries a request out and reports on it: messages while it goes on, the file, the receipt and the
/// filmstrip in their places, and the result on standard output.
struct JobRunner {
    private(set) var request: Request
    let output: Output
    private let receipt: ReceiptPlace?
    private let previews: PreviewWriter?
    private let options: EditOptions
    /// The name of the recipe, where one of several edits is carried out.
    private let recipeName: String?

    /// One edit as a verb's options have it.
    ///
    /// - Parameters:
    ///   - settings: those given by the verb's own flags.
    ///   - input: the path of the picture, which names of results may follow; nil for one from words.
    init(
        _ verb: Verb, _ options: EditOptions, _ settings: [Setting], of input: String?,
        mask: MaskPlan? = nil
    ) throws {
        // A name that is mistyped is the first thing to know, before what the recipe lacks.
        try Input.checkFiles([input].compactMap(\.self) + (mask?.pictures ?? []))
        let source = try options.recipe.source(settings)
        RecipeOptions.note(source.presets, for: [verb], quiet: options.progress.quiet)
        var request = Request([Request.Edit(verb, try source.recipe(verb), mask: mask)])
        request.recipes = source.presets.map(Request.RecipeFile.init)
        try self.init(request, of: input, options)
    }

    /// Takes the places of all files, so that the work is not done for nothing.
    init(
        _ request: Request, of input: String?, _ options: EditOptions, recipeName: String? = nil
    ) throws {
        var request = request.drawingSeeds()
        let output = try options.place(
            of: input, request.edits.last?.verb ?? .imageToImage,
            seed: request.edits.first?.recipe.seed)
        self.output = output
        receipt = try options.receipt.map {
            try ReceiptPlace($0, overwrites: options.overwrite, beside: output)
        }
        request.model = try options.engine.model(
            storedIn: options.recipe.storedSettings(), quiet: options.progress.quiet)
        request.tokenizer = options.engine.tokenizer
        (request.format, request.quality) = (output.format, output.quality)
        request.take(input)
        self.request = request
        for (path, option) in [
            (options.receipt, "--receipt"), (options.preview.previewFile, "--preview-file"),
            (options.preview.filmstrip, "--filmstrip"),
        ] {
            try path.map { try Output.check($0, at: option, keeping: [request]) }
        }
        try Output.check(output.path, at: "-o", keeping: [request.withoutSource])
        try Output.checkDistinct([
            (output.path, "-o"), (options.receipt, "--receipt"),
            (options.preview.previewFile, "--preview-file"),
            (options.preview.filmstrip, "--filmstrip"),
        ])
        previews = try PreviewWriter(
            options.preview, overwrites: options.overwrite, isQuiet: options.progress.quiet)
        (self.options, self.recipeName) = (options, recipeName)
    }

    /// Makes the picture, or reports what it would take.
    func perform() async throws {
        let request = try request.readingStandardInput()
        var jobOptions = options.jobOptions
        (jobOptions.previewInterval, jobOptions.previewDecoder) =
            (previews?.interval, previews?.decoder)
        if options.dryRun { return try report(await plan(request, jobOptions)) }
        let events = EventPrinter(request, isQuiet: options.progress.quiet) {
            try previews?.see($0)
        }
        let outcome = try await events.follow(Workplace.library.start(request, jobOptions))
        try output.file.map { try outcome.checkSource(replacedAt: $0) }
        try output.write(outcome.data) {
            try receipt?.write(outcome, as: output)
            try previews?.writeFilmstrip(outcome.image)
        }
        try report(outcome)
    }

    /// All files that are written.
    private var files: [String] {
        [output.isStandardOutput ? nil : output.path, receipt?.path].compactMap(\.self)
            + (previews?.files ?? [])
    }

    private func plan(_ request: Request, _ jobOptions: Job.Options) async throws -> [PlannedEdit] {
        let isQuiet = options.progress.quiet
        return try await Workplace.library.plan(request, jobOptions) {
            Console.line("gesso: note: \($0)".asLine(), isQuiet: isQuiet)
        }
    }

    private func report(_ planned: [PlannedEdit]) throws {
        if let recipeName {
            return try Console.result(
                RunPlanDocument(
                    recipeName, planned, output: output.path, files: files, notes: Console.notes),
                isJSON: options.json)
        }
        for note in planned.flatMap(\.plan.notes) { say("note: " + note) }
        for plan in planned {
            try Console.result(
                PlanDocument(
                    plan, output: output.path, files: files,
                    speeds: Workplace.library.places.speeds, notes: Console.notes),
                isJSON: options.json)
        }
    }

    /// Reports on a picture that was written.
    private func report(_ outcome: Outcome) throws {
        for note in outcome.works.flatMap(\.report.notes) { say("note: " + note) }
        if let proof = outcome.proof { say(proof.verdict) }
        if let signer = outcome.signer { say("signed: Content Credentials of \(signer)") }
        if let loss = outcome.loss { say("note: " + loss) }
        if options.progress.verbose > 0 { reportTimes(of: outcome) }
        if options.show, !options.progress.quiet { try TerminalPicture.show(outcome.image) }
        if options.json {
            let text =
                try recipeName.map {
                    try JSON.text(
                        RunDocument($0, outcome, output: output.path, notes: Console.notes))
                } ?? JSON.text(EditDocument(outcome, output: output.path, notes: Console.notes))
            try Console.result(text)
        } else if !output.isStandardOutput {
            try Console.result(output.path)
        }
    }

    private func reportTimes(of outcome: Outcome) {
        let report = outcome.report
        for line in report.seams.map({ SeamDocument($0).lines }) ?? [] { say(line) }
        for stage in ["load", "prompt", "encode", "denoise", "decode"] {
            let loading = outcome.works.last?.loading ?? 0
            guard let seconds = stage == "load" ? loading : report.seconds[stage] else { continue }
            say("\(stage) took \(String(format: "%.2f", seconds)) s")
        }
    }

    private func say(_ text: String) {
        Console.line(("gesso: " + text).asLine(), isQuiet: options.progress.quiet)
    }
}

extension Request {
    /// Takes the picture at a path as the one to edit, if there is one.
    mutating func take(_ input: String?) { take(input.map(Picture.file)) }

    /// The same with the bytes of standard input in place of `-`.
    func readingStandardInput() throws -> Request {
        var read = self
        let names = pictures.filter { $0.value.path == "-" }.keys
        guard names.count <= 1 else {
            throw Failure(
                .usage, "several pictures would be standard input", at: "-",
                do: "give a file for all but one")
        }
        for name in names {
            read.pictures[name] = .data(try Input.bytes("-"), name: Input.name("-"))
        }
        return read
    }
}
