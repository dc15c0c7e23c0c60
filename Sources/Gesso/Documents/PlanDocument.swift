import Editing
package import Foundation

/// What a run would do, as `--dry-run` prints it.
package struct PlanDocument: PlainDocument {
    private let plan: EditPlan
    private let head: Head

    /// What is beside the plan's own keys.
    private struct Head: Encodable {
        package let schema = "gesso.plan/1"
        package let verb: String
        package let output: String
        /// All that was noted, by the plan and before it.
        package let notes: [String]
        /// All files that would be written.
        package let files: [String]
        /// Loading the model and the plan's own seconds; absent where no model has a hand in it.
        package let estimatedSeconds: Double?
        /// Where the model's speed is kept.
        package let speeds: String?
    }

    private let isSpeedKept: Bool

    /// - Parameter notes: what was printed beside the plan's remarks.
    package init(
        _ planned: PlannedEdit, output: String, files: [String], speeds: URL?, notes: [String] = []
    ) {
        plan = planned.plan
        isSpeedKept = planned.isSpeedKept
        let seconds = plan.seconds.map { ($0.total + planned.loading) }
        head = Head(
            verb: planned.verb.rawValue, output: output, notes: notes.joined(with: plan.notes),
            files: files,
            estimatedSeconds: seconds.map { ($0 * 100).rounded() / 100 },
            speeds: seconds == nil
                ? nil : speeds?.path(percentEncoded: false))
    }

    /// About how long the model takes, and how that is known; work on the picture itself is not counted.
    private var time: String {
        guard let seconds = head.estimatedSeconds else {
            return "no model runs, and work on the picture itself is not estimated"
        }
        let kept = head.speeds.map { "kept in \($0)" } ?? "not kept"
        return "about \(seconds.asDuration) in the model, by its speed on small pictures here, "
            + (isSpeedKept ? kept : "measured now" + (head.speeds == nil ? "" : " and \(kept)"))
    }

    package func encode(to encoder: any Encoder) throws {
        try plan.encode(to: encoder)
        try head.encode(to: encoder)
    }

    /// The same for people, a line for each thing.
    package var lines: [String] {
        let work = plan.scheduler.map {
            "\(plan.evaluations) with \($0), \(plan.branches) branches each"
                + (plan.reuse.map {
                    ", \($0.evaluations) of them for \(Int(($0.share * 100).rounded(.up))) % of the latents, "
                        + "and \($0.ahead) ahead for all of them"
                } ?? "")
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
        ] + precision + (boxes ? passes.lines : []) + [
            "repainted: " + plan.repaintedFraction.asPercent,
            "UNet calls: " + (work ?? "none"),
            "VAE: " + (plan.isTiled ? "in tiles" : "as a whole"),
            "memory: \(gigabytes(plan.weightBytes)) of weights and \(gigabytes(plan.workBytes)) of work\(free)",
            "time: " + time,
            "files: " + (head.files.isEmpty ? "none" : head.files.joined(separator: ", ")),
        ]
    }

    /// What computes the products, in a line; nothing where no model runs.
    private var precision: [String] {
        let kernels = plan.kernels.joined(separator: ", ")
        return kernels.isEmpty ? [] : ["precision: \(plan.precision), by \(kernels)"]
    }

    private func gigabytes(_ bytes: Int) -> String {
        let hundredths = (bytes + 5_000_000) / 10_000_000
        return "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10) GB"
    }
}

extension [PassReport] {
    /// A line for each, and one for the rest of many.
    fileprivate var lines: [String] {
        let most = 12
        let lines = prefix(most).enumerated().map { "pass \($0 + 1): \($1.line)" }
        guard count > most else { return lines }
        return lines + ["passes \(most + 1) to \(count): likewise"]
    }
}

extension PassReport {
    /// As a line: `256x256 at 12,40, worked on at 512x512`.
    package var line: String {
        "\(box.width)x\(box.height) at \(box.x),\(box.y), worked on at \(width)x\(height)"
            + (detailStrength.map { String(format: ", for its detail at strength %.2f", $0) } ?? "")
    }

    /// Whether it is not the whole of a picture at its own size.
    package func isPart(of width: Int, _ height: Int) -> Bool {
        (box.width, box.height, self.width, self.height) != (width, height, width, height)
    }
}

extension Double {
    /// A share of a picture in words: `12 %`, `0.4 %`, `less than 0.1 %`.
    package var asPercent: String {
        let percent = self * 100
        let number =
            switch percent {
            case 0: "0"
            case ..<0.1: "less than 0.1"
            case ..<10: String(format: "%.1f", percent)
            default: String(format: "%.0f", percent)
            }
        return number + " %"
    }

    /// Seconds in words: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`.
    package var asDuration: String {
        if self < 10 { return String(format: "%.1f s", self) }
        let seconds = Int(rounded())
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
        return "\(seconds / 3600) h \(seconds / 60 % 60) min"
    }
}
