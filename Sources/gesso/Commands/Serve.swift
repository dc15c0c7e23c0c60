import ArgumentParser
import Foundation
import Gesso
import Terminal

/// Starts `gesso-server`, which is a program of its own so that the tool is built without a web server.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve a page to edit pictures on, and interfaces for other programs.",
        discussion: """
            Examples:
              gesso serve --open
              gesso serve --port 8000 --data pictures
              gesso serve --host 0.0.0.0 --token new
              gesso serve --help

            Starts gesso-server, which `swift build` puts beside gesso; --help lists its
            options.
            """)

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("Options of gesso-server.", valueName: "option"))
    var options: [String] = []

    func run() throws { throw SisterProgram("gesso-server").become(options, Workplace.environment) }
}
