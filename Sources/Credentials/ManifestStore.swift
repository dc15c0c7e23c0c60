import Files
public import Foundation

/// The manifests in a file: the active one, which is about the file, and those of what it was made of.
public struct ManifestStore: Sendable {
    /// Bytes of a store that is looked at, at the most.
    public static let mostBytes = 64 << 20

    /// The manifests in their order; the last is the active one.
    let manifests: [Manifest]

    /// The manifest that is about the file itself.
    var active: Manifest { manifests[manifests.count - 1] }

    /// The active manifest's name.
    public var label: String { active.label }

    /// Reads a store; nil for what is broken, or holds no manifest with a claim.
    public init?(decoding data: Data) {
        guard data.count <= Self.mostBytes, let box = JUMBFBox(decoding: data),
            box.kind == "c2pa", box.label == "c2pa"
        else { return nil }
        manifests = box.children.filter { ["c2ma", "c2um"].contains($0.kind) }
            .compactMap(Manifest.init)
        guard !manifests.isEmpty,
            // A broken manifest at the end would make another one the active one.
            manifests.last?.label == box.children.last?.label,
            Set(manifests.map(\.label)).count == manifests.count
        else { return nil }
    }

    /// The manifest of a name.
    func manifest(_ label: String) -> Manifest? { manifests.first { $0.label == label } }

    /// The URIs of the assertions that claims take out (specification 2.2, 6.8). A claim that leads from the active one
    /// may do so in what its picture was made of, directly or not. A hash of a file and what was done always stay.
    ///
    /// - Parameter most: of which the rest is left.
    func redactions(most: Int) -> Set<String> {
        let sources = Dictionary(uniqueKeysWithValues: manifests.map { ($0.label, $0.sources) })
        func below(_ label: String) -> Set<String> {
            var (found, open): (Set<String>, _) = ([], [label])
            while let next = open.popLast() {
                for source in sources[next] ?? [] where found.insert(source).inserted {
                    open.append(source)
                }
            }
            return found
        }
        let reached = below(label).union([label])
        var (redactions, left): (Set<String>, _) = ([], most)
        for manifest in manifests where reached.contains(manifest.label) && left > 0 {
            let texts = manifest.redactions.prefix(left)
            guard !texts.isEmpty else { continue }
            left -= texts.count
            let own = below(manifest.label).subtracting([manifest.label, label])
            redactions.formUnion(
                texts.filter { text in
                    guard let path = BoxPath(text), let place = path.manifest,
                        let name = path.labels.last
                    else { return false }
                    return own.contains(place)
                        && !["c2pa.hash.", "c2pa.actions"].contains(where: name.hasPrefix)
                })
        }
        return redactions
    }
}

/// A manifest that was read.
struct Manifest: Sendable {
    /// Its name.
    let label: String
    /// Whether it adds to an earlier one without changing the picture.
    let isUpdate: Bool
    /// The whole box.
    let box: JUMBFBox
    /// Its claim.
    let claim: CBOR
    /// The claim as it was signed.
    let claimBytes: Data
    /// The claim's version, 1 or 2.
    let version: Int
    /// Its assertions.
    let assertions: [JUMBFBox]
    /// The box with the signature; nil where there is none.
    let signatureBox: JUMBFBox?

    init?(_ box: JUMBFBox) {
        let claims = box.children.filter { $0.kind == "c2cl" }
        guard claims.count == 1, let claimBox = claims.first,
            let bytes = claimBox.contents.first(where: { $0.type == "cbor" })?.payload,
            let claim = CBOR(decoding: bytes), case .map = claim,
            ["c2pa.claim", "c2pa.claim.v2"].contains(claimBox.label),
            let store = box.children.first(where: {
                $0.kind == "c2as" && $0.label == "c2pa.assertions"
            })
        else { return nil }
        (self.box, self.claim, claimBytes) = (box, claim, bytes)
        label = box.label
        isUpdate = box.kind == "c2um"
        version = claimBox.label == "c2pa.claim.v2" ? 2 : 1
        assertions = store.children
        signatureBox = box.children.first { $0.kind == "c2cs" && $0.label == "c2pa.signature" }
    }

    /// Its URI.
    var url: String { "self#jumbf=/c2pa/" + label }
    /// The URI of its signature.
    var signatureURL: String { url + "/c2pa.signature" }
    /// The URI of an assertion.
    func url(ofAssertion label: String) -> String { url + "/c2pa.assertions/" + label }

    /// The signature; nil where it is broken.
    var signature: SignedClaim? { signatureBox?.value.flatMap(SignedClaim.init) }

    /// What the claim refers to.
    var references: [CBOR] {
        ["created_assertions", "gathered_assertions", "assertions"]
            .flatMap { claim[$0]?.array ?? [] }
    }

    /// The assertions of a name; others that have it are distinguished by a number at the end.
    func assertions(named name: String) -> [JUMBFBox] {
        assertions.filter { $0.label == name || $0.label.hasPrefix(name + "__") }
    }

    /// The lists of actions, of any version.
    var actions: [(box: JUMBFBox, list: [CBOR])] {
        (assertions(named: "c2pa.actions.v2") + assertions(named: "c2pa.actions"))
            .map { ($0, $0.value?["actions"]?.array ?? []) }
    }

    /// The ingredients, of any version.
    var ingredients: [(box: JUMBFBox, value: CBOR)] {
        assertions.filter { $0.label.hasPrefix("c2pa.ingredient") }
            .compactMap { box in box.value.map { (box, $0) } }
    }

    /// The names of the manifests of its ingredients.
    fileprivate var sources: [String] { ingredients.compactMap(\.value.source) }

    /// The URIs of the assertions that its claim takes out.
    var redactions: [String] {
        (claim["redacted_assertions"]?.array ?? []).compactMap(\.text)
    }

    /// The hash function that a part of it names, or it itself.
    func algorithm(_ named: CBOR?) -> Digest.Algorithm? {
        switch named?.text ?? claim["alg"]?.text ?? "sha256" {
        case "sha256": .sha256
        case "sha384": .sha384
        case "sha512": .sha512
        default: nil
        }
    }
}

/// An ingredient's assertion, of any version.
extension CBOR {
    /// What leads to the ingredient's manifest; nil where there is nothing.
    var sourceReference: CBOR? { self["activeManifest"] ?? self["c2pa_manifest"] }

    /// The name of the ingredient's manifest.
    var source: String? {
        sourceReference?["url"]?.text.flatMap(BoxPath.init)?.manifest
    }

    /// What was found when the ingredient was taken, in lists by kind: about it and about its own ingredients.
    var recordedResults: [CBOR] {
        let results = self["validationResults"]
        let deltas = (results?["ingredientDeltas"]?.array ?? []).compactMap {
            $0["validationDeltas"]
        }
        return [results?["activeManifest"]].compactMap(\.self) + deltas
    }

    /// The same in older versions: one list of all kinds.
    var recordedStatuses: [CBOR] { self["validationStatus"]?.array ?? [] }
}

extension JUMBFBox {
    /// Its hash as hashed URIs have it.
    var hash: Data { Digest.bytes(hashed) }
}

/// Where a URI of C2PA leads.
struct BoxPath {
    /// The manifest's name; nil is the one that the URI is in.
    let manifest: String?
    /// The labels on the way from there on.
    let labels: [String]

    /// Nil for what is no URI within a store.
    init?(_ url: String) {
        guard url.hasPrefix("self#jumbf=") else { return nil }
        let path = url.dropFirst("self#jumbf=".count)
        var parts = path.split(separator: "/").map(String.init)
        if path.hasPrefix("/") || parts.first == "c2pa" {
            guard parts.first == "c2pa", parts.count >= 2 else { return nil }
            manifest = parts[1]
            parts.removeFirst(2)
        } else {
            manifest = nil
        }
        labels = parts
    }
}
