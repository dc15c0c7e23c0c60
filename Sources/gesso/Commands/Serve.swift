import ArgumentParser
import Terminal

/// Starts `gesso-server`, which is a program of its own so that the tool is built without a web server.
struct ServeCommand: ParsableCommand {
    static let configuration = ServeOptions.configuration("serve")

    @OptionGroup var options: ServeOptions

    func run() throws {
        throw SisterProgram("gesso-server").become(Workplace.words, Workplace.environment)
    }
}
