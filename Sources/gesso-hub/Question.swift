import Foundation
import Terminal

/// A question to whoever sits at the terminal.
enum Question {
    /// The answer; nil where there is no terminal to ask on.
    ///
    /// - Parameter usually: what an empty line means.
    static func ask(_ text: String, usually: Bool) -> Bool? {
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else { return nil }
        Console.show(bar: text)
        defer { Console.show(bar: "") }
        guard let line = readLine() else { return false }
        let word = line.trimmingCharacters(in: .whitespaces).lowercased()
        return word.isEmpty ? usually : ["y", "yes"].contains(word)
    }
}
