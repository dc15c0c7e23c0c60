/// What XMP has for the data sets of IPTC's older standard, for files without a place for those (IPTC Photo Metadata
/// Standard 2023.1, where each property names its data set; Metadata Working Group: Guidelines 2.0, 2010, 5.3
/// for dates).
extension IPTC {
    /// The elements for what the data says, without those that a packet has already, and what XMP has no property
    /// for, each by its number and, where it has one, its name.
    static func counterparts(
        of data: [UInt8], beside packet: [UInt8]?
    ) -> (elements: [XMP.Element], others: [String]) {
        let known = packet.map(XMP.propertyNames) ?? []
        var values: [Int: [String]] = [:]
        var others: [String] = []
        var found: Set<String> = []
        let sets = sets(of: data)
        // Record 1 is an envelope: of it only the characters' code counts.
        for set in sets where set.record != 1 && !(set.record == 2 && set.number == 0) {
            if set.record == 2, properties[set.number] != nil || times.values.contains(set.number) {
                values[set.number, default: []].append(textBeforeZero(data[set.data]))
            } else {
                let name = "\(set.record):\(set.number)"
                let known = set.record == 2 ? names[set.number].map { " (\($0))" } : nil
                if found.insert(name).inserted { others.append(name + (known ?? "")) }
            }
        }
        var elements: [XMP.Element] = []
        for (number, property) in properties.sorted(by: { $0.key < $1.key })
        where !known.contains("\(property.prefix):\(property.name)") {
            var texts = values[number] ?? []
            if let time = times[number] {
                texts = texts.prefix(1).compactMap { date($0, values[time]?.first) }
            } else if number == subject {
                texts = texts.compactMap(code)
            }
            texts.removeAll(where: \.isEmpty)
            guard !texts.isEmpty else { continue }
            elements.append(
                XMP.Element(
                    prefix: property.prefix, name: property.name, form: property.form, values: texts
                ))
        }
        return (elements, others)
    }

    private static let subject = 12
    /// Data sets of dates, and those of the time of day that belongs to each.
    private static let times = [55: 60, 62: 63]

    /// Properties by the number of the data set in record 2.
    private static let properties: [Int: (prefix: String, name: String, form: XMP.Form)] = [
        4: ("Iptc4xmpCore", "IntellectualGenre", .text), 5: ("dc", "title", .languages),
        10: ("photoshop", "Urgency", .text), 12: ("Iptc4xmpCore", "SubjectCode", .bag),
        15: ("photoshop", "Category", .text), 20: ("photoshop", "SupplementalCategories", .bag),
        25: ("dc", "subject", .bag), 40: ("photoshop", "Instructions", .text),
        55: ("photoshop", "DateCreated", .text), 62: ("xmp", "CreateDate", .text),
        80: ("dc", "creator", .sequence), 85: ("photoshop", "AuthorsPosition", .text),
        90: ("photoshop", "City", .text), 92: ("Iptc4xmpCore", "Location", .text),
        95: ("photoshop", "State", .text), 100: ("Iptc4xmpCore", "CountryCode", .text),
        101: ("photoshop", "Country", .text), 103: ("photoshop", "TransmissionReference", .text),
        105: ("photoshop", "Headline", .text), 110: ("photoshop", "Credit", .text),
        115: ("photoshop", "Source", .text), 116: ("dc", "rights", .languages),
        120: ("dc", "description", .languages), 122: ("photoshop", "CaptionWriter", .text),
    ]

    /// What is without a counterpart (IIM 4.2, chapter 6).
    private static let names: [Int: String] = [
        7: "edit status", 22: "fixture identifier", 26: "content location code",
        27: "content location name", 30: "release date", 35: "release time",
        37: "expiration date", 38: "expiration time", 42: "action advised",
        45: "reference service", 47: "reference date", 50: "reference number",
        65: "originating program", 70: "program version", 75: "object cycle", 118: "contact",
        130: "image type", 131: "image orientation", 135: "language",
    ]

    /// The code in `IPTC:15054000:...`.
    private static func code(_ reference: String) -> String? {
        let parts = reference.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count > 1 ? String(parts[1]) : nil
    }

    /// `20261129` and perhaps `102030+0100` as ISO 8601, where zeros stand for an unknown month or day.
    private static func date(_ day: String, _ time: String?) -> String? {
        let digits = Array(day)
        guard digits.count == 8, digits.allSatisfy(isDigit), !day.hasPrefix("0000") else {
            return nil
        }
        let date = [digits[..<4], digits[4..<6], digits[6...]]
            .prefix { $0.contains { $0 != "0" } }.map { String($0) }.joined(separator: "-")
        guard date.count == 10, let time = time.map(Array.init),
            time.count == 6 || time.count == 11,
            time[..<6].allSatisfy(isDigit)
        else { return date }
        let clock = "T\(String(time[..<2])):\(String(time[2..<4])):\(String(time[4..<6]))"
        guard time.count == 11, ["+", "-"].contains(time[6]), time[7...].allSatisfy(isDigit) else {
            return date + clock
        }
        return date + clock + String(time[6..<9]) + ":" + String(time[9...])
    }

    private static func isDigit(_ character: Character) -> Bool {
        ("0"..."9").contains(character)
    }
}

extension ImageMetadata {
    /// The packet for a format without a place for IPTC's older data: it says what that says, too.
    var packetWithIPTC: [UInt8]? {
        let packet = packetWithComment
        let added = counterparts.map { XMP.packet(packet, adding: $0.elements) } ?? packet
        return XMP.packet(added, digitalSourceType: digitalSourceType)
    }

    /// What IPTC's data come to in XMP, and those that have no counterpart there.
    var counterparts: (elements: [XMP.Element], others: [String])? {
        photoshopResources.flatMap(PhotoshopResources.iptc).map {
            IPTC.counterparts(of: $0, beside: xmp)
        }
    }
}
