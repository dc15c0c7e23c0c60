import Foundation

/// A program beside this one that this one becomes, so that the tool is built and started without what only
/// that program needs.
package struct SisterProgram {
    private let name: String

    /// - Parameter name: its name as a product of the package.
    package init(_ name: String) { self.name = name }

    /// Becomes the program, so that signals and the exit code are that program's.
    ///
    /// - Parameters:
    ///   - words: its arguments.
    ///   - environment: its variables.
    /// - Returns: why that could not be; on success this does not return.
    package func become(_ words: [String], _ environment: [String: String]) -> Failure {
        let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        let program = own.deletingLastPathComponent().appending(path: name).path
        execute(program, [program] + words, environment.map { "\($0.key)=\($0.value)" })
        return Failure(
            .cannotRead, "\(name) cannot be started", at: program,
            do: "build it with `swift build -c release --product \(name)`")
    }

    /// Returns only if the program cannot be started.
    private func execute(_ program: String, _ words: [String], _ environment: [String]) {
        var words = words.map { strdup($0) } + [nil]
        var environment = environment.map { strdup($0) } + [nil]
        execve(program, &words, &environment)
        for word in words + environment { free(word) }
    }
}
