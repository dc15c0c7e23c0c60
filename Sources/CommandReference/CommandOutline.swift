import Foundation

/// A command with its arguments and subcommands, as the parser of the command line describes it in
/// JSON: the source of manual pages, of the page of options, and of the check of a command line.
package struct CommandOutline: Decodable {
    package let commandName: String
    /// The commands above it, the tool first.
    package let superCommands: [String]?
    package let shouldDisplay: Bool?
    package let abstract: String?
    package let discussion: String?
    package let subcommands: [CommandOutline]?
    package let arguments: [Argument]?

    /// One argument, option or flag.
    package struct Argument: Decodable {
        package let kind: Kind
        package let shouldDisplay: Bool
        package let sectionTitle: String?
        package let isOptional: Bool
        package let isRepeating: Bool
        package let names: [Name]?
        package let preferredName: Name?
        package let valueName: String?
        package let defaultValue: String?
        package let abstract: String?

        package enum Kind: String, Decodable {
            case positional, option, flag
        }
    }

    /// A name with as many dashes before it as it has on the command line.
    package struct Name: Decodable, CustomStringConvertible {
        package let kind: String
        package let name: String

        package var description: String { (kind == "long" ? "--" : "-") + name }
    }

    private struct Document: Decodable {
        let command: CommandOutline
    }

    /// Reads the parser's description of a command with all of its subcommands.
    ///
    /// - Parameter description: JSON of ArgumentParser's tool info, version 0.
    /// - Throws: `DecodingError` where the text has another form.
    package init(description: String) throws {
        self = try JSONDecoder().decode(Document.self, from: Data(description.utf8)).command
    }

    /// The argument of that name, dashes included.
    package func argument(_ name: String) -> Argument? {
        arguments?.first { $0.names?.contains { "\($0)" == name } ?? false }
    }

    /// The words that call it: `gesso preset list`.
    package var path: String { ((superCommands ?? []) + [commandName]).joined(separator: " ") }
}
