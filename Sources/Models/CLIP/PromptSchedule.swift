import Foundation

/// A prompt whose words change while a picture is made, in AUTOMATIC1111's notation.
///
/// - `[a:b:0.4]` is `a`, and after the share 0.4 of the steps `b`; a number without a point counts steps. In a second
///   run that change is over: `[a:b:1.4]` changes after the share 0.4 of its steps, and a number without a point goes
///   on counting those of the first.
/// - `[a:0.4]` is nothing and then `a`; `[a::0.4]` is `a` and then nothing.
/// - `[a|b|c]` is another of them at each step, from the first on.
/// - `a AND b :1.2` is two prompts, whose estimates are added with their weights.
///
/// They nest. Inside of brackets every bracket must have its partner, `(a:1.2)` one colon at most; `\`
/// takes the meaning from the next sign. A bracket that follows no rule stands for itself, and so do
/// those around it. A `|` that is in no alternation takes the meaning from the whole prompt, as does a
/// `\` at its end.
///
/// A step is an evaluation of the model here, counted as AUTOMATIC1111 counts it: from 0, where the
/// first two count as step 1, and strength does not change the count. Three points differ: a weight behind
/// a colon counts only beside an `AND`, more than 64 brackets in each other have no meaning, and where a prompt has
/// weights and changes, each of its texts keeps its own mean, not one of all texts.
public struct PromptSchedule: Sendable, Equatable {
    /// A prompt among those that `AND` joins.
    public struct Part: Sendable, Equatable {
        /// Its text.
        public var text: String
        /// How much its estimate counts.
        public var weight: Double
    }

    private let branches: [(prompt: ScheduledPrompt, weight: Double)]

    /// Reads a prompt.
    ///
    /// - Parameter isDivided: whether `AND` divides it; it does not divide a negative prompt.
    public init(_ prompt: String, isDivided: Bool = true) {
        let texts = isDivided ? Self.texts(between: "AND", in: prompt) : [prompt]
        branches = texts.map { text in
            let (text, weight) = texts.count > 1 ? Self.weighted(text) : (text, 1)
            return (ScheduledPrompt(text), weight)
        }
    }

    /// A prompt in which no sign has a meaning.
    public init(plain prompt: String) {
        branches = [(ScheduledPrompt(plain: prompt), 1)]
    }

    /// How many prompts `AND` joins.
    public var count: Int { branches.count }

    /// The texts of an evaluation.
    ///
    /// - Parameters:
    ///   - index: of the evaluation, from 0.
    ///   - steps: evaluations of the whole schedule, before strength shortens it.
    ///   - earlier: those of a first run, where this is a second.
    ///   - most: parts behind which the rest is left out.
    public func parts(
        at index: Int, of steps: Int, after earlier: Int = 0, upTo most: Int = .max
    ) -> [Part] {
        branches.prefix(most).map {
            Part(
                text: $0.prompt.text(at: max(index, 1), of: steps, after: earlier),
                weight: $0.weight)
        }
    }

    /// Whether it is one prompt that never changes.
    public var isPlain: Bool {
        branches.count == 1 && branches[0].weight == 1 && branches[0].prompt.isConstant
    }

    /// Whether two have the same texts and weights at every step.
    public static func == (a: PromptSchedule, b: PromptSchedule) -> Bool {
        a.branches.map(\.prompt) == b.branches.map(\.prompt)
            && a.branches.map(\.weight) == b.branches.map(\.weight)
    }

    /// The texts between the places where a word stands by itself.
    private static func texts(between word: String, in text: String) -> [String] {
        let scalars = Array(text.unicodeScalars)
        let word = Array(word.unicodeScalars)
        var texts: [ArraySlice<Unicode.Scalar>] = []
        var (start, place) = (0, 0)
        while place + word.count <= scalars.count {
            let end = place + word.count
            guard scalars[place] == word[0], scalars[place..<end].elementsEqual(word),
                place == 0 || !scalars[place - 1].isOfWord,
                end == scalars.count || !scalars[end].isOfWord
            else {
                place += 1
                continue
            }
            texts.append(scalars[start..<place])
            (start, place) = (end, end)
        }
        texts.append(scalars[start...])
        return texts.map { String(String.UnicodeScalarView($0)) }
    }

    /// A text and the number behind a colon at its end; without one the weight is 1.
    private static func weighted(_ text: String) -> (text: String, weight: Double) {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard let colon = trimmed.lastIndex(of: ":") else { return (text, 1) }
        let number = trimmed[trimmed.index(after: colon)...]
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard !number.lowercased().contains("e"), let weight = ScheduleNumber(number)?.value else {
            return (text, 1)
        }
        let words = trimmed[..<colon].trimmingCharacters(in: .whitespacesAndNewlines)
        return (words, weight)
    }
}
