/// One thing a recipe can set: its name, what it may be, and the way between text and property.
public struct Key: Sendable {
    /// Name in files and after `--set`: lower case, words joined by `_`, diffusers' where it has one.
    public let name: String
    /// What values it takes, in words: "a number from 0 to 1".
    public let expected: String
    /// The words it takes, if these can be listed.
    public let choices: [String]
    /// What values it takes, for programs.
    public let form: Form
    /// What it is for, in one line.
    public let help: String
    /// The verbs that use it.
    public let verbs: [Verb]
    /// What it is called in other programs; only ever used to suggest `name`.
    public let namesElsewhere: [String]

    private let write: @Sendable (String, inout Recipe) -> Bool
    private let read: @Sendable (Recipe) -> Value?

    init<T>(
        _ name: String, _ property: any WritableKeyPath<Recipe, T> & Sendable, _ kind: Kind<T>,
        for verbs: [Verb] = Verb.allCases, _ help: String, elsewhere: [String] = []
    ) {
        self.name = name
        self.expected = kind.expected
        self.choices = kind.choices
        self.form = kind.form
        self.help = help
        self.verbs = verbs
        self.namesElsewhere = elsewhere
        self.write = { text, recipe in
            guard let value = kind.parse(text) else { return false }
            recipe[keyPath: property] = value
            return true
        }
        self.read = { kind.value($0[keyPath: property]) }
    }

    /// Sets the property from text; false if the text is not what the key takes.
    func set(_ text: String, in recipe: inout Recipe) -> Bool { write(text, &recipe) }

    /// What it takes, after the word that was probably meant if there is one.
    func expected(insteadOf text: String) -> String {
        guard let meant = nearMiss(text.lowercased(), among: choices) else { return expected }
        return "'\(meant)', or " + expected
    }

    /// What the recipe has for this key; nil where it leaves the choice open.
    public func value(in recipe: Recipe) -> Value? { read(recipe) }

    /// What values a key takes, as far as a schema can say it.
    public indirect enum Form: Sendable, Equatable {
        /// Any text, or one that only reading it tells.
        case text
        /// Yes or no.
        case flag
        /// A number within a range.
        case number(ClosedRange<Int>)
        /// A whole number within a range.
        case whole(ClosedRange<Int>)
        /// A whole number that is not negative, -1 or `random`.
        case seed
        /// One of some words.
        case choice([String])
        /// Another form, or the word `default`.
        case orDefault(Form)
    }

    /// A setting's value, for reports.
    public enum Value: Sendable, Equatable, Codable, CustomStringConvertible {
        /// Words, a choice among names, a size.
        case text(String)
        /// A number that may have a fraction.
        case number(Double)
        /// A whole number.
        case integer(UInt64)
        /// Yes or no.
        case flag(Bool)

        /// The value as a file would have it.
        public var description: String {
            switch self {
            case .text(let text): text
            case .number(let number): Int(exactly: number).map { "\($0)" } ?? "\(number)"
            case .integer(let integer): "\(integer)"
            case .flag(let flag): "\(flag)"
            }
        }

        /// The bare value; a number without a fraction comes back as a whole one.
        public init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            // What fails takes long, so that the commonest comes first.
            if let text = try? value.decode(String.self) {
                self = .text(text)
            } else if let number = try? value.decode(Double.self) {
                let isWhole = number >= 0 && number == number.rounded()
                let integer = isWhole ? try? value.decode(UInt64.self) : nil
                self = integer.map { .integer($0) } ?? .number(number)
            } else {
                self = .flag(try value.decode(Bool.self))
            }
        }

        /// The bare value: text, number or truth value.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .number(let number): try container.encode(number)
            case .integer(let integer): try container.encode(integer)
            case .flag(let flag): try container.encode(flag)
            }
        }
    }
}
