import Editing
import Recipes

/// How a picture of several edits was made, as `--json` prints it. Keys are only ever added within a
/// schema's number.
package struct RunDocument: Encodable {
    private let schema = "gesso.run/1"
    private let recipe: String
    private let output: String
    private let width: Int
    private let height: Int
    private let evaluations: Int
    /// All that was noted.
    private let notes: [String]
    /// In their order, each as a verb by itself prints it.
    private let edits: [EditDocument]
    /// What was found outside of all masks, in the bytes written; absent where all may have changed.
    private let verified: MaskProof?

    /// - Parameter notes: what was printed beside the remarks of the work.
    package init(_ recipe: String, _ outcome: Outcome, output: String, notes: [String] = []) {
        self.recipe = recipe
        self.notes = notes.joined(with: outcome.works.flatMap(\.report.allNotes))
        self.output = output
        (width, height) = (outcome.image.width, outcome.image.height)
        evaluations = outcome.evaluations
        edits = outcome.works.indices.map {
            EditDocument(outcome, edit: $0, output: output, hasProof: false)
        }
        verified = outcome.proof
    }
}

/// What the edits of a recipe would do and need, as `--dry-run` tells it.
package struct RunPlanDocument: PlainDocument {
    private let schema = "gesso.runplan/1"
    private let recipe: String
    private let output: String
    private let files: [String]
    private let evaluations: Int
    /// All that was noted.
    private let notes: [String]
    private let edits: [Edit]

    /// Loading the model and all edits' own seconds.
    private let estimatedSeconds: Double

    /// One of them.
    private struct Edit: Encodable {
        package let verb: String
        package let plan: PlanDocument
    }

    /// - Parameter notes: what was printed beside the plans' remarks.
    package init(
        _ recipe: String, _ plans: [PlannedEdit], output: String, files: [String],
        notes: [String] = []
    ) {
        self.notes = notes.joined(with: plans.flatMap(\.plan.notes))
        (self.recipe, self.output, self.files) = (recipe, output, files)
        evaluations = plans.reduce(0) { $0 + $1.plan.evaluations }
        let seconds = plans.reduce(0) { $0 + $1.loading + ($1.plan.seconds?.total ?? 0) }
        estimatedSeconds = (seconds * 100).rounded() / 100
        edits = plans.map { planned in
            Edit(
                verb: planned.verb.rawValue,
                plan: PlanDocument(planned, output: output, files: [], speeds: nil))
        }
    }

    package var lines: [String] {
        let each = edits.enumerated().flatMap { index, edit in
            ["edit \(index + 1): \(edit.verb)"]
                + edit.plan.lines
                .filter { !$0.hasPrefix("verb: ") && !$0.hasPrefix("files: ") }.map { "  " + $0 }
        }
        return ["recipe: \(recipe)"] + each + [
            "UNet calls in all: \(evaluations)",
            "time in all: about \(estimatedSeconds.asDuration)",
            "files: " + (files.isEmpty ? "none" : files.joined(separator: ", ")),
        ]
    }
}

/// A document that people can read, too.
package protocol PlainDocument: Encodable {
    /// A line for each thing.
    var lines: [String] { get }
}
