import ArgumentParser
import Foundation
import Gesso

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

            Starts gesso-server, which `swift build` puts beside gesso; --help lists its options.
            """)

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("Options of gesso-server.", valueName: "option"))
    var options: [String] = []

    func run() throws {
        let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        let program = own.deletingLastPathComponent().appending(path: "gesso-server").path
        let environment = Workplace.environment.map { "\($0.key)=\($0.value)" }
        // On success this process becomes the server, so signals and the exit code are the server's.
        execute(program, [program] + options, environment)
        throw Failure(
            .cannotRead, "the server cannot be started", at: program,
            do: "build it with `swift build -c release --product gesso-server`")
    }

    /// Returns only if the program cannot be started.
    private func execute(_ program: String, _ words: [String], _ environment: [String]) {
        var words = words.map { strdup($0) } + [nil]
        var environment = environment.map { strdup($0) } + [nil]
        execve(program, &words, &environment)
        for word in words + environment { free(word) }
    }
}
