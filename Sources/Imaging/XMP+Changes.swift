/// Taking properties out of a packet, and giving them other values.
extension XMP {
    /// A name in a packet with the namespace that its prefix is declared for; nil without one.
    struct Name {
        let namespace: String?
        let prefix: String
        let local: String
        /// Whether it is a property of the picture, not a part of one.
        var isProperty = false

        /// Whether it is in a namespace, whose usual prefix tells where none is declared.
        func isIn(_ namespace: String, _ prefix: String) -> Bool {
            self.namespace.map { $0 == namespace } ?? (self.prefix == prefix)
        }
    }

    /// What becomes of an attribute or element.
    enum Change {
        /// It goes, children included.
        case removal
        /// It gets this value, if it has a simple one; that may be a resource.
        case value(String)
    }

    /// The packet without the attributes and elements, children included, whose names are unwanted;
    /// nil where its tags do not nest as those of XML must. Takes time in proportion to its length.
    static func without(
        _ isUnwanted: (Name) -> Bool, in packet: [UInt8]
    ) -> [UInt8]? {
        changed(packet) { isUnwanted($0) ? .removal : nil }
    }

    /// The first value of a simple property, as it stands in the packet; nil where its tags do not nest.
    static func value(in packet: [UInt8], of isWanted: (Name) -> Bool) -> String? {
        var scanner = MarkupScanner(packet)
        guard scanner.findEdits({ isWanted($0) ? .value("") : nil }) else { return nil }
        return scanner.edits.min { $0.range.lowerBound < $1.range.lowerBound }
            .map { String(decoding: packet[$0.range], as: UTF8.self) }
    }

    /// Where the end tag behind all properties is, and the prefix of RDF there; nil where there is none, or where the
    /// tags do not nest.
    static func endOfProperties(in packet: [UInt8]) -> (place: Int, prefix: String)? {
        var scanner = MarkupScanner(packet)
        guard scanner.findEdits({ _ in nil }) else { return nil }
        return scanner.endOfProperties
    }

    /// The packet in UTF-8. XML has a zero in its first four bytes only where it is UTF-16 (XML 1.0, appendix F).
    static func inUTF8(_ packet: [UInt8]) -> [UInt8] {
        packet.prefix(4).contains(0) ? Array(CommentText.wide(packet[...]).utf8) : packet
    }

    /// The packet with what becomes of its attributes and elements; nil where its tags do not nest as those of XML
    /// must. Takes time in proportion to its length.
    static func changed(_ packet: [UInt8], _ change: (Name) -> Change?) -> [UInt8]? {
        var scanner = MarkupScanner(packet)
        guard scanner.findEdits(change) else { return nil }
        guard !scanner.edits.isEmpty else { return packet }
        var kept: [UInt8] = []
        kept.reserveCapacity(packet.count)
        var position = 0
        for (range, value) in scanner.edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }
        )
        where range.lowerBound >= position {
            kept += packet[position..<range.lowerBound]
            kept += value.utf8
            position = range.upperBound
        }
        return kept + packet[position...]
    }
}

/// Goes through the tags of a packet from its begin to its end.
private struct MarkupScanner {
    /// What changes, and what comes in its place, in the order in which it ended.
    private(set) var edits: [(range: Range<Int>, value: String)] = []
    /// Where the end tag of the last element of RDF is that holds descriptions, and its prefix.
    private(set) var endOfProperties: (place: Int, prefix: String)?

    private let packet: [UInt8]
    private var position = 0
    /// The elements that are open.
    private var open: [Element] = []
    /// How many elements are open around the one that holds descriptions; nil outside of it.
    private var root: Int?
    /// The namespaces declared for a prefix, the innermost last.
    private var namespaces: [String: [String]] = [:]

    private struct Element {
        let name: Range<Int>
        let start: Int
        /// Behind its begin.
        let content: Int
        /// Whether there are elements in it.
        var hasChildren = false
        let change: XMP.Change?
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
    mutating func findEdits(_ change: (XMP.Name) -> XMP.Change?) -> Bool {
        while let start = next(UInt8(ascii: "<"), from: position) {
            position = start + 1
            let isRead =
                if skips("!--", to: "-->") || skips("![CDATA[", to: "]]>") || skips("?", to: "?>")
                    || skips("!", to: ">")
                {
                    true
                } else if position < packet.count, packet[position] == UInt8(ascii: "/") {
                    closeElement(at: start)
                } else {
                    openElement(at: start, change)
                }
            guard isRead, position <= packet.count else { return false }
        }
        return !open.contains { $0.change != nil }
    }

    /// Moves behind the end of what begins so; an end that is missing puts the position outside.
    private mutating func skips(_ opening: StaticString, to closing: String) -> Bool {
        let begins = opening.withUTF8Buffer { packet[position...].starts(with: $0) }
        guard begins else { return false }
        let end = packet[position...].firstRange(of: Array(closing.utf8))
        position = end?.upperBound ?? packet.count + 1
        return true
    }

    private mutating func openElement(
        at start: Int, _ change: (XMP.Name) -> XMP.Change?
    ) -> Bool {
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
        // Descriptions are at the first level, their properties at the second, or attributes of theirs.
        let level = root.map { open.count - $0 }
        var element = resolved(name)
        element.isProperty = level == 2
        let own = change(element)
        if root == nil, element.local == "RDF", element.isOfRDF { root = open.count }
        for attribute in attributes {
            var part = resolved(attribute.name)
            part.isProperty = level == 1
            switch change(part) {
            case .removal: edits.append((attribute.whole, ""))
            case .value(let value): edits.append((attribute.value, value))
            case nil:
                if case .value(let value) = own, part.local == "resource", part.isOfRDF {
                    edits.append((attribute.value, value))
                }
            }
        }
        if !open.isEmpty { open[open.count - 1].hasChildren = true }
        let opened = Element(
            name: name, start: start, content: position, change: own, declared: declared)
        if isEmpty { end(opened, at: position) } else { open.append(opened) }
        return true
    }

    private mutating func closeElement(at start: Int) -> Bool {
        position += 1
        guard let name = readName(), let element = open.popLast(),
            packet[name] == packet[element.name]
        else { return false }
        skipBlanks()
        guard position < packet.count, packet[position] == UInt8(ascii: ">") else { return false }
        position += 1
        end(element, at: start)
        return true
    }

    /// - Parameter end: where the content of the element ends.
    private mutating func end(_ element: Element, at end: Int) {
        switch element.change {
        case .removal: edits.append((element.start..<position, ""))
        case .value(let value) where !element.hasChildren && end > element.content:
            edits.append((element.content..<end, value))
        default: break
        }
        if open.count == root {
            root = nil
            // An empty element has no end tag.
            if end < position { endOfProperties = (end, resolved(element.name).prefix) }
        }
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
