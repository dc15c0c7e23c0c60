import Editing
import Imaging
import Recipes

/// What a run would do, as `--dry-run` prints it.
struct PlanDocument: Encodable {
    private let plan: EditPlan
    private let head: Head

    /// What stands beside the plan's own keys.
    private struct Head: Encodable {
        let schema = "gesso.plan/1"
        let verb: String
        let output: String
        /// All files that would be written.
        let files: [String]
    }

    init(_ verb: Verb, _ plan: EditPlan, output: String, files: [String]) {
        self.plan = plan
        head = Head(verb: verb.rawValue, output: output, files: files)
    }

    func encode(to encoder: any Encoder) throws {
        try plan.encode(to: encoder)
        try head.encode(to: encoder)
    }

    /// The same for people, a line for each thing.
    var lines: [String] {
        let percent = Int((plan.repaintedFraction * 100).rounded(.up))
        let work = plan.scheduler.map {
            "\(plan.evaluations) with \($0), \(plan.branches) branches each"
        }
        let free = plan.availableBytes.map { ", \(gigabytes($0)) free" } ?? ""
        let passes = plan.passes
        let most = passes.count > 1 ? " at most" : ""
        let size = "\(plan.width)x\(plan.height)"
        let boxes = passes.count > 1 || passes.first?.isPart(of: plan.width, plan.height) == true
        return [
            "verb: \(head.verb)",
            "model: \(plan.model)",
            "picture: \(size), worked on at \(plan.paddedWidth)x\(plan.paddedHeight)\(most)",
        ] + (boxes ? passes.enumerated().map { "pass \($0 + 1): \($1.line)" } : []) + [
            "repainted: \(percent) %",
            "UNet calls: " + (work ?? "none"),
            "VAE: " + (plan.isTiled ? "in tiles" : "as a whole"),
            "memory: \(gigabytes(plan.weightBytes)) of weights and \(gigabytes(plan.workBytes)) of work\(free)",
            "files: " + (head.files.isEmpty ? "none" : head.files.joined(separator: ", ")),
        ]
    }

    private func gigabytes(_ bytes: Int) -> String {
        let hundredths = (bytes + 5_000_000) / 10_000_000
        return "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10) GB"
    }
}

extension PassReport {
    /// As a line: `256x256 at 12,40, worked on at 512x512`.
    var line: String {
        "\(box.width)x\(box.height) at \(box.x),\(box.y), worked on at \(width)x\(height)"
    }

    /// Whether it is not the whole of a picture at its own size.
    func isPart(of width: Int, _ height: Int) -> Bool {
        (box.width, box.height, self.width, self.height) != (width, height, width, height)
    }
}
