import Editing
import Files
import Foundation
import Imaging
import Recipes

/// The pictures of a grid: what each is made by, in the order in which they are made.
struct GridPlan {
    let verb: Verb
    private let x: GridAxis
    private let y: GridAxis?
    private let z: GridAxis?
    let cells: [Cell]

    /// One of its pictures.
    struct Cell {
        let label: String
        let recipe: Recipe
        let presets: [Preset]
    }

    /// The most pictures of a grid.
    static let mostCells = 400

    /// A grid over one to three axes with its pictures, the first axis the quickest.
    init(_ verb: Verb, over axes: [GridAxis], cells: [Cell]) {
        self.verb = verb
        (x, y, z) = (axes[0], axes.dropFirst().first, axes.dropFirst(2).first)
        self.cells = cells
    }

    /// All pictures of a grid: rows of columns, tables of rows.
    init(_ verb: Verb, _ options: EditOptions, x: String, y: String?, z: String?) throws {
        self.verb = verb
        let x = try GridAxis(x, option: "--x")
        let y = try y.map { try GridAxis($0, option: "--y") }
        let z = try z.map { try GridAxis($0, option: "--z") }
        (self.x, self.y, self.z) = (x, y, z)
        let count = x.values.count * (y?.values.count ?? 1) * (z?.values.count ?? 1)
        guard count <= Self.mostCells else {
            throw Failure(
                .usage, "\(count) pictures", at: "--x",
                do: "give axes for \(Self.mostCells) or fewer")
        }
        let shared = try options.recipe.files()
        RecipeOptions.note(shared, for: [verb], quiet: options.progress.quiet)
        let shelf = PresetShelf(environment: ProcessInfo.processInfo.environment)
        var cells: [Cell] = []
        var seed: UInt64?
        for z in Self.places(z) {
            for y in Self.places(y) {
                for x in Self.places(x) {
                    let places = [x, y, z].compactMap(\.self)
                    var presets = shared
                    for (axis, value) in places where axis.subject == .preset {
                        presets.append(try shelf.preset(value))
                    }
                    var recipe = try options.recipe.recipe(
                        verb, places.compactMap { axis, value in axis.setting(value) }, presets)
                    for (axis, value) in places { recipe = try axis.replaced(value, in: recipe) }
                    seed = seed ?? recipe.drawingSeed().seed
                    recipe.seed = recipe.seed ?? seed
                    cells.append(
                        Cell(
                            label: places.map { $0.label($1) }.joined(separator: ", "),
                            recipe: recipe, presets: presets))
                }
            }
        }
        self.cells = cells
    }

    /// The values of an axis with it; one place without anything where there is no axis.
    private static func places(_ axis: GridAxis?) -> [(axis: GridAxis, value: String)?] {
        axis.map { axis in axis.values.map { (axis, $0) } } ?? [nil]
    }

    /// Makes the pictures one after the other and tells how far it is. What ends the first one would
    /// end them all; a later one is left out.
    ///
    /// - Parameter make: makes the one of that number.
    func made(isQuiet: Bool, _ make: (Int) throws -> EditRun.Work) throws -> [Outcome] {
        var outcomes: [Outcome] = []
        let began = ContinuousClock.now
        for (index, cell) in cells.enumerated() {
            let seconds = began.duration(to: .now) / .seconds(1)
            let left = Int(seconds / Double(max(index, 1)) * Double(cells.count - index))
            let pace =
                index > 0 ? ", \(left / 60):" + String(format: "%02d", left % 60) + " left" : ""
            Console.line(
                "gesso: picture \(index + 1) of \(cells.count): \(cell.label)\(pace)".asLine(),
                isQuiet: isQuiet)
            do {
                outcomes.append(.success(try make(index)))
            } catch {
                let failure = Failure(error, in: "grid")
                guard failure.isOfOnePicture, index > 0 else { throw error }
                Console.line("gesso: \(cell.label): \(failure.text)".asLine())
                outcomes.append(.failure(failure))
            }
        }
        return outcomes
    }

    /// The axes there are, x first.
    var axes: [(name: String, axis: GridAxis)] {
        [("X", x), ("Y", y), ("Z", z)].compactMap { name, axis in axis.map { (name, $0) } }
    }

    /// A table that nobody could open is refused before the work.
    func checkSize(of source: Image?, side: Int) throws {
        let rows = (y?.values.count ?? 1) * (z?.values.count ?? 1)
        let longest = Double(max(source?.width ?? side, source?.height ?? side))
        let scale = min(Double(side) / longest, 1)
        let pixels = PictureGrid.pixels(
            columns: x.values.count, rows: rows,
            cellWidth: Int(Double(source?.width ?? side) * scale),
            cellHeight: Int(Double(source?.height ?? side) * scale))
        guard pixels <= PictureGrid.mostPixels else {
            throw Failure(
                .usage, "the table would have \(pixels / 1_000_000) million pixels", at: "--side",
                do: "give a smaller one than \(side), or fewer values")
        }
    }

    /// What became of a picture: the work, or why there is none.
    typealias Outcome = Result<EditRun.Work, Failure>

    /// The table, with what made it in its metadata; what could not be made is crossed out.
    func drawn(_ outcomes: [Outcome], side: Int) -> Image {
        let works = outcomes.compactMap { try? $0.get() }
        let pictures = outcomes.map { outcome in
            (try? outcome.get().result.image)
                ?? Image.crossedOut.resized(
                    width: works.first?.edit.width ?? side, height: works.first?.edit.height ?? side
                )
        }
        let columns = x.values.map(x.label)
        let rows = y.map { axis in axis.values.map(axis.label) } ?? [""]
        let tables = z.map { axis in axis.values.map(axis.label) } ?? [""]
        let size = columns.count * rows.count
        let sheets = tables.enumerated().map { index, name in
            PictureGrid(
                columns: columns, rows: rows,
                title: (index == 0 ? [legend] : []) + (name.isEmpty ? [] : [name]),
                pictures: Array(pictures[index * size..<(index + 1) * size])
            ).drawn(side: side)
        }
        var table = Image.stacked(sheets)
        guard let first = works.first?.result.report, let recipe = cells.first?.recipe else {
            return table
        }
        let provenance = Provenance(
            verb: verb, model: first.model, scheduler: first.scheduler, seed: first.seed,
            size: Size(width: first.width, height: first.height),
            program: "gesso " + Gesso.version)
        let script = axes.map { name, axis in ", \(name) Values: \(JSON.line(axis.text))" }
        table.metadata.parameters =
            recipe.infotext(provenance) + ", Script: X/Y/Z plot" + script.joined()
        table.metadata.digitalSourceType = .compositeWithTrainedAlgorithmicMedia
        return table
    }

    /// Whether a key's value is not the same in all pictures.
    private func differs(_ name: String) -> Bool {
        guard let key = Recipe.key(name), let first = cells.first else { return false }
        let value = key.value(in: first.recipe)
        return cells.contains { key.value(in: $0.recipe) != value }
    }

    /// What holds for all pictures.
    private var legend: String {
        guard let recipe = cells.first?.recipe else { return verb.rawValue }
        let keys = ["prompt", "strength", "steps", "guidance_scale", "scheduler", "seed"]
        let varied = axes.flatMap { _, axis in
            switch axis.subject {
            case .key(let key): [key]
            case .words: ["prompt"]
            case .preset: keys
            case .variable: keys.filter(differs)
            }
        }
        let shown = keys.filter { !varied.contains($0) }.compactMap { name in
            Recipe.key(name).flatMap { key in
                key.verbs.contains(verb) ? key.value(in: recipe).map { "\(name) \($0)" } : nil
            }
        }
        return ([verb.rawValue] + shown).joined(separator: ", ")
    }
}

/// A grid that was made, as `--json` prints it.
struct GridDocument: Encodable {
    private let schema = "gesso.grid/1"
    private let output: String
    private let width: Int
    private let height: Int
    private let axes: [Axis]
    private let pictures: [Picture]

    private struct Axis: Encodable {
        let name: String
        let text: String
        let values: [String]
    }

    private struct Picture: Encodable {
        let label: String
        var seed: UInt64?
        var evaluations: Int?
        var pixelsSha256: String?
        /// Why it could not be made.
        var error: String?
    }

    init(_ plan: GridPlan, _ outcomes: [GridPlan.Outcome], _ output: String, _ table: Image) {
        self.output = output
        (width, height) = (table.width, table.height)
        axes = plan.axes.map {
            Axis(name: $0.name.lowercased(), text: $0.axis.text, values: $0.axis.values)
        }
        pictures = zip(plan.cells, outcomes).map { cell, outcome in
            switch outcome {
            case .success(let work):
                Picture(
                    label: cell.label, seed: work.result.report.seed,
                    evaluations: work.result.report.evaluations,
                    pixelsSha256: Digest.of(pixels: work.result.image))
            case .failure(let failure): Picture(label: cell.label, error: failure.text)
            }
        }
    }
}

/// What a grid would take, as `--dry-run` tells it.
struct GridPlanDocument: PlainDocument {
    private let schema = "gesso.gridplan/1"
    let output: String
    let pictures: [String]
    var evaluations = 0
    var weightBytes = 0
    /// Of the picture that needs most.
    var workBytes = 0
    /// Of all pictures and loading the model.
    var estimatedSeconds = 0.0

    init(output: String, pictures: [String]) {
        (self.output, self.pictures) = (output, pictures)
    }

    /// Adds what a picture takes.
    mutating func add(_ planned: EditRun.Planned) {
        evaluations += planned.plan.evaluations
        workBytes = max(workBytes, planned.plan.workBytes)
        weightBytes = max(weightBytes, planned.plan.weightBytes)
        estimatedSeconds += planned.loading + (planned.plan.seconds?.total ?? 0)
    }

    /// The same for people.
    var lines: [String] {
        pictures.enumerated().map { "picture \($0 + 1): \($1)" } + [
            "UNet calls: \(evaluations)",
            "memory: \((weightBytes + workBytes) >> 20) MiB",
            "time: about \(estimatedSeconds.asDuration)",
            "files: \(output)",
        ]
    }
}
