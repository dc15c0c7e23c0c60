import Foundation
import GessoHub
import Synchronization
import Terminal

/// Shows how far a download is: a bar on a terminal, else a line about every tenth.
final class DownloadBar: Sendable {
    private struct State {
        /// When something was shown last, and what had arrived at moments of the last seconds.
        var shown = -Double.infinity
        var moments: [(seconds: Double, bytes: Int)] = []
        var tenths = 0
    }

    /// Seconds over which the rate is averaged.
    private static let window = 10.0

    private let isQuiet: Bool
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    /// Shows the bytes that are here, if it is time to.
    func show(_ done: Int, of total: Int) {
        guard !isQuiet else { return }
        let now = start.duration(to: .now) / .seconds(1)
        let pace: String? = state.withLock { state in
            let tenths = total > 0 ? done * 10 / total : 10
            let isDue =
                Console.isLive
                ? now - state.shown >= 0.1 || done == total : tenths > state.tenths
            guard isDue else { return nil }
            (state.shown, state.tenths) = (now, tenths)
            state.moments.append((now, done))
            while state.moments.count > 2, now - state.moments[0].seconds > Self.window {
                state.moments.removeFirst()
            }
            return Self.pace(total - done, rate: Self.rate(state.moments))
        }
        guard let pace else { return }
        let text = "\(bytes(done)) of \(bytes(total))\(pace)"
        guard Console.isLive else { return Console.line("gesso: " + text) }
        let share = total > 0 ? Double(done) / Double(total) : 1
        Console.show(bar: "gesso: \(ProgressMeter.bar(share)) \(text)")
    }

    /// Takes the bar away.
    func finish() {
        if Console.isLive, !isQuiet { Console.show(bar: "") }
    }

    /// Bytes a second.
    private static func rate(_ moments: [(seconds: Double, bytes: Int)]) -> Double? {
        guard let first = moments.first, let last = moments.last,
            last.seconds - first.seconds > 0.5, last.bytes > first.bytes
        else { return nil }
        return Double(last.bytes - first.bytes) / (last.seconds - first.seconds)
    }

    private static func pace(_ missing: Int, rate: Double?) -> String {
        guard let rate else { return "" }
        return ", \(bytes(Int(rate)))/s, \(ProgressMeter.time(Double(missing) / rate)) left"
    }
}
