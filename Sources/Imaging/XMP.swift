/// XMP packets: RDF in XML, changed as text so that everything else stays as it was.
enum XMP {
    /// A simple property with its namespace.
    struct Property {
        let prefix: String
        let namespace: String
        let name: String
        let value: String
    }

    static let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]

    /// The packet with the source type in it, in place of any other; `existing` as it is when there is none to say.
    static func packet(_ existing: [UInt8]?, digitalSourceType: DigitalSourceType?) -> [UInt8]? {
        guard let digitalSourceType else { return existing }
        return packet(existing.map(withoutDigitalSourceType)) {
            description(Property(digitalSourceType), about: $0, $1)
        }
    }

    /// The packet with another description, which is given what it is about and the prefix of RDF; a fresh packet
    /// where there is none that could hold it.
    static func packet(
        _ existing: [UInt8]?, with description: (_ subject: String, _ rdf: String) -> String
    ) -> [UInt8] {
        guard var packet = existing, let end = endOfProperties(in: packet) else {
            return fresh(description("", "rdf"))
        }
        packet.insert(
            contentsOf: description(subject(of: packet), end.prefix).utf8, at: end.place)
        return packet
    }

    /// The source type that the packet says, if it says one.
    static func digitalSourceType(in packet: [UInt8]) -> String? {
        value(in: packet) { $0.isDigitalSourceType }
    }

    /// Descriptions that hold nothing else go as a whole.
    private static func withoutDigitalSourceType(_ packet: [UInt8]) -> [UInt8] {
        var kept = packet
        let (about, rdf) = (subject(of: packet), endOfProperties(in: packet)?.prefix ?? "rdf")
        for type in DigitalSourceType.allCases {
            let own = description(Property(type), about: about, rdf)
            if let range = kept.firstRange(of: Array(own.utf8)) { kept.removeSubrange(range) }
        }
        return without({ $0.isDigitalSourceType }, in: kept) ?? kept
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

    /// Names of coordinates that do not begin with "GPS": W3C's geo, Darwin Core's and drones'.
    private static let coordinates: Set = [
        "lat", "long", "latitude", "longitude", "decimallatitude", "decimallongitude",
        "absolutealtitude", "relativealtitude",
    ]

    /// The packet without the properties of a place, in whatever namespace, that are coordinates or whose names begin
    /// with "GPS"; nil where it is broken.
    static func withoutLocation(_ packet: [UInt8]) -> [UInt8]? {
        without(
            {
                let name = $0.local.lowercased()
                return name.hasPrefix("gps") || coordinates.contains(name)
            }, in: packet)
    }

    /// The packet without the blanks that leave room for changes in place.
    static func withoutPadding(_ packet: [UInt8]) -> [UInt8] {
        guard let end = packet.ranges(of: Array("<?xpacket end".utf8)).last else { return packet }
        let kept = packet[..<end.lowerBound].reversed().drop { blanks.contains($0) }
        return Array(kept.reversed() + packet[end.lowerBound...])
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
        // It may stand between single quotes.
        value(in: packet) { $0.isOfRDF && $0.local == "about" }?
            .replacing("\"", with: "&quot;") ?? ""
    }

    /// - Parameter rdf: the prefix of RDF.
    static func description(
        _ said: Property, about subject: String, _ rdf: String = "rdf"
    ) -> String {
        """
        <\(rdf):Description \(rdf):about="\(subject)" xmlns:\(said.prefix)="\(said.namespace)" \
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

    /// Whether it is of RDF itself.
    var isOfRDF: Bool { isIn("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf") }

    /// Whether it says how the picture itself came about.
    var isDigitalSourceType: Bool {
        isProperty && local == "DigitalSourceType"
            && isIn("http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "Iptc4xmpExt")
    }

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
