import Editing
import Files
import Foundation
import Imaging

/// The speeds of models, measured once and kept in a file. Without one each is measured when it is asked
/// for.
struct SpeedBook {
    /// Days after which a speed is measured anew.
    private static let lifetime = 30.0

    private struct Entry: Codable {
        let speed: ModelSpeed
        /// Seconds since 1970.
        let measured: Double
    }

    private let file: URL?

    init(_ file: URL?) { self.file = file }

    /// Where they are kept.
    var path: String? { file?.path(percentEncoded: false) }

    /// The speed under a key, measured now where none is kept; and whether it was kept.
    func speed(_ key: String, measure: () throws -> ModelSpeed) rethrows -> (ModelSpeed, Bool) {
        var entries = entries
        let now = Date.now.timeIntervalSince1970
        if let entry = entries[key], (0...Self.lifetime * 86400).contains(now - entry.measured) {
            return (entry.speed, true)
        }
        let speed = try measure()
        entries[key] = Entry(speed: speed, measured: now)
        keep(entries)
        return (speed, false)
    }

    private var entries: [String: Entry] {
        let data = file.flatMap { try? Data(contentsOf: $0) }
        let entries = data.flatMap { try? JSONDecoder().decode([String: Entry].self, from: $0) }
        return entries?.filter { $0.value.speed.isPossible } ?? [:]
    }

    /// A cache that cannot be written is no reason to complain.
    private func keep(_ entries: [String: Entry]) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        guard let file, let data = try? encoder.encode(entries) else { return }
        try? FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try? writeAtomically(data, to: file, overwrite: true)
    }
}
