/// Properties that are put into a packet.
extension XMP {
    /// How a property holds its values (XMP Specification Part 1, 2012, 7.5 to 7.8 and 8.2.2.4).
    enum Form {
        /// One text.
        case text
        /// One text, in the language that is the default.
        case languages
        /// Texts in no order.
        case bag
        /// Texts in order.
        case sequence
    }

    /// A property as an element.
    struct Element: Equatable {
        /// One of ``namespaces``.
        let prefix: String
        let name: String
        let form: Form
        let values: [String]
    }

    /// The namespaces of properties that are added, by their usual prefixes.
    private static let namespaces = [
        "dc": "http://purl.org/dc/elements/1.1/",
        "photoshop": "http://ns.adobe.com/photoshop/1.0/",
        "xmp": "http://ns.adobe.com/xap/1.0/",
        "exif": "http://ns.adobe.com/exif/1.0/",
        "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    ]

    /// The properties and structures in a packet, under the usual prefixes of their namespaces.
    static func propertyNames(in packet: [UInt8]) -> Set<String> {
        var names: Set<String> = []
        _ = without(
            { name in
                let prefix = namespaces.first { $0.value == name.namespace }?.key ?? name.prefix
                names.insert("\(prefix):\(name.local)")
                return false
            }, in: packet)
        return names
    }

    /// The packet with these properties in a description of their own.
    static func packet(_ existing: [UInt8]?, adding elements: [Element]) -> [UInt8]? {
        guard !elements.isEmpty else { return existing }
        return packet(existing) { subject, rdf in
            let prefixes = Set(elements.map(\.prefix)).sorted()
            let declared = prefixes.map { " xmlns:\($0)=\"\(namespaces[$0] ?? "")\"" }.joined()
            let inner = elements.map { written($0, rdf) }.joined(separator: "\n")
            return """
                <\(rdf):Description \(rdf):about="\(subject)"\(declared)>
                \(inner)
                </\(rdf):Description>

                """
        }
    }

    private static func written(_ element: Element, _ rdf: String) -> String {
        let name = "\(element.prefix):\(element.name)"
        func list(_ kind: String, _ values: [String], _ attribute: String = "") -> String {
            let items = values.map { "<\(rdf):li\(attribute)>\(escaped($0))</\(rdf):li>" }.joined()
            return "<\(rdf):\(kind)>\(items)</\(rdf):\(kind)>"
        }
        let inner =
            switch element.form {
            case .text: escaped(element.values[0])
            case .languages: list("Alt", [element.values[0]], " xml:lang=\"x-default\"")
            case .bag: list("Bag", element.values)
            case .sequence: list("Seq", element.values)
            }
        return "<\(name)>\(inner)</\(name)>"
    }

    /// Text as XML has it, without characters that XML has not (XML 1.0, 2.2).
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\r": result += "&#13;"
            case "\t", "\n": result.unicodeScalars.append(scalar)
            case "\u{FFFE}", "\u{FFFF}": break
            default: if scalar.value >= 0x20 { result.unicodeScalars.append(scalar) }
            }
        }
        return result
    }
}
