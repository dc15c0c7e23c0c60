import Foundation
package import Gesso

/// Tells how far an edit is: a bar on a live terminal, else a line about every tenth, or a JSON
/// document for every step.
package struct ProgressMeter {
    private let detail: Detail
    private let unit: Unit
    private var firstStep: (step: Int, seconds: Double)?
    private var tenthsTold = 0

    /// How much is printed.
    enum Detail {
        case nothing, bar, lines, everyStep, documents
    }

    /// What is counted.
    package enum Unit: String {
        case step, picture
    }

    /// As `--progress`, `--quiet` and the terminal have it.
    package init(isQuiet: Bool, counting unit: Unit = .step) {
        self.unit = unit
        let style = Console.style
        switch style.progress {
        case .json: detail = .documents
        case .none: detail = .nothing
        case _ where isQuiet: detail = .nothing
        case _ where style.verbosity > 1: detail = .everyStep
        case .lines: detail = .lines
        case .bar: detail = .bar
        case .auto: detail = Console.isLive ? .bar : .lines
        }
    }

    private struct Step: Encodable {
        let schema = "gesso.event/1"
        let event = "progress"
        let stage: String
        var step: Int?
        var steps: Int?
        /// Pictures of a batch that are done, and all that are to be made.
        var picture: Int?
        var pictures: Int?
        /// Seconds since the edit began.
        let seconds: Double
        /// Seconds of steps to come; absent until there is a pace to tell it by.
        let eta: Double?
    }

    package mutating func tell(_ progress: Editing.Progress) {
        guard detail != .nothing else { return }
        if detail == .documents { return document(progress) }
        switch progress.stage {
        case .denoising(let step, let steps): tell(step, of: steps, at: progress.seconds)
        case .filling(let share): tell("filling, \(Int(100 * share)) %")
        case .encodingPrompt: tell("reading the prompt")
        case .encodingImage: tell("reading the picture")
        case .decoding: tell("painting")
        }
    }

    /// Takes the bar away.
    package func clear() {
        if detail == .bar { Console.show(bar: "") }
    }

    private func tell(_ stage: String) {
        if detail == .everyStep { Console.line("gesso: " + stage) }
        if detail == .bar { Console.show(bar: "gesso: " + stage) }
    }

    /// Tells how many pictures are done.
    ///
    /// - Parameter name: of the last of them.
    package mutating func tellPictures(
        _ count: Int, of total: Int, named name: String? = nil, at seconds: Double
    ) {
        guard detail == .documents else {
            return tell(count, of: total, named: name, at: seconds)
        }
        let eta = rate(count, at: seconds).map { Double(total - count) / $0 }
        Console.event(
            Step(stage: "batch", picture: count, pictures: total, seconds: seconds, eta: eta))
    }

    /// Shows where the work on a picture of a batch is, beside how many are done; lines say it only where
    /// every step is printed.
    ///
    /// - Parameters:
    ///   - count: how many pictures are done.
    ///   - seconds: since the batch began.
    package mutating func tell(
        _ progress: Editing.Progress, of picture: String, after count: Int, of total: Int,
        at seconds: Double
    ) {
        guard case .denoising(let step, let steps) = progress.stage else { return }
        switch detail {
        case .bar:
            let share = Double(step) / Double(max(steps, 1))
            let done = Double(count) + share
            let left = seconds / max(done, 0.01) * (Double(total) - done)
            let time = step > 1 || count > 0 ? ", " + Self.time(left) + " left" : ""
            Console.show(
                bar: "gesso: \(Self.bar(done / Double(max(total, 1)))) \(count)/\(total), "
                    + "step \(step)/\(steps)\(time)")
        case .everyStep: Console.line("gesso: \(picture): step \(step) of \(steps)".asLine())
        case .documents:
            Console.event(
                Step(
                    stage: progress.stage.name, step: step, steps: steps, picture: count + 1,
                    pictures: total, seconds: seconds, eta: nil))
        case .nothing, .lines: break
        }
    }

    /// Seconds as minutes and seconds, with hours where there are any.
    package static func time(_ seconds: Double) -> String {
        let left = Int(min(seconds, 1e9).rounded(.up))
        let rest = String(format: "%02d", left % 60)
        return left < 3600
            ? "\(left / 60):" + rest
            : "\(left / 3600):" + String(format: "%02d:", left / 60 % 60) + rest
    }

    private mutating func document(_ progress: Editing.Progress) {
        var (place, eta): ((step: Int, steps: Int)?, Double?)
        if case .denoising(let step, let steps) = progress.stage {
            place = (step, steps)
            eta = rate(step, at: progress.seconds).map { Double(steps - step) / $0 }
        }
        Console.event(
            Step(
                stage: progress.stage.name, step: place?.step, steps: place?.steps,
                seconds: progress.seconds, eta: eta))
    }

    /// Steps a second since the first.
    private mutating func rate(_ step: Int, at seconds: Double) -> Double? {
        let first = firstStep ?? (step, seconds)
        firstStep = first
        return step > first.step ? Double(step - first.step) / (seconds - first.seconds) : nil
    }

    private mutating func tell(
        _ step: Int, of steps: Int, named name: String? = nil, at seconds: Double
    ) {
        guard detail != .nothing else { return }
        let pace = rate(step, at: seconds).map { rate in
            let left = Self.time(Double(steps - step) / rate)
            let speed = unit == .step ? ", " + Self.speed(rate) : ""
            return "\(speed), \(left) left"
        }
        if detail == .bar {
            Console.show(
                bar:
                    "gesso: \(Self.bar(Double(step) / Double(max(steps, 1)))) \(step)/\(steps)\(pace ?? "")"
            )
        } else if detail == .everyStep || 10 * step / max(steps, 1) > tenthsTold {
            tenthsTold = 10 * step / max(steps, 1)
            let named = name.map { ": " + $0 } ?? ""
            Console.line("gesso: \(unit) \(step) of \(steps)\(named)\(pace ?? "")".asLine())
        }
    }

    /// A bar that is filled to a share.
    package static func bar(_ share: Double) -> String {
        let filled = min(max(Int(24 * share), 0), 24)
        return "[" + String(repeating: "#", count: filled)
            + String(repeating: ".", count: 24 - filled) + "]"
    }

    /// Whichever of steps a second and seconds a step is the larger number.
    private static func speed(_ rate: Double) -> String {
        rate >= 1 ? String(format: "%.1f it/s", rate) : String(format: "%.1f s/it", 1 / rate)
    }
}
