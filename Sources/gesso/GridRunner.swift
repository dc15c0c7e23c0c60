import Foundation
import Gesso
import Terminal

/// Makes the table of a grid and reports on it.
struct GridRunner {
    private let grid: Grid
    private let output: Output
    private let options: EditOptions
    private let input: String?

    /// Takes the place of the table.
    init(_ grid: Grid, of input: String?, _ options: EditOptions) throws {
        let edits = grid.cells.first?.request.edits
        output = try options.place(
            of: input, edits?.last?.verb ?? .imageToImage, seed: edits?.first?.recipe.seed)
        try Output.check(output.path, at: "-o", keeping: grid.cells.map(\.request))
        let model = try options.engine.model(
            storedIn: options.recipe.storedSettings(), quiet: options.progress.quiet)
        self.grid = Grid(
            over: grid.axes,
            cells: grid.cells.map { cell in
                var request = cell.request
                request.model = request.model ?? model
                request.tokenizer = options.engine.tokenizer
                return Grid.Cell(label: cell.label, request: request)
            })
        (self.options, self.input) = (options, input)
    }

    /// Makes the table, or reports what it would take.
    ///
    /// - Parameter side: the longest side of a picture in it.
    func perform(side: Int) async throws {
        let grid = Grid(
            over: grid.axes,
            cells: try Self.readingStandardInput(grid.cells))
        let source = try grid.cells.first?.request.pictures[Request.source].map {
            try Image(decoding: $0.bytes(), name: $0.name)
        }
        try grid.checkSize(of: source, side: side)
        if options.dryRun { return try await reportPlan(of: grid) }
        let outcomes = try await make(grid)
        let table = try grid.table(outcomes, side: side)
        try output.write(table)
        if options.show { try TerminalPicture.show(table) }
        if options.json {
            try Console.result(
                JSON.text(
                    GridDocument(grid, outcomes, output: output.path, table, words: \.inFlags)))
        } else if !output.isStandardOutput {
            try Console.result(output.path)
        }
        if outcomes.contains(where: { (try? $0.get()) == nil }) { throw Verdict.someFailed }
    }

    /// Standard input is read once for all pictures.
    private static func readingStandardInput(_ cells: [Grid.Cell]) throws -> [Grid.Cell] {
        guard let first = cells.first else { return cells }
        let read = try first.request.readingStandardInput().pictures.filter { $0.value.data != nil }
        return cells.map { cell in
            var request = cell.request
            request.pictures.merge(read) { $1 }
            return Grid.Cell(label: cell.label, request: request)
        }
    }

    private func make(_ grid: Grid) async throws -> [Grid.Outcome] {
        var printer = GridPrinter(of: grid.cells.count, isQuiet: options.progress.quiet)
        defer { printer.clear() }
        let outcomes = try await grid.run(with: Workplace.library, options.jobOptions) {
            index, cell in
            try Interruption.check()
            printer.begin(cell.label, after: index)
        } event: { event in
            try Interruption.check()
            printer.tell(event)
        } failed: { cell, error in
            Console.line("gesso: \(cell.label): \(error.text(\.inFlags))".asLine())
        }
        printer.end()
        return outcomes
    }

    /// The plan of every picture, added up.
    private func reportPlan(of grid: Grid) async throws {
        var document = GridPlanDocument(output: output.path, pictures: grid.cells.map(\.label))
        for cell in grid.cells {
            for planned in try await Workplace.library.plan(cell.request, options.jobOptions) {
                document.add(planned)
            }
        }
        try Console.result(document, isJSON: options.json)
    }
}
