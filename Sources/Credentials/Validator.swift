import Files
public import Foundation

extension ManifestStore {
    /// Checks the store against the file that it is in (specification 2.2, 15).
    ///
    /// Revocation is not checked, for it needs a network.
    ///
    /// - Parameters:
    ///   - file: the whole file.
    ///   - blocks: where the file has the store.
    ///   - anchors: the certificates that are trusted, those of authorities for time stamps among them; empty
    ///     trusts no one.
    public func validated(
        in file: Data, at blocks: Range<Int>, trusting anchors: [Certificate] = []
    ) -> CredentialsReport {
        var validator = Validator(self, anchors)
        validator.check(active)
        validator.checkBinding(file, blocks)
        validator.checkIngredients(of: active, depth: 0)
        return CredentialsReport(
            store: self, findings: validator.findings, deltas: validator.deltas,
            timeStamps: validator.timeStamps)
    }
}

/// Checks manifest by manifest and notes what it finds.
struct Validator {
    typealias Status = CredentialsReport.Status

    /// Ingredients of ingredients that are followed.
    static let deepest = 32
    /// References of a claim, and assertions taken out, at the most: a real claim has a few dozen.
    private static let mostReferences = 2000

    let store: ManifestStore
    let anchors: [Certificate]
    /// The assertions that later manifests have taken out (`redactions`).
    let redacted: Set<String>
    var findings: [Status] = []
    var deltas: [CredentialsReport.Delta] = []
    /// The time stamps that are in order, by the names of the manifests that have them.
    var timeStamps: [String: TimeStamp] = [:]
    private var seen: Set<String> = []
    /// What was found about each manifest, so that one which many name is checked once.
    private var checked: [String: [Status]] = [:]
    /// The hashes of manifests, likewise, by their names and algorithms.
    private var hashes: [String: [Digest.Algorithm: Data]] = [:]

    init(_ store: ManifestStore, _ anchors: [Certificate]) {
        (self.store, self.anchors) = (store, anchors)
        redacted = store.redactions(most: Self.mostReferences)
    }

    mutating func note(
        _ kind: Status.Kind, _ code: String, _ url: String, _ explanation: String? = nil
    ) {
        findings.append(Status(code: code, url: url, kind: kind, explanation: explanation))
    }

    /// Checks all of a manifest but what binds it to its file.
    mutating func check(_ manifest: Manifest) {
        if let known = checked[manifest.label] {
            findings += known
            return
        }
        let before = findings.count
        checkClaim(manifest)
        checkSignature(manifest)
        checkAssertions(manifest)
        checkActions(manifest)
        checked[manifest.label] = Array(findings[before...])
    }

    private mutating func checkClaim(_ manifest: Manifest) {
        checkRedactions(manifest)
        guard manifest.version == 2 else { return }
        let parts = manifest.label.split(separator: ":")
        if !manifest.label.hasPrefix("urn:c2pa:") || parts.count < 3
            || UUID(uuidString: String(parts[2])) == nil
        {
            note(.failure, "claim.malformed", manifest.url, "the manifest's name is none")
        }
        if manifest.claim["claim_generator_info"]?["name"]?.text == nil {
            note(.failure, "claim.malformed", manifest.url, "the claim names no program")
        }
        if manifest.claim["instanceID"]?.text == nil {
            note(.failure, "claim.malformed", manifest.url, "the claim names no instance")
        }
        if manifest.claim["created_assertions"]?.array == nil {
            note(.failure, "claim.malformed", manifest.url, "the claim has no assertions")
        }
    }

    /// What was done and the hash of the file cannot be taken out, and nothing of the manifest itself.
    private mutating func checkRedactions(_ manifest: Manifest) {
        for text in manifest.redactions.prefix(Self.mostReferences) {
            let path = BoxPath(text)
            let label = path?.labels.last ?? ""
            if let path, path.manifest == nil || path.manifest == manifest.label {
                note(.failure, "assertion.selfRedacted", manifest.url)
            } else if label.hasPrefix("c2pa.actions") {
                note(.failure, "assertion.action.redacted", manifest.url)
            } else if label.hasPrefix("c2pa.hash.") {
                note(.failure, "assertion.dataHash.redacted", manifest.url)
            } else if !redacted.contains(text) {
                note(.failure, "claim.malformed", manifest.url, "a redaction leads nowhere")
                return
            }
        }
    }

    private mutating func checkAssertions(_ manifest: Manifest) {
        var declared: Set<String> = []
        guard manifest.references.count <= Self.mostReferences else {
            return note(.failure, "claim.malformed", manifest.url, "it has too many references")
        }
        let boxes = Dictionary(manifest.assertions.map { ($0.label, $0) }) { first, _ in first }
        for reference in manifest.references {
            guard let url = reference["url"]?.text, let hash = reference["hash"]?.bytes,
                let path = BoxPath(url), path.labels.count == 2,
                path.labels[0] == "c2pa.assertions"
            else {
                note(.failure, "claim.malformed", manifest.url, "a reference leads nowhere")
                continue
            }
            let label = path.labels[1]
            let place = manifest.url(ofAssertion: label)
            guard path.manifest == nil || path.manifest == manifest.label else {
                note(.failure, "assertion.outsideManifest", url)
                continue
            }
            guard declared.insert(label).inserted else {
                note(.failure, "claim.malformed", place, "it is named twice")
                continue
            }
            if redacted.contains(place) { continue }
            guard let box = boxes[label] else {
                note(.failure, "assertion.missing", place)
                continue
            }
            guard let algorithm = manifest.algorithm(reference["alg"]) else {
                note(.failure, "algorithm.unsupported", place)
                continue
            }
            let isSame = Digest.bytes(box.hashed, algorithm) == hash
            note(
                isSame ? .success : .failure,
                isSame ? "assertion.hashedURI.match" : "assertion.hashedURI.mismatch", place)
        }
        let labels = manifest.assertions.map(\.label)
        for label in labels where !declared.contains(label) {
            note(.failure, "assertion.undeclared", manifest.url(ofAssertion: label))
        }
        let counts = Dictionary(labels.map { ($0, 1) }, uniquingKeysWith: +)
        for (label, count) in counts.sorted(by: { $0.key < $1.key }) where count > 1 {
            note(
                .failure, "assertion.undeclared", manifest.url(ofAssertion: label),
                "there are two of that name")
        }
    }

    /// Checks what holds an ingredient against the manifests in the store, and these in their turn.
    mutating func checkIngredients(of manifest: Manifest, depth: Int) {
        for (box, value) in manifest.ingredients
        where !redacted.contains(manifest.url(ofAssertion: box.label)) {
            let known = findings
            findings = []
            let url = manifest.url(ofAssertion: box.label)
            let next = checkIngredient(box, value, url)
            let recorded = Self.recorded(value)
            deltas.append(
                CredentialsReport.Delta(
                    assertion: url,
                    findings: findings.filter { !recorded.contains(Finding($0)) }))
            findings = known
            guard let next, seen.insert(next.label).inserted else { continue }
            if depth < Self.deepest {
                checkIngredients(of: next, depth: depth + 1)
            } else {
                deltas.append(
                    CredentialsReport.Delta(
                        assertion: url,
                        findings: [
                            Status(
                                code: "general.error", url: url, kind: .failure,
                                explanation: "the chain is longer than \(Self.deepest)")
                        ]))
            }
        }
        deltas.removeAll(where: \.findings.isEmpty)
    }

    /// - Returns: the ingredient's manifest, if it is here.
    private mutating func checkIngredient(
        _ box: JUMBFBox, _ value: CBOR, _ url: String
    ) -> Manifest? {
        guard let relationship = value["relationship"]?.text else {
            note(.failure, "assertion.ingredient.malformed", url)
            return nil
        }
        guard let reference = value.sourceReference else {
            if relationship != "inputTo" {
                note(.informational, "ingredient.unknownProvenance", url)
            }
            return nil
        }
        if value["activeManifest"] != nil, value["validationResults"] == nil {
            note(.failure, "assertion.ingredient.malformed", url, "it has no validation results")
        }
        guard let text = reference["url"]?.text, let hash = reference["hash"]?.bytes,
            let label = BoxPath(text)?.manifest, let manifest = store.manifest(label)
        else {
            note(.failure, "ingredient.manifest.missing", reference["url"]?.text ?? url)
            return nil
        }
        guard let algorithm = manifest.algorithm(reference["alg"]) else {
            note(.failure, "algorithm.unsupported", url)
            return nil
        }
        let isRedacted = redacted.contains { $0.hasPrefix(manifest.url + "/") }
        let own =
            hashes[label]?[algorithm] ?? Digest.bytes(manifest.box.hashed, algorithm)
        hashes[label, default: [:]][algorithm] = own
        if own == hash {
            note(.success, "ingredient.manifest.validated", manifest.url)
        } else if !isRedacted {
            note(.failure, "ingredient.manifest.mismatch", manifest.url)
        } else if let signed = value["claimSignature"]?["hash"]?.bytes,
            signed == manifest.signatureBox?.hash
        {
            note(.informational, "ingredient.claimSignature.validated", manifest.url)
        } else {
            note(.failure, "ingredient.claimSignature.mismatch", manifest.url)
        }
        check(manifest)
        return manifest
    }

    /// What a finding is known by.
    private struct Finding: Hashable {
        let code: String
        let url: String?

        init(_ status: Status) { (code, url) = (status.code, status.url) }

        init?(_ value: CBOR) {
            guard let code = value["code"]?.text else { return nil }
            (self.code, url) = (code, value["url"]?.text)
        }
    }

    /// What was found when the ingredient was taken: nothing new if it is found again.
    private static func recorded(_ ingredient: CBOR) -> Set<Finding> {
        let lists = ingredient.recordedResults.flatMap { results in
            ["success", "informational", "failure"].flatMap { results[$0]?.array ?? [] }
        }
        return Set((lists + ingredient.recordedStatuses).compactMap(Finding.init))
    }
}
