import Foundation
import GessoHub
import Synchronization

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
    private let isLive = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    /// Shows the bytes that are here, if it is time to.
    func show(_ done: Int, of total: Int) {
        guard !isQuiet else { return }
        let now = start.duration(to: .now) / .seconds(1)
        let line: String? = state.withLock { state in
            let tenths = total > 0 ? done * 10 / total : 10
            let isDue = isLive ? now - state.shown >= 0.1 || done == total : tenths > state.tenths
            guard isDue else { return nil }
            (state.shown, state.tenths) = (now, tenths)
            state.moments.append((now, done))
            while state.moments.count > 2, now - state.moments[0].seconds > Self.window {
                state.moments.removeFirst()
            }
            return Self.line(done, total, rate: Self.rate(state.moments), isLive: isLive)
        }
        if let line { writeError(isLive ? "\r\u{1B}[K" + line : line + "\n") }
    }

    /// Takes the bar away.
    func finish() {
        if isLive, !isQuiet { writeError("\r\u{1B}[K") }
    }

    /// Bytes a second.
    private static func rate(_ moments: [(seconds: Double, bytes: Int)]) -> Double? {
        guard let first = moments.first, let last = moments.last,
            last.seconds - first.seconds > 0.5, last.bytes > first.bytes
        else { return nil }
        return Double(last.bytes - first.bytes) / (last.seconds - first.seconds)
    }

    private static func line(_ done: Int, _ total: Int, rate: Double?, isLive: Bool) -> String {
        let pace = rate.map { rate in
            let left = Int((Double(total - done) / rate).rounded(.up))
            let time =
                left >= 3600
                ? "\(left / 3600):" + String(format: "%02d:%02d", left / 60 % 60, left % 60)
                : "\(left / 60):" + String(format: "%02d", left % 60)
            return ", \(bytes(Int(rate)))/s, \(time) left"
        }
        let text = "\(bytes(done)) of \(bytes(total))\(pace ?? "")"
        guard isLive else { return "gesso: " + text }
        let filled = total > 0 ? 24 * done / total : 24
        let bar =
            String(repeating: "#", count: filled) + String(repeating: ".", count: 24 - filled)
        return "gesso: [\(bar)] \(text)"
    }
}
