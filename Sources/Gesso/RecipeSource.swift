import Foundation
public import Recipes

/// What recipes are made from: presets, the settings that override them, values of variables, and the
/// file of styles. Single edits, chains, grids and batches all get their recipes here.
public struct RecipeSource: Sendable {
    /// The presets, each over the ones before it.
    public var presets: [Preset]
    /// Settings that override them.
    public var settings: [Setting]
    /// Values for the presets' variables, by name.
    public var variables: [Setting]
    /// The file of styles that recipes may name.
    public var styles: String

    /// A source of recipes.
    public init(
        presets: [Preset] = [], settings: [Setting] = [], variables: [Setting] = [],
        styles: String = "styles.csv"
    ) {
        (self.presets, self.settings) = (presets, settings)
        (self.variables, self.styles) = (variables, styles)
    }

    /// The recipe of a verb.
    ///
    /// - Parameter special: settings that override all others.
    /// - Throws: `RecipeError`.
    public func recipe(_ verb: Verb, overriddenBy special: [Setting] = []) throws -> Recipe {
        let usual = settings.filter { one in !special.contains { $0.key == one.key } }
        return try styled(
            Recipe(verb, presets: presets, settings: usual + special, variables: variables))
    }

    /// The recipe of a verb whose prompt is given later: without one the prompt is empty.
    func outline(_ verb: Verb) throws -> Recipe {
        do {
            return try recipe(verb)
        } catch RecipeError.missing(key: "prompt", _) {
            return try recipe(verb, overriddenBy: [Self.noPrompt])
        }
    }

    static let noPrompt = Setting("prompt", "", at: .argument("--prompt"))

    /// The edits of a recipe file, and the values that its variables have, as a request.
    ///
    /// - Parameters:
    ///   - preset: the recipe file.
    ///   - given: what is given for it.
    ///   - seed: of the first edit, unless the recipe or the settings say one.
    /// - Throws: `RecipeError`.
    public func request(
        of preset: Preset, _ given: RecipeGiven, seed: UInt64? = nil
    ) throws -> Request {
        var request = Request(
            try preset.edits(given, seed: seed).map {
                Request.Edit($0.verb, try styled($0.recipe), mask: $0.mask)
            })
        request.recipes = ([preset] + preset.bases).map(Request.RecipeFile.init)
        request.variables = preset.values(given: given.variables)
        return request
    }

    /// A recipe with the styles that it names around its prompts.
    private func styled(_ recipe: Recipe) throws -> Recipe {
        let taken = Result {
            try recipe.takingStyles { () throws(RecipeError) in try StyleBook(inFile: styles) }
        }
        if case .failure(let error) = taken, access(styles, R_OK) != 0 {
            throw GessoError(.cannotRead, "\(error)", remedy: nil)
        }
        return try taken.get()
    }
}

extension Preset {
    /// The values that variables have, those that are given and the others' own.
    fileprivate func values(given: [Setting]) -> [String: String] {
        let standard = variables.compactMap { variable in
            variable.standard.map { (variable.name, $0) }
        }
        return Dictionary(
            standard + given.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }
}

extension Grid {
    /// One edit at every place of some axes. All pictures share one seed unless an axis is the seed.
    ///
    /// - Parameters:
    ///   - mask: what is repainted, for `inpaint`.
    ///   - presets: where presets of an axis are found.
    ///   - finish: completes each request.
    /// - Throws: `RecipeError`, and `GessoError` for more than `mostCells`.
    public init(
        _ verb: Verb, over axes: [GridAxis], from source: RecipeSource, mask: MaskPlan? = nil,
        presets: PresetShelf, finish: (inout Request) -> Void
    ) throws {
        var cells: [Cell] = []
        let variationSeed = Recipe.randomSeed()
        for place in try Grid.places(axes) {
            var source = source
            for (axis, value) in place where axis.subject == .preset {
                source.presets.append(try presets.preset(value))
            }
            source.settings += place.compactMap { axis, value in axis.setting(value) }
            var recipe = try source.recipe(verb)
            for (axis, value) in place { recipe = try axis.replaced(value, in: recipe) }
            recipe.seed = recipe.seed ?? cells.first?.request.edits.first?.recipe.seed
            if recipe.noise.variationStrength > 0 {
                recipe.noise.variationSeed = recipe.noise.variationSeed ?? variationSeed
            }
            var request = Request([Request.Edit(verb, recipe, mask: mask)]).drawingSeeds()
            request.recipes = source.presets.map(Request.RecipeFile.init)
            request.model = place.first { $0.axis.subject == .model }?.value
            finish(&request)
            cells.append(Cell(label: Grid.label(place), request: request))
        }
        self.init(over: axes, cells: cells)
    }

    /// The edits of a recipe file at every place of its own axes.
    ///
    /// - Parameters:
    ///   - given: what is given for the recipe, but for what the grid is about.
    ///   - finish: completes each request.
    /// - Throws: `RecipeError`, and `GessoError` for a setting or variable that the grid is about.
    public init(
        _ preset: Preset, _ given: RecipeGiven, from source: RecipeSource,
        finish: (inout Request) -> Void
    ) throws {
        var cells: [Cell] = []
        for place in try Grid.places(preset.axes) {
            var request = try source.request(
                of: preset, Self.given(given, at: place),
                seed: cells.first?.request.edits.first?.recipe.seed)
            finish(&request)
            cells.append(Cell(label: Grid.label(place), request: request))
        }
        self.init(over: preset.axes, cells: cells)
    }

    private static func given(_ given: RecipeGiven, at place: Place) throws -> RecipeGiven {
        var cell = given
        for (axis, value) in place {
            switch axis.subject {
            case .variable(let name):
                try check(given.variables, name, .leaveOutVariable(name))
                cell.variables.append(Setting(name, value, at: .argument("for " + name)))
            case .key(let key):
                try check(given.settings, key, .part(key, "leave it out"))
                if let setting = axis.setting(value) { cell.varied.append(setting) }
            case .words, .preset, .model, .control: break
            }
        }
        return cell
    }

    private static func check(
        _ settings: [Setting], _ name: String, _ remedy: Remedy
    ) throws {
        guard settings.contains(where: { $0.key == name }) else { return }
        throw GessoError(.usage, "the recipe makes a grid over \(name)", remedy: remedy)
    }
}
