package import Files
package import Foundation

/// The hash of a file that consists of boxes of the ISO base media format (`c2pa.hash.bmff.v3`,
/// specification 2.2, 18.6): of the bytes of all boxes but those that it leaves out, with its position in
/// front of each outermost one, in 64 bits.
package struct BoxHash {
    /// The name of what is written.
    static let label = "c2pa.hash.bmff.v3"
    /// The names of what is checked. The first version has no positions, and no reader takes it any more.
    static let labels = ["c2pa.hash.bmff.v2", label]

    /// What is left out of all boxes of a kind, or of those that are as it asks for.
    private struct Exclusion {
        /// The kinds of the boxes on the way to it, its own last.
        let path: [String]
        var length: Int?
        var version: UInt8?
        var flags: [UInt8]?
        var isExact = true
        /// Bytes that the box must have.
        var data: [(offset: Int, bytes: Data)] = []
        /// The parts that are left out, with a length of 0 up to the end; nil leaves out the whole box.
        var subset: [(offset: Int, length: Int)]?
    }

    /// Kinds of boxes on the way to one, and lists in an assertion, at the most.
    private static let (deepest, mostExclusions) = (8, 100)
    /// Boxes of one level that are looked at, at the most.
    private static let mostBoxes = 100_000
    /// Boxes that exclusions are held against, and parts of these, at the most.
    private static let mostComparisons = 1_000_000

    private let exclusions: [Exclusion]
    /// As an assertion has them.
    let value: CBOR

    /// What a file must leave out: the box of the store itself, and two that say where things are.
    static let usual: BoxHash = {
        let kind = Data([
            0xD8, 0xFE, 0xC3, 0xD6, 0x1B, 0x0E, 0x48, 0x3C, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7E,
            0xC4, 0x81,
        ])
        let exclusions: [Exclusion] = [
            Exclusion(path: ["uuid"], data: [(8, kind)]), Exclusion(path: ["ftyp"]),
            Exclusion(path: ["mfra"]),
        ]
        let value: CBOR = [
            .object([
                "xpath": "/uuid", "data": [.object(["offset": 8, "value": .bytes(kind)])],
            ]), .object(["xpath": "/ftyp"]), .object(["xpath": "/mfra"]),
        ]
        return BoxHash(exclusions: exclusions, value: value)
    }()

    private init(exclusions: [Exclusion], value: CBOR) {
        (self.exclusions, self.value) = (exclusions, value)
    }

    /// What an assertion leaves out; nil where that is malformed.
    package init?(_ assertion: CBOR) {
        guard let list = assertion["exclusions"], let entries = list.array,
            (1...Self.mostExclusions).contains(entries.count)
        else { return nil }
        var exclusions: [Exclusion] = []
        for entry in entries {
            guard let exclusion = Self.exclusion(entry) else { return nil }
            exclusions.append(exclusion)
        }
        self.init(exclusions: exclusions, value: list)
    }

    private static func exclusion(_ entry: CBOR) -> Exclusion? {
        guard let text = entry["xpath"]?.text, text.hasPrefix("/") else { return nil }
        let path = text.split(separator: "/").map(String.init)
        guard (1...deepest).contains(path.count) else { return nil }
        var exclusion = Exclusion(path: path)
        func list(_ key: String) -> [CBOR]? {
            entry[key].flatMap { $0 == .null ? nil : $0.array }
        }
        exclusion.length = entry["length"]?.integer
        exclusion.version = entry["version"]?.integer.flatMap(UInt8.init(exactly:))
        exclusion.flags = entry["flags"]?.bytes.map(Array.init)
        if case .bool(let isExact) = entry["exact"] { exclusion.isExact = isExact }
        for item in list("data") ?? [] {
            guard let offset = item["offset"]?.integer, offset >= 0,
                let bytes = item["value"]?.bytes
            else { return nil }
            exclusion.data.append((offset, bytes))
        }
        guard let parts = list("subset") else { return exclusion }
        var subset: [(offset: Int, length: Int)] = []
        for part in parts {
            guard let offset = part["offset"]?.integer, let length = part["length"]?.integer,
                length >= 0, offset >= subset.last.map({ $0.offset + $0.length }) ?? 0,
                offset <= Int.max - length
            else { return nil }
            subset.append((offset, length))
        }
        exclusion.subset = subset
        return exclusion
    }

    /// Whether the picture itself is left out.
    ///
    /// - Parameter hasParts: whether the content of `mdat` has hashes of its own.
    func leavesOutPicture(hasParts: Bool) -> Bool {
        exclusions.contains { exclusion in
            guard exclusion.length == nil else { return false }
            if hasParts, exclusion.path == ["mdat"], let subset = exclusion.subset {
                return subset.contains { $0.offset < PartHashes.headBytes }
            }
            return [["mdat"], ["meta"], ["meta", "idat"]].contains(exclusion.path)
        }
    }

    /// What the boxes `mdat` of a file hold that hashes of parts are of; nil for what is not all boxes.
    package static func pictureData(of file: Data) -> [Data]? {
        let boxes = BoxedFile(file)
        return boxes.boxes(in: 0..<file.count, most: mostBoxes)?.filter { $0.kind == "mdat" }
            .map { boxes[$0.whole].dropFirst(PartHashes.headBytes) }
    }

    /// Whether more is left out than must be.
    var leavesOutMore: Bool {
        exclusions.contains {
            !["uuid", "ftyp", "mfra", "free", "skip"].contains($0.path.joined(separator: "/"))
        }
    }

    /// The hash of a file, or of the parts that remain of it where the box of the store is taken out.
    ///
    /// - Parameter parts: whole boxes, with the positions of their first bytes in the file.
    /// - Returns: nil for what is not all boxes, or for too many that exclusions are held against.
    package func digest(of parts: [(position: Int, bytes: Data)], _ algorithm: Digest.Algorithm)
        -> Data?
    {
        let digest = Digest(algorithm)
        var comparisons = 0
        for (position, bytes) in parts {
            let file = BoxedFile(bytes)
            guard let boxes = file.boxes(in: 0..<bytes.count, most: Self.mostBoxes) else {
                return nil
            }
            var gaps: [Range<Int>] = []
            var silent: Set<Int> = []
            for exclusion in exclusions {
                let cost = 1 + exclusion.data.count + (exclusion.subset?.count ?? 0)
                for box in file.boxes(at: exclusion.path[...], among: boxes, most: Self.mostBoxes) {
                    comparisons += cost
                    guard comparisons <= Self.mostComparisons else { return nil }
                    guard file.matches(exclusion, box) else { continue }
                    guard let subset = exclusion.subset else {
                        gaps.append(box.whole)
                        silent.insert(box.whole.lowerBound)
                        continue
                    }
                    for part in subset where part.offset <= box.whole.count {
                        let room = box.whole.count - part.offset
                        let start = box.whole.lowerBound + part.offset
                        let length = part.length == 0 ? room : min(part.length, room)
                        gaps.append(start..<start + length)
                    }
                }
            }
            gaps.sort { $0.lowerBound < $1.lowerBound }
            var next = 0
            for box in boxes {
                if !silent.contains(box.whole.lowerBound) {
                    var place = Data()
                    place.append(bigEndian: UInt64(position + box.whole.lowerBound), 8)
                    digest.update(place)
                }
                var start = box.whole.lowerBound
                while next < gaps.count, gaps[next].lowerBound < box.whole.upperBound {
                    let gap = gaps[next]
                    if gap.lowerBound > start { digest.update(file[start..<gap.lowerBound]) }
                    start = max(start, gap.upperBound)
                    next += 1
                }
                if start < box.whole.upperBound {
                    digest.update(file[start..<box.whole.upperBound])
                }
            }
        }
        return digest.bytes()
    }

    /// A file as boxes. Positions count from its first byte.
    private struct BoxedFile {
        struct Box {
            let kind: String
            let whole: Range<Int>
            /// What comes behind its length and its kind.
            let content: Range<Int>
        }

        private let bytes: Data

        init(_ bytes: Data) { self.bytes = bytes }

        subscript(range: Range<Int>) -> Data {
            bytes[bytes.startIndex + range.lowerBound..<bytes.startIndex + range.upperBound]
        }

        private func number(_ position: Int, _ size: Int) -> UInt64 {
            self[position..<position + size].reduce(0) { $0 << 8 | UInt64($1) }
        }

        /// The boxes that a range consists of; nil where it is not all boxes.
        func boxes(in range: Range<Int>, most: Int) -> [Box]? {
            var found: [Box] = []
            var position = range.lowerBound
            while position < range.upperBound {
                let room = range.upperBound - position
                guard room >= 8, found.count < most else { return nil }
                var (size, header) = (number(position, 4), 8)
                if size == 1 {
                    guard room >= 16 else { return nil }
                    (size, header) = (number(position + 8, 8), 16)
                } else if size == 0 {
                    size = UInt64(room)
                }
                guard size >= UInt64(header), size <= UInt64(room) else { return nil }
                let end = position + Int(size)
                found.append(
                    Box(
                        kind: String(decoding: self[position + 4..<position + 8], as: UTF8.self),
                        whole: position..<end, content: position + header..<end))
                position = end
            }
            return found
        }

        /// The boxes that a path leads to.
        func boxes(at path: ArraySlice<String>, among boxes: [Box], most: Int) -> [Box] {
            let found = boxes.filter { $0.kind == path.first }
            guard path.count > 1 else { return found }
            return found.flatMap { box -> [Box] in
                // This one alone has a version in front of the boxes in it.
                let content = box.kind == "meta" ? box.content.dropFirst(4) : box.content
                let inner = self.boxes(in: content, most: most) ?? []
                return self.boxes(at: path.dropFirst(), among: inner, most: most)
            }
        }

        /// Whether a box is such as an exclusion asks for.
        func matches(_ exclusion: Exclusion, _ box: Box) -> Bool {
            if let length = exclusion.length, length != box.whole.count { return false }
            if let version = exclusion.version {
                guard let own = self[box.content].first, own == version else { return false }
            }
            if let flags = exclusion.flags {
                let own = self[box.content].dropFirst().prefix(3)
                guard own.count == 3, flags.count == 3 else { return false }
                let fits = zip(own, flags).allSatisfy { own, asked in
                    exclusion.isExact ? own == asked : own & asked == own
                }
                if !fits { return false }
            }
            return exclusion.data.allSatisfy { offset, bytes in
                offset <= box.whole.count - bytes.count
                    && self[box.whole].dropFirst(offset).starts(with: bytes)
            }
        }
    }
}

extension Validator {
    /// Checks that a file's boxes are those that its manifest was made for.
    mutating func checkBoxes(of file: Data, _ manifest: Manifest, _ binding: JUMBFBox) {
        let url = manifest.url(ofAssertion: binding.label)
        guard let value = binding.value, let boxes = BoxHash(value) else {
            return note(.failure, "assertion.bmffHash.malformed", url)
        }
        guard let hash = value["hash"]?.bytes else {
            return note(.failure, "general.error", url, "hashes of fragments are not checked")
        }
        guard let algorithm = manifest.algorithm(value["alg"]) else {
            return note(.failure, "algorithm.unsupported", url)
        }
        let listed = value["merkle"]?.array
        let parts = listed.flatMap(PartHashes.init)
        guard listed == nil || parts != nil else {
            return note(.failure, "assertion.bmffHash.malformed", url)
        }
        guard !boxes.leavesOutPicture(hasParts: parts != nil) else {
            return note(.failure, "assertion.bmffHash.malformed", url, "it leaves out the picture")
        }
        if boxes.leavesOutMore {
            note(.informational, "assertion.bmffHash.additionalExclusionsPresent", url)
        }
        var isSame = boxes.digest(of: [(0, file)], algorithm) == hash
        if isSame, let parts {
            guard let contents = BoxHash.pictureData(of: file),
                let hold = parts.hold(for: contents, manifest)
            else { return note(.failure, "algorithm.unsupported", url) }
            isSame = hold
        }
        note(
            isSame ? .success : .failure,
            isSame ? "assertion.bmffHash.match" : "assertion.bmffHash.mismatch", url)
    }
}
