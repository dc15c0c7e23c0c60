import ArgumentParser
import Foundation
import Gesso
import GessoServer
import Logging
import Terminal

@main
struct GessoServerCommand: AsyncParsableCommand {
    static let configuration = ServeOptions.configuration("gesso serve")

    @OptionGroup var options: ServeOptions

    mutating func validate() throws {
        if let name = options.allowedHosts.first(where: { !ServerConfiguration.isHost($0) }) {
            throw ValidationError("--allow-host takes a name without http://, not '\(name)'")
        }
        if let origin = options.allowedOrigins.first(where: { !ServerConfiguration.isOrigin($0) }) {
            throw ValidationError(
                "--allow-origin takes scheme://host or scheme://host:port, not '\(origin)'")
        }
        if options.token?.isEmpty == true {
            throw ValidationError("--token is empty: give a text, or 'new' to have one made")
        }
        if let pair = options.apiAuth, !ServerConfiguration.isPair(pair) {
            throw ValidationError("--api-auth takes user:password, neither of them empty")
        }
    }

    /// Runs the program on the process's arguments, and ends the process if that fails.
    static func main() async {
        let words = Array(CommandLine.arguments.dropFirst())
        do {
            let command = try parse(words)
            try await command.run()
        } catch {
            let status = end(with: error, in: "serve", printsJSON: words.contains("--json"))
            Foundation.exit(status.rawValue)
        }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "gesso")
        logger.logLevel = options.quiet ? .error : .notice
        let library = Library(Places(environment: environment))
        var configuration = ServerConfiguration(
            data: try folder(environment), library: library)
        let asked = options.token ?? environment["GESSO_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
        let token = asked == "new" ? ServerConfiguration.newToken() : asked
        (configuration.host, configuration.port) = (options.host, options.port)
        (configuration.token, configuration.pair) = (token, options.apiAuth)
        configuration.allowedHosts = options.allowedHosts
        configuration.allowedOrigins = options.allowedOrigins
        configuration.bodyLimit = options.bodyLimit << 20
        configuration.styles = StyleBook.place(environment: environment)
        configuration.quota = options.diskLimit.map { $0 << 20 }
        configuration.keptSeconds = options.keep.map { Double($0) * 24 * 3600 }
        configuration.unloadAfter =
            options.unloadAfter == 0 ? nil : .seconds(60 * options.unloadAfter)
        guard !library.checkpoints.isEmpty else {
            throw Failure(
                .wrongModel,
                "no models found: fetch one with `gesso model get`, or set GESSO_MODELS to a folder "
                    + "that holds some")
        }
        do {
            let server = try GessoServer(configuration, logger: logger)
            if options.dryRun {
                let count = library.checkpoints.count
                return Console.line(
                    "gesso: the settings, the folder and \(count) models are in order",
                    isQuiet: options.quiet)
            }
            let (host, opens, isNew) = (options.host, options.open, asked == "new")
            try await server.run { port in
                let name = host.contains(":") ? "[\(host)]" : host
                let address = "http://\(name):\(port)/"
                let note = isNew ? token.map { "token: \($0)\n" } ?? "" : ""
                FileHandle.standardOutput.write(Data("\(address)\n\(note)".utf8))
                if opens { openPage(address, token) }
            }
        } catch {
            let status = ExitStatus(rawValue: GessoServer.exitCode(for: error))
            throw Failure(status ?? .unexpected, "\(error)")
        }
    }

    private func folder(_ environment: [String: String]) throws -> URL {
        if let data = options.data { return URL(filePath: data, directoryHint: .isDirectory) }
        if let place = environment["XDG_DATA_HOME"], place.hasPrefix("/") {
            return URL(filePath: place).appending(path: "gesso")
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw Failure(.usage, "no home folder: give a folder with --data")
        }
        return URL(filePath: home).appending(path: ".local/share/gesso")
    }
}

/// Shows the page in the desktop's browser; the token goes behind the `#`, which no server sees.
private func openPage(_ address: String, _ token: String?) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["xdg-open", address + (token.map(ServerConfiguration.fragment) ?? "")]
    process.standardError = FileHandle.nullDevice
    try? process.run()
}
