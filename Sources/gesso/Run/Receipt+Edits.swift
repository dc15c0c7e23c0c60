import Editing
import Files
import Foundation
import Imaging
import Recipes

extension Receipt {
    /// The verb of a receipt that holds edits.
    static let verbOfEdits = "run"

    /// The receipt of a picture that edits made one after the other, to be kept in `folder`.
    init(
        _ made: EditChain.Made, of chain: EditChain, as output: Output, in folder: URL
    ) throws {
        let report = made.picture.report
        let reports = made.work.reports
        let runs = made.work.runs
        verb = Self.verbOfEdits
        version = Gesso.version
        kernels = Editor.instructionSet
        seed = reports.first?.seed ?? 0
        scheduler = report.scheduler
        evaluations = reports.reduce(0) { $0 + $1.evaluations }
        (paddedWidth, paddedHeight) = (report.paddedWidth, report.paddedHeight)
        settings = [:]
        recipes =
            runs.first?.presets.map {
                RecipeFile(name: $0.name, sha256: Digest.sha256(Data($0.text.utf8)))
            } ?? []
        let inputs = runs.first?.inputs
        source = inputs?.source?.file(in: folder)
        masks = []
        model = try zip(runs, reports).first { $0.0.model != nil }.flatMap { run, report in
            try run.model.map { try Checkpoint(report.model, $0, in: folder) }
        }
        let found = try AddOn.all(of: runs, in: folder)
        addOns = found.isEmpty ? nil : found
        result = Picture(made.picture, by: output, in: folder)
        variables = chain.variables.flatMap { $0.isEmpty ? nil : $0 }
        edits = zip(zip(runs, made.work.works), chain.steps).map { done, step in
            Edit(done.0, done.1, step.mask, in: folder)
        }
    }

    /// The edits, ready to be made again.
    ///
    /// - Parameters:
    ///   - place: stands for the receipt in errors.
    ///   - path: the way to a file of it now.
    func steps(named place: String, _ path: (File) throws -> String) throws -> [EditChain.Step] {
        try (edits ?? []).map { edit in
            guard let verb = Verb(rawValue: edit.verb) else {
                throw Failure(.badData, "an unknown verb", at: place, do: "use a newer gesso")
            }
            return EditChain.Step(
                verb: verb, recipe: try Self.recipe(of: edit.settings, for: verb, named: place),
                presets: [], mask: try edit.mask?.plan(path))
        }
    }

    /// All files of the edits' masks, each once, in their order.
    var maskFiles: [File] {
        var files: [File] = []
        for file in (edits ?? []).compactMap(\.mask).flatMap(\.files) where !files.contains(file) {
            files.append(file)
        }
        return files
    }
}

extension Receipt.Edit {
    init(_ run: EditRun, _ work: EditRun.Work, _ mask: MaskPlan?, in folder: URL) {
        let report = work.result.report
        verb = run.verb.rawValue
        (seed, scheduler, evaluations) = (report.seed, report.scheduler, report.evaluations)
        (paddedWidth, paddedHeight) = (report.paddedWidth, report.paddedHeight)
        settings = Receipt.settings(run.verb, work.recipe, report)
        self.mask = mask.map { Receipt.Mask($0, run.inputs, in: folder) }
    }
}

extension Receipt.Mask {
    init(_ plan: MaskPlan, _ inputs: RunInputs, in folder: URL) {
        name = plan.name
        (inverts, grow) = (plan.inverts, plan.grow)
        parts = plan.parts.map { part in
            switch part.content {
            case .mask(let mask):
                return Part(
                    file: nil, spec: nil, mask: Receipt.Mask(mask, inputs, in: folder),
                    subtracts: part.subtracts)
            case .words(let words):
                let file = inputs.maskFile(words, in: folder)
                return Part(
                    file: file, spec: file == nil ? words : nil, mask: nil,
                    subtracts: part.subtracts)
            }
        }
    }

    var files: [Receipt.File] {
        parts.flatMap { part in (part.file.map { [$0] } ?? []) + (part.mask?.files ?? []) }
    }

    func plan(_ path: (Receipt.File) throws -> String) throws -> MaskPlan {
        MaskPlan(
            name: name,
            parts: try parts.map { part in
                let content: MaskPlan.Content =
                    if let file = part.file {
                        .words(try path(file))
                    } else if let mask = part.mask {
                        .mask(try mask.plan(path))
                    } else {
                        .words(part.spec ?? "")
                    }
                return MaskPlan.Part(
                    content, subtracts: part.subtracts, at: .argument("--mask"))
            }, inverts: inverts, grow: grow)
    }
}

extension Receipt.AddOn {
    /// The add-ons of all runs, each once.
    static func all(of runs: [EditRun], in folder: URL) throws -> [Receipt.AddOn] {
        var seen: Set<String> = []
        return try runs.flatMap(\.addOns).filter { seen.insert("\($0.key):\($0.name)").inserted }
            .map { try Receipt.AddOn($0, in: folder) }
    }
}
