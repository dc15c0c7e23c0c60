import ArgumentParser
import Foundation
import Gesso
import Terminal

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check the machine, the models and the settings for problems.",
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
        var findings =
            Health(of: Workplace.library).findings { GessoError($0).text(\.inFlags) }
        findings += [configuration] + settings + places + [terminal]
        let isHealthy = !findings.contains { $0.state == .broken }
        if json {
            try Console.result(JSON.text(Document(healthy: isHealthy, findings: findings)))
        } else {
            for finding in findings { try Console.result(finding.line) }
        }
        if !isHealthy { throw Verdict.unhealthy }
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

    /// What the configuration names and every edit would miss.
    private var settings: [Finding] {
        let health = Health(of: Workplace.library)
        return ((try? Preferences())?.chosen ?? []).compactMap { preference, choice in
            health.fault(of: preference.name, choice.value).map {
                let text = GessoError($0).text(\.inFlags)
                return Finding(preference.name, .broken, "\(text) (\(choice.origin))")
            }
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
        let environment = ProcessInfo.processInfo.environment
        let color = MessageStyle.isColored(.auto, environment) ? "in colour" : "without colour"
        guard Console.isLive else {
            return Finding(
                "terminal", .fine,
                "standard error is no terminal: messages are \(color), --show has no effect")
        }
        let form =
            switch TerminalPicture.Form(environment: environment) {
            case .kitty: "by kitty's graphics protocol"
            case .iterm2: "as iTerm2's inline images"
            case .sixel: "as sixels"
            case .blocks: "as blocks of colour"
            }
        return Finding("terminal", .fine, "messages are \(color), --show draws pictures \(form)")
    }
}
