import Editing
import Recipes

/// What a run would do, as `--dry-run` prints it.
struct PlanDocument: Encodable {
    private let schema = "gesso.plan/1"
    private let verb: String
    private let output: String
    /// All files that would be written.
    private let files: [String]
    private let model: String
    private let scheduler: String?
    private let evaluations: Int
    private let branches: Int
    private let width: Int
    private let height: Int
    private let paddedWidth: Int
    private let paddedHeight: Int
    private let vaeTiling: Bool
    private let repaintedFraction: Double
    private let passes: [PassDocument]
    private let weightBytes: Int
    private let workBytes: Int
    private let availableBytes: Int?

    init(_ verb: Verb, _ plan: EditPlan, output: String, files: [String]) {
        self.verb = verb.rawValue
        self.output = output
        self.files = files
        model = plan.model
        scheduler = plan.scheduler
        evaluations = plan.evaluations
        branches = plan.branches
        width = plan.width
        height = plan.height
        paddedWidth = plan.paddedWidth
        paddedHeight = plan.paddedHeight
        vaeTiling = plan.isTiled
        repaintedFraction = plan.repaintedFraction
        passes = plan.passes.map(PassDocument.init)
        weightBytes = plan.weightBytes
        workBytes = plan.workBytes
        availableBytes = plan.availableBytes
    }

    /// The same for people, a line for each thing.
    var lines: [String] {
        let percent = Int((repaintedFraction * 100).rounded(.up))
        let work = scheduler.map { "\(evaluations) with \($0), \(branches) branches each" }
        let free = availableBytes.map { ", \(gigabytes($0)) free" } ?? ""
        let most = passes.count > 1 ? " at most" : ""
        let boxes = passes.count > 1 || passes.first?.isPart(of: width, height) == true
        return [
            "verb: \(verb)",
            "model: \(model)",
            "picture: \(width)x\(height), worked on at \(paddedWidth)x\(paddedHeight)\(most)",
        ] + (boxes ? passes.enumerated().map { "pass \($0 + 1): \($1.line)" } : []) + [
            "repainted: \(percent) %",
            "UNet calls: " + (work ?? "none"),
            "VAE: " + (vaeTiling ? "in tiles" : "as a whole"),
            "memory: \(gigabytes(weightBytes)) of weights and \(gigabytes(workBytes)) of work\(free)",
            "files: " + (files.isEmpty ? "none" : files.joined(separator: ", ")),
        ]
    }

    private func gigabytes(_ bytes: Int) -> String {
        let hundredths = (bytes + 5_000_000) / 10_000_000
        return "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10) GB"
    }
}
