/// A prompt in AUTOMATIC1111's notation, read: stretches of text, each with the weight it is to have.
///
/// `(text)` weighs text 1.1 times as much, `[text]` 1/1.1 times, `(text:1.3)` 1.3 times; they nest and
/// multiply. `\(`, `\)`, `\[`, `\]` and `\\` stand for the sign itself, any other `\` for nothing. A
/// bracket never closed reaches to the end; one that closes nothing is text. The word `BREAK` ends a
/// chunk. Round and square brackets take no notice of each other. Two points differ: a `BREAK` in
/// brackets stays one, and no weight is beyond ±100.
///
/// One pass, whose time grows with the length alone.
public struct WeightedPrompt: Sendable, Equatable {
    /// A stretch of text of one weight; without text it is a `BREAK`.
    public struct Part: Sendable, Equatable {
        /// Nil for a `BREAK`.
        public let text: String?
        /// 1 leaves the text unweighted.
        public let weight: Double
    }

    /// In their order; neighbours have different weights.
    public let parts: [Part]

    /// The whole text, of weight 1.
    public init(plain text: String) {
        parts = [Part(text: text, weight: 1)]
    }

    /// Reads a prompt.
    public init(_ prompt: String) {
        var scanner = Scanner(Array(prompt.unicodeScalars))
        scanner.scan()
        parts = scanner.parts()
    }

    /// Whether all of it has weight 1.
    public var isPlain: Bool { parts.allSatisfy { $0.weight == 1 } }

    static let largestWeight = 100.0
}

private enum Bracket: Int { case round, square }

private struct Scanner {
    private enum Item {
        case text(String.UnicodeScalarView)
        case breaks
        case open(Bracket, Int)
        case close(Bracket)
    }

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var items: [Item] = []
    /// By kind of bracket: what each multiplies by, and which are open.
    private var factors: [[Double]] = [[], []]
    private var open: [[Int]] = [[], []]

    init(_ scalars: [Unicode.Scalar]) { self.scalars = scalars }

    mutating func scan() {
        while position < scalars.count {
            switch scalars[position] {
            case "\\": escape()
            case "(": begin(.round, 1.1)
            case "[": begin(.square, 1 / 1.1)
            case ")": end(.round, at: position + 1)
            case "]": end(.square, at: position + 1)
            case ":": colon()
            default: text()
            }
        }
    }

    private mutating func escape() {
        let next = position + 1 < scalars.count ? scalars[position + 1] : nil
        if let next, "\\()[]".unicodeScalars.contains(next) {
            add([next])
            position += 2
        } else {
            position += 1
        }
    }

    private mutating func begin(_ kind: Bracket, _ factor: Double) {
        open[kind.rawValue].append(factors[kind.rawValue].count)
        items.append(.open(kind, factors[kind.rawValue].count))
        factors[kind.rawValue].append(factor)
        position += 1
    }

    /// Closes the innermost bracket of the kind; what closes none is text.
    private mutating func end(_ kind: Bracket, at next: Int, factor: Double? = nil) {
        if let id = open[kind.rawValue].popLast() {
            if let factor { factors[kind.rawValue][id] = factor }
            items.append(.close(kind))
        } else {
            add(scalars[position..<next])
        }
        position = next
    }

    /// `: number )`, else a colon.
    private mutating func colon() {
        var place = position + 1
        func skipSpaces() {
            while place < scalars.count, scalars[place].properties.isWhitespace { place += 1 }
        }
        skipSpaces()
        let start = place
        if place < scalars.count, "+-".unicodeScalars.contains(scalars[place]) { place += 1 }
        while place < scalars.count, ".0123456789".unicodeScalars.contains(scalars[place]) {
            place += 1
        }
        let number = String(String.UnicodeScalarView(scalars[start..<place]))
        skipSpaces()
        if place < scalars.count, scalars[place] == ")", let factor = Double(padded(number)) {
            end(.round, at: place + 1, factor: factor)
        } else {
            add([":"])
            position += 1
        }
    }

    /// With digits on both sides of the point, which `Double` wants.
    private func padded(_ number: String) -> String {
        guard number.contains(where: \.isNumber) else { return number }
        let start = number.replacing("+.", with: "+0.").replacing("-.", with: "-0.")
        return (start.hasPrefix(".") ? "0" : "") + start + (start.hasSuffix(".") ? "0" : "")
    }

    /// A run without signs, parted at its `BREAK`s.
    private mutating func text() {
        let end = scalars[position...].firstIndex { "\\()[]:".unicodeScalars.contains($0) }
        let run = scalars[position..<(end ?? scalars.count)]
        position = run.endIndex
        var start = run.startIndex
        var place = start
        while place < run.endIndex {
            guard run[place] == "B", run[place...].starts(with: "BREAK".unicodeScalars),
                place == run.startIndex || !run[place - 1].isOfWord,
                place + 5 == run.endIndex || !run[place + 5].isOfWord
            else {
                place += 1
                continue
            }
            var before = run[start..<place]
            while let last = before.last, last.properties.isWhitespace { before.removeLast() }
            add(before)
            items.append(.breaks)
            place += 5
            while place < run.endIndex, run[place].properties.isWhitespace { place += 1 }
            start = place
        }
        add(run[start...])
    }

    private mutating func add(_ scalars: some Sequence<Unicode.Scalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        items.append(.text(view))
    }

    /// What was scanned, weights multiplied out, neighbours of one weight joined.
    func parts() -> [WeightedPrompt.Part] {
        let largest = WeightedPrompt.largestWeight
        var products: [[Double]] = [[1], [1]]
        var result: [WeightedPrompt.Part] = []
        var text = String.UnicodeScalarView()
        var weight: Double?
        func flush() {
            if let weight { result.append(.init(text: String(text), weight: weight)) }
            (text, weight) = (String.UnicodeScalarView(), nil)
        }
        for item in items {
            switch item {
            case .open(let kind, let id):
                let product = products[kind.rawValue].last ?? 1
                products[kind.rawValue].append(product * factors[kind.rawValue][id])
            case .close(let kind):
                products[kind.rawValue].removeLast()
            case .breaks:
                flush()
                result.append(.init(text: nil, weight: 1))
            case .text(let more):
                let product = products.reduce(1) { $0 * ($1.last ?? 1) }
                let bounded = product.isNaN ? 1 : min(max(product, -largest), largest)
                if weight != bounded { flush() }
                text.append(contentsOf: more)
                weight = bounded
            }
        }
        flush()
        return result.isEmpty ? [.init(text: "", weight: 1)] : result
    }
}
