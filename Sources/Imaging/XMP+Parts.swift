/// What a packet is made of, for packets that are parted and joined.
extension XMP {
    static let root = Array("<rdf:RDF".utf8)
    private static let endOfRoot = Array("</rdf:RDF".utf8)
    private static let opening = Array("<rdf:Description".utf8)
    private static let closing = Array("</rdf:Description>".utf8)
    private static let notePrefix = "xmpNote"
    private static let noteName = "HasExtendedXMP"

    /// Where the descriptions lie, one after the other; those inside of others are theirs. None where
    /// they do not come out even.
    static func descriptions(in packet: [UInt8]) -> [Range<Int>] {
        let tags =
            packet.ranges(of: opening).map { (place: $0, opens: true) }
            + packet.ranges(of: closing).map { (place: $0, opens: false) }
        var found: [Range<Int>] = []
        var (depth, start, end) = (0, 0, 0)
        for tag in tags.sorted(by: { $0.place.lowerBound < $1.place.lowerBound })
        where tag.place.lowerBound >= end {
            end = tag.place.upperBound
            if tag.opens {
                guard let close = endOfTag(from: tag.place.upperBound, in: packet) else {
                    return []
                }
                end = close + 1
                if depth == 0 { start = tag.place.lowerBound }
                if packet[close - 1] != UInt8(ascii: "/") { depth += 1 }
            } else {
                depth -= 1
            }
            guard depth >= 0 else { return [] }
            if depth == 0 { found.append(start..<end) }
        }
        return depth == 0 ? found : []
    }

    /// Where the `>` of a tag is: not one in quotation marks.
    private static func endOfTag(from start: Int, in packet: [UInt8]) -> Int? {
        var quote: UInt8?
        for place in start..<packet.count {
            let byte = packet[place]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                return place
            }
        }
        return nil
    }

    /// The description that names the parts of the rest.
    static func note(_ name: String, in packet: [UInt8]) -> [UInt8] {
        let note = Property(
            prefix: notePrefix, namespace: "http://ns.adobe.com/xmp/note/", name: noteName,
            value: name)
        return Array(description(note, about: subject(of: packet)).utf8)
    }

    /// The name of the parts that hold the rest of the packet.
    static func nameOfRest(in packet: [UInt8]) -> String? {
        value(of: Array("\(notePrefix):\(noteName)".utf8), in: packet)
    }

    /// The packet without that name.
    static func withoutNameOfRest(_ packet: [UInt8]) -> [UInt8] {
        guard let name = nameOfRest(in: packet) else { return packet }
        guard let own = packet.firstRange(of: note(name, in: packet)) else {
            return without({ $0.prefix == notePrefix && $0.local == noteName }, in: packet)
                ?? packet
        }
        return Array(packet[..<own.lowerBound] + packet[own.upperBound...])
    }

    /// The packet with the descriptions of another document, whose namespaces it takes over.
    static func joined(_ packet: [UInt8], _ rest: [UInt8]) -> [UInt8]? {
        var packet = withoutNameOfRest(packet)
        guard let other = rest.firstRange(of: root),
            let begin = endOfTag(from: other.upperBound, in: rest),
            let end = rest.ranges(of: endOfRoot).last, begin < end.lowerBound,
            let place = packet.ranges(of: endOfRoot).last,
            let own = packet.firstRange(of: root),
            let ownEnd = endOfTag(from: own.upperBound, in: packet), ownEnd < place.lowerBound
        else { return nil }
        packet.insert(contentsOf: rest[(begin + 1)..<end.lowerBound], at: place.lowerBound)
        var known = Set(namespaces(in: packet[own.upperBound..<ownEnd]))
        let more = namespaces(in: rest[other.upperBound..<begin])
            .filter { known.insert($0).inserted }.flatMap { namespace -> [UInt8] in
                [0x20] + namespace
            }
        packet.insert(contentsOf: more, at: own.upperBound)
        return packet
    }

    /// `xmlns:name="value"`, each as it stands in a tag.
    private static func namespaces(in tag: ArraySlice<UInt8>) -> [[UInt8]] {
        var (found, end) = ([[UInt8]](), tag.startIndex)
        for start in tag.ranges(of: Array("xmlns:".utf8)) where start.lowerBound >= end {
            // A name ends before its `=`, or where another one begins.
            let name = tag[start.upperBound...].prefix { !"=:\"'".utf8.contains($0) }
            let open = tag[name.endIndex...].dropFirst().drop(while: blanks.contains)
            guard tag[name.endIndex...].first == UInt8(ascii: "="), let quote = open.first,
                [0x22, 0x27].contains(quote), let close = open.dropFirst().firstIndex(of: quote)
            else { continue }
            found.append(Array(tag[start.lowerBound...close]))
            end = close + 1
        }
        return found
    }
}
