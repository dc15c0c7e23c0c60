import ArgumentParser
import Foundation
import Gesso

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at the machine, the models and the settings, and say what is amiss.",
        usage: "gesso doctor [<options>]",
        discussion: """
            Examples:
              gesso doctor
              gesso doctor --json

            Exits with 1 if something is broken.
            """)

    @Flag(help: "Print a JSON document.")
    var json = false

    @OptionGroup var messages: MessageOptions

    private struct Document: Encodable {
        let schema = "gesso.doctor/1"
        let version = Program.version
        let healthy: Bool
        let findings: [Finding]
    }

    func run() throws {
        let findings =
            Machine.findings + models + [presets, configuration] + places + [terminal]
        let isHealthy = !findings.contains { $0.state == .broken }
        if json {
            try Console.result(JSON.text(Document(healthy: isHealthy, findings: findings)))
        } else {
            for finding in findings { try Console.result(finding.line) }
        }
        if !isHealthy { throw Verdict.unhealthy }
    }

    private var models: [Finding] {
        let checkpoints = Workplace.library.checkpoints
        guard !checkpoints.isEmpty else {
            return [
                Finding(
                    "model", .warning, "none found: set GESSO_MODELS to a folder of checkpoints")
            ]
        }
        return checkpoints.map { name, url in
            do {
                let family = "family: " + (try Model.familyName(of: url))
                return Finding("model", .fine, "\(name): \(family)")
            } catch {
                return Finding("model", .warning, Failure(error, in: nil).text)
            }
        }
    }

    private var presets: Finding {
        do {
            let shelf = Workplace.library.places.presets
            let (presets, broken) = try shelf.all()
            guard let first = broken.first else {
                return Finding("presets", .fine, "\(presets.count)")
            }
            return Finding("presets", .broken, "\(first)")
        } catch {
            return Finding("presets", .broken, "\(error)")
        }
    }

    private var configuration: Finding {
        let environment = ProcessInfo.processInfo.environment
        let files = [
            Preferences.projectFile(
                FileManager.default.currentDirectoryPath, home: environment["HOME"]),
            Preferences.userFile(environment),
        ].compactMap(\.self)
        do {
            _ = try Preferences()
            return Finding(
                "configuration", .fine, files.isEmpty ? "none" : files.joined(separator: ", "))
        } catch {
            return Finding("configuration", .broken, Failure(error, in: nil).text)
        }
    }

    private var places: [Finding] {
        let temporary = FileManager.default.temporaryDirectory.path(percentEncoded: false)
        return [FileManager.default.currentDirectoryPath, temporary].map { path in
            access(path, W_OK) == 0
                ? Finding("write access", .fine, path)
                : Finding("write access", .warning, "\(path) cannot be written to")
        }
    }

    private var terminal: Finding {
        let color = MessageStyle.isColored(.auto, ProcessInfo.processInfo.environment)
        return Finding(
            "terminal", .fine,
            "\(Console.isLive ? "live" : "none"), \(color ? "colour" : "no colour"), pictures as "
                + "\(TerminalPicture.Form(environment: ProcessInfo.processInfo.environment).rawValue)"
        )
    }
}

/// One thing the doctor has looked at.
struct Finding: Encodable {
    let what: String
    let state: State
    let value: String

    enum State: String, Encodable {
        case fine, warning, broken
    }

    init(_ what: String, _ state: State, _ value: String) {
        (self.what, self.state, self.value) = (what, state, value)
    }

    var line: String {
        let mark = state == .fine ? "" : state.rawValue + ": "
        return "\(what): \(mark)\(value)".escapingControls()
    }
}

/// What the machine has.
private enum Machine {
    static var findings: [Finding] {
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
