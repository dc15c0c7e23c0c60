import Files
package import Foundation

/// The hash of a JPEG or PNG by its parts (`c2pa.hash.boxes`, specification 2.2, 18.7): every part is listed
/// by its name, in order, with a hash for one or several of them.
package struct ListedBoxes {
    /// The name of the assertion.
    static let label = "c2pa.hash.boxes"
    private static let most = 100_000
    /// The name of what holds the manifest.
    private static let own = "C2PA"
    /// A PNG's first bytes, which older lists leave out.
    private static let signature = "PNGh"

    private struct Entry {
        let names: [String]
        let algorithm: CBOR?
        let hash: Data
        let isExcluded: Bool
    }

    private let entries: [Entry]

    /// What an assertion lists; nil where that is malformed, and for parts of boxes that are left out.
    package init?(_ assertion: CBOR) {
        guard let list = assertion["boxes"]?.array, (1...Self.most).contains(list.count)
        else { return nil }
        var entries: [Entry] = []
        for item in list {
            let names = item["names"]?.array?.compactMap(\.text) ?? []
            guard !names.isEmpty, names.count == item["names"]?.array?.count,
                let hash = item["hash"]?.bytes, item["exclusions"] == nil,
                !names.contains(Self.own) || names.count == 1
            else { return nil }
            let isExcluded = item["excluded"] == .bool(true)
            entries.append(
                Entry(
                    names: names, algorithm: item["alg"], hash: hash,
                    isExcluded: isExcluded || names == [Self.own]))
        }
        guard entries.reduce(0, { $0 + $1.names.count }) <= Self.most,
            entries.count(where: { $0.names == [Self.own] }) == 1
        else { return nil }
        self.entries = entries
    }

    /// Whether something beside the manifest is left out.
    var leavesOutMore: Bool { entries.contains { $0.isExcluded && $0.names != [Self.own] } }

    /// Whether the picture itself is left out, or what says how it is to be read.
    var leavesOutPicture: Bool {
        entries.contains { $0.isExcluded && $0.names.contains(where: Self.isEssential) }
    }

    /// Whether ranges of a file hold nothing of its picture; false where its parts are not known.
    ///
    /// - Parameter blocks: where the file has the manifest.
    package static func areBesidePicture(
        _ ranges: [Range<Int>], in file: Data, _ blocks: Range<Int>
    )
        -> Bool
    {
        guard ranges.count <= mostRanges, let parted = PartedFile(file, manifest: blocks) else {
            return false
        }
        return !parted.parts.contains { name, part in
            isEssential(name) && ranges.contains { $0.overlaps(part) }
        }
    }

    /// Ranges that parts are held against, at the most.
    private static let mostRanges = 100

    private static func isEssential(_ name: String) -> Bool {
        essential.contains(name) || name.hasPrefix("SOF")
    }

    private static let essential: Set = [
        "SOI", "SOS", "DQT", "DHT", "DAC", "DRI", "DNL", "PNGh", "IHDR", "PLTE", "IDAT", "fdAT",
        "IEND",
    ]

    enum Verdict { case same(isWhole: Bool), different, otherParts, unknownAlgorithm }

    /// Compares a file with the list.
    ///
    /// - Parameters:
    ///   - blocks: where the file has the manifest.
    ///   - manifest: names the hash function where an entry does not.
    func verdict(_ file: Data, _ blocks: Range<Int>, _ manifest: Manifest) -> Verdict {
        guard let parted = PartedFile(file, manifest: blocks) else { return .otherParts }
        let names = entries.flatMap(\.names)
        // The reference implementation lists the restart markers within a scan once more behind it.
        let hasRestarts = names.contains { $0.hasPrefix("RST") }
        var parts = parted.parts.filter { hasRestarts || !$0.name.hasPrefix("RST") }
        if entries[0].names[0] != Self.signature, parts.first?.name == Self.signature {
            parts.removeFirst()
        }
        guard parts.map(\.name) == names else { return .otherParts }
        var next = 0
        var isSame = true
        for entry in entries {
            let range =
                parts[next].range.lowerBound..<parts[next + entry.names.count - 1].range.upperBound
            next += entry.names.count
            if entry.isExcluded { continue }
            guard let algorithm = manifest.algorithm(entry.algorithm) else {
                return .unknownAlgorithm
            }
            let bytes = file[
                file.startIndex + range.lowerBound..<file.startIndex + range.upperBound]
            isSame = isSame && Digest.bytes(bytes, algorithm) == entry.hash
        }
        return isSame ? .same(isWhole: parted.isWhole) : .different
    }
}

/// A JPEG or PNG as the parts that it consists of, by the names that C2PA gives them.
private struct PartedFile {
    private static let most = 100_000

    private(set) var parts: [(name: String, range: Range<Int>)] = []
    /// Whether nothing comes behind the part that ends a picture.
    var isWhole: Bool { parts.last?.range.upperBound == file.count }
    private let file: Data
    private let manifest: Range<Int>

    /// Nil for another format, and for a file that ends within a part.
    ///
    /// - Parameter manifest: what is one part, however many it consists of.
    init?(_ file: Data, manifest: Range<Int>) {
        (self.file, self.manifest) = (file, manifest)
        let isPNG = file.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        guard isPNG ? readPNG() : file.starts(with: [0xFF, 0xD8]) && readJPEG() else { return nil }
    }

    private func byte(_ position: Int) -> UInt8 { file[file.startIndex + position] }

    private func number(_ position: Int, _ size: Int) -> Int {
        (position..<position + size).reduce(0) { $0 << 8 | Int(byte($1)) }
    }

    /// - Returns: false for more parts than any picture has.
    private mutating func add(_ name: String, _ range: Range<Int>) -> Bool {
        parts.append((name, range))
        return parts.count <= Self.most
    }

    private mutating func readPNG() -> Bool {
        var position = 8
        _ = add("PNGh", 0..<8)
        while position < file.count {
            guard position + 12 <= file.count else { return false }
            let end = position + 12 + number(position, 4)
            guard end <= file.count else { return false }
            let start = file.startIndex + position + 4
            let name = String(decoding: file[start..<start + 4], as: UTF8.self)
            let isOwn = position == manifest.lowerBound && end == manifest.upperBound
            guard add(isOwn ? "C2PA" : name, position..<end) else { return false }
            if name == "IEND" { return true }
            position = end
        }
        return false
    }

    private mutating func readJPEG() -> Bool {
        var position = 0
        while position < file.count {
            if position == manifest.lowerBound {
                guard manifest.upperBound <= file.count, add("C2PA", manifest) else { return false }
                position = manifest.upperBound
                continue
            }
            guard position + 2 <= file.count, byte(position) == 0xFF,
                let name = Self.name(of: byte(position + 1))
            else { return false }
            var end = position + 2
            if !["SOI", "EOI"].contains(name) {
                guard position + 4 <= file.count else { return false }
                end += max(number(position + 2, 2), 2)
            }
            let scan = end
            if name == "SOS" { end = endOfScan(from: scan) }
            guard end <= file.count, add(name, position..<end) else { return false }
            if name == "SOS", !addRestarts(scan..<end) { return false }
            if name == "EOI" { return true }
            position = end
        }
        return false
    }

    /// Where the compressed samples end: at a marker that is no restart.
    private func endOfScan(from start: Int) -> Int {
        guard start < file.count else { return file.count }
        return file.dropFirst(start).withUnsafeBytes { bytes in
            var place = 0
            while place + 1 < bytes.count {
                if bytes[place] == 0xFF, bytes[place + 1] != 0,
                    !(0xD0...0xD7).contains(bytes[place + 1])
                {
                    return start + place
                }
                place += 1
            }
            return file.count
        }
    }

    /// The restart markers of a scan, each a part.
    private mutating func addRestarts(_ scan: Range<Int>) -> Bool {
        let places = file.dropFirst(scan.lowerBound).prefix(scan.count).withUnsafeBytes { bytes in
            bytes.indices.dropLast().filter { place in
                bytes[place] == 0xFF && (0xD0...0xD7).contains(bytes[place + 1])
            }
        }
        return places.allSatisfy { place in
            let start = scan.lowerBound + place
            return add("RST\(byte(start + 1) - 0xD0)", start..<start + 2)
        }
    }

    /// The name of a marker (ITU-T T.81, table B.1).
    private static func name(of marker: UInt8) -> String? {
        switch marker {
        case 0xC4: "DHT"
        case 0xC8: "JPG"
        case 0xCC: "DAC"
        case 0xC0...0xCF: "SOF\(marker - 0xC0)"
        case 0xD8: "SOI"
        case 0xD9: "EOI"
        case 0xDA: "SOS"
        case 0xDB: "DQT"
        case 0xDC: "DNL"
        case 0xDD: "DRI"
        case 0xDE: "DHP"
        case 0xDF: "EXP"
        case 0xE0...0xEF: "APP\(marker - 0xE0)"
        case 0xF0...0xFD: "JPG\(marker - 0xF0)"
        case 0xFE: "COM"
        default: nil
        }
    }
}

extension Validator {
    /// Checks that a file's parts are those that its manifest lists.
    mutating func checkParts(
        of file: Data, _ blocks: Range<Int>, _ manifest: Manifest, _ binding: JUMBFBox
    ) {
        let url = manifest.url(ofAssertion: binding.label)
        guard let list = binding.value.flatMap(ListedBoxes.init) else {
            return note(.failure, "assertion.boxesHash.malformed", url)
        }
        guard !list.leavesOutPicture else {
            return note(.failure, "assertion.boxesHash.malformed", url, "it leaves out the picture")
        }
        if list.leavesOutMore {
            note(.informational, "assertion.boxesHash.additionalExclusionsPresent", url)
        }
        switch list.verdict(file, blocks, manifest) {
        case .same(let isWhole):
            note(.success, "assertion.boxesHash.match", url)
            // As the reference implementation has it: readers of the picture do not look there.
            if !isWhole {
                note(
                    .informational, "assertion.boxesHash.additionalExclusionsPresent", url,
                    "what follows the end of the picture")
            }
        case .different: note(.failure, "assertion.boxesHash.mismatch", url)
        case .otherParts:
            // The code of the reference implementation; the specification has one of its own.
            note(.failure, "assertion.boxesHash.mismatch", url, "it has other parts")
        case .unknownAlgorithm: note(.failure, "algorithm.unsupported", url)
        }
    }
}
