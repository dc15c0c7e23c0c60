import Editing
import Foundation
import Imaging
import Recipes

/// A recipe at work on a picture.
struct RecipeRun {
    let preset: Preset
    let options: EditOptions
    let output: Output
    let given: RecipeGiven
    /// The picture's path; nil where the recipe makes one.
    let input: String?
    /// The edits as the recipe has them; those of the first cell where it makes a grid.
    let edits: [RecipeEdit]
    private let receipt: ReceiptPlace?
    private let onlooker: Onlooker?

    /// Checks all that can be checked before a picture is read.
    init(
        _ recipe: String, on input: String?, _ options: EditOptions, masks: [String]
    ) throws {
        let shelf = PresetShelf(environment: ProcessInfo.processInfo.environment)
        preset = try shelf.preset(recipe)
        self.options = options
        self.input = input
        given = RecipeGiven(
            variables: try options.recipe.givenVariables,
            masks: try Self.masks(masks), settings: try options.recipe.direct([]))
        if preset.axes.isEmpty {
            edits = try Self.edits(of: preset, given, options)
        } else {
            let cell = try RecipeGrid.given(given, at: RecipeGrid.places(preset.axes)[0])
            edits = try Self.edits(of: preset, cell, options)
        }
        for edit in edits { try edit.mask?.check() }
        let output = try options.place(
            of: input, edits.last?.verb ?? .imageToImage, seed: edits.first?.recipe.seed)
        self.output = output
        receipt = try options.receipt.map {
            try ReceiptPlace($0, overwrites: options.overwrite, beside: output)
        }
        onlooker = try Onlooker(
            options.preview, overwrites: options.overwrite, isQuiet: options.progress.quiet)
        try checkInput()
    }

    /// The edits with what the options add to their prompts.
    static func edits(
        of preset: Preset, _ given: RecipeGiven, _ options: EditOptions, seed: UInt64? = nil
    ) throws -> [RecipeEdit] {
        try preset.edits(given, seed: seed).map { edit in
            var edit = edit
            edit.recipe = try options.recipe.styled(edit.recipe)
            return edit
        }
    }

    private func checkInput() throws {
        let makesOne = edits.first?.verb == .textToImage
        guard makesOne != (input == nil) else { return }
        throw Failure(
            .usage, makesOne ? "the recipe begins without a picture" : "no picture", at: "run",
            do: makesOne ? "leave it out" : "give one behind the recipe")
    }

    /// The parts of masks by name, of words `name=mask`; a `-` before the mask takes it away.
    private static func masks(_ words: [String]) throws -> [String: [MaskPlan.Part]] {
        var masks: [String: [MaskPlan.Part]] = [:]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw Failure(
                    .usage, "'\(word.prefix(40))' gives no mask", at: "--mask",
                    do: "write --mask name=mask")
            }
            let subtracts = parts[1].hasPrefix("-") && masks[parts[0]] != nil
            let spec = subtracts ? String(parts[1].dropFirst()) : parts[1]
            _ = try MaskSource(spec)
            masks[parts[0], default: []].append(
                MaskPlan.Part(.words(spec), subtracts: subtracts, at: .argument("--mask")))
        }
        return masks
    }

    /// The model that the edits share; nil where none of them needs one.
    func model(for edits: [RecipeEdit]) throws -> ModelOnCall? {
        let verbs = edits.filter { $0.recipe.steps > 0 }.map(\.verb)
        return verbs.isEmpty ? nil : try options.model(for: verbs)
    }

    /// The edits, ready to be carried out.
    func chain(_ edits: [RecipeEdit], _ model: ModelOnCall?, quiet: Bool = false) -> EditChain {
        EditChain(
            steps: edits.map { edit in
                EditChain.Step(
                    verb: edit.verb, recipe: edit.recipe, presets: [preset] + preset.bases,
                    mask: edit.mask)
            }, model: model,
            manner: EditRun.Manner(
                threads: options.engine.threads, quiet: quiet || options.progress.quiet,
                verbose: options.progress.verbose > 0, json: options.json, show: options.show),
            onlooker: onlooker, variables: preset.values(given: given.variables))
    }

    /// Makes the picture, or tells what it would take.
    func perform() throws {
        let chain = try chain(edits, model(for: edits))
        if options.dryRun {
            let files =
                [output.isStandardOutput ? nil : output.path, receipt?.path].compactMap(\.self)
                + (onlooker?.files ?? [])
            return try tell(
                RunPlanDocument(
                    preset.name, edits, try chain.plan(input, for: output), output, files: files))
        }
        guard let made = try chain.make(input, for: output), let last = made.runs.last else {
            return
        }
        try output.write(made.picture.data) {
            try receipt.map { place in
                try place.write(chain.receipt(of: made, as: output, in: place.folder))
            }
            try onlooker?.writeFilmstrip(made.picture.picture)
        }
        for note in made.reports.dropLast().flatMap(\.notes) {
            Console.line("gesso: note: \(note)".asLine(), isQuiet: options.progress.quiet)
        }
        try last.tell(
            made.picture,
            as: JSON.text(RunDocument(preset.name, made, output: output.path)))
    }

    func tell(_ document: some PlainDocument) throws {
        if options.json { return try Console.result(JSON.text(document)) }
        for line in document.lines { try Console.result(line.escapingControls()) }
    }
}

/// A document that people can read, too.
protocol PlainDocument: Encodable {
    /// A line for each thing.
    var lines: [String] { get }
}

extension Preset {
    /// The values that variables have, those that are given and the others' own.
    func values(given: [Setting]) -> [String: String] {
        let standard = variables.compactMap { variable in
            variable.standard.map { (variable.name, $0) }
        }
        return Dictionary(
            standard + given.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }
}
