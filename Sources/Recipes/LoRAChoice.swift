/// A LoRA that is asked for: a path or name, and the factors for what it adds.
public struct LoRAChoice: Sendable, Equatable, CustomStringConvertible {
    /// What factors there may be.
    public static let strengths = -10.0...10.0

    /// A path, or a name in a folder of LoRAs.
    public var name: String
    /// For the UNet; 1 adds what it was trained to add.
    public var strength: Double
    /// For the text encoders; nil is the same.
    public var textStrength: Double?
    /// Further factors, for its blocks; nil is 1 for all.
    public var blocks: BlockWeights?

    init(
        name: String, strength: Double, textStrength: Double? = nil, blocks: BlockWeights? = nil
    ) {
        (self.name, self.strength, self.textStrength) = (name, strength, textStrength)
        self.blocks = blocks
    }

    /// Reads `name`, `name:strength` or `name:text encoder:UNet`, the strengths also as AUTOMATIC1111's
    /// `te=0.5` and `unet=0.8`, and behind them `lbw=` with factors for blocks; nil if a strength is out
    /// of range or the name empty.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var rest = parts[...]
        if rest.count > 1, let last = rest.last, last.hasPrefix(Self.blockMark) {
            guard let blocks = BlockWeights(String(last.dropFirst(Self.blockMark.count))) else {
                return nil
            }
            self.blocks = blocks
            rest.removeLast()
        }
        var numbers: [(key: String?, value: Double)] = []
        while rest.count > 1, numbers.count < 2, let last = rest.last,
            let number = Self.strength(last)
        {
            numbers.insert(number, at: 0)
            rest.removeLast()
        }
        let plain = numbers.filter { $0.key == nil }.map(\.value)
        func named(_ key: String) -> Double? { numbers.first { $0.key == key }?.value }
        name = rest.joined(separator: ":")
        let text = named("te") ?? plain.first
        let unet = named("unet") ?? plain.last ?? text
        strength = unet ?? 1
        textStrength = text == unet ? nil : text ?? 1
        guard !name.isEmpty, Self.strengths.contains(strength),
            Self.strengths.contains(textStrength ?? 1)
        else { return nil }
    }

    /// The sum of two weights as they are written behind a name; nil where one is none.
    static func added(_ a: String, _ b: String) -> String? {
        guard let a = LoRAChoice("x:" + a), let b = LoRAChoice("x:" + b),
            a.name == "x", b.name == "x"
        else { return nil }
        func sum(_ a: Double, _ b: Double) -> Double { ((a + b) * 1e6).rounded() / 1e6 }
        let model = sum(a.strength, b.strength)
        let text = sum(a.textStrength ?? a.strength, b.textStrength ?? b.strength)
        return LoRAChoice(
            name: "x", strength: model, textStrength: text == model ? nil : text
        ).strengths
    }

    static let blockMark = "lbw="

    private static func strength(_ text: String) -> (key: String?, value: Double)? {
        let pair = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard pair.count == 2 else { return decimal(text).map { (nil, $0) } }
        return ["te", "unet"].contains(pair[0]) ? decimal(pair[1]).map { (pair[0], $0) } : nil
    }

    /// As it is written.
    public var description: String { "\(name):\(strengths)" }

    /// The factors as they are written behind the name.
    var strengths: String {
        let parts = textStrength.map { [$0, strength] } ?? [strength]
        return
            (parts.map { "\(Key.Value.number($0))" }
            + (blocks.map { [Self.blockMark + $0.description] } ?? [])).joined(separator: ":")
    }
}
