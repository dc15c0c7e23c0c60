import Editing
import Files
import Foundation
import Imaging
import Recipes

/// What the machine, the models and the presets of a library are like.
package struct Health {
    private let library: Library

    package init(of library: Library) { self.library = library }

    /// All that there is to say.
    ///
    /// - Parameter words: an error in the words of a front end.
    package func findings(_ words: (any Error) -> String) -> [Finding] {
        Machine.findings + models(words) + [presets(words)]
    }

    private func models(_ words: (any Error) -> String) -> [Finding] {
        guard !library.checkpoints.isEmpty else {
            return [
                Finding(
                    "model", .warning, "none found: set GESSO_MODELS to a folder of checkpoints")
            ]
        }
        return library.checkpoints.map { name, url in
            do {
                let family = "family: " + (try Model.familyName(of: url))
                return Finding("model", .fine, "\(name): \(family)")
            } catch {
                return Finding("model", .warning, words(error))
            }
        }
    }

    private func presets(_ words: (any Error) -> String) -> Finding {
        do {
            let (presets, broken) = try library.places.presets.all()
            guard let first = broken.first else {
                return Finding("presets", .fine, "\(presets.count)")
            }
            return Finding("presets", .broken, words(first))
        } catch {
            return Finding("presets", .broken, words(error))
        }
    }
}

/// One thing that was looked at.
package struct Finding: Encodable {
    package let what: String
    package let state: State
    package let value: String

    package enum State: String, Encodable {
        case fine, warning, broken
    }

    package init(_ what: String, _ state: State, _ value: String) {
        (self.what, self.state, self.value) = (what, state, value)
    }

    package var line: String {
        let mark = state == .fine ? "" : state.rawValue + ": "
        return "\(what): \(mark)\(value)".escapingControls()
    }
}

/// What the machine has.
private enum Machine {
    package static var findings: [Finding] {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let total = gigabytes(Int(clamping: ProcessInfo.processInfo.physicalMemory))
        let free = availableMemory().map { gigabytes($0) + " free of " } ?? ""
        let libraries = Image.libraries.values.sorted().joined(separator: ", ")
        let memory: Finding.State = (availableMemory() ?? .max) < 1 << 30 ? .warning : .fine
        return [
            Finding("version", .fine, Program.version),
            Finding("processor", .fine, processor),
            Finding("features", .fine, features),
            Finding(
                "kernels", Program.kernels == "portable" ? .warning : .fine,
                Program.kernels),
            Finding("cores", .fine, "\(cores)"),
            Finding("graphics", .fine, "none is used, nor needed"),
            Finding("memory", memory, free + total),
            Finding("libraries", .fine, libraries),
            Finding(
                "formats", Image.missingCodecs.isEmpty ? .fine : .warning,
                Image.missingCodecs.isEmpty
                    ? "all are read and written" : Image.missingCodecs.joined(separator: "; ")),
        ]
    }

    private static func gigabytes(_ bytes: Int) -> String {
        String(format: "%.1f GB", Double(bytes) / 1e9)
    }

    private static var processor: String { entry("model name") ?? "unknown" }

    /// Those that the kernels can make use of.
    private static var features: String {
        let all = Set((entry("flags") ?? "").split(separator: " ").map(String.init))
        let useful = ["avx2", "fma", "f16c", "avx512f", "avx512vl", "avx512bw", "avx512dq"]
        let here = useful.filter(all.contains)
        return here.isEmpty ? "none that the kernels use" : here.joined(separator: " ")
    }

    private static func entry(_ name: String) -> String? {
        let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
        return text?.split(separator: "\n").first { $0.hasPrefix(name) }
            .flatMap { $0.split(separator: ":", maxSplits: 1).last }
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }
}
