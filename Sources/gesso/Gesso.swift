import ArgumentParser
import Foundation
import Recipes

/// The tool: words in, exit code out.
@main
struct Gesso: ParsableCommand {
    /// The version of the program, as it stands in the pictures it makes.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "gesso",
        abstract: "Edits pictures with Stable Diffusion on an ordinary machine.",
        discussion: """
            Examples:
              gesso img2img photo.jpg -o painting.png --preset watercolor
              gesso inpaint room.png --mask sofa.png -o new.png --prompt "a red armchair"
              gesso outpaint photo.jpg -o wide.png --aspect 16:9 --prompt "a beach"
              gesso txt2img -o cat.png --prompt "a cat asleep on a windowsill"

            Results go to standard output, all else to standard error.
            Exit codes: 0 done, 1 pictures differ (verify, replay), 3 some of a batch failed,
            64 usage or recipe,
            65 bad input, 66 cannot read, 69 wrong model, 70 a fault of gesso's own,
            73 cannot create, 74 I/O, 75 resources, 129, 130, 143 ended by a signal.
            """,
        version: "gesso " + version,
        subcommands: [
            ImageToImageCommand.self, InpaintCommand.self, OutpaintCommand.self,
            TextToImageCommand.self, BatchCommand.self, MaskCommand.self, PresetCommand.self,
            ModelCommand.self,
            SheetCommand.self, CompareCommand.self, VerifyCommand.self, ReplayCommand.self,
            InfoCommand.self,
        ])

    /// Runs the tool on the process's arguments and ends the process.
    static func main() {
        Interruption.watch()
        Foundation.exit(run(Array(CommandLine.arguments.dropFirst())).rawValue)
    }

    private static func run(_ arguments: [String]) -> ExitStatus {
        do {
            try checkText()
            try checkCommands(arguments)
            var command = try parseAsRoot(arguments)
            try command.run()
            return .success
        } catch  where exitCode(for: error) == .success {
            try? Console.result(fullMessage(for: error))
            return .success
        } catch is PicturesDiffer {
            return .different
        } catch is SomeFailed {
            return .someFailed
        } catch {
            let failure = Failure(error, in: arguments.first)
            Console.line(failure.message)
            if arguments.contains("--json") { try? Console.result(failure.document) }
            return failure.status
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

    /// The words up to the first option must be commands; the parser has no suggestions for those.
    private static func checkCommands(_ arguments: [String]) throws {
        var command: any ParsableCommand.Type = Self.self
        for word in arguments.first == "help" ? arguments.dropFirst() : arguments[...] {
            let commands = command.configuration.subcommands
            if commands.isEmpty || word.hasPrefix("-") { return }
            guard let next = commands.first(where: { $0._commandName == word }) else {
                let meant = nearMiss(word, among: commands.map { $0._commandName })
                throw Failure(
                    .usage, "unknown command '\(word.prefix(40))'", at: command._commandName,
                    do: meant.map { "did you mean '\($0)'?" } ?? "see `gesso --help`")
            }
            command = next
        }
    }
}
