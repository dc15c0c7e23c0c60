public import Imaging
public import Recipes

/// A table of pictures over one to three axes: each is a request of its own, and all go through the same
/// jobs.
public struct Grid: Sendable {
    /// One of its pictures.
    public struct Cell: Sendable {
        /// The values that it stands for.
        public let label: String
        /// What makes it.
        public let request: Request

        /// A picture of a grid.
        public init(label: String, request: Request) {
            (self.label, self.request) = (label, request)
        }
    }

    /// A value on each of the axes.
    public typealias Place = [(axis: GridAxis, value: String)]

    /// What became of a picture: the outcome, or why there is none.
    public typealias Outcome = Result<Gesso.Outcome, GessoError>

    /// The axes there are, the first the quickest: columns, rows, tables.
    public let axes: [GridAxis]
    /// The pictures in the order in which they are made.
    public let cells: [Cell]

    /// The most pictures of a grid.
    public static let mostCells = 400

    /// A grid over one to three axes with its pictures, the first axis the quickest.
    public init(over axes: [GridAxis], cells: [Cell]) {
        (self.axes, self.cells) = (axes, cells)
    }

    /// All places, the first axis the quickest.
    ///
    /// - Throws: `GessoError` for more than `mostCells`.
    public static func places(_ axes: [GridAxis]) throws -> [Place] {
        let count = axes.reduce(1) { $0 * $1.values.count }
        guard count <= mostCells else {
            throw GessoError(
                .usage, "\(count) pictures",
                remedy: .part("x", "give axes for \(mostCells) or fewer"))
        }
        return axes.reversed().reduce([[]]) { places, axis in
            places.flatMap { place in axis.values.map { [(axis, $0)] + place } }
        }
    }

    /// What a place is called.
    public static func label(_ place: Place) -> String {
        place.map { $0.axis.label($0.value) }.joined(separator: ", ")
    }

    /// The places of the pictures in the order in which they are made: all of a checkpoint after each other.
    var order: [Int] {
        var models: [String?] = []
        for cell in cells where !models.contains(cell.request.model) {
            models.append(cell.request.model)
        }
        return models.flatMap { model in
            cells.indices.filter { cells[$0].request.model == model }
        }
    }

    /// Makes the pictures one after the other. What ends the first one would end them all; a later one is
    /// left out.
    ///
    /// - Parameters:
    ///   - next: called before each picture with how many were made before it, and with it.
    ///   - event: called with what happens in the work on a picture.
    ///   - failed: called with the picture that could not be made.
    public func run(
        with library: Library, _ options: Job.Options = Job.Options(),
        next: (Int, Cell) throws -> Void, event: (Job.Event) throws -> Void = { _ in },
        failed: (Cell, GessoError) throws -> Void
    ) async throws -> [Outcome] {
        var outcomes: [Int: Outcome] = [:]
        for (number, place) in order.enumerated() {
            let cell = cells[place]
            try Task.checkCancellation()
            try next(number, cell)
            do {
                outcomes[place] = .success(
                    try await library.start(cell.request, options).follow(event))
            } catch let error where !(error is CancellationError) {
                let failure = GessoError(error)
                guard failure.isOfOnePicture, number > 0 else { throw error }
                try failed(cell, failure)
                outcomes[place] = .failure(failure)
            }
        }
        return cells.indices.compactMap { outcomes[$0] }
    }

    /// Refuses a table that no program could open, before the work.
    ///
    /// - Parameters:
    ///   - source: the picture that the edits begin with.
    ///   - side: the longest side of a picture in the table.
    public func checkSize(of source: Image?, side: Int) throws {
        let longest = Double(max(source?.width ?? side, source?.height ?? side))
        let scale = min(Double(side) / longest, 1)
        let rows = axes.dropFirst().reduce(1) { $0 * $1.values.count }
        let pixels = PictureGrid.pixels(
            columns: axes[0].values.count, rows: rows,
            cellWidth: Int(Double(source?.width ?? side) * scale),
            cellHeight: Int(Double(source?.height ?? side) * scale))
        guard pixels <= PictureGrid.mostPixels else {
            throw GessoError(
                .usage, "the table would have \(pixels / 1_000_000) million pixels",
                remedy: .part("side", "give a smaller one than \(side), or fewer values"))
        }
    }

    /// The table, with what made it in its metadata; what could not be made is crossed out.
    ///
    /// - Parameter side: the longest side of a picture in it.
    public func table(_ outcomes: [Outcome], side: Int) throws -> Image {
        let made = outcomes.compactMap { try? $0.get() }
        let pictures = outcomes.map { outcome in
            (try? outcome.get().image)
                ?? Image.crossedOut.resized(
                    width: made.first?.image.width ?? side, height: made.first?.image.height ?? side
                )
        }
        func labels(_ number: Int) -> [String] {
            axes.indices.contains(number) ? axes[number].values.map(axes[number].label) : [""]
        }
        let (columns, rows) = (labels(0), labels(1))
        let size = columns.count * rows.count
        let sheets = labels(2).enumerated().map { index, name in
            PictureGrid(
                columns: columns, rows: rows,
                title: (index == 0 ? [legend] : []) + (name.isEmpty ? [] : [name]),
                pictures: Array(pictures[index * size..<(index + 1) * size])
            ).drawn(side: side)
        }
        var table = Image.stacked(sheets)
        guard let first = made.first?.report, let edit = lastEdits.first else { return table }
        let provenance = Provenance(
            verb: edit.verb, model: first.model, scheduler: first.scheduler, seed: first.seed,
            size: made[0].works.last?.result.firstSize
                ?? Size(width: first.width, height: first.height), program: Program.name)
        let script = try zip(["X", "Y", "Z"], axes).map { name, axis in
            let fixed = try JSON.line(axis.values.joined(separator: ", "))
            return ", \(name) Values: \(try JSON.line(axis.text))"
                + (axis.hasDrawnSeeds ? ", Fixed \(name) Values: \(fixed)" : "")
        }
        table.metadata.parameters =
            edit.recipe.infotext(provenance) + ", Script: X/Y/Z plot" + script.joined()
        table.metadata.digitalSourceType = .compositeWithTrainedAlgorithmicMedia
        return table
    }

    /// The edit that each picture ends with.
    private var lastEdits: [Request.Edit] { cells.compactMap(\.request.edits.last) }

    /// Whether a key's value is not the same in all pictures.
    private func differs(_ name: String) -> Bool {
        guard let key = Recipe.key(name), let first = lastEdits.first else { return false }
        let value = key.value(in: first.recipe)
        return lastEdits.contains { key.value(in: $0.recipe) != value }
    }

    /// What holds for all pictures.
    private var legend: String {
        guard let edit = lastEdits.first else { return "" }
        let keys = ["prompt", "strength", "steps", "guidance_scale", "scheduler", "seed"]
        let varied = axes.flatMap { axis -> [String] in
            switch axis.subject {
            case .key(let key): [key]
            case .words: ["prompt"]
            case .model, .control: []
            case .preset, .variable: keys.filter(differs)
            }
        }
        let shown = keys.filter { !varied.contains($0) }.compactMap { name in
            Recipe.key(name).flatMap { key in
                key.verbs.contains(edit.verb)
                    ? key.value(in: edit.recipe).map { "\(name) \($0)" } : nil
            }
        }
        return ([edit.verb.rawValue] + shown).joined(separator: ", ")
    }
}
