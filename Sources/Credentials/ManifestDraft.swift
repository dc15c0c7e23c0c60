import Files
public import Foundation

/// What a manifest is to say of a picture, before it is bound to a file and signed.
public struct ManifestDraft: Sendable {
    /// The program that signs.
    public var generator: Action.Agent
    /// The picture's name; nil for none.
    public var title: String?
    /// What was done, in order; the first is `opened` or `created`.
    public var actions: [Action] = []
    /// What the picture was made of and with.
    public var ingredients: [Ingredient] = []
    /// A mark in the pixels that leads to this manifest; nil for none.
    public var softBinding: SoftBinding?
    /// What the manifest's name is made from.
    public var identity: UUID

    /// A mark in the pixels (`c2pa.soft-binding`, specification 2.2, 18.10).
    public struct SoftBinding: Sendable, Equatable {
        /// The name of the way it is read.
        public let algorithm: String
        /// What is read.
        public let value: Data
        /// Where it is; empty is everywhere.
        public let regions: [Action.Region]

        /// A mark.
        public init(algorithm: String, value: Data, regions: [Action.Region] = []) {
            (self.algorithm, self.value, self.regions) = (algorithm, value, regions)
        }
    }

    /// A manifest without content.
    public init(_ generator: Action.Agent, identity: UUID) {
        (self.generator, self.identity) = (generator, identity)
    }

    /// The manifest's name.
    public var label: String { "urn:c2pa:" + identity.lowercase }

    /// A file around a manifest store.
    public struct Frame {
        /// What comes before the blocks that hold the store.
        public let before: Data
        /// Bytes of the blocks.
        public let length: Int
        /// What comes after them.
        public let after: Data
        /// Whether the file consists of boxes of the ISO base media format, and what holds the store is one.
        public let isOfBoxes: Bool

        /// A file around a store.
        public init(before: Data, length: Int, after: Data, isOfBoxes: Bool = false) {
            (self.before, self.length, self.after) = (before, length, after)
            self.isOfBoxes = isOfBoxes
        }

        /// The hash that binds a manifest to the file; nil where it consists of no boxes and should.
        fileprivate var hash: Data? {
            if isOfBoxes {
                return BoxHash.usual.digest(
                    of: [(0, before), (before.count + length, after)], .sha256)
            }
            let digest = Digest(.sha256)
            digest.update(before)
            digest.update(after)
            return digest.bytes()
        }
    }

    /// The store with this manifest and those of the ingredients, bound to a file by its hash.
    ///
    /// - Parameters:
    ///   - authority: stamps the signature with the time; nil for no time stamp.
    ///   - frame: the file around a store of so many bytes.
    /// - Throws: ``CredentialsError`` where it cannot be signed, or stamped.
    public func store(
        signedBy signer: Signer, stampedBy authority: TimeStampAuthority? = nil,
        around frame: (_ bytes: Int) -> Frame
    ) throws(CredentialsError) -> Data {
        let parts = Parts(self, signer)
        guard let authority else { return try signed(parts, signer, frame, room: nil).store(nil) }
        var room = TimeStampAuthority.usualBytes
        while true {
            let signed = try signed(parts, signer, frame, room: room)
            let stamp = try authority.stamp(
                of: StoredTimeStamp.message(parts.headers, signed.signature))
            if stamp.count <= room { return signed.store(stamp) }
            // One more time stamp, of another signature: where the file is depends on the room.
            room = stamp.count + TimeStampAuthority.bytes.lowerBound
        }
    }

    /// A store but for its time stamp.
    private struct Signed {
        let parts: Parts
        let place: Frame
        let hash: Data
        let signature: Data
        let room: Int?

        func store(_ stamp: Data?) -> Data {
            parts.store(place, hash: hash, signature: signature, stamp: stamp, room: room)
        }
    }

    /// - Parameter room: bytes for a time stamp; nil for none.
    private func signed(
        _ parts: Parts, _ signer: Signer, _ frame: (_ bytes: Int) -> Frame, room: Int?
    ) throws(CredentialsError) -> Signed {
        // What the store says of its own place and length has no fixed size: it grows to one.
        var (size, place) = (0, frame(0))
        while true {
            let next = parts.store(
                place, hash: Data(count: 32), signature: nil, stamp: nil, room: room
            ).count
            if next == size { break }
            (size, place) = (next, frame(next))
        }
        guard let hash = place.hash else {
            throw .signingFailed(reason: "the file has no boxes")
        }
        let signature = try signer.signature(
            of: SignedClaim.message(parts.headers, parts.claim(place, hash)))
        return Signed(
            parts: parts, place: place, hash: hash, signature: signature, room: room)
    }
}

/// The boxes of a store, all but those that depend on the file made once.
private struct Parts {
    let headers: Data
    private let draft: ManifestDraft
    private let signatureBytes: Int
    /// The manifests of the ingredients, in an order in which each comes after those that it names.
    private let earlier: [Data]
    /// The assertions but the one with the file's hash.
    private let assertions: [(label: String, box: Data)]

    init(_ draft: ManifestDraft, _ signer: Signer) {
        (self.draft, signatureBytes) = (draft, signer.signatureBytes)
        headers = SignedClaim.headers(signer.algorithm, signer.chain)
        var known: [String: Data] = [:]
        var earlier: [Data] = []
        var assertions: [(label: String, box: Data)] = []
        for (index, ingredient) in draft.ingredients.enumerated() {
            let manifests = ingredient.provenance?.store.manifests ?? []
            // Two manifests of one name that differ cannot both be kept.
            let fits = manifests.allSatisfy {
                known[$0.label].map { [bytes = $0.box.bytes] in $0 == bytes } ?? true
            }
            if fits {
                for manifest in manifests where known[manifest.label] == nil {
                    known[manifest.label] = manifest.box.bytes
                    earlier.append(manifest.box.bytes)
                }
            }
            let label = "c2pa.ingredient.v3" + (index > 0 ? "__\(index)" : "")
            assertions.append(
                (label, JUMBF.superbox("cbor", label, ingredient.value(isKept: fits))))
        }
        let references = assertions.map(Self.reference)
        let actions = CBOR.object([
            "actions": .array(draft.actions.map { $0.value(references) }),
            "allActionsIncluded": .bool(true),
        ])
        assertions.append(
            ("c2pa.actions.v2", JUMBF.superbox("cbor", "c2pa.actions.v2", actions)))
        if let mark = draft.softBinding {
            let scope =
                mark.regions.isEmpty
                ? CBOR.map([]) : .object(["region": Action.Region.value(of: mark.regions)])
            let value = CBOR.object([
                "alg": .text(mark.algorithm), "pad": .bytes(Data()),
                "blocks": [.object(["scope": scope, "value": .bytes(mark.value)])],
            ])
            assertions.append(
                ("c2pa.soft-binding", JUMBF.superbox("cbor", "c2pa.soft-binding", value)))
        }
        (self.earlier, self.assertions) = (earlier, assertions)
    }

    private static func reference(_ assertion: (label: String, box: Data)) -> CBOR {
        .reference("self#jumbf=c2pa.assertions/" + assertion.label, JUMBF.hash(assertion.box))
    }

    /// The assertion that binds the manifest to a file (`c2pa.hash.data`, `c2pa.hash.bmff.v3`,
    /// specification 2.2, 18.5 and 18.6).
    private func binding(
        _ place: ManifestDraft.Frame, _ hash: Data
    ) -> (label: String, box: Data) {
        if place.isOfBoxes {
            let value = CBOR.object([
                "exclusions": BoxHash.usual.value, "alg": "sha256", "hash": .bytes(hash),
                "name": "jumbf manifest",
            ])
            return (BoxHash.label, JUMBF.superbox("cbor", BoxHash.label, value))
        }
        let value = CBOR.object([
            "exclusions": [
                .object(["start": CBOR(place.before.count), "length": CBOR(place.length)])
            ],
            "name": "jumbf manifest", "alg": "sha256", "hash": .bytes(hash), "pad": .bytes(Data()),
        ])
        return ("c2pa.hash.data", JUMBF.superbox("cbor", "c2pa.hash.data", value))
    }

    /// The claim's bytes.
    func claim(_ place: ManifestDraft.Frame, _ hash: Data) -> Data {
        let all = [binding(place, hash)] + assertions
        return CBOR.object([
            "instanceID": .text("xmp:iid:" + draft.identity.lowercase),
            "claim_generator_info": draft.generator.value,
            "signature": .text("self#jumbf=/c2pa/\(draft.label)/c2pa.signature"),
            "created_assertions": .array(all.map(Self.reference)),
            "dc:title": draft.title.map { .text($0) }, "alg": "sha256",
        ]).encoded
    }

    /// - Parameters:
    ///   - signature: nil stands for one of as many bytes.
    ///   - stamp: nil stands for any that the room holds.
    func store(
        _ place: ManifestDraft.Frame, hash: Data, signature: Data?, stamp: Data?, room: Int?
    ) -> Data {
        let boxes = [binding(place, hash).box] + assertions.map(\.box)
        let token = stamp ?? Data(count: TimeStampAuthority.bytes.lowerBound)
        let signature = SignedClaim.box(
            headers, signature ?? Data(count: signatureBytes), room.map { (token, $0) })
        let manifest = JUMBF.superbox(
            "c2ma", draft.label,
            [
                JUMBF.superbox("c2as", "c2pa.assertions", boxes),
                JUMBF.superbox(
                    "c2cl", "c2pa.claim.v2", [JUMBF.box("cbor", claim(place, hash))]),
                JUMBF.superbox("c2cs", "c2pa.signature", signature),
            ])
        return JUMBF.superbox("c2pa", "c2pa", earlier + [manifest])
    }
}
