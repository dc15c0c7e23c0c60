import Editing
import Files
package import Imaging

/// A grid that was made, as `--json` prints it.
package struct GridDocument: Encodable {
    private let schema = "gesso.grid/1"
    private let output: String
    private let width: Int
    private let height: Int
    private let axes: [Axis]
    private let pictures: [Picture]

    private struct Axis: Encodable {
        package let name: String
        package let text: String
        package let values: [String]
    }

    private struct Picture: Encodable {
        package let label: String
        package var seed: UInt64?
        package var evaluations: Int?
        package var pixelsSha256: String?
        /// Why it could not be made.
        package var error: String?
    }

    package init(
        _ grid: Grid, _ outcomes: [Grid.Outcome], output: String, _ table: Image,
        words: (Remedy) -> String
    ) {
        self.output = output
        (width, height) = (table.width, table.height)
        axes = zip(["x", "y", "z"], grid.axes).map {
            Axis(name: $0, text: $1.text, values: $1.values)
        }
        pictures = zip(grid.cells, outcomes).map { cell, outcome in
            switch outcome {
            case .success(let made):
                Picture(
                    label: cell.label, seed: made.report.seed, evaluations: made.evaluations,
                    pixelsSha256: Digest.of(pixels: made.image))
            case .failure(let error):
                Picture(label: cell.label, error: error.text(words))
            }
        }
    }
}

/// What a grid would take, as `--dry-run` prints it.
package struct GridPlanDocument: PlainDocument {
    private let schema = "gesso.gridplan/1"
    private let output: String
    private let pictures: [String]
    private var evaluations = 0
    private var weightBytes = 0
    /// Of the picture that needs most.
    private var workBytes = 0
    /// Of all pictures and loading the model.
    private var estimatedSeconds = 0.0

    package init(output: String, pictures: [String]) {
        (self.output, self.pictures) = (output, pictures)
    }

    /// Adds what a picture takes.
    package mutating func add(_ planned: PlannedEdit) {
        evaluations += planned.plan.evaluations
        workBytes = max(workBytes, planned.plan.workBytes)
        weightBytes = max(weightBytes, planned.plan.weightBytes)
        estimatedSeconds += planned.loading + (planned.plan.seconds?.total ?? 0)
    }

    /// The same for people.
    package var lines: [String] {
        pictures.enumerated().map { "picture \($0 + 1): \($1)" } + [
            "UNet calls: \(evaluations)",
            "memory: \((weightBytes + workBytes) >> 20) MiB",
            "time: about \(estimatedSeconds.asDuration) in the model",
            "files: \(output)",
        ]
    }
}
