/// Factors for the blocks of a network that a LoRA changes, in the notation of the extension
/// sd-webui-lora-block-weight: 17 or 26 numbers for Stable Diffusion 1.x and 2.x, 12 or 20 for XL, or the
/// name of one of its presets.
public struct BlockWeights: Sendable, Equatable, CustomStringConvertible {
    /// As it was written.
    public let description: String
    /// A factor for the text encoders, for the blocks in 0 to 11, for the middle, and for the blocks out
    /// 0 to 11. Blocks that a shorter list does not name have 0.
    public let factors: [Double]

    /// The blocks of the UNet in the order of `factors`, behind the text encoders.
    private static let blocks =
        (0...11).map { "IN\($0)" } + ["M0"] + (0...11).map { "OUT\($0)" }

    /// The blocks that lists of a length name: those that have attention, or all.
    private static let named: [Int: [String]] = [
        12: inputs([4, 5, 7, 8]) + ["M0"] + outputs(0...5),
        17: inputs([1, 2, 4, 5, 7, 8]) + ["M0"] + outputs(3...11),
        20: inputs(0...8) + ["M0"] + outputs(0...8),
        26: blocks,
    ]

    private static func inputs(_ numbers: some Sequence<Int>) -> [String] {
        numbers.map { "IN\($0)" }
    }

    private static func outputs(_ numbers: some Sequence<Int>) -> [String] {
        numbers.map { "OUT\($0)" }
    }

    /// The extension's presets, each as the places of its 17 numbers that are 1.
    private static let presets: [String: [ClosedRange<Int>]] = [
        "NONE": [], "ALL": [0...16], "INS": [0...3], "IND": [0...0, 4...6], "INALL": [0...6],
        "MIDD": [0...0, 4...11], "OUTD": [0...0, 8...11], "OUTS": [0...0, 12...16],
        "OUTALL": [0...0, 8...16],
    ]

    /// Reads a list or the name of a preset; nil for anything else, and for a number that is out of range.
    public init?(_ text: String) {
        guard let given = Self.numbers(text), let named = Self.named[given.count] else {
            return nil
        }
        let values = Dictionary(uniqueKeysWithValues: zip(named, given.dropFirst()))
        factors = [given[0]] + Self.blocks.map { values[$0] ?? 0 }
        description = text
    }

    /// Reads the same where letters may stand for numbers of a list: `R` for one from 0 to 1 and `U` for one
    /// from -0.5 to 1.5, drawn to three decimals, and `X` for a number that is given beside the list,
    /// perhaps with another added or subtracted: `X+0.2`. The numbers are then in `description`.
    init?(_ text: String, inheriting value: Double, _ random: inout SplitMix64) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            .map { String($0).trimmed }
        guard parts.count > 1 else {
            self.init(text)
            return
        }
        var numbers: [String] = []
        for part in parts {
            guard let number = Self.number(part, value, &random) else { return nil }
            numbers.append(number)
        }
        self.init(numbers == parts ? text : numbers.joined(separator: ","))
    }

    /// Whether a list has a number that is given beside it.
    static func inherits(_ text: String) -> Bool {
        text.split(separator: ",").contains { $0.trimmed.hasPrefix("X") } && text.contains(",")
    }

    /// What a part of a list stands for; nil for a letter that stands for nothing.
    private static func number(
        _ part: String, _ inherited: Double, _ random: inout SplitMix64
    ) -> String? {
        func written(_ number: Double) -> String {
            "\(Key.Value.number((number * 1000).rounded() / 1000))"
        }
        switch part.first {
        case "R" where part == "R": return written(random.nextShare())
        case "U" where part == "U": return written(random.nextShare() * 2 - 0.5)
        case "X" where part == "X": return written(inherited)
        case "X":
            let sum = part.dropFirst()
            guard let sign = sum.first, "+-".contains(sign),
                let number = decimal(String(sum))
            else { return nil }
            return written(inherited + number)
        default: return part
        }
    }

    private static func numbers(_ text: String) -> [Double]? {
        if text == "ALL0.5" { return Array(repeating: 0.5, count: 17) }
        if let ones = presets[text] {
            return (0..<17).map { place in ones.contains { $0.contains(place) } ? 1 : 0 }
        }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { decimal(String($0).trimmed) }
        guard numbers.count == parts.count, numbers.allSatisfy(LoRAChoice.strengths.contains)
        else { return nil }
        return numbers
    }
}
