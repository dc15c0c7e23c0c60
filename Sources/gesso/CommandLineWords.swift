import ArgumentParser
import CommandReference
import Foundation
import Terminal

/// The words of a command line, so far understood that one knows which options they give.
struct CommandLineWords {
    /// What the parser gets.
    private(set) var words: [String]
    private let outline: CommandOutline
    /// How many of them name the command.
    private let depth: Int
    /// The options and flags given, by their long names without dashes, in order.
    private(set) var given: [(name: String, value: String?)] = []
    /// Words that look like options and are none of the command's.
    private(set) var unknown: [String] = []
    /// Words that belong to no option, with where they stand.
    private(set) var positionals: [(word: String, index: Int)] = []
    /// Where the value of an option stands, if that is a word of its own.
    private(set) var places: [String: Int] = [:]

    /// - Parameters:
    ///   - command: the one that the first words name.
    ///   - depth: how many words name it.
    init(_ words: [String], of command: any ParsableCommand.Type, depth: Int) throws {
        self.words = words
        self.depth = depth
        outline = try CommandOutline(of: command)
        var rest = words.dropFirst(depth)
        while let word = rest.popFirst() {
            guard word != "--" else { break }
            guard word.hasPrefix("-"), word != "-" else {
                positionals.append((word, rest.startIndex - 1))
                continue
            }
            if word.hasPrefix("--") {
                let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
                note(parts[0], parts.count > 1 ? parts[1] : nil, &rest)
            } else if outline.argument(word) != nil {
                note(word, nil, &rest)
            } else if let equals = word.firstIndex(of: "="),
                outline.argument(String(word[..<equals]))?.kind == .option
            {
                note(String(word[..<equals]), String(word[word.index(after: equals)...]), &rest)
            } else {
                let letters = word.dropFirst().map { "-\($0)" }
                if letters.contains(where: { outline.argument($0) == nil }) {
                    unknown.append(word)
                } else {
                    for letter in letters { note(letter, nil, &rest) }
                }
            }
        }
        for word in rest { positionals.append((word, words.count)) }
    }

    private mutating func note(
        _ name: String, _ value: String?, _ rest: inout ArraySlice<String>
    ) {
        guard let argument = outline.argument(name), let long = argument.longName else {
            unknown.append(name)
            return
        }
        if argument.kind == .option, value == nil { places[long] = rest.startIndex }
        given.append((long, argument.kind == .option ? value ?? rest.popFirst() : value))
    }

    var commandName: String { outline.commandName }

    /// The words that name the command, as one writes them.
    var commandPath: String { words.prefix(depth).joined(separator: " ") }

    /// All long names of its options and flags.
    var longNames: [String] { outline.arguments?.compactMap(\.longName) ?? [] }

    /// How many words that belong to no option it takes; nil for any number.
    var mostPositionals: Int? {
        let places = outline.arguments?.filter { $0.kind == .positional } ?? []
        return places.contains(where: \.isRepeating) ? nil : places.count
    }

    /// Whether an option or flag is given.
    func gives(_ name: String) -> Bool { given.contains { $0.name == name } }

    /// The value of an option.
    func value(of name: String) -> String? { given.last { $0.name == name }?.value }

    /// Whether the command can be given it.
    func accepts(_ name: String) -> Bool { outline.argument("--" + name) != nil }

    /// An option given twice has one value too many.
    func checkRepeated() throws {
        var seen: Set<String> = []
        for (name, _) in given {
            guard let argument = outline.argument("--" + name), argument.kind == .option,
                !argument.isRepeating
            else { continue }
            guard seen.insert(name).inserted else {
                throw Failure(
                    .usage, "--\(name) is given twice", at: outline.commandName, do: "keep one")
            }
        }
    }

    /// Whether a preference may be added. A receipt says itself with what its picture was made, and pages of the manual
    /// are no documents.
    private func isMeant(_ preference: Preference) -> Bool {
        switch preference.name {
        case "model", "tokenizer": commandName != "replay"
        case "json": commandName != "manual" && value(of: "output") != "-"
        default: true
        }
    }

    /// Adds what the environment and the configuration say where nothing is given here.
    mutating func add(_ preferences: Preferences) {
        for (preference, choice) in preferences.chosen
        where accepts(preference.flagName) && isMeant(preference) {
            let rivals = [preference.flagName] + preference.rivals
            guard !rivals.contains(where: gives) else { continue }
            let added = preference.words(choice.value)
            words.insert(contentsOf: added, at: depth)
            given += added.map { _ in (preference.flagName, choice.value) }
        }
    }
}

extension CommandOutline.Argument {
    /// The long name without its dashes.
    var longName: String? { names?.first { $0.kind == "long" }?.name }
}
