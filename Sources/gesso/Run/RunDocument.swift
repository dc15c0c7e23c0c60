import Editing
import Imaging
import Recipes

/// How a picture of several edits was made, as `--json` prints it. Keys are only ever added within a
/// schema's number.
struct RunDocument: Encodable {
    private let schema = "gesso.run/1"
    private let recipe: String
    private let output: String
    private let width: Int
    private let height: Int
    private let evaluations: Int
    /// In their order, each as a verb by itself prints it.
    private let edits: [EditDocument]
    /// What was found outside of all masks, in the bytes written; absent where all may have changed.
    private let verified: MaskProof?

    init(_ recipe: String, _ made: EditChain.Made, output: String) {
        self.recipe = recipe
        self.output = output
        (width, height) = (made.picture.written.width, made.picture.written.height)
        evaluations = made.work.reports.reduce(0) { $0 + $1.evaluations }
        edits = zip(made.work.runs, made.work.works).map { run, work in
            EditDocument(
                run.verb, work.recipe, work.result.report, output: output,
                loading: work.loading, verified: nil)
        }
        verified = made.picture.proof
    }
}

/// What the edits of a recipe would do and need, as `--dry-run` tells it.
struct RunPlanDocument: PlainDocument {
    private let schema = "gesso.runplan/1"
    private let recipe: String
    private let output: String
    private let files: [String]
    private let evaluations: Int
    private let edits: [Edit]

    /// One of them.
    private struct Edit: Encodable {
        let verb: String
        /// Nil where no model has a hand in it.
        let plan: PlanDocument?
    }

    init(
        _ recipe: String, _ edits: [RecipeEdit], _ plans: [EditPlan?], _ output: Output,
        receipt: String?
    ) {
        self.recipe = recipe
        self.output = output.path
        files = [output.isStandardOutput ? nil : output.path, receipt].compactMap(\.self)
        evaluations = plans.reduce(0) { $0 + ($1?.evaluations ?? 0) }
        self.edits = zip(edits, plans).map { edit, plan in
            Edit(
                verb: edit.verb.rawValue,
                plan: plan.map { PlanDocument(edit.verb, $0, output: output.path, files: []) })
        }
    }

    var lines: [String] {
        let each = edits.enumerated().flatMap { index, edit in
            ["edit \(index + 1): \(edit.verb)"]
                + (edit.plan?.lines ?? ["no model"])
                .filter { !$0.hasPrefix("verb: ") && !$0.hasPrefix("files: ") }.map { "  " + $0 }
        }
        return ["recipe: \(recipe)"] + each + [
            "UNet calls in all: \(evaluations)",
            "files: " + (files.isEmpty ? "none" : files.joined(separator: ", ")),
        ]
    }
}
