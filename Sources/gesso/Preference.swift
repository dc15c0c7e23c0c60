import Gesso
import Terminal

/// Something about the tool itself, not about a picture, that can be set for good: by a flag, a
/// variable of the environment, or a key of a configuration file.
struct Preference {
    /// The key in a file.
    let name: String
    let help: String
    let kind: Kind
    /// What holds where nobody says anything, in words.
    let standard: String
    /// Whether a project's file may set it; one that came with a download must not be able to have
    /// files replaced or written elsewhere.
    var isForProjects = true
    /// Flags beside which it would make no sense.
    var rivals: [String] = []

    enum Kind {
        case text
        case flag
        case count(ClosedRange<Int>)
        case choice([String])
    }

    /// The flag without its dashes; `models` has none.
    var flagName: String { name.replacing("_", with: "-") }

    /// The variable of the environment.
    var variable: String { "GESSO_" + name.uppercased() }

    /// What it takes, in words to stand behind "give".
    var expected: String {
        switch kind {
        case .text: "text"
        case .flag: "true or false"
        case .count(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .choice(let words): "one of " + words.joined(separator: ", ")
        }
    }

    /// Whether the text is a value.
    func accepts(_ text: String) -> Bool {
        switch kind {
        case .text: !text.isEmpty
        case .flag: Self.truth(text) != nil
        case .count(let range): Int(text).map(range.contains) ?? false
        case .choice(let words): words.contains(text)
        }
    }

    /// The words on a command line that say the same.
    func words(_ value: String) -> [String] {
        switch kind {
        case .text, .choice: ["--\(flagName)=\(value)"]
        case .flag: Self.truth(value) == true ? ["--" + flagName] : []
        case .count where name == "verbose":
            Array(repeating: "--" + flagName, count: Int(value) ?? 0)
        case .count: ["--\(flagName)=\(value)"]
        }
    }

    private static func truth(_ text: String) -> Bool? {
        let words = [
            "1": true, "true": true, "yes": true, "on": true,
            "0": false, "false": false, "no": false, "off": false,
        ]
        return words[text.lowercased()]
    }

    /// THE list, in the order in which it is shown.
    static let all = [
        Preference(
            name: "models", help: "folder that --model looks for names in", kind: .text,
            standard: "none"),
        Preference(
            name: "model", help: "checkpoint to work with", kind: .text,
            standard: Library.defaultModel + "; gesso-builtin-inpaint in inpaint and outpaint"),
        Preference(
            name: "tokenizer", help: "tokenizer for checkpoints without one", kind: .text,
            standard: "any that is found"),
        Preference(
            name: "threads", help: "threads to compute with", kind: .count(1...1024),
            standard: "all cores"),
        Preference(
            name: "credentials", help: "whether results are signed: on, off, or a name",
            kind: .text, standard: "on once there is a key", isForProjects: false),
        Preference(
            name: "timestamp_url", help: "who confirms the time of signatures; uses the network",
            kind: .text, standard: "none", isForProjects: false),
        Preference(
            name: "overwrite", help: "replace existing files", kind: .flag,
            standard: "false", isForProjects: false, rivals: ["skip-existing"]),
        Preference(
            name: "json", help: "print JSON documents", kind: .flag, standard: "false"),
        Preference(
            name: "quiet", help: "print errors only", kind: .flag, standard: "false",
            rivals: ["verbose"]),
        Preference(
            name: "verbose", help: "how much more is printed", kind: .count(0...2), standard: "0",
            rivals: ["quiet"]),
        Preference(
            name: "show", help: "show results in the terminal", kind: .flag, standard: "false"),
        Preference(
            name: "color", help: "whether messages are coloured",
            kind: .choice(ColorChoice.allCases.map(\.rawValue)), standard: "auto"),
        Preference(
            name: "progress", help: "how progress is shown",
            kind: .choice(ProgressForm.allCases.map(\.rawValue)), standard: "auto"),
        Preference(
            name: "log_file", help: "file that all messages are added to", kind: .text,
            standard: "none", isForProjects: false),
        Preference(
            name: "log_format", help: "form of that file",
            kind: .choice(LogFormat.allCases.map(\.rawValue)), standard: "text"),
    ]
}
