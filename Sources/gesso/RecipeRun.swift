import Foundation
import Gesso
import Terminal

/// A recipe at work on a picture: several edits in a row, or a grid of them.
struct RecipeRun {
    let preset: Preset
    private let options: EditOptions
    private let source: RecipeSource
    private let given: RecipeGiven
    /// The picture's path; nil where the recipe makes one.
    private let input: String?

    /// Checks the recipe and what is given for it.
    init(
        _ recipe: String, on input: String?, _ options: EditOptions, masks: [String]
    ) throws {
        if let input, ImageFormat(pathExtension: recipe.pathEnding) != nil,
            ImageFormat(pathExtension: input.pathEnding) == nil
        {
            throw Failure(
                .usage, "the recipe comes before the picture", at: "run",
                do: "write `gesso run \(input) \(recipe)`")
        }
        preset = try Workplace.library.preset(recipe)
        source = try options.recipe.source()
        (self.options, self.input) = (options, input)
        given = RecipeGiven(
            variables: source.variables, masks: try Self.masks(masks), settings: source.settings)
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
            let subtracts =
                parts[1].hasPrefix("-") && parts[1] != "-" && masks[parts[0]] != nil
            let spec = subtracts ? String(parts[1].dropFirst()) : parts[1]
            masks[parts[0], default: []].append(
                MaskPlan.Part(
                    try MaskSource(spec, at: .argument("--mask")), subtracts: subtracts,
                    at: .argument("--mask")))
        }
        return masks
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
        let request = try source.request(of: preset, given)
        let runner = try JobRunner(request, of: input, options, recipeName: preset.name)
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
        let grid = try Grid(preset, given, from: source) { $0.take(input) }
        if let first = grid.cells.first { try check(first.request) }
        try await GridRunner(grid, of: input, options).perform(side: side)
    }
}
