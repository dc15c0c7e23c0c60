import Editing
import Foundation

/// Tells how far an edit is: a bar on a live terminal, else a line about every tenth.
struct ProgressMeter {
    private let detail: Detail
    private var firstStep: (step: Int, seconds: Double)?
    private var tenthsTold = 0

    /// How much is told.
    enum Detail {
        case nothing, bar, lines
    }

    init(_ detail: Detail) {
        self.detail = detail
    }

    mutating func tell(_ progress: Editing.Progress) {
        guard detail != .nothing else { return }
        switch progress.stage {
        case .denoising(let step, let steps): tell(step, of: steps, at: progress.seconds)
        case .encodingPrompt: tell("reading the prompt")
        case .encodingImage: tell("reading the picture")
        case .decoding: tell("painting")
        }
    }

    /// Takes the bar away.
    func clear() {
        if detail == .bar { Console.redraw("") }
    }

    private func tell(_ stage: String) {
        if detail == .bar { Console.redraw("gesso: " + stage) }
    }

    private mutating func tell(_ step: Int, of steps: Int, at seconds: Double) {
        let first = firstStep ?? (step, seconds)
        firstStep = first
        let rate = step > first.step ? Double(step - first.step) / (seconds - first.seconds) : nil
        let pace = rate.map { rate in
            let left = Int((Double(steps - step) / rate).rounded(.up))
            return ", " + Self.speed(rate) + ", \(left / 60):" + String(format: "%02d", left % 60)
                + " left"
        }
        if detail == .bar {
            let filled = 24 * step / max(steps, 1)
            let bar =
                String(repeating: "#", count: filled) + String(repeating: ".", count: 24 - filled)
            Console.redraw("gesso: [\(bar)] \(step)/\(steps)\(pace ?? "")")
        } else if 10 * step / max(steps, 1) > tenthsTold {
            tenthsTold = 10 * step / max(steps, 1)
            Console.line("gesso: step \(step) of \(steps)\(pace ?? "")")
        }
    }

    /// Whichever of steps a second and seconds a step is the larger number.
    private static func speed(_ rate: Double) -> String {
        rate >= 1 ? String(format: "%.1f it/s", rate) : String(format: "%.1f s/it", 1 / rate)
    }
}
