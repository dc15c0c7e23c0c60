import Editing
import Foundation
import Imaging
import Recipes

/// The cells of a recipe that makes a grid.
enum RecipeGrid {
    /// A value on each of the axes.
    typealias Place = [(axis: GridAxis, value: String)]

    /// All places, the first axis the quickest.
    static func places(_ axes: [GridAxis]) -> [Place] {
        axes.reversed().reduce([[]]) { places, axis in
            places.flatMap { place in axis.values.map { [(axis, $0)] + place } }
        }
    }

    /// What is given for a cell.
    ///
    /// - Throws: `Failure` for a flag or variable that the grid is about.
    static func given(_ given: RecipeGiven, at place: Place) throws -> RecipeGiven {
        var cell = given
        for (axis, value) in place {
            switch axis.subject {
            case .variable(let name):
                try check(given.variables, name, "--var \(name)")
                cell.variables.append(Setting(name, value, at: .argument("for " + name)))
            case .key(let key):
                try check(given.settings, key, "--" + key.replacing("_", with: "-"))
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

extension RecipeRun {
    /// Makes the table, or tells what it would take.
    func performGrid(side: Int) throws {
        if options.receipt != nil {
            throw Failure(
                .usage, "a table has no receipt", at: "--receipt", do: "leave it out")
        }
        if input == "-" {
            throw Failure(
                .usage, "a grid begins with its picture again and again", at: "-",
                do: "give a file")
        }
        if options.preview.isGiven {
            throw Failure(
                .usage, "a table has no previews", at: "run",
                do: "leave out --preview and --filmstrip")
        }
        let (plan, cells) = try grid()
        let source = try input.map { try Input.image($0) }
        try plan.checkSize(of: source, side: side)
        let model = try model(for: cells.flatMap(\.self))
        if options.dryRun { return try tell(try planned(plan, cells, model)) }
        let outcomes = try plan.made(isQuiet: options.progress.quiet) { index in
            let work = try chain(cells[index], model, quiet: true).work(on: input, for: output)
            guard let last = work.works.last else {
                throw Failure(.usage, "no edits", at: preset.name, do: "write some below edits:")
            }
            return last
        }
        let table = plan.drawn(outcomes, side: side)
        try output.write(table)
        if options.show { try TerminalPicture.show(table) }
        if options.json {
            try Console.result(JSON.text(GridDocument(plan, outcomes, output.path, table)))
        } else if !output.isStandardOutput {
            try Console.result(output.path)
        }
        if outcomes.contains(where: { (try? $0.get()) == nil }) { throw SomeFailed() }
    }

    /// The table and the edits of each of its cells, with one seed for all unless a seed varies.
    private func grid() throws -> (plan: GridPlan, cells: [[RecipeEdit]]) {
        let places = RecipeGrid.places(preset.axes)
        guard places.count <= GridPlan.mostCells else {
            throw Failure(
                .usage, "\(places.count) pictures", at: "for",
                do: "give lists for \(GridPlan.mostCells) or fewer")
        }
        var cells: [[RecipeEdit]] = []
        for place in places {
            cells.append(
                try Self.edits(
                    of: preset, RecipeGrid.given(given, at: place), options,
                    seed: cells.first?.first?.recipe.seed))
        }
        let plan = GridPlan(
            edits.last?.verb ?? .imageToImage, over: preset.axes,
            cells: zip(places, cells).compactMap { place, edits in
                edits.last.map {
                    GridPlan.Cell(
                        label: place.map { $0.axis.label($0.value) }.joined(separator: ", "),
                        recipe: $0.recipe, presets: [preset])
                }
            })
        return (plan, cells)
    }

    private func planned(
        _ plan: GridPlan, _ cells: [[RecipeEdit]], _ model: ModelOnCall?
    ) throws -> GridPlanDocument {
        var document = GridPlanDocument(output: output.path, pictures: plan.cells.map(\.label))
        for edits in cells {
            let chain = chain(edits, model, quiet: true)
            for planned in try chain.plan(input, for: output) { document.add(planned) }
        }
        return document
    }
}
