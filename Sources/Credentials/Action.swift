import Foundation

/// Something that was done to a picture (specification 2.2, 18.15), for the record in a manifest.
public struct Action: Sendable {
    /// What was done, in the words of the specification.
    public enum Name: String, Sendable {
        /// A picture was opened to be edited.
        case opened = "c2pa.opened"
        /// A picture was made from nothing.
        case created = "c2pa.created"
        /// It was changed in a way that no other word says better.
        case edited = "c2pa.edited"
        /// It was made larger or smaller as a whole.
        case resized = "c2pa.resized"
        /// A mark that links to the manifest was put into its pixels.
        case watermarked = "c2pa.watermarked.bound"
    }

    /// A program or a model that did it.
    public struct Agent: Sendable, Equatable {
        /// What it is called.
        public let name: String
        /// Its version; nil where it has none.
        public let version: String?

        /// An agent.
        public init(_ name: String, version: String? = nil) {
            (self.name, self.version) = (name, version)
        }

        var value: CBOR {
            .object(["name": .text(name), "version": version.map { .text($0) }])
        }
    }

    /// A rectangle of a picture, in pixels from its top left corner.
    public struct Region: Sendable, Equatable {
        /// Its left edge.
        public let x: Int
        /// Its top edge.
        public let y: Int
        /// Its width.
        public let width: Int
        /// Its height.
        public let height: Int

        /// A rectangle.
        public init(x: Int, y: Int, width: Int, height: Int) {
            (self.x, self.y, self.width, self.height) = (x, y, width, height)
        }

        /// The rectangle as a region of interest (specification 2.2, 18.2).
        static func value(of regions: [Region]) -> CBOR {
            let ranges = regions.map { region in
                CBOR.object([
                    "type": "spatial",
                    "shape": .object([
                        "type": "rectangle", "unit": "pixel", "inside": .bool(true),
                        "origin": .object(["x": CBOR(region.x), "y": CBOR(region.y)]),
                        "width": CBOR(region.width), "height": CBOR(region.height),
                    ]),
                ])
            }
            return .object(["region": .array(ranges)])
        }
    }

    /// What was done.
    public var name: Name
    /// IPTC's word for how what it made came about; nil where it made nothing.
    public var digitalSourceType: String?
    /// The same in a sentence; nil for none.
    public var description: String?
    /// What did it; nil is the program that signs.
    public var agent: Agent?
    /// Where it changed the picture; empty is everywhere.
    public var regions: [Region] = []
    /// The places, in the draft's list, of the ingredients that it took.
    public var ingredients: [Int] = []
    /// More on how it was done, under names of one's own with a reversed domain in front.
    package var parameters: [(name: String, value: CBOR)] = []

    /// An action.
    public init(_ name: Name, digitalSourceType: String? = nil) {
        (self.name, self.digitalSourceType) = (name, digitalSourceType)
    }

    /// - Parameter references: the hashed URIs of the draft's ingredients.
    func value(_ references: [CBOR]) -> CBOR {
        var details = parameters.map { CBOR.Entry(.text($0.name), $0.value) }
        if !ingredients.isEmpty {
            details.append(CBOR.Entry("ingredients", .array(ingredients.map { references[$0] })))
        }
        return .object([
            "action": .text(name.rawValue), "softwareAgent": agent?.value,
            "digitalSourceType": digitalSourceType.map { .text($0) },
            "description": description.map { .text($0) },
            "changes": regions.isEmpty ? nil : [Region.value(of: regions)],
            "parameters": details.isEmpty ? nil : .map(details),
        ])
    }
}
