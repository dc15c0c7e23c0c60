/// ControlNets as AUTOMATIC1111's extension writes them: a row for each unit, whose value is a list of its own.
extension InfotextField {
    static let controls: [InfotextField] = (0..<10).map { number in
        InfotextField(
            name: "ControlNet \(number)", write: { $0.controlUnit(number) },
            read: { value, text in
                if text[ownName(of: "control")] != nil {
                    return number == 0 ? mode(of: value) : []
                }
                let units = text.controlUnits
                guard let unit = units.first(where: { $0.number == number })?.unit else {
                    return nil
                }
                // All go into one key, which the first of them sets.
                let known = units.filter { $0.unit != nil }
                guard known.first?.number == number else { return [] }
                var choices = known.compactMap(\.unit)
                for index in choices.indices where choices[index].mode == unit.mode {
                    choices[index].mode = nil
                }
                let control = ("control", choices.map(\.description).joined(separator: ";"))
                return [control] + mode(of: value)
            })
    }

    /// What a unit says of its mode.
    private static func mode(of unit: String) -> [(key: String, value: String)] {
        modes.filter {
            $0.mode != .balanced && unit.lowercased().contains("mode: " + $0.words.lowercased())
        }.map {
            ("control_mode", $0.mode.rawValue)
        }
    }

    /// The extension's words for modes; it has none for `guess`.
    fileprivate static let modes: [(mode: ControlMode, words: String)] = [
        (.balanced, "Balanced"), (.prompt, "My prompt is more important"),
        (.control, "ControlNet is more important"),
    ]
}

/// The word of a name as the extension's source has it, which some write in its place: `ControlMode.BALANCED`.
private func wordInSource(_ name: String) -> String {
    let word = name.split(separator: ".").last ?? ""
    return word.lowercased().replacing("_", with: " ")
}

extension ControlMode {
    /// The mode of the extension's words for it, or of its number.
    public init?(inA1111 words: String) {
        let modes = InfotextField.modes
        guard
            let found = modes.first(where: {
                $0.words == words || $0.mode.rawValue == wordInSource(words)
            })
                ?? Int(words).flatMap({ modes.indices.contains($0) ? modes[$0] : nil })
        else { return nil }
        self = found.mode
    }
}

extension ControlRuns {
    /// The extension's words.
    var nameInA1111: String {
        switch self {
        case .both: "Both"
        case .first: "Low res only"
        case .second: "High res only"
        }
    }

    /// The runs of the extension's words for them, or of its number.
    public init?(inA1111 words: String) {
        let number = Int(words)
        guard
            let found = Self.allCases.enumerated().first(where: {
                $0.element.nameInA1111.lowercased() == wordInSource(words)
                    || $0.element.nameInA1111 == words || $0.offset == number
            })
        else { return nil }
        self = found.element
    }
}

extension InfotextField.Source {
    /// What the extension would write of a ControlNet; nil for one that it has no words for.
    fileprivate func controlUnit(_ number: Int) -> String? {
        guard recipe.controls.indices.contains(number) else { return nil }
        let choice = recipe.controls[number]
        let mode = choice.mode ?? recipe.controlMode
        guard let words = InfotextField.modes.first(where: { $0.mode == mode })?.words else {
            return nil
        }
        let file = provenance.addOns.first { $0.key == "control" && $0.asked == choice.network }
        let name = file?.name ?? choice.withoutFolders.network
        guard !name.contains(where: { ",:".contains($0) }) else { return nil }
        let reading = choice.reading.flatMap(ControlModule.reading)
        let values = (reading?.values ?? []) + [0.5, 0.5]
        let fields: [(String, String)] =
            [
                ("Module", reading?.module.name ?? "none"),
                ("Model", name + (file.map { $0.hash.isEmpty ? "" : " [\($0.hash)]" } ?? "")),
                ("Weight", "\(choice.weight)"),
                // What is made of the picture has its shape.
                ("Resize Mode", reading == nil ? "Just Resize" : "Crop and Resize"),
                ("Processor Res", "512"), ("Threshold A", "\(values[0])"),
                ("Threshold B", "\(values[1])"),
                ("Guidance Start", "\(choice.start)"), ("Guidance End", "\(choice.end)"),
                ("Pixel Perfect", "True"), ("Control Mode", words),
            ] + (choice.runs == .both ? [] : [("Hr Option", choice.runs.nameInA1111)])
        return fields.map { "\($0): \($1)" }.joined(separator: ", ")
    }
}

extension Infotext {
    /// The units of the extension; nil for what has no counterpart here.
    fileprivate var controlUnits: [(number: Int, unit: ControlChoice?)] {
        (0..<10).compactMap { number in
            self["ControlNet \(number)"].map { (number, ControlChoice(unit: $0)) }
        }
    }
}

extension ControlChoice {
    /// A unit as the extension writes it, today or before it had a form of its own.
    fileprivate init?(unit text: String) {
        let fields = Self.fields(of: text)
        func numbers(_ name: String) -> [Double?] {
            (fields[name] ?? "").split { "(,)".contains($0) }.map { decimal(String($0).trimmed) }
        }
        let span = numbers("starting/ending").compactMap(\.self)
        let parameters = numbers("preprocessor params").dropFirst()
        // No path is longer.
        guard let model = fields["model"], model != "None", model.utf8.count <= 4096,
            let module = ControlModule.named(fields["module"] ?? fields["preprocessor"] ?? "none"),
            let runs = ControlRuns(inA1111: fields["hr option"] ?? "Both"),
            let weight = decimal(fields["weight"] ?? "1"), Self.weights.contains(weight),
            let mode = ControlMode(inA1111: fields["control mode"] ?? "Balanced")
        else { return nil }
        self.init(network: OtherSettings.fileName(Self.withoutHash(model)))
        let given = [fields["threshold a"], fields["threshold b"]].map { $0.flatMap(decimal) }
        reads = module.reads(given.contains { $0 != nil } ? given : Array(parameters))
        // A map that was made elsewhere is not in the picture.
        guard reads != nil || reading == Self.picture else { return nil }
        self.weight = weight
        self.mode = mode
        self.runs = runs
        start = fields["guidance start"].flatMap(decimal) ?? span.first ?? 0
        end = fields["guidance end"].flatMap(decimal) ?? span.last ?? 1
        // Its name must not be read as something else.
        guard 0 <= start, start < end, end <= 1,
            let again = ControlChoice(description), again == self
        else { return nil }
    }

    /// The fields of a unit by their names in small letters, `Name: value` or `Name: (value, value)` between commas,
    /// in one pass.
    private static func fields(of text: String) -> [String: String] {
        var fields: [String: String] = [:]
        var (rest, hasBrackets) = (text.utf8[...], true)
        while let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            let before = rest[..<colon]
            let start = before.lastIndex { !isOfName($0) }.map { before.index(after: $0) }
            let name = before[(start ?? before.startIndex)...].drop { !isLetter($0) }
            rest = rest[rest.index(after: colon)...]
            guard rest.first == UInt8(ascii: " "), !name.isEmpty else { continue }
            rest = rest.dropFirst()
            // Where one bracket has no partner, the rest is not searched again.
            let opens = hasBrackets && rest.first == UInt8(ascii: "(")
            let bracket = opens ? rest.firstIndex(of: UInt8(ascii: ")")) : nil
            if opens { hasBrackets = bracket != nil }
            let end =
                bracket.map { rest.index(after: $0) }
                ?? rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
            fields[String(Substring(name)).lowercased()] = String(Substring(rest[..<end])).trimmed
            rest = rest[end...]
        }
        return fields
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    private static func isOfName(_ byte: UInt8) -> Bool {
        isLetter(byte) || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "/")
    }

    /// The name of a model without the hash in square brackets behind it.
    private static func withoutHash(_ model: String) -> String {
        guard model.hasSuffix("]"), let open = model.utf8.lastIndex(of: UInt8(ascii: "[")) else {
            return model
        }
        let hash = model.utf8[open...].dropFirst().dropLast()
        let isHash = !hash.isEmpty && hash.allSatisfy { "0123456789abcdef".utf8.contains($0) }
        return isHash ? String(model[..<open]).trimmingEnd : model
    }
}
