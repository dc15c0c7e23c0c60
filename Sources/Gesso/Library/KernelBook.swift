import Editing
import Files
package import Foundation

/// The kernels that were measured to be the fastest, kept in a file for each processor and kernel set.
///
/// Several processes may use the file: it is replaced as a whole, what others added is taken over, and what is
/// lost is measured again. A file that cannot be read counts as empty.
package struct KernelBook: Sendable {
    private typealias Entries = [String: [String: String]]

    private let file: URL?
    private let machine: String

    /// - Parameters:
    ///   - file: nil keeps nothing.
    ///   - processor: its name.
    package init(_ file: URL?, processor: String) {
        self.file = file
        machine = [processor, Program.kernels, Program.version].joined(separator: ", ")
    }

    /// The kernels, those of this file to begin with.
    func kernels() -> FastestKernels { FastestKernels(known: known) { keep($0) } }

    /// What is kept for this processor and kernel set.
    package var known: [String: String] { entries[machine] ?? [:] }

    private var entries: Entries {
        let data = file.flatMap { try? Data(contentsOf: $0) }
        return data.flatMap { try? JSONDecoder().decode(Entries.self, from: $0) } ?? [:]
    }

    /// Adds to what is kept. A cache that cannot be written is no reason to complain.
    package func keep(_ known: [String: String]) {
        var entries = entries
        entries[machine, default: [:]].merge(known) { $1 }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        guard let file, let data = try? encoder.encode(entries) else { return }
        try? FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try? writeAtomically(data, to: file, overwrite: true)
    }
}
