package import ArgumentParser
import Gesso

/// What `gesso serve` takes, which checks it, and `gesso-server`, which does it.
package struct ServeOptions: ParsableArguments {
    /// What the parser knows of a command that takes them.
    package static func configuration(_ name: String) -> CommandConfiguration {
        CommandConfiguration(
            commandName: name,
            abstract: "Serve a page to edit pictures on, and interfaces for other programs.",
            usage: "gesso serve [<options>]",
            discussion: """
                Examples:
                  gesso serve --open
                  gesso serve --port 8000 --data pictures
                  gesso serve --host 0.0.0.0 --token new

                It listens on this machine only unless --host names another address; a token
                is then needed. Starts gesso-server, which `swift build` puts beside gesso.
                """,
            version: Program.name)
    }

    @Option(help: ArgumentHelp("Address to listen on.", valueName: "address"))
    package var host = "127.0.0.1"

    @Option(help: ArgumentHelp("Port to listen on; 0 is any that is free.", valueName: "number"))
    package var port = 7860

    @Option(
        help: ArgumentHelp(
            "Token that clients must show; 'new' makes one. Also $GESSO_TOKEN.", valueName: "text"))
    package var token: String?

    @Option(
        name: .customLong("api-auth"),
        help: ArgumentHelp("Name and password that clients may show.", valueName: "user:password"))
    package var apiAuth: String?

    @Option(
        name: .customLong("allow-host"), parsing: .singleValue,
        help: ArgumentHelp("Another name that the server may be called by.", valueName: "name"))
    package var allowedHosts: [String] = []

    @Option(
        name: .customLong("allow-origin"), parsing: .singleValue,
        help: ArgumentHelp(
            "Another page that may use it, as scheme://host:port.", valueName: "origin"))
    package var allowedOrigins: [String] = []

    @Option(
        help: ArgumentHelp("Folder of the queue and the gallery.", valueName: "folder"),
        completion: .directory)
    package var data: String?

    @Option(
        name: .customLong("max-body"),
        help: ArgumentHelp("Largest request in MiB.", valueName: "number"))
    package var bodyLimit = 64

    @Option(
        name: .customLong("max-disk"),
        help: ArgumentHelp(
            "MiB of results to keep; the oldest without a star go first.", valueName: "number"))
    package var diskLimit: Int?

    @Option(help: ArgumentHelp("Days to keep results without a star.", valueName: "days"))
    package var keep: Int?

    @Option(
        name: .customLong("unload-after"),
        help: ArgumentHelp(
            "Minutes without a job after which models are freed; 0 keeps them.",
            valueName: "minutes"))
    package var unloadAfter = 30

    @Flag(help: "Open the page in the browser.")
    package var open = false

    @Flag(help: "Check the settings, the folder and the models, and end.")
    package var dryRun = false

    @Flag(name: .shortAndLong, help: "Print errors only.")
    package var quiet = false

    package init() {}

    package mutating func validate() throws {
        guard (0...65535).contains(port) else {
            throw ValidationError("--port takes a number from 0 to 65535")
        }
        guard (1...4096).contains(bodyLimit) else {
            throw ValidationError("--max-body takes a number from 1 to 4096")
        }
        if let apiAuth, !apiAuth.contains(":") {
            throw ValidationError("--api-auth takes user:password")
        }
        if let diskLimit, !(1...1 << 40).contains(diskLimit) {
            throw ValidationError("--max-disk takes a number of MiB from 1 to \(1 << 40)")
        }
        if let keep, !(1...36500).contains(keep) {
            throw ValidationError("--keep takes a number of days from 1 to 36500")
        }
        guard (0...525_600).contains(unloadAfter) else {
            throw ValidationError("--unload-after takes a number of minutes from 0 to 525600")
        }
    }
}
