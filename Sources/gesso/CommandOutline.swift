import ArgumentParser
import Foundation

/// What a command is and takes, as the parser knows it: the one source of completions, manual pages,
/// and of what may stand on a command line.
struct CommandOutline: Decodable {
    let commandName: String
    /// The commands it belongs to, the tool first.
    let superCommands: [String]?
    let shouldDisplay: Bool?
    let abstract: String?
    let discussion: String?
    let subcommands: [CommandOutline]?
    let arguments: [Argument]?

    /// One argument, option or flag.
    struct Argument: Decodable {
        let kind: Kind
        let shouldDisplay: Bool
        let sectionTitle: String?
        let isOptional: Bool
        let isRepeating: Bool
        let names: [Name]?
        let preferredName: Name?
        let valueName: String?
        let defaultValue: String?
        let abstract: String?

        enum Kind: String, Decodable {
            case positional, option, flag
        }
    }

    /// A name with as many dashes before it as it has on the command line.
    struct Name: Decodable, CustomStringConvertible {
        let kind: String
        let name: String

        var description: String { (kind == "long" ? "--" : "-") + name }
    }

    private struct Document: Decodable {
        let command: CommandOutline
    }

    /// The outline of a command with all of its own commands.
    init(_ command: any ParsableCommand.Type) throws {
        self = try JSONDecoder().decode(Document.self, from: Data(command._dumpHelp().utf8)).command
    }

    /// The argument that is called so.
    func argument(_ name: String) -> Argument? {
        arguments?.first { $0.names?.contains { "\($0)" == name } ?? false }
    }

    /// The words that call it: `gesso preset list`.
    var path: String { ((superCommands ?? []) + [commandName]).joined(separator: " ") }
}
