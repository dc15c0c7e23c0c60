/// How a ControlNet shares its say with the prompt.
public enum ControlMode: String, CaseIterable, Sendable {
    /// It steers both branches of guidance alike.
    case balanced
    /// The prompt counts for more: what is added at the finer levels is weakened by powers of 0.825
    /// (AUTOMATIC1111's "My prompt is more important").
    case prompt
    /// The ControlNet counts for more: the same, and for the prompt's branch alone (AUTOMATIC1111's
    /// "ControlNet is more important").
    case control
    /// diffusers' guess mode: for the prompt's branch alone, from a tenth at the finest level to all of it
    /// in the middle.
    case guess
}

/// In which runs of an edit a ControlNet has an effect, where there is a second run (`Hires`).
public enum ControlRuns: String, CaseIterable, Sendable {
    /// In both.
    case both
    /// In the first only.
    case first
    /// In the second only.
    case second
}

/// A ControlNet that is asked for:
/// `NETWORK[=READS][:WEIGHT][:MODE][:RUN][:hides=MASK][:within=MASK][@START-END]`.
public struct ControlChoice: Sendable, Equatable, CustomStringConvertible {
    /// What weights there may be.
    public static let weights = 0.0...10.0
    /// The word for the picture that is edited, as it is.
    public static let picture = "picture"
    /// The word for the picture that is edited, without what is repainted.
    public static let surroundings = "surroundings"

    /// A path, or a name in a folder of ControlNets.
    public var network: String
    /// What it reads: the kind of a map that is made of the picture (`gesso control` lists them),
    /// `picture`, `surroundings`, or a map by its path or name. Nil is decided by the network's name.
    public var reads: String?
    /// Factor of what it adds.
    public var weight = 1.0
    /// How it shares its say with the prompt; nil is as the recipe's `controlMode` has it.
    public var mode: ControlMode?
    /// In which of two runs it has an effect; without a second run it has one anyway.
    public var runs = ControlRuns.both
    /// A mask, by its path or name, of what the network does not see of what it reads: white is hidden. Nil
    /// hides nothing, but with `surroundings` what is repainted.
    public var hides: String?
    /// A mask, by its path or name, of where it has an effect: all of it in white, none in black. Nil is
    /// everywhere.
    public var within: String?
    /// Share of the steps that pass before it begins.
    public var start = 0.0
    /// Share of the steps after which it ends.
    public var end = 1.0

    /// A network at its usual weight, over all steps.
    public init(network: String) { self.network = network }

    /// Reads a choice; nil if a number is out of range or a name empty.
    public init?(_ text: String) {
        self.init(network: "")
        var rest = text[...]
        // Bytes, for going back over characters can take time that grows with the square of the length.
        if let at = rest.utf8.lastIndex(of: UInt8(ascii: "@")) {
            let ends = rest[rest.utf8.index(after: at)...].split(separator: "-").map {
                decimal(String($0))
            }
            // Else it belongs to the name.
            if ends.count == 2, let start = ends[0], let end = ends[1] {
                guard 0 <= start, start < end, end <= 1 else { return nil }
                (self.start, self.end) = (start, end)
                rest = rest[..<at]
            }
        }
        var hasWeight = false
        // What is no part, or a second one of its kind, belongs to the name.
        while let colon = rest.utf8.lastIndex(of: UInt8(ascii: ":")) {
            let part = rest[rest.utf8.index(after: colon)...]
            let isWeight = decimal(String(part)) != nil
            guard !(isWeight && hasWeight), let isInRange = take(part) else { break }
            guard isInRange else { return nil }
            hasWeight = hasWeight || isWeight
            rest = rest[..<colon]
        }
        let parts = rest.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        network = String(parts.first ?? "").trimmed
        reads = parts.count > 1 ? String(parts[1]).trimmed : nil
        guard !network.isEmpty, reads?.isEmpty != true, !text.contains(";") else { return nil }
    }

    /// Takes one of the parts behind the name.
    ///
    /// - Returns: whether it is a value that the part can have; nil for what is no such part.
    private mutating func take(_ part: Substring) -> Bool? {
        func path(_ mark: String) -> String? {
            part.hasPrefix(mark) ? String(part.dropFirst(mark.count)).trimmed : nil
        }
        if let mask = path(Self.hidesMark) {
            guard hides == nil else { return nil }
            hides = mask
            return !mask.isEmpty
        }
        if let mask = path(Self.withinMark) {
            guard within == nil else { return nil }
            within = mask
            return !mask.isEmpty
        }
        if runs == .both, let runs = ControlRuns(rawValue: String(part)) {
            self.runs = runs
        } else if self.mode == nil, let mode = ControlMode(rawValue: String(part)) {
            self.mode = mode
        } else if let weight = decimal(String(part)) {
            self.weight = weight
            return Self.weights.contains(weight)
        } else {
            return nil
        }
        return true
    }

    private static let (hidesMark, withinMark) = ("hides=", "within=")

    /// As it is written.
    public var description: String {
        let range =
            start == 0 && end == 1
            ? "" : "@\(Key.Value.number(start))-\(Key.Value.number(end))"
        let parts = [
            mode?.rawValue, runs == .both ? nil : runs.rawValue, hides.map { Self.hidesMark + $0 },
            within.map { Self.withinMark + $0 },
        ].compactMap(\.self)
        return network + (reads.map { "=" + $0 } ?? "") + ":\(Key.Value.number(weight))"
            + parts.map { ":" + $0 }.joined() + range
    }

    /// What networks of common names read.
    private static let usual = [
        ("canny", "canny"), ("softedge", "soft-edge"), ("soft-edge", "soft-edge"),
        ("hed", "soft-edge"), ("lineart", "line-art"), ("line-art", "line-art"),
        ("scribble", "scribble"), ("tile", picture), ("inpaint", surroundings), ("blur", "blur"),
    ]

    /// What is read: as asked for, or decided by the network's name; nil if that says nothing.
    public var reading: String? {
        let name = network.split(separator: "/").last?.lowercased() ?? ""
        return reads ?? Self.usual.first { name.contains($0.0) }?.1
    }

    /// Changes a part; false for a value that it cannot have.
    mutating func set(_ part: GridAxis.ControlPart, to value: String) -> Bool {
        var changed = self
        let number = decimal(value)
        switch part {
        case .weight: changed.weight = number ?? -1
        case .start: changed.start = number ?? -1
        case .end: changed.end = number ?? -1
        case .kind: changed.reads = value
        case .mode: changed.mode = ControlMode(rawValue: value)
        }
        // What cannot be written is refused.
        guard ControlChoice(changed.description) == changed, part != .mode || changed.mode != nil
        else { return false }
        self = changed
        return true
    }

    /// The same with names in the place of paths, for a text that goes with a picture.
    var withoutFolders: ControlChoice {
        func name(_ path: String) -> String {
            String(path.split(separator: "/").last ?? "").replacing(".safetensors", with: "")
        }
        var choice = self
        choice.network = name(network)
        (choice.reads, choice.hides, choice.within) = (
            reads.map(name), hides.map(name), within.map(name)
        )
        return choice
    }
}

extension Kind<[ControlChoice]> {
    static var controls: Kind {
        Kind(
            expected: "networks, each as name=what it reads:weight@start-end, joined by ;",
            parse: { text in
                guard let parts = items(of: text) else { return nil }
                var choices: [ControlChoice] = []
                for part in parts {
                    guard let choice = ControlChoice(part) else { return nil }
                    choices.append(choice)
                }
                return choices
            },
            value: { $0.isEmpty ? nil : .text($0.map(\.description).joined(separator: ";")) })
    }
}
