/// Taking properties out of a packet.
extension XMP {
    /// A name in a packet with the namespace that its prefix is declared for; nil without one.
    struct Name {
        let namespace: String?
        let prefix: String
        let local: String
    }

    /// The packet without the attributes and elements, children included, whose names are unwanted;
    /// nil where its tags do not nest as those of XML must. Takes time in proportion to its length.
    static func without(
        _ isUnwanted: (Name) -> Bool, in packet: [UInt8]
    ) -> [UInt8]? {
        var scanner = MarkupScanner(packet)
        guard scanner.findRemovals(isUnwanted) else { return nil }
        guard !scanner.removals.isEmpty else { return packet }
        var kept: [UInt8] = []
        kept.reserveCapacity(packet.count)
        var position = 0
        for range in scanner.removals.sorted(by: { $0.lowerBound < $1.lowerBound })
        where range.upperBound > position {
            if range.lowerBound > position { kept += packet[position..<range.lowerBound] }
            position = range.upperBound
        }
        return kept + packet[position...]
    }
}

/// Goes through the tags of a packet from its begin to its end.
private struct MarkupScanner {
    /// What is unwanted, in the order in which it ended.
    private(set) var removals: [Range<Int>] = []

    private let packet: [UInt8]
    private var position = 0
    /// The elements that are open.
    private var open: [Element] = []
    /// The namespaces declared for a prefix, the innermost last.
    private var namespaces: [String: [String]] = [:]

    private struct Element {
        let name: Range<Int>
        let start: Int
        let isUnwanted: Bool
        /// Prefixes that it declares.
        let declared: [String]
    }

    private struct Attribute {
        let name: Range<Int>
        let value: Range<Int>
        /// With the blanks before it and the closing quotation mark.
        let whole: Range<Int>
    }

    init(_ packet: [UInt8]) {
        self.packet = packet
    }

    /// Whether all tags nest; those of wanted elements need not be closed at the end.
    mutating func findRemovals(_ isUnwanted: (XMP.Name) -> Bool) -> Bool {
        while let start = next(UInt8(ascii: "<"), from: position) {
            position = start + 1
            let isRead =
                if skips("!--", to: "-->") || skips("![CDATA[", to: "]]>") || skips("?", to: "?>")
                    || skips("!", to: ">")
                {
                    true
                } else if position < packet.count, packet[position] == UInt8(ascii: "/") {
                    closeElement()
                } else {
                    openElement(at: start, isUnwanted)
                }
            guard isRead, position <= packet.count else { return false }
        }
        return !open.contains(where: \.isUnwanted)
    }

    /// Moves behind the end of what begins so; an end that is missing puts the position outside.
    private mutating func skips(_ opening: StaticString, to closing: String) -> Bool {
        let begins = opening.withUTF8Buffer { packet[position...].starts(with: $0) }
        guard begins else { return false }
        let end = packet[position...].firstRange(of: Array(closing.utf8))
        position = end?.upperBound ?? packet.count + 1
        return true
    }

    private mutating func openElement(at start: Int, _ isUnwanted: (XMP.Name) -> Bool) -> Bool {
        guard let name = readName(), let (attributes, isEmpty) = readAttributes() else {
            return false
        }
        var declared: [String] = []
        for attribute in attributes {
            let text = string(attribute.name)
            guard text.hasPrefix("xmlns:") else { continue }
            let prefix = String(text.dropFirst("xmlns:".count))
            namespaces[prefix, default: []].append(string(attribute.value))
            declared.append(prefix)
        }
        let isGone = isUnwanted(resolved(name))
        if !isGone {
            for attribute in attributes where isUnwanted(resolved(attribute.name)) {
                removals.append(attribute.whole)
            }
        }
        let element = Element(name: name, start: start, isUnwanted: isGone, declared: declared)
        if isEmpty { end(element) } else { open.append(element) }
        return true
    }

    private mutating func closeElement() -> Bool {
        position += 1
        guard let name = readName(), let element = open.popLast(),
            packet[name] == packet[element.name]
        else { return false }
        skipBlanks()
        guard position < packet.count, packet[position] == UInt8(ascii: ">") else { return false }
        position += 1
        end(element)
        return true
    }

    private mutating func end(_ element: Element) {
        if element.isUnwanted { removals.append(element.start..<position) }
        for prefix in element.declared { namespaces[prefix]?.removeLast() }
    }

    /// The attributes of a tag and whether it has no content; the position is behind it then.
    private mutating func readAttributes() -> (attributes: [Attribute], isEmpty: Bool)? {
        var attributes: [Attribute] = []
        while true {
            let start = position
            skipBlanks()
            guard position < packet.count else { return nil }
            if packet[position] == UInt8(ascii: ">") {
                position += 1
                return (attributes, false)
            }
            if packet[position...].starts(with: "/>".utf8) {
                position += 2
                return (attributes, true)
            }
            guard let name = readName() else { return nil }
            skipBlanks()
            guard position < packet.count, packet[position] == UInt8(ascii: "=") else { return nil }
            position += 1
            skipBlanks()
            guard position < packet.count, [0x22, 0x27].contains(packet[position]),
                let end = next(packet[position], from: position + 1)
            else { return nil }
            attributes.append(
                Attribute(name: name, value: position + 1..<end, whole: start..<end + 1))
            position = end + 1
        }
    }

    private mutating func readName() -> Range<Int>? {
        let start = position
        while position < packet.count, !endsName(packet[position]) { position += 1 }
        return position > start ? start..<position : nil
    }

    private func endsName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: "/"), UInt8(ascii: ">"), UInt8(ascii: "="),
            UInt8(ascii: "<"), UInt8(ascii: "\""), UInt8(ascii: "'"):
            true
        default: false
        }
    }

    private mutating func skipBlanks() {
        while position < packet.count, [0x20, 0x09, 0x0A, 0x0D].contains(packet[position]) {
            position += 1
        }
    }

    private func next(_ byte: UInt8, from start: Int) -> Int? {
        packet[start...].firstIndex(of: byte)
    }

    private func string(_ range: Range<Int>) -> String {
        String(decoding: packet[range], as: UTF8.self)
    }

    private func resolved(_ range: Range<Int>) -> XMP.Name {
        let parts = packet[range].split(
            separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            return XMP.Name(namespace: nil, prefix: "", local: string(range))
        }
        let prefix = String(decoding: parts[0], as: UTF8.self)
        return XMP.Name(
            namespace: namespaces[prefix]?.last, prefix: prefix,
            local: String(decoding: parts[1], as: UTF8.self))
    }
}
