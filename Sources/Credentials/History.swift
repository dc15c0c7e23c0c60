import Foundation

extension CredentialsReport {
    /// A picture in the history that credentials tell, and what they say of it.
    public struct Chapter: Sendable, Encodable {
        /// How many pictures lie between it and the file.
        public let depth: Int
        /// What it was to the picture that it was made into; nil for the file itself.
        public let relationship: String?
        /// Its name; nil where none is given.
        public let title: String?
        /// The name of its manifest; nil where it has none.
        public let manifest: String?
        /// Whom the certificate names; nil where no certificate can be read.
        public let signer: String?
        /// The program that made the manifest.
        public let program: String?
        /// When it was signed, by a time stamp: `2026-11-29 02:10:05 UTC`; nil where no valid one says so.
        public let time: String?
        /// Who stamped the time.
        public let timeAuthority: String?
        /// Whether that is one of those that are trusted.
        public let isTimeTrusted: Bool?
        /// What was done, a sentence each, in order.
        public let actions: [String]
        /// What is wrong, a sentence each.
        public let faults: [String]
        /// What is not in order and makes nothing invalid, a sentence each.
        public let remarks: [String]
    }

    /// The history, from the file backwards, each picture before those that it was made of. Of a long one
    /// the beginning: 200 pictures, 100 actions each.
    public var history: [Chapter] {
        var chapters: [Chapter] = []
        tell(store.active, 0, nil, title: nil, into: &chapters)
        return chapters
    }

    private static let (mostChapters, mostActions, mostLetters) = (200, 100, 200)

    private func tell(
        _ manifest: Manifest, _ depth: Int, _ relationship: String?, title: String?,
        recorded: [String] = [], into chapters: inout [Chapter]
    ) {
        guard chapters.count < Self.mostChapters, depth <= Validator.deepest else { return }
        chapters.append(
            Chapter(
                depth: depth, relationship: relationship,
                title: title ?? Self.line(manifest.claim["dc:title"]), manifest: manifest.label,
                signer: manifest.signature?.chain.first.map { Self.shortened($0.holder) },
                program: Self.program(of: manifest),
                time: timeStamps[manifest.label]?.timeText,
                timeAuthority: timeStamps[manifest.label].map { Self.shortened($0.authority) },
                isTimeTrusted: timeStamps[manifest.label]?.isTrusted,
                actions: manifest.actions.flatMap(\.list).prefix(Self.mostActions)
                    .compactMap(Self.sentence),
                faults: faults(of: manifest), remarks: recorded + remarks(on: manifest)))
        for (_, value) in manifest.ingredients {
            let relationship = Self.line(value["relationship"])
            let title = Self.line(value["dc:title"])
            let recorded = Self.faults(recordedIn: value)
            if let label = value.source, let next = store.manifest(label),
                // A chain that leads back to itself is listed once.
                !chapters.contains(where: { $0.manifest == label && $0.depth <= depth })
            {
                tell(
                    next, depth + 1, relationship, title: title, recorded: recorded,
                    into: &chapters)
            } else if chapters.count < Self.mostChapters {
                chapters.append(
                    Chapter(
                        depth: depth + 1, relationship: relationship, title: title, manifest: nil,
                        signer: nil, program: nil, time: nil, timeAuthority: nil,
                        isTimeTrusted: nil, actions: [], faults: [], remarks: recorded))
            }
        }
    }

    /// What was not in order with an ingredient when it was taken, which makes nothing invalid that was made of it.
    private static func faults(recordedIn ingredient: CBOR) -> [String] {
        let failures = ingredient.recordedResults.flatMap { $0["failure"]?.array ?? [] }
        let statuses = ingredient.recordedStatuses.filter { $0["success"] != .bool(true) }
        return (failures + statuses).compactMap { value in
            guard let code = value["code"]?.text, Status.isKnown(code) else { return nil }
            let status = Status(
                code: code, url: value["url"]?.text ?? "", kind: .failure,
                explanation: line(value["explanation"]))
            return status.isTolerated ? nil : "when it was opened, " + status.sentence
        }
        .prefix(20).map(\.self)
    }

    private func faults(of manifest: Manifest) -> [String] {
        failures.filter { $0.url == manifest.url || $0.url.hasPrefix(manifest.url + "/") }
            .prefix(20).map(\.sentence)
    }

    private func remarks(on manifest: Manifest) -> [String] {
        (findings + deltas.flatMap(\.findings)).filter {
            $0.kind == .informational && Self.remarkable.contains($0.code)
                && ($0.url == manifest.url || $0.url.hasPrefix(manifest.url + "/"))
        }.prefix(20).map(\.sentence)
    }

    private static let remarkable: Set = [
        "timeStamp.malformed", "timeStamp.mismatch", "timeStamp.outsideValidity",
        "assertion.dataHash.additionalExclusionsPresent",
        "assertion.bmffHash.additionalExclusionsPresent",
        "assertion.boxesHash.additionalExclusionsPresent",
    ]

    private static func program(of manifest: Manifest) -> String? {
        let info = manifest.claim["claim_generator_info"]
        let agent = info?.array?.first ?? info
        guard let name = line(agent?["name"]) else {
            return line(manifest.claim["claim_generator"])
        }
        return [name, line(agent?["version"])].compactMap(\.self).joined(separator: " ")
    }

    /// An action in words: `edited by Gesso 0.1.0: A part was repainted. (300x40 pixels at 10,20)`.
    private static func sentence(_ action: CBOR) -> String? {
        guard let name = line(action["action"]) else { return nil }
        let word = name.hasPrefix("c2pa.") ? name.dropFirst(5) : name[...]
        var text = word.hasPrefix("watermarked") ? "marked with a watermark" : String(word)
        let agent = action["softwareAgent"]
        if let agent = line(agent?["name"]) ?? line(agent) { text += " by " + agent }
        if let description = line(action["description"]) { text += ": " + description }
        var details: [String] = []
        if let type = action["digitalSourceType"]?.text?.split(separator: "/").last {
            details.append(shortened(String(type)))
        }
        if let model = line(action["parameters"]?["gesso.model"]?["name"]) {
            details.append("model " + model)
        }
        for region in regions(of: action).prefix(8) { details.append(region) }
        return details.isEmpty ? text : text + " (" + details.joined(separator: ", ") + ")"
    }

    private static func regions(of action: CBOR) -> [String] {
        (action["changes"]?.array ?? []).flatMap { $0["region"]?.array ?? [] }.compactMap { range in
            let shape = range["shape"]
            guard shape?["type"]?.text == "rectangle", shape?["unit"]?.text == "pixel",
                let width = shape?["width"]?.integer, let height = shape?["height"]?.integer,
                let x = shape?["origin"]?["x"]?.integer, let y = shape?["origin"]?["y"]?.integer
            else { return nil }
            return "\(width)x\(height) pixels at \(x),\(y)"
        }
    }

    private static func line(_ value: CBOR?) -> String? {
        value?.text.map(shortened)
    }

    private static func shortened(_ text: String) -> String {
        text.count > mostLetters ? text.prefix(mostLetters) + "…" : text
    }
}

extension CredentialsReport.Status {
    /// The finding in words, with what is wrong first.
    public var sentence: String {
        let words = Self.words[code] ?? code
        let place = url.split(separator: "/").last.map { " (\($0.prefix(80)))" } ?? ""
        return words + (explanation.map { ": " + $0 } ?? "") + place
    }

    /// Whether a code has words of its own.
    fileprivate static func isKnown(_ code: String) -> Bool { words[code] != nil }

    private static let words = [
        "assertion.dataHash.mismatch": "the file was changed after it was signed",
        "assertion.dataHash.malformed": "the hash of the file is malformed",
        "assertion.bmffHash.mismatch": "the file was changed after it was signed",
        "assertion.bmffHash.malformed": "the hash of the file is malformed",
        "assertion.boxesHash.mismatch": "the file was changed after it was signed",
        "assertion.boxesHash.malformed": "the hash of the file is malformed",
        "assertion.dataHash.additionalExclusionsPresent": "a part of the file was not signed",
        "assertion.bmffHash.additionalExclusionsPresent": "a part of the file was not signed",
        "assertion.boxesHash.additionalExclusionsPresent": "a part of the file was not signed",
        "timeStamp.malformed": "the time stamp cannot be read",
        "timeStamp.mismatch": "the time stamp is of something else",
        "timeStamp.outsideValidity": "the time stamp's certificate was not valid at its time",
        "timeStamp.untrusted": "the time stamp's signature is not in order",
        "assertion.hashedURI.mismatch": "a part of the record was changed after it was signed",
        "assertion.missing": "a part of the record is missing",
        "assertion.undeclared": "a part of the record was not signed",
        "assertion.outsideManifest": "the record refers to a part of another one",
        "assertion.action.malformed": "the list of actions is malformed",
        "assertion.action.ingredientMismatch": "an action names no picture that was opened",
        "assertion.ingredient.malformed": "an ingredient is malformed",
        "assertion.multipleHardBindings": "there are several hashes of the file",
        "assertion.selfRedacted": "the record takes out a part of itself",
        "assertion.action.redacted": "the record takes out what was done",
        "assertion.dataHash.redacted": "the record takes out a hash of a file",
        "claim.hardBindings.missing": "the record has no hash of the file",
        "claim.malformed": "the claim is malformed",
        "claimSignature.missing": "the signature is missing",
        "claimSignature.mismatch": "the signature is not that of the claim",
        "signingCredential.invalid": "the certificate is not one that may sign",
        "signingCredential.expired": "the certificate is not valid today",
        "signingCredential.untrusted": "the signer is not among those that are trusted",
        "ingredient.manifest.missing": "the record of an ingredient is missing",
        "ingredient.manifest.mismatch": "the record of an ingredient was exchanged or changed",
        "ingredient.claimSignature.mismatch": "the signature of an ingredient was exchanged",
        "algorithm.unsupported": "the algorithm is not supported",
        "general.error": "not checked",
    ]
}
