import Foundation

/// A command with its arguments and subcommands, as the parser of the command line describes it in
/// JSON: the source of manual pages, of the page of options, and of the check of a command line.
public struct CommandOutline: Decodable {
    public let commandName: String
    /// The commands above it, the tool first.
    public let superCommands: [String]?
    public let shouldDisplay: Bool?
    public let abstract: String?
    public let discussion: String?
    public let subcommands: [CommandOutline]?
    public let arguments: [Argument]?

    /// One argument, option or flag.
    public struct Argument: Decodable {
        public let kind: Kind
        public let shouldDisplay: Bool
        public let sectionTitle: String?
        public let isOptional: Bool
        public let isRepeating: Bool
        public let names: [Name]?
        public let preferredName: Name?
        public let valueName: String?
        public let defaultValue: String?
        public let abstract: String?

        public enum Kind: String, Decodable {
            case positional, option, flag
        }
    }

    /// A name with as many dashes before it as it has on the command line.
    public struct Name: Decodable, CustomStringConvertible {
        public let kind: String
        public let name: String

        public var description: String { (kind == "long" ? "--" : "-") + name }
    }

    private struct Document: Decodable {
        let command: CommandOutline
    }

    /// Reads the parser's description of a command with all of its subcommands.
    ///
    /// - Parameter description: JSON of ArgumentParser's tool info, version 0.
    /// - Throws: `DecodingError` where the text has another form.
    public init(description: String) throws {
        self = try JSONDecoder().decode(Document.self, from: Data(description.utf8)).command
    }

    /// The argument of that name, dashes included.
    public func argument(_ name: String) -> Argument? {
        arguments?.first { $0.names?.contains { "\($0)" == name } ?? false }
    }

    /// The words that call it: `gesso preset list`.
    public var path: String { ((superCommands ?? []) + [commandName]).joined(separator: " ") }
}
