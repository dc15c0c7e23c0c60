public import Foundation

/// A picture that another one was made of or with (`c2pa.ingredient.v3`, specification 2.2, 18.16).
public struct Ingredient: Sendable {
    /// What it was to the other picture.
    public enum Relationship: String, Sendable {
        /// The other picture is a version of it.
        case parentOf
        /// It steered how the other picture was made, and is not seen in it.
        case inputTo
    }

    /// What it was.
    public let relationship: Relationship
    /// Its name; nil where it has none.
    public let title: String?
    /// Its media type, such as `image/jpeg`.
    public let mediaType: String
    /// A name for these very bytes, made from their hash.
    public let instance: UUID
    /// Its own credentials with what came of checking them; nil where it has none that can be kept.
    public let provenance: CredentialsReport?

    /// A picture as an ingredient.
    ///
    /// - Parameter hash: SHA-256 of its file.
    public init(
        _ relationship: Relationship, title: String?, mediaType: String, hash: Data,
        provenance: CredentialsReport?
    ) {
        (self.relationship, self.title, self.mediaType) = (relationship, title, mediaType)
        (self.instance, self.provenance) = (UUID(hash: hash), provenance)
    }

    /// - Parameter isKept: whether its manifests are in the store that the assertion goes into.
    func value(isKept: Bool) -> CBOR {
        let kept = isKept ? provenance : nil
        let active = kept?.store.active
        return .object([
            "relationship": .text(relationship.rawValue), "dc:title": title.map { .text($0) },
            "dc:format": .text(mediaType), "instanceID": .text("xmp:iid:" + instance.lowercase),
            "activeManifest": active.map { .reference($0.url, $0.box.hash) },
            "claimSignature": active.flatMap { manifest in
                manifest.signatureBox.map { .reference(manifest.signatureURL, $0.hash) }
            },
            "validationResults": kept?.value,
        ])
    }
}

extension CBOR {
    /// A hashed URI (specification 2.2, 8.4.2).
    static func reference(_ url: String, _ hash: Data) -> CBOR {
        .object(["url": .text(url), "hash": .bytes(hash)])
    }
}

extension UUID {
    /// The first 16 bytes of a hash in the form of a random UUID (version 4, RFC 9562): the same for the
    /// same bytes.
    public init(hash: Data) {
        var bytes = Array(hash.prefix(16)) + Array(repeating: 0, count: max(16 - hash.count, 0))
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        self.init(
            uuid: (
                bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7],
                bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]
            ))
    }

    var lowercase: String { uuidString.lowercased() }
}
