import ArgumentParser
import Foundation
import Gesso
import Terminal

struct CredentialsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credentials",
        abstract: "Make and list keys that results are signed with.",
        discussion: """
            Examples:
              gesso credentials new --name "Jane Doe"
              gesso credentials list

            Results are signed with Content Credentials (C2PA) once there is a key of
            the name `default`; `--credentials off` leaves them out. Keys are kept in
            $XDG_DATA_HOME/gesso/credentials (~/.local/share/gesso/credentials).
            Instead of a key that is kept there, $GESSO_CREDENTIALS_KEY names a key's
            file, or $GESSO_CREDENTIALS_COMMAND a command that signs standard input, and
            $GESSO_CREDENTIALS_CERTIFICATE the file of the certificates.
            """,
        subcommands: [New.self, List.self])

    private static func folder() throws -> CredentialsFolder {
        guard let folder = Workplace.library.places.credentials.folder else {
            throw CredentialsError.noFolder
        }
        return folder
    }

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key and its certificates.",
            usage: "gesso credentials new [--name <text>] [<options>]",
            discussion: """
                Examples:
                  gesso credentials new --name "Jane Doe"
                  gesso credentials new --name "The Daily" --profile work --algorithm es256

                The key never leaves this computer. Give the root certificate to those who
                should recognise your pictures: all others see a signer that they do not know.
                """)

        @Option(
            help: ArgumentHelp(
                "Whose key it is, such as \"Jane Doe\"; all who get a picture can read it (default: "
                    + "your login name).",
                valueName: "text"))
        var name: String?

        @Option(
            help: ArgumentHelp(
                "Its name for --credentials; a key called `default` signs by default.",
                valueName: "word"))
        var profile = CredentialsFolder.standard

        @Option(
            help: ArgumentHelp(
                "ed25519 (the same picture gets the same bytes), es256 or ps256.",
                valueName: "word"), completion: .list(SigningAlgorithm.ownKeys.map(\.rawValue)))
        var algorithm = SigningAlgorithm.ed25519.rawValue

        @Flag(help: "Print a JSON document.")
        var json = false

        @OptionGroup var messages: MessageOptions

        private struct Document: Encodable {
            let entry: KeyEntry
            private enum Key: CodingKey { case schema }

            func encode(to encoder: any Encoder) throws {
                try entry.encode(to: encoder)
                var container = encoder.container(keyedBy: Key.self)
                try container.encode("gesso.credentials.new/1", forKey: .schema)
            }
        }

        mutating func validate() throws {
            guard SigningAlgorithm.ownKeys.contains(where: { $0.rawValue == algorithm }) else {
                let words = SigningAlgorithm.ownKeys.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--algorithm is '\(algorithm.prefix(40))': give \(words)")
            }
        }

        func run() throws {
            let made = try CredentialsCommand.folder().create(
                profile, holder: name ?? NSUserName(),
                SigningAlgorithm(rawValue: algorithm) ?? .ed25519)
            let entry = KeyEntry(made)
            let condition =
                profile == CredentialsFolder.standard ? "" : " with --credentials \(profile)"
            Console.line("gesso: pictures will be signed as \(entry.name)\(condition)".asLine())
            if name == nil {
                let folder = made.root.deletingLastPathComponent().path(percentEncoded: false)
                Console.line(
                    "gesso: note: that is your login name: to sign with another name, delete \(folder) "
                        + "and give --name \"Jane Doe\"")
            }
            if json { return try Console.result(JSON.text(Document(entry: entry))) }
            for line in entry.lines { try Console.result(line.escapingControls()) }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the keys.",
            usage: "gesso credentials list [<options>]",
            discussion: """
                Examples:
                  gesso credentials list
                  gesso credentials list --json
                """)

        @Flag(help: "Print a JSON document.")
        var json = false

        @OptionGroup var messages: MessageOptions

        private struct Document: Encodable {
            let schema = "gesso.credentials/1"
            let credentials: [KeyEntry]
        }

        func run() throws {
            let folder = try CredentialsCommand.folder()
            let entries = folder.profiles.map(KeyEntry.init)
            for fault in folder.faults { Console.line("gesso: note: \(fault)".asLine()) }
            if json { return try Console.result(JSON.text(Document(credentials: entries))) }
            for line in entries.flatMap(\.lines) { try Console.result(line.escapingControls()) }
        }
    }
}
