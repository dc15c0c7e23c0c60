import ArgumentParser
import CommandReference
import Foundation
import Gesso
import Terminal

/// The tool: words in, exit code out.
@main
struct GessoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gesso",
        abstract: "Edits pictures with Stable Diffusion on an ordinary machine.",
        discussion: """
            Examples:
              gesso img2img photo.jpg -o painting.png --preset watercolor
              gesso inpaint room.png --mask sofa.png -o new.png --prompt "a red armchair"
              gesso outpaint photo.jpg -o wide.png --aspect 16:9 --prompt "a beach"
              gesso txt2img -o cat.png --prompt "a cat asleep on a windowsill"

            Results go to standard output, messages to standard error.
            Exit codes: 0 success, 1 a difference (verify, replay) or a fault (doctor), 3
            some of a batch failed, 64 usage or recipe, 65 bad input, 66 cannot read, 69
            wrong model, 70 internal error, 73 cannot create, 74 input or output, 75
            resources, 77 refused by the safety checker, 128 + n ended by signal n.
            """,
        version: Program.name,
        subcommands: [
            ImageToImageCommand.self, InpaintCommand.self, OutpaintCommand.self,
            UpscaleCommand.self, InstructCommand.self, TextToImageCommand.self,
            RunCommand.self, BatchCommand.self, MaskCommand.self, ControlCommand.self,
            PresetCommand.self,
            ModelCommand.self,
            SheetCommand.self, CompareCommand.self, VerifyCommand.self, ReplayCommand.self,
            InfoCommand.self, CredentialsCommand.self, GridCommand.self, ServeCommand.self,
            ConfigCommand.self,
            DoctorCommand.self,
            ManualCommand.self,
        ])

    /// Runs the tool on the process's arguments and ends the process.
    static func main() async {
        ProcessStart.prepare()
        Interruption.watch()
        Foundation.exit(await run(Array(CommandLine.arguments.dropFirst())).rawValue)
    }

    private static func run(_ arguments: [String]) async -> ExitStatus {
        var printsJSON = arguments.contains("--json")
        do {
            try checkText()
            let words = try understood(arguments)
            printsJSON = printsJSON || words?.gives("json") ?? false
            if words == nil, printsJSON, arguments.contains("--version") {
                try Console.result(JSON.text(VersionDocument()))
                return .success
            }
            var command = try parsed(words, arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return .success
        } catch let verdict as Verdict {
            return verdict.status
        } catch {
            // The documents of a batch are a line each.
            if printsJSON, arguments.first == "batch", exitCode(for: error) != .success {
                try? Console.result(
                    Failure(error, in: "batch").document().replacing("\n", with: ""))
                printsJSON = false
            }
            return end(
                with: error, in: arguments.first, printsJSON: printsJSON, CompletionScript.mended)
        }
    }

    /// The command that the words say.
    private static func parsed(
        _ words: CommandLineWords?, _ arguments: [String]
    ) throws -> any ParsableCommand {
        do {
            return try parseAsRoot(words?.words ?? arguments)
        } catch {
            throw words?.complaint(insteadOf: error)
                ?? (words == nil && exitCode(for: error) == .validationFailure
                    ? Failure.misplacedOption(arguments) : nil) ?? error
        }
    }

    /// The arguments must be text; Swift would silently repair those that are not.
    private static func checkText() throws {
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let word = CommandLine.unsafeArgv[index], String(validatingCString: word) == nil
            else { continue }
            throw Failure(
                .usage, "argument \(index) is not UTF-8", at: "gesso", do: "give text in UTF-8")
        }
    }

    /// The words of a command with what the environment and the configuration add to them, the
    /// manner of telling set; nil where no command is to run.
    ///
    /// A configuration that cannot be used stops all commands but those that help to mend it.
    private static func understood(_ arguments: [String]) throws -> CommandLineWords? {
        guard let (command, depth) = try command(arguments) else { return nil }
        var words = try CommandLineWords(arguments, of: command, depth: depth)
        if words.gives("help") || words.gives("version") { return nil }
        let environment = ProcessInfo.processInfo.environment
        let isHelp = [ConfigCommand.Show.self, DoctorCommand.self, ManualCommand.self]
            .contains { $0 == command }
        do {
            let preferences = try Preferences(environment: environment)
            words.add(preferences)
            Workplace.note(preferences)
        } catch {
            guard isHelp else { throw error }
        }
        Console.style = try MessageStyle(words, environment: environment)
        try words.checkRepeated()
        try words.checkLetters()
        Workplace.words = Array(words.words.dropFirst(depth))
        return words
    }

    /// The command that the words up to the first option name, and how many these are; nil where only
    /// help is wanted. The parser has no suggestions for commands that do not exist.
    private static func command(
        _ arguments: [String]
    ) throws -> (command: any ParsableCommand.Type, depth: Int)? {
        var command: any ParsableCommand.Type = Self.self
        var depth = 0
        let isHelp = arguments.first == "help"
        for word in isHelp ? arguments.dropFirst() : arguments[...] {
            let commands = command.configuration.subcommands
            if commands.isEmpty || word.hasPrefix("-") { break }
            guard let next = commands.first(where: { $0._commandName == word }) else {
                throw Failure.unknownCommand(word, of: command)
            }
            (command, depth) = (next, depth + 1)
        }
        return isHelp || !command.configuration.subcommands.isEmpty ? nil : (command, depth)
    }
}

/// The version for programs.
private struct VersionDocument: Encodable {
    let schema = "gesso.version/1"
    let version = Program.version
    let kernels = Program.kernels
    let libraries = Image.libraries
}
