import ArgumentParser
import Foundation
import Gesso
import Terminal

/// What is wrong with a command line, where more can be said about it than the parser does.
extension CommandLineWords {
    /// A failure to tell instead of the parser's; nil where that says it best.
    func complaint(insteadOf error: any Error) -> Failure? {
        guard GessoCommand.exitCode(for: error) == .validationFailure else { return nil }
        // A value that is missing makes an option of the next word, and a surplus of the one after.
        let message = GessoCommand.message(for: error)
        if message.hasPrefix("Missing value") { return nil }
        return complaintOfOption ?? complaintOfSurplus ?? complaintOfOutput(message)
    }

    private func complaintOfOutput(_ message: String) -> Failure? {
        guard message.hasPrefix("Missing expected argument '--output") else { return nil }
        let example = message.contains("-dir") ? "--output-dir FOLDER" : "-o FILE"
        return Failure(.usage, "no place for the result", at: commandName, do: "give \(example)")
    }

    /// A word like `-shot.jpg` has an h in it, for which the parser would show help; only `-help` asks for it.
    func checkLetters() throws {
        let word = unknown.first { !$0.hasPrefix("--") && $0.contains("h") && $0 != "-help" }
        if let word { throw complaint(ofOption: word) }
    }

    private var complaintOfOption: Failure? { unknown.first.map(complaint(ofOption:)) }

    private func complaint(ofOption option: String) -> Failure {
        let isFile =
            !option.hasPrefix("--") && (isPicture(option) || access(option, F_OK) == 0)
        let remedy =
            isFile
            ? "write ./\(option)"
            : NamesElsewhere.remedy(for: option, of: (commandName, longNames))
        return Failure(
            .usage, "unknown option '\(option.prefix(40))'", at: commandName,
            do: remedy ?? "see `gesso \(commandPath) --help`")
    }

    private var complaintOfSurplus: Failure? {
        guard let most = mostPositionals, positionals.count > most else { return nil }
        if let text = cutText { return text }
        guard let word = positionals.last?.word else { return nil }
        let isPicture = isPicture(word)
        let remedy =
            isPicture && accepts("mask") && !gives("mask")
            ? "did you mean --mask \(word)?"
            : !isPicture && word.contains(where: \.isLetter) && accepts("prompt")
                && !gives("prompt")
                ? "did you mean --prompt \"\(word.prefix(60))\"?"
                : isPicture && accepts("output") && !gives("output")
                    ? "did you mean -o \(word)?"
                    : isPicture && accepts("output") && most > 0
                        ? "give one picture, or see `gesso batch --help`"
                        : "see `gesso \(commandPath) --help`"
        return Failure(
            .usage, "unexpected argument '\(word.prefix(40))'", at: commandName, do: remedy)
    }

    /// Words behind an option's text that the shell took apart.
    private var cutText: Failure? {
        for name in ["prompt", "negative-prompt", "watermark"] {
            guard let place = places[name], let value = value(of: name) else { continue }
            let rest = positionals.filter { $0.index > place }
                .enumerated().prefix { $1.index == place + 1 + $0 && !isPicture($1.word) }
                .map(\.element.word)
            guard let first = rest.first else { continue }
            let text = ([value] + rest).joined(separator: " ")
            return Failure(
                .usage, "'\(first.prefix(40))' is not part of an option", at: commandName,
                do: "put the text in quotes: --\(name) \"\(text)\"")
        }
        return nil
    }

    private func isPicture(_ word: String) -> Bool {
        ImageFormat(pathExtension: word.pathEnding) != nil
    }
}

extension Failure {
    /// A word that should be a command and is none.
    static func unknownCommand(_ word: String, of command: any ParsableCommand.Type) -> Failure {
        let names = command.configuration.subcommands.map { $0._commandName }
        let isRoot = command == GessoCommand.self
        let isPicture =
            ImageFormat(pathExtension: word.pathEnding) != nil && isRoot
        let meant =
            isPicture
            ? "img2img \(word)"
            : NamesElsewhere.command(word, of: command._commandName)
                ?? nearMiss(word, among: names)
        let path = isRoot ? "gesso" : "gesso " + command._commandName
        return Failure(
            .usage, "unknown command '\(word.prefix(40))'", at: command._commandName,
            do: meant.map { "did you mean `\(path) \($0)`?" } ?? "see `\(path) --help`")
    }

    /// An option before the command; nil where it is none.
    static func misplacedOption(_ words: [String]) -> Failure? {
        guard let first = words.first, first.hasPrefix("-"), first != "-" else { return nil }
        let names = GessoCommand.configuration.subcommands.map { $0._commandName }
        guard let command = words.first(where: names.contains) else { return nil }
        return Failure(
            .usage, "'\(first.prefix(40))' comes before the command", at: "gesso",
            do: "write `gesso \(command) ... \(first)`")
    }
}
