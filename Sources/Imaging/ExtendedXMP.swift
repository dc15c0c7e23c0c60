import Files

/// XMP that is too long for one marker of a JPEG: a packet with what finds room there, and the rest in
/// parts that it names (XMP Specification Part 3, 2016, section 1.1.3.1).
enum ExtendedXMP {
    static let prefix = Array("http://ns.adobe.com/xmp/extension/\0".utf8)

    /// Length of a name, an MD5 in hexadecimal digits.
    private static let nameCount = 32
    /// A name and two numbers: the length of the whole and where in it the part begins.
    private static let headerCount = nameCount + 8

    /// The packet of the first marker, of `room` bytes at most, and the payloads of the others, of
    /// `partRoom`; nil where the packet has no descriptions that could be parted.
    static func split(
        _ packet: [UInt8], room: Int, partRoom: Int
    ) -> (packet: [UInt8], parts: [[UInt8]])? {
        let places = XMP.descriptions(in: packet)
        guard let first = places.first, let last = places.last,
            let root = packet[..<first.lowerBound].firstRange(of: XMP.root)
        else { return nil }
        let head = packet[..<first.lowerBound]
        let tail = packet[last.upperBound...]
        let placeholder = XMP.note(String(repeating: "0", count: nameCount), in: packet)
        var left = room - head.count - tail.count - placeholder.count
        guard left >= 0 else { return nil }
        var kept: Set<Int> = []
        for index in places.indices.sorted(by: { places[$0].count < places[$1].count }) {
            left -= places[index].count + 1
            guard left >= 0 else { break }
            kept.insert(index)
        }
        func descriptions(_ wanted: (Int) -> Bool) -> [UInt8] {
            places.indices.filter(wanted).flatMap { packet[places[$0]] + [0x0A] }
        }
        let rest =
            Array("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n".utf8)
            + packet[root.lowerBound..<first.lowerBound] + descriptions { !kept.contains($0) }
            + Array("</rdf:RDF>\n</x:xmpmeta>".utf8)
        let digest = Digest(.md5)
        digest.update(rest)
        let name = digest.hexadecimal().uppercased()
        let step = partRoom - prefix.count - headerCount
        let parts = stride(from: 0, to: rest.count, by: step).map { start in
            prefix + Array(name.utf8) + bigEndian(rest.count) + bigEndian(start)
                + rest[start..<min(start + step, rest.count)]
        }
        return (head + descriptions(kept.contains) + XMP.note(name, in: packet) + tail, parts)
    }

    /// The packet with what the parts hold that it names; nil where some are missing.
    ///
    /// - Parameter payloads: without the prefix.
    static func joined(_ packet: [UInt8], _ payloads: [[UInt8]]) -> [UInt8]? {
        guard let name = XMP.nameOfRest(in: packet), name.utf8.count == nameCount else {
            return nil
        }
        let parts = payloads.filter { $0.count > headerCount && $0.starts(with: name.utf8) }
            .map { (numbers: numbers($0[nameCount..<headerCount]), bytes: $0[headerCount...]) }
            .sorted { $0.numbers.start < $1.numbers.start }
        var rest: [UInt8] = []
        for part in parts where part.numbers.start == rest.count { rest += part.bytes }
        guard !rest.isEmpty, rest.count == parts[0].numbers.count else { return nil }
        return XMP.joined(packet, rest)
    }

    private static func numbers(_ bytes: ArraySlice<UInt8>) -> (count: Int, start: Int) {
        let both = bytes.reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        return (Int(both >> 32), Int(both & 0xFFFF_FFFF))
    }

    private static func bigEndian(_ number: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt32(number).bigEndian, Array.init)
    }
}
