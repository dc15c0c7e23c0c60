/// XMP packets: RDF in XML, changed as text so that everything else stays as it was.
enum XMP {
    /// A simple property with its namespace.
    struct Property {
        let prefix: String
        let namespace: String
        let name: String
        let value: String
    }

    static let endOfProperties = Array("</rdf:RDF".utf8)
    private static let property = Array("Iptc4xmpExt:DigitalSourceType".utf8)
    static let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]

    /// The packet with the source type in it; `existing` as it is when there is none to say.
    static func packet(_ existing: [UInt8]?, digitalSourceType: DigitalSourceType?) -> [UInt8]? {
        guard let digitalSourceType else { return existing }
        let said = Property(digitalSourceType)
        if let existing, existing.firstRange(of: endOfProperties) != nil,
            existing.firstRange(of: property) != nil
        {
            return replacing(property, in: existing, by: said.value)
        }
        return packet(existing) { description(said, about: $0) }
    }

    /// The packet with another description, which is given what it is about; a fresh packet where there is none that
    /// could hold it.
    static func packet(_ existing: [UInt8]?, with description: (String) -> String) -> [UInt8] {
        guard var packet = existing, let end = packet.ranges(of: endOfProperties).last else {
            return fresh(description(""))
        }
        packet.insert(
            contentsOf: description(subject(of: packet)).utf8, at: end.lowerBound)
        return packet
    }

    /// The source type that the packet says, if it says one.
    static func digitalSourceType(in packet: [UInt8]) -> String? {
        value(of: property, in: packet)
    }

    /// The first value of a simple property.
    static func value(of name: [UInt8], in packet: [UInt8]) -> String? {
        packet.ranges(of: name).lazy.compactMap { valueRange(of: $0, in: packet) }.first
            .map { String(decoding: packet[$0], as: UTF8.self) }
    }

    /// The packet saying that orientation where it says one.
    static func turned(_ packet: [UInt8], _ orientation: Orientation) -> [UInt8] {
        changed(packet) { name in
            name.isOfTIFF && name.local == "Orientation"
                ? .value("\(orientation.rawValue)") : nil
        } ?? packet
    }

    /// The packet saying that size where it says one.
    static func sized(_ packet: [UInt8], width: Int, height: Int) -> [UInt8] {
        changed(packet) { name in
            switch name.local {
            case "ImageWidth" where name.isOfTIFF, "PixelXDimension" where name.isOfEXIF:
                .value("\(width)")
            case "ImageLength" where name.isOfTIFF, "PixelYDimension" where name.isOfEXIF:
                .value("\(height)")
            default: nil
            }
        } ?? packet
    }

    /// The packet without the properties of a place, in whatever namespace, whose names begin with
    /// "GPS"; nil where it is broken.
    static func withoutLocation(_ packet: [UInt8]) -> [UInt8]? {
        without({ $0.local.lowercased().hasPrefix("gps") }, in: packet)
    }

    /// The packet without the blanks that leave room for changes in place.
    static func withoutPadding(_ packet: [UInt8]) -> [UInt8] {
        guard let end = packet.ranges(of: Array("<?xpacket end".utf8)).last else { return packet }
        let kept = packet[..<end.lowerBound].reversed().drop { blanks.contains($0) }
        return Array(kept.reversed() + packet[end.lowerBound...])
    }

    /// Replaces the values of a simple property, written as attribute (`name="value"`) or as
    /// element (`<name>value</name>`).
    private static func replacing(
        _ name: [UInt8], in packet: [UInt8], by value: String
    ) -> [UInt8] {
        var result: [UInt8] = []
        var copied = 0
        for range in packet.ranges(of: name) where range.lowerBound >= copied {
            guard let old = valueRange(of: range, in: packet) else { continue }
            result += packet[copied..<old.lowerBound] + Array(value.utf8)
            copied = old.upperBound
        }
        return result + packet[copied...]
    }

    /// Where the value of a property is whose name is at `name`; nil if that is no property.
    private static func valueRange(of name: Range<Int>, in packet: [UInt8]) -> Range<Int>? {
        guard name.lowerBound > 0, name.upperBound < packet.count else { return nil }
        let before = packet[name.lowerBound - 1]
        var start = name.upperBound + 1
        var closing = UInt8(ascii: "<")
        switch packet[name.upperBound] {
        case UInt8(ascii: "=") where blanks.contains(before):
            guard start < packet.count, [0x22, 0x27].contains(packet[start]) else { return nil }
            closing = packet[start]
            start += 1
        case UInt8(ascii: ">") where before == closing: break
        default: return nil
        }
        return packet[start...].firstIndex(of: closing).map { start..<$0 }
    }

    /// What the packet's first description says it is about; all descriptions must agree.
    static func subject(of packet: [UInt8]) -> String {
        guard let range = packet.firstRange(of: Array("rdf:about=\"".utf8)),
            let end = packet[range.upperBound...].firstIndex(of: UInt8(ascii: "\""))
        else { return "" }
        return String(decoding: packet[range.upperBound..<end], as: UTF8.self)
    }

    static func description(_ said: Property, about subject: String) -> String {
        """
        <rdf:Description rdf:about="\(subject)" xmlns:\(said.prefix)="\(said.namespace)" \
        \(said.prefix):\(said.name)="\(said.value)"/>

        """
    }

    private static func fresh(_ description: String) -> [UInt8] {
        let packet = """
            <?xpacket begin="\u{FEFF}" id="W5M0MpCehiHzreSzNTczkc9d"?>
            <x:xmpmeta xmlns:x="adobe:ns:meta/">
            <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
            \(description)</rdf:RDF>
            </x:xmpmeta>
            <?xpacket end="w"?>
            """
        return Array(packet.utf8)
    }
}

extension XMP.Name {
    /// Whether it stands for a tag of TIFF (XMP Specification Part 2, 2016, 3.3).
    var isOfTIFF: Bool { isIn("http://ns.adobe.com/tiff/1.0/", "tiff") }

    /// Whether it stands for a tag of EXIF.
    var isOfEXIF: Bool { isIn("http://ns.adobe.com/exif/1.0/", "exif") }
}

extension XMP.Property {
    init(_ type: DigitalSourceType) {
        self.init(
            prefix: "Iptc4xmpExt", namespace: "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
            name: "DigitalSourceType", value: type.rawValue)
    }
}
