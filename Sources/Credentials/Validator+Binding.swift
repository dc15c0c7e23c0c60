import Files
import Foundation

extension Validator {
    /// Checks that the file's bytes are those that its manifest was made for.
    mutating func checkBinding(_ file: Data, _ blocks: Range<Int>) {
        guard let manifest = bound(store.active) else {
            return note(.failure, "claim.hardBindings.missing", store.active.url)
        }
        let kinds = ["c2pa.hash.data", ListedBoxes.label, "c2pa.hash.bmff"] + BoxHash.labels
        let bindings = kinds.flatMap(manifest.assertions(named:))
        guard let binding = bindings.first else {
            return note(.failure, "claim.hardBindings.missing", manifest.url)
        }
        let url = manifest.url(ofAssertion: binding.label)
        guard bindings.count == 1 else {
            return note(.failure, "assertion.multipleHardBindings", url)
        }
        if binding.label.hasPrefix("c2pa.hash.data") {
            checkBytes(of: file, blocks, manifest, binding)
        } else if BoxHash.labels.contains(where: binding.label.hasPrefix) {
            checkBoxes(of: file, manifest, binding)
        } else if binding.label.hasPrefix(ListedBoxes.label) {
            checkParts(of: file, blocks, manifest, binding)
        } else {
            note(.failure, "general.error", url, "this kind of hash is not checked")
        }
    }

    private mutating func checkBytes(
        of file: Data, _ blocks: Range<Int>, _ manifest: Manifest, _ binding: JUMBFBox
    ) {
        let url = manifest.url(ofAssertion: binding.label)
        guard let value = binding.value, let hash = value["hash"]?.bytes,
            let exclusions = exclusions(value, manifest, file, blocks)
        else { return note(.failure, "assertion.dataHash.malformed", url) }
        guard let algorithm = manifest.algorithm(value["alg"]) else {
            return note(.failure, "algorithm.unsupported", url)
        }
        guard exclusions.contains(blocks) else {
            return note(
                .failure, "assertion.dataHash.mismatch", url,
                "what it leaves out is not where the manifest is")
        }
        var others = exclusions.filter { $0 != blocks && !$0.isEmpty }
        // The reference implementation leaves out the store's length in a TIFF's directory.
        let isTIFF = file.starts(with: Data("II".utf8)) || file.starts(with: Data("MM".utf8))
        if isTIFF, let length = others.firstIndex(where: { $0.count <= 8 }) {
            others.remove(at: length)
        }
        if !others.isEmpty {
            guard ListedBoxes.areBesidePicture(others, in: file, blocks) else {
                return note(
                    .failure, "assertion.dataHash.malformed", url, "it leaves out the picture")
            }
            note(.informational, "assertion.dataHash.additionalExclusionsPresent", url)
        }
        let isSame = Self.hash(of: file, without: exclusions, algorithm) == hash
        note(
            isSame ? .success : .failure,
            isSame ? "assertion.dataHash.match" : "assertion.dataHash.mismatch", url)
    }

    /// The manifest that says what the file's bytes were: the active one, or where this is an update the
    /// nearest before it that is none.
    private func bound(_ manifest: Manifest) -> Manifest? {
        var (manifest, steps) = (manifest, 0)
        while manifest.isUpdate {
            let parent = manifest.ingredients.first {
                $0.value["relationship"]?.text == "parentOf"
            }?.value
            guard let label = parent?.source, let next = store.manifest(label),
                steps < Self.deepest
            else { return nil }
            (manifest, steps) = (next, steps + 1)
        }
        return manifest
    }

    /// What the hash leaves out, in order and apart; nil where it is none of that.
    private func exclusions(
        _ value: CBOR, _ manifest: Manifest, _ file: Data, _ blocks: Range<Int>
    ) -> [Range<Int>]? {
        var found: [Range<Int>] = []
        // An update has made the store longer, and moved what comes after it.
        let isUpdated = manifest.label != store.active.label
        var moved = 0
        for entry in value["exclusions"]?.array ?? [] {
            guard var start = entry["start"]?.integer, var length = entry["length"]?.integer,
                start >= 0, length >= 0, start <= file.count, length <= file.count
            else { return nil }
            start += moved
            if isUpdated, start == blocks.lowerBound {
                moved = blocks.count - length
                length = blocks.count
            }
            guard start >= found.last?.upperBound ?? 0, start + length <= file.count else {
                return nil
            }
            found.append(start..<start + length)
        }
        return found
    }

    private static func hash(
        of file: Data, without exclusions: [Range<Int>], _ algorithm: Digest.Algorithm
    ) -> Data {
        let digest = Digest(algorithm)
        var position = 0
        for exclusion in exclusions + [file.count..<file.count] {
            let part = file.startIndex + position..<file.startIndex + exclusion.lowerBound
            digest.update(file[part])
            position = exclusion.upperBound
        }
        return digest.bytes()
    }

    /// Checks that a manifest says how the picture began, and of what (specification 2.2, 15.10.3.2.1).
    mutating func checkActions(_ manifest: Manifest) {
        guard manifest.version == 2, !manifest.isUpdate else { return }
        let lists = manifest.actions.filter {
            !redacted.contains(manifest.url(ofAssertion: $0.box.label))
        }
        var beginnings = 0
        for (box, list) in lists {
            let url = manifest.url(ofAssertion: box.label)
            if list.isEmpty { note(.failure, "assertion.action.malformed", url) }
            for (index, action) in list.enumerated() {
                guard let name = action["action"]?.text else {
                    note(.failure, "assertion.action.malformed", url)
                    continue
                }
                guard ["c2pa.opened", "c2pa.created"].contains(name) else { continue }
                beginnings += 1
                if index > 0 || beginnings > 1 {
                    note(
                        .failure, "assertion.action.malformed", url,
                        "a picture begins only once")
                }
                if name == "c2pa.created", action["digitalSourceType"]?.text == nil {
                    note(.failure, "assertion.action.malformed", url, "it says not how")
                }
                if name == "c2pa.opened", beginnings == 1, !hasParent(action, manifest) {
                    note(.failure, "assertion.action.ingredientMismatch", url)
                }
            }
        }
        if beginnings == 0 {
            note(.failure, "assertion.action.malformed", manifest.url, "it says not how it began")
        }
    }

    /// Whether an action names an ingredient that is the picture it began with.
    private func hasParent(_ action: CBOR, _ manifest: Manifest) -> Bool {
        let parameters = action["parameters"]
        let named =
            (parameters?["ingredients"]?.array ?? [])
            + [parameters?["ingredient"]].compactMap(\.self)
        let labels = named.compactMap { $0["url"]?.text.flatMap(BoxPath.init)?.labels.last }
        return manifest.ingredients.contains {
            labels.contains($0.box.label) && $0.value["relationship"]?.text == "parentOf"
        }
    }
}
