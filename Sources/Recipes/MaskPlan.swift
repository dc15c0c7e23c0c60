/// A mask put together: what `mask:` of an edit comes to.
public struct MaskPlan: Sendable, Equatable {
    /// The name of one that lies on the picture that the recipe begins with; nil for what lies on the
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
        public var content: Content
        /// Whether it is taken away instead of added.
        public var subtracts: Bool
        /// Where it was written.
        public var origin: Origin

        /// A part of a mask.
        public init(_ content: Content, subtracts: Bool, at origin: Origin) {
            (self.content, self.subtracts, self.origin) = (content, subtracts, origin)
        }
    }

    /// What a part is.
    public indirect enum Content: Sendable, Equatable {
        /// As behind `--mask`; files have a `/` in them.
        case words(String)
        /// A mask of its own.
        case mask(MaskPlan)
    }

    /// A mask of those parts.
    public init(
        name: String? = nil, parts: [Part], inverts: Bool = false, grow: Int = 0,
        feather: Int? = nil
    ) {
        (self.name, self.parts, self.inverts, self.grow) = (name, parts, inverts, grow)
        self.feather = feather
    }

    /// All feathers that are asked for.
    var feathers: Set<Int> {
        let inner = parts.reduce(into: Set<Int>()) { sum, part in
            if case .mask(let mask) = part.content { sum.formUnion(mask.feathers) }
        }
        return feather.map { [$0] } ?? inner
    }

    /// Whether a text is a shape's, not a file's.
    static func isShape(_ text: String) -> Bool {
        text == "alpha" || ["color:", "rect:", "polygon:"].contains(where: text.hasPrefix)
    }
}

/// Puts masks together from the names in a recipe.
///
/// A mask that others use is made for each of them, so the number of parts can double with every mask:
/// more than `mostParts` are refused before they are made.
struct MaskMaker {
    /// The most parts that one mask may come to, those of the masks in it counted.
    static let mostParts = 1024

    let masks: [NamedMask]
    let variables: Variables
    /// What is given for masks by name, in place of what the recipe says.
    let given: [String: [MaskPlan.Part]]

    /// What `mask:` of an edit comes to.
    func plan(_ items: [MaskItem]) throws(RecipeError) -> MaskPlan {
        var tally = Tally(origin: items.first?.origin ?? .argument("--mask"))
        return MaskPlan(parts: try parts(items, on: [], &tally))
    }

    /// Parts made so far of the mask that is written at a place.
    private struct Tally {
        let origin: Origin
        private var parts = 0

        init(origin: Origin) { self.origin = origin }

        mutating func count() throws(RecipeError) {
            parts += 1
            guard parts <= mostParts else {
                throw .malformed(
                    "a mask of more than \(mostParts) parts", at: origin,
                    remedy: "use masks in fewer masks, or draw one into a file")
            }
        }
    }

    /// - Parameters:
    ///   - trail: the masks that these are parts of.
    ///   - tally: counts each part before it is made.
    private func parts(
        _ items: [MaskItem], on trail: [String], _ tally: inout Tally
    ) throws(RecipeError) -> [MaskPlan.Part] {
        var parts: [MaskPlan.Part] = []
        for item in items {
            try tally.count()
            let text = try variables.text(Template(item.text, at: item.origin), at: item.origin)
            parts.append(
                MaskPlan.Part(
                    try content(text, item, trail, &tally), subtracts: item.subtracts,
                    at: item.origin))
        }
        return parts
    }

    private func content(
        _ text: String, _ item: MaskItem, _ trail: [String], _ tally: inout Tally
    ) throws(RecipeError) -> MaskPlan.Content {
        if MaskPlan.isShape(text) { return .words(text) }
        if let mask = masks.first(where: { $0.name == text }) {
            return .mask(try plan(mask, usedAt: item.origin, trail, &tally))
        }
        if text.allSatisfy({ $0.isNumber || $0 == "." }) {
            throw .malformed(
                "no mask '\(text.prefix(40))'", at: item.origin,
                remedy: "put a shape, whose numbers have commas, in quotes")
        }
        guard text.contains("/") || text.contains(".") else {
            throw .unknownMask(
                text, at: item.origin, meant: nearMiss(text, among: masks.map(\.name)))
        }
        return .words(try RecipeFolder.path(text, from: item.folder, at: item.origin))
    }

    private func plan(
        _ mask: NamedMask, usedAt origin: Origin, _ trail: [String], _ tally: inout Tally
    ) throws(RecipeError) -> MaskPlan {
        guard !trail.contains(mask.name) else {
            throw .cycle("the mask '\(mask.name)'", at: origin)
        }
        let shape = try mask.shape(variables)
        var parts = given[mask.name]
        if parts == nil, let items = mask.items {
            parts = try self.parts(items, on: trail + [mask.name], &tally)
        }
        guard let parts else { throw .missingMask(mask.name, at: origin) }
        return MaskPlan(
            name: mask.name, parts: parts, inverts: shape.inverts, grow: shape.grow,
            feather: shape.feather)
    }
}
