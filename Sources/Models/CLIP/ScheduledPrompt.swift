import Foundation

/// One prompt of a schedule, taken apart; see `PromptSchedule` for the notation.
struct ScheduledPrompt: Sendable, Equatable {
    /// A piece of it.
    indirect enum Piece: Sendable, Equatable {
        case text(String)
        case scheduled(before: [Piece], after: [Piece], when: ScheduleNumber)
        case alternating([[Piece]])
    }

    private let pieces: [Piece]

    init(_ prompt: String) {
        var parser = ScheduleParser()
        pieces = parser.pieces(of: prompt) ?? [.text(prompt)]
    }

    init(plain prompt: String) { pieces = [.text(prompt)] }

    /// Whether its text is the same at every step.
    var isConstant: Bool {
        pieces.allSatisfy { if case .text = $0 { true } else { false } }
    }

    /// The text of a step, counted from 1.
    ///
    /// - Parameter earlier: steps of a first run, where this is a second.
    func text(at step: Int, of steps: Int, after earlier: Int = 0) -> String {
        var text = ""
        Self.append(pieces, at: step, of: steps, after: earlier, to: &text)
        return text
    }

    private static func append(
        _ pieces: [Piece], at step: Int, of steps: Int, after earlier: Int, to text: inout String
    ) {
        for piece in pieces {
            switch piece {
            case .text(let words): text += words
            case .scheduled(let before, let after, let when):
                let isBefore = step <= when.step(of: steps, after: earlier)
                append(isBefore ? before : after, at: step, of: steps, after: earlier, to: &text)
            case .alternating(let choices):
                let choice = choices[(step - 1) % choices.count]
                append(choice, at: step, of: steps, after: earlier, to: &text)
            }
        }
    }
}

/// When a prompt changes: a share of the steps where the number has a point, else a step.
struct ScheduleNumber: Sendable, Equatable {
    let value: Double
    let isShare: Bool

    /// Reads a decimal number; nil for any other text.
    init?(_ text: some StringProtocol) {
        let digits = text.utf8.drop { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
        let isNumber =
            text.utf8.count - digits.count <= 1
            && digits.allSatisfy { (0x30...0x39).contains($0) || ".eE+-".utf8.contains($0) }
        let padded = text.hasSuffix(".") ? text + "0" : String(text)
        let number = padded.replacing("+.", with: "+0.").replacing("-.", with: "-0.")
        guard isNumber, digits.contains(where: { (0x30...0x39).contains($0) }),
            let value = Double(number.hasPrefix(".") ? "0" + number : number), value.isFinite
        else { return nil }
        (self.value, isShare) = (value, text.contains("."))
    }

    /// The last step before the change. Of a second run, shares above 1 and steps after those of the first are meant.
    func step(of steps: Int, after earlier: Int = 0) -> Int {
        let share = earlier > 0 ? value - 1 : value
        let step = isShare ? share * Double(steps) : value - Double(earlier)
        return Int(min(max(step, -1), Double(steps)))
    }
}

/// Takes a prompt apart in one pass, brackets on a stack.
private struct ScheduleParser {
    typealias Piece = ScheduledPrompt.Piece

    /// A bracket that is open.
    private struct Frame {
        let opening: Character
        /// What stands in it, divided at its colons or bars.
        var segments: [[Piece]] = [[]]
        /// The sign that divides it; nil as long as there is none.
        var divider: Character?
    }

    private static let deepest = 64

    private var root: [Piece] = []
    private var frames: [Frame] = []

    /// The pieces of a prompt; nil where a sign takes the meaning from all of it.
    mutating func pieces(of prompt: String) -> [Piece]? {
        guard prompt.contains(where: { "[]".contains($0) }) else { return [.text(prompt)] }
        var rest = prompt[...]
        while let character = rest.first {
            rest.removeFirst()
            switch character {
            case "\\":
                guard let next = rest.popFirst() else { return nil }
                add(.text("\\\(next)"))
            case "[", "(":
                guard frames.count < Self.deepest else { return nil }
                frames.append(Frame(opening: character))
            case "]": if !closeSquare() { dissolve("]") }
            case ")": if !closeRound() { dissolve(")") }
            case ":": if !divide(by: ":") { dissolve(":") }
            case "|": guard divide(by: "|") else { return nil }
            default:
                let end = rest.firstIndex { "\\[]():|".contains($0) } ?? rest.endIndex
                add(.text(String(character) + rest[..<end]))
                rest = rest[end...]
            }
        }
        let isUnclosed = frames.contains { $0.divider == "|" }
        dissolve("")
        return isUnclosed || isBarred ? nil : root
    }

    /// Whether an alternation was dissolved, whose bars then stand nowhere.
    private var isBarred = false

    private mutating func add(_ piece: Piece) { add([piece]) }

    private mutating func add(_ pieces: [Piece]) {
        guard let frame = frames.indices.last else {
            root += pieces
            return
        }
        let segment = frames[frame].segments.count - 1
        frames[frame].segments[segment] += pieces
    }

    /// Begins a new segment; false where the innermost bracket cannot be divided so.
    private mutating func divide(by divider: Character) -> Bool {
        guard let index = frames.indices.last else { return false }
        let frame = frames[index]
        guard frame.divider == nil || frame.divider == divider else { return false }
        guard frame.opening == "[" || divider == ":" && frame.segments.count == 1 else {
            return false
        }
        frames[index].divider = divider
        frames[index].segments.append([])
        return true
    }

    private mutating func closeRound() -> Bool {
        guard frames.last?.opening == "(", let frame = frames.popLast() else { return false }
        add([.text("(")] + frame.segments.joined(separator: [.text(":")]) + [.text(")")])
        return true
    }

    private mutating func closeSquare() -> Bool {
        guard let frame = frames.last, frame.opening == "[" else { return false }
        let made: [Piece]
        switch (frame.divider, frame.segments.count) {
        case (nil, _): made = [.text("[")] + frame.segments[0] + [.text("]")]
        case ("|", _): made = [.alternating(frame.segments)]
        case (_, 2...3):
            guard let when = Self.number(frame.segments[frame.segments.count - 1]) else {
                return false
            }
            let before = frame.segments.count == 3 ? frame.segments[0] : []
            let after = frame.segments[frame.segments.count - 2]
            made = [.scheduled(before: before, after: after, when: when)]
        default: return false
        }
        frames.removeLast()
        add(made)
        return true
    }

    private static func number(_ pieces: [Piece]) -> ScheduleNumber? {
        var text = ""
        for piece in pieces {
            guard case .text(let words) = piece else { return nil }
            text += words
        }
        return ScheduleNumber(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// A sign that follows no rule: it stands for itself, and so do the brackets that are open.
    private mutating func dissolve(_ sign: String) {
        for frame in frames {
            isBarred = isBarred || frame.divider == "|"
            let divider = Piece.text(frame.divider.map { String($0) } ?? "")
            root += [.text(String(frame.opening))]
            root += frame.segments.joined(separator: [divider])
        }
        frames = []
        if !sign.isEmpty { root.append(.text(sign)) }
    }
}
