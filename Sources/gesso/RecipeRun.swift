import Foundation
import Gesso

/// A recipe at work on a picture: several edits in a row, or a grid of them.
struct RecipeRun {
    let preset: Preset
    private let options: EditOptions
    private let given: RecipeGiven
    /// The picture's path; nil where the recipe makes one.
    private let input: String?

    /// Checks the recipe and what is given for it.
    init(
        _ recipe: String, on input: String?, _ options: EditOptions, masks: [String]
    ) throws {
        preset = try Workplace.library.preset(recipe)
        (self.options, self.input) = (options, input)
        given = RecipeGiven(
            variables: try options.recipe.givenVariables,
            masks: try Self.masks(masks), settings: try options.recipe.direct([]))
    }

    /// The parts of masks by name, of words `name=mask`; a `-` before the mask subtracts it.
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
            masks[parts[0], default: []].append(
                MaskPlan.Part(
                    try MaskSource(spec, at: .argument("--mask")), subtracts: subtracts,
                    at: .argument("--mask")))
        }
        return masks
    }

    /// The request of edits, with what the options add to their prompts.
    ///
    /// - Parameter seed: of the first edit, unless the recipe or the options say one.
    private func request(_ given: RecipeGiven, seed: UInt64? = nil) throws -> Request {
        var request = Request(
            try preset.edits(given, seed: seed).map { edit in
                Request.Edit(
                    edit.verb, try options.recipe.styled(edit.recipe), mask: edit.mask)
            })
        request.variables = preset.values(given: given.variables)
        return request
    }

    private func check(_ request: Request) throws {
        let makesOne = request.edits.first?.verb == .textToImage
        guard makesOne == (input != nil) else { return }
        throw Failure(
            .usage, makesOne ? "the recipe begins without a picture" : "no picture", at: "run",
            do: makesOne ? "leave it out" : "give one behind the recipe")
    }

    /// Makes the picture, or reports what it would take.
    func perform() async throws {
        let request = try request(given)
        let runner = try JobRunner(
            request, from: [preset] + preset.bases, of: input, options, recipeName: preset.name)
        try check(request)
        try await runner.perform()
    }

    /// Makes the table, or reports what it would take.
    func performGrid(side: Int) async throws {
        if options.receipt != nil {
            throw Failure(
                .usage, "a table has no receipt", at: "--receipt", do: "leave it out")
        }
        if options.preview.isGiven {
            throw Failure(
                .usage, "a table has no previews", at: "run",
                do: "leave out --preview and --filmstrip")
        }
        var cells: [Grid.Cell] = []
        for place in try Grid.places(preset.axes) {
            var request = try request(
                given(at: place), seed: cells.first?.request.edits.first?.recipe.seed)
            request.take(input)
            cells.append(Grid.Cell(label: Grid.label(place), request: request))
        }
        if let first = cells.first { try check(first.request) }
        try await GridRunner(Grid(over: preset.axes, cells: cells), of: input, options)
            .perform(side: side)
    }

    /// What is given for a cell of the grid.
    ///
    /// - Throws: `Failure` for a flag or variable that the grid is about.
    private func given(at place: Grid.Place) throws -> RecipeGiven {
        var cell = given
        for (axis, value) in place {
            switch axis.subject {
            case .variable(let name):
                try Self.check(given.variables, name, "--var \(name)")
                cell.variables.append(Setting(name, value, at: .argument("for " + name)))
            case .key(let key):
                try Self.check(given.settings, key, "--" + key.replacing("_", with: "-"))
                if let setting = axis.setting(value) { cell.varied.append(setting) }
            case .words, .preset: break
            }
        }
        return cell
    }

    private static func check(_ settings: [Setting], _ name: String, _ flag: String) throws {
        guard settings.contains(where: { $0.key == name }) else { return }
        throw Failure(
            .usage, "the recipe makes a grid over \(name)", at: flag, do: "leave it out")
    }
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
