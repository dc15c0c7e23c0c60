import Editing
import Foundation
import Imaging
import Recipes

extension EditRun {
    /// An edit that would be carried out.
    struct Planned {
        let plan: EditPlan
        /// Remarks on what the model brings.
        let notes: [String]
        /// Seconds that loading the model took.
        let loading: Double
        /// Whether the model's speed was measured by an earlier run.
        let isSpeedKept: Bool
    }

    /// What would be done and need; see `perform`.
    func plan(_ prepare: (EditRun) throws -> Prepared) throws -> Planned {
        let ready = try ready(prepare)
        guard case .model(let model, let notes, let loading) = ready.means,
            let onCall = self.model
        else {
            return Planned(
                plan: EditPlan(filling: ready.edit), notes: [], loading: 0, isSpeedKept: true)
        }
        let (speed, isKept) = try onCall.speed(
            adding: AddOns(addOns, of: recipe), threads: threads)
        let plan = try Editor(model).plan(ready.edit, recipe: ready.recipe, speed: speed)
        return Planned(plan: plan, notes: notes, loading: loading, isSpeedKept: isKept)
    }

    /// Tells what would be done.
    func tell(_ planned: Planned) throws {
        for note in planned.notes { say("note: " + note) }
        let document = PlanDocument(verb, planned, output: output.path, files: files)
        try Console.result(
            manner.json
                ? JSON.text(document)
                : document.lines.map { $0.escapingControls() }.joined(separator: "\n"))
    }
}
