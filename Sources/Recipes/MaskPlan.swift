/// A mask put together from parts that are added and subtracted in their order, then inverted, then
/// grown.
public struct MaskPlan: Sendable, Equatable {
    /// The name of one that is on the picture that the recipe begins with; nil for what is on the
    /// picture as an edit finds it.
    public var name: String?
    /// What it is made of, in order.
    public var parts: [Part]
    /// Whether black and white are exchanged, before it grows.
    public var inverts = false
    /// Pixels by which its white is grown; below zero it is shrunk.
    public var grow = 0
    /// Pixels over which it should fade, where it says so; an edit's own `mask_feather` goes before.
    public var feather: Int?

    /// One part.
    public struct Part: Sendable, Equatable {
        /// What it is.
        public var source: MaskSource
        /// Whether it is taken away instead of added.
        public var subtracts: Bool
        /// Where it was written.
        public var origin: Origin

        /// A part of a mask.
        public init(_ source: MaskSource, subtracts: Bool = false, at origin: Origin) {
            (self.source, self.subtracts, self.origin) = (source, subtracts, origin)
        }
    }

    /// A mask of those parts.
    public init(
        name: String? = nil, parts: [Part], inverts: Bool = false, grow: Int = 0,
        feather: Int? = nil
    ) {
        (self.name, self.parts, self.inverts, self.grow) = (name, parts, inverts, grow)
        self.feather = feather
    }

    /// Checks what is made of a file and not of a recipe.
    ///
    /// - Throws: `RecipeError` for more parts than a recipe's mask can have, and for a growth that is out of range.
    package func check(at origin: Origin) throws(RecipeError) {
        var count = 0
        try check(at: origin, &count)
    }

    private func check(at origin: Origin, _ count: inout Int) throws(RecipeError) {
        count += parts.count
        guard count <= MaskMaker.mostParts else { throw MaskMaker.tooManyParts(at: origin) }
        var recipe = Recipe(.inpaint)
        if let key = Recipe.key("mask_grow"), !key.set("\(grow)", in: &recipe) {
            throw .badValue(key: "grow", value: "\(grow)", at: origin, expected: key.expected)
        }
        for part in parts {
            if case .mask(let mask) = part.source { try mask.check(at: origin, &count) }
        }
    }

    /// All feathers that are asked for.
    var feathers: Set<Int> {
        let inner = parts.reduce(into: Set<Int>()) { sum, part in
            if case .mask(let mask) = part.source { sum.formUnion(mask.feathers) }
        }
        return feather.map { [$0] } ?? inner
    }

    /// The names of the pictures in it, in their order, each once.
    public var pictures: [String] {
        var names: [String] = []
        for part in parts {
            let found =
                switch part.source {
                case .picture(let name): [name]
                case .mask(let mask): mask.pictures
                case .alpha, .color, .polygon: [String]()
                }
            for name in found where !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// The same mask with its pictures under other names.
    public func renamingPictures(_ rename: (String) -> String) -> MaskPlan {
        var renamed = self
        for index in parts.indices {
            switch parts[index].source {
            case .picture(let name): renamed.parts[index].source = .picture(rename(name))
            case .mask(let mask):
                renamed.parts[index].source = .mask(mask.renamingPictures(rename))
            case .alpha, .color, .polygon: continue
            }
        }
        return renamed
    }

    /// Whether it shows transparent pixels of the picture, which then become visible.
    public var showsAlpha: Bool {
        parts.contains { part in
            guard !part.subtracts else { return false }
            return switch part.source {
            case .alpha: true
            case .mask(let mask): mask.showsAlpha
            case .picture, .color, .polygon: false
            }
        }
    }
}

/// Puts masks together from the names in a recipe.
///
/// Each mask is made once, for all that use it. A mask that others use counts for each of them, so the number
/// of parts can double with every mask: more than `mostParts` are refused.
struct MaskMaker {
    /// The most parts that one mask may come to, those of the masks in it counted.
    static let mostParts = 1024

    static func tooManyParts(at origin: Origin) -> RecipeError {
        .malformed(
            "a mask of more than \(mostParts) parts", at: origin,
            remedy: "use masks in fewer masks, or draw one into a file")
    }

    private let names: [String]
    private let masks: [String: NamedMask]
    private let variables: Variables
    /// What is given for masks by name, in place of what the recipe says.
    private let given: [String: [MaskPlan.Part]]
    /// The named masks that are made, and how many parts each comes to.
    private var made: [String: (plan: MaskPlan, parts: Int)] = [:]

    init(masks: [NamedMask], variables: Variables, given: [String: [MaskPlan.Part]]) {
        names = masks.map(\.name)
        self.masks = Dictionary(masks.map { ($0.name, $0) }, uniquingKeysWith: { kept, _ in kept })
        (self.variables, self.given) = (variables, given)
    }

    /// What `mask:` of an edit comes to.
    mutating func plan(_ items: [MaskItem]) throws(RecipeError) -> MaskPlan {
        var tally = Tally(origin: items.first?.origin ?? .argument("--mask"))
        return MaskPlan(parts: try parts(items, on: [], &tally))
    }

    /// Parts made so far of the mask that is written at a place.
    private struct Tally {
        let origin: Origin
        private(set) var parts = 0

        init(origin: Origin) { self.origin = origin }

        mutating func count(_ more: Int = 1) throws(RecipeError) {
            parts += more
            guard parts <= mostParts else { throw MaskMaker.tooManyParts(at: origin) }
        }
    }

    /// - Parameters:
    ///   - trail: the masks that these are parts of.
    ///   - tally: counts each part before it is made.
    private mutating func parts(
        _ items: [MaskItem], on trail: [String], _ tally: inout Tally
    ) throws(RecipeError) -> [MaskPlan.Part] {
        var parts: [MaskPlan.Part] = []
        for item in items {
            try tally.count()
            let text = try variables.text(Template(item.text, at: item.origin), at: item.origin)
            parts.append(
                MaskPlan.Part(
                    try source(text, item, trail, &tally), subtracts: item.subtracts,
                    at: item.origin))
        }
        return parts
    }

    private mutating func source(
        _ text: String, _ item: MaskItem, _ trail: [String], _ tally: inout Tally
    ) throws(RecipeError) -> MaskSource {
        if MaskSource.isShape(text) { return try MaskSource(text, at: item.origin) }
        if let mask = masks[text] {
            return .mask(try plan(mask, usedAt: item.origin, trail, &tally))
        }
        if text.allSatisfy({ $0.isNumber || $0 == "." }) {
            throw .malformed(
                "no mask '\(text.prefix(40))'", at: item.origin,
                remedy: "put a shape, whose numbers have commas, in quotes")
        }
        guard text.contains("/") || text.contains(".") else {
            throw .unknownMask(
                text, at: item.origin, meant: nearMiss(text, among: names))
        }
        return .picture(try RecipeFolder.path(text, from: item.folder, at: item.origin))
    }

    private mutating func plan(
        _ mask: NamedMask, usedAt origin: Origin, _ trail: [String], _ tally: inout Tally
    ) throws(RecipeError) -> MaskPlan {
        guard !trail.contains(mask.name) else {
            throw .cycle("the mask '\(mask.name)'", at: origin)
        }
        if let (plan, parts) = made[mask.name] {
            try tally.count(parts)
            return plan
        }
        let (shape, before) = (try mask.shape(variables), tally.parts)
        var parts = given[mask.name]
        if parts == nil, let items = mask.items {
            parts = try self.parts(items, on: trail + [mask.name], &tally)
        }
        guard let parts else { throw .missingMask(mask.name, at: origin) }
        let plan = MaskPlan(
            name: mask.name, parts: parts, inverts: shape.inverts, grow: shape.grow,
            feather: shape.feather)
        made[mask.name] = (plan, tally.parts - before)
        return plan
    }
}
