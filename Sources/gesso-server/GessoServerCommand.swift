import ArgumentParser
import Foundation
import Gesso
import GessoServer
import Logging

@main
struct GessoServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gesso serve",
        abstract: "Serve a page to edit pictures on, and interfaces for other programs.",
        discussion: """
            Examples:
              gesso serve --open
              gesso serve --port 8000 --data pictures
              gesso serve --host 0.0.0.0 --token new

            It listens on this machine only unless --host names another address; a token
            is then needed.
            """,
        version: Program.version)

    @Option(help: ArgumentHelp("Address to listen on.", valueName: "address"))
    var host = "127.0.0.1"

    @Option(help: ArgumentHelp("Port to listen on; 0 is any that is free.", valueName: "number"))
    var port = 7860

    @Option(
        help: ArgumentHelp(
            "Token that clients must show; 'new' makes one. Also $GESSO_TOKEN.", valueName: "text"))
    var token: String?

    @Option(
        name: .customLong("api-auth"),
        help: ArgumentHelp("Name and password that clients may show.", valueName: "user:password"))
    var apiAuth: String?

    @Option(
        name: .customLong("allow-host"), parsing: .singleValue,
        help: ArgumentHelp("Another name that the server may be called by.", valueName: "name"))
    var allowedHosts: [String] = []

    @Option(
        name: .customLong("allow-origin"), parsing: .singleValue,
        help: ArgumentHelp(
            "Another page that may use it, as scheme://host:port.", valueName: "origin"))
    var allowedOrigins: [String] = []

    @Option(
        help: ArgumentHelp("Folder of the queue and the gallery.", valueName: "folder"),
        completion: .directory)
    var data: String?

    @Option(
        name: .customLong("max-body"),
        help: ArgumentHelp("Largest request in MiB.", valueName: "number"))
    var bodyLimit = 64

    @Option(
        name: .customLong("max-disk"),
        help: ArgumentHelp(
            "MiB of results to keep; the oldest without a star go first.", valueName: "number"))
    var diskLimit: Int?

    @Option(help: ArgumentHelp("Days to keep results without a star.", valueName: "days"))
    var keep: Int?

    @Option(
        name: .customLong("unload-after"),
        help: ArgumentHelp(
            "Minutes without a job after which models are freed; 0 keeps them.",
            valueName: "minutes"))
    var unloadAfter = 30

    @Flag(help: "Open the page in the browser.")
    var open = false

    @Flag(help: "Check the settings, the folder and the models, and end.")
    var dryRun = false

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    mutating func validate() throws {
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
        if let name = allowedHosts.first(where: { !ServerConfiguration.isHost($0) }) {
            throw ValidationError("--allow-host takes a name without http://, not '\(name)'")
        }
        if let origin = allowedOrigins.first(where: { !ServerConfiguration.isOrigin($0) }) {
            throw ValidationError(
                "--allow-origin takes scheme://host or scheme://host:port, not '\(origin)'")
        }
        if let keep, !(1...36500).contains(keep) {
            throw ValidationError("--keep takes a number of days from 1 to 36500")
        }
        guard (0...525_600).contains(unloadAfter) else {
            throw ValidationError("--unload-after takes a number of minutes from 0 to 525600")
        }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "gesso")
        logger.logLevel = quiet ? .error : .notice
        let library = Library(Places(environment: environment))
        var configuration = ServerConfiguration(
            data: try folder(environment), library: library)
        let asked = token ?? environment["GESSO_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
        let token = asked == "new" ? ServerConfiguration.newToken() : asked
        (configuration.host, configuration.port) = (host, port)
        (configuration.token, configuration.pair) = (token, apiAuth)
        (configuration.allowedHosts, configuration.allowedOrigins) = (allowedHosts, allowedOrigins)
        configuration.bodyLimit = bodyLimit << 20
        configuration.styles = StyleBook.place(environment: environment)
        configuration.quota = diskLimit.map { $0 << 20 }
        configuration.keptSeconds = keep.map { Double($0) * 24 * 3600 }
        configuration.unloadAfter = unloadAfter == 0 ? nil : .seconds(60 * unloadAfter)
        do {
            guard !library.checkpoints.isEmpty else {
                fail(
                    "no models found: fetch one with `gesso model get`, or set GESSO_MODELS to a folder "
                        + "that holds some", 69)
            }
            let server = try GessoServer(configuration, logger: logger)
            if dryRun {
                say("the settings, the folder and \(library.checkpoints.count) models are in order")
                return
            }
            let (host, opens, isNew) = (host, open, asked == "new")
            try await server.run { port in
                let name = host.contains(":") ? "[\(host)]" : host
                let address = "http://\(name):\(port)/"
                let note = isNew ? token.map { "token: \($0)\n" } ?? "" : ""
                FileHandle.standardOutput.write(Data("\(address)\n\(note)".utf8))
                if opens { openPage(address, token) }
            }
        } catch {
            fail("\(error)", GessoServer.exitCode(for: error))
        }
    }

    private func folder(_ environment: [String: String]) throws -> URL {
        if let data { return URL(filePath: data, directoryHint: .isDirectory) }
        if let place = environment["XDG_DATA_HOME"], place.hasPrefix("/") {
            return URL(filePath: place).appending(path: "gesso")
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            fail("no home folder: give a folder with --data", 64)
        }
        return URL(filePath: home).appending(path: ".local/share/gesso")
    }

    private func say(_ line: String) {
        if !quiet { FileHandle.standardError.write(Data("gesso-server: \(line)\n".utf8)) }
    }
}

private func fail(_ line: String, _ code: Int32) -> Never {
    FileHandle.standardError.write(Data("gesso-server: \(line)\n".utf8))
    exit(code)
}

/// Shows the page in the desktop's browser; the token goes behind the `#`, which no server sees.
private func openPage(_ address: String, _ token: String?) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["xdg-open", address + (token.map(ServerConfiguration.fragment) ?? "")]
    process.standardError = FileHandle.nullDevice
    try? process.run()
}
