/// What a HEIF says of its items before anything is decoded: their kinds, and how large they are
/// (ISO/IEC 23008-12, 6 and 9).
struct HEIFItems {
    private let boxes: ISOBoxes
    /// The four letters of each item's kind, by its number.
    private(set) var kinds: [Int: String] = [:]
    /// Whether pictures follow each other in time: a track of them is in the file, and not of a film behind it.
    private(set) var isAnimated = false
    private var primary = 0
    /// Of which other items an item is put together.
    private var parts: [Int: [Int]] = [:]
    /// Of which other items an item is an auxiliary picture, as its transparency.
    private var auxiliaries: [Int: [Int]] = [:]
    private var properties: [ISOBoxes.Box] = []
    /// The numbers of an item's properties, from 1.
    private var associations: [Int: [Int]] = [:]
    /// Where an item's bytes are in the file.
    private var extents: [Int: [Range<Int>]] = [:]
    /// Where the file has the numbers that count from its first byte.
    private(set) var offsetFields: [Range<Int>] = []

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        boxes = ISOBoxes(bytes: bytes)
        let top = boxes.boxes(in: 0..<bytes.count)
        isAnimated = top.dropFirst().prefix { $0.type != "ftyp" }.contains { $0.type == "moov" }
        let meta = top.first { $0.type == "meta" }
        guard let meta, meta.payload.count >= 4 else { return }
        for box in contents(of: meta.payload.dropFirst(4)) {
            switch box.type {
            case "pitm": readPrimary(box)
            case "iinf": readKinds(box)
            case "iref": readReferences(box)
            case "iprp": readProperties(box)
            case "iloc": readExtents(box)
            default: break
            }
        }
    }

    private func contents(of range: Range<Int>) -> [ISOBoxes.Box] {
        boxes.boxes(in: range, cutsLast: true)
    }

    private mutating func readPrimary(_ box: ISOBoxes.Box) {
        var cursor = ISOCursor(boxes, box.payload)
        guard let (version, _) = cursor.nextVersion() else { return }
        primary = cursor.next(version == 0 ? 2 : 4) ?? 0
    }

    private mutating func readKinds(_ box: ISOBoxes.Box) {
        guard box.payload.count >= 6 else { return }
        let header = boxes.bytes[box.payload.lowerBound] == 0 ? 6 : 8
        for entry in contents(of: box.payload.dropFirst(header)) where entry.type == "infe" {
            var cursor = ISOCursor(boxes, entry.payload)
            guard let (version, _) = cursor.nextVersion(), version >= 2,
                let item = cursor.next(version == 2 ? 2 : 4), cursor.next(2) != nil,
                let kind = cursor.next(4)
            else { continue }
            kinds[item] = ISOBoxes.type(kind)
        }
    }

    /// libheif takes no notice of the size that a reference says: the next one begins behind its numbers.
    private mutating func readReferences(_ box: ISOBoxes.Box) {
        var cursor = ISOCursor(boxes, box.payload)
        guard let (version, _) = cursor.nextVersion() else { return }
        let size = version == 0 ? 2 : 4
        while let length = cursor.next(4), let type = cursor.next(4) {
            guard length != 1 || cursor.next(8) != nil, let from = cursor.next(size),
                let count = cursor.next(2)
            else { return }
            let others = (0..<count).compactMap { _ in cursor.next(size) }
            switch ISOBoxes.type(type) {
            case "dimg": parts[from, default: []] += others
            case "auxl": for other in others { auxiliaries[other, default: []].append(from) }
            default: break
            }
        }
    }

    private mutating func readProperties(_ box: ISOBoxes.Box) {
        let inner = contents(of: box.payload)
        properties = inner.first { $0.type == "ipco" }.map { contents(of: $0.payload) } ?? []
        for box in inner where box.type == "ipma" {
            var cursor = ISOCursor(boxes, box.payload)
            guard let (version, flags) = cursor.nextVersion(), let count = cursor.next(4) else {
                continue
            }
            for _ in 0..<count {
                guard let item = cursor.next(version == 0 ? 2 : 4), let own = cursor.next(1) else {
                    break
                }
                let isLong = flags & 1 != 0
                associations[item, default: []] += (0..<own).compactMap { _ in
                    cursor.next(isLong ? 2 : 1).map { $0 & (isLong ? 0x7FFF : 0x7F) }
                }
            }
        }
    }

    private mutating func readExtents(_ box: ISOBoxes.Box) {
        var cursor = ISOCursor(boxes, box.payload)
        guard let (version, _) = cursor.nextVersion(), let sizes = cursor.next(2) else { return }
        let (offsetSize, lengthSize) = (sizes >> 12, sizes >> 8 & 15)
        let (baseSize, indexSize) = (sizes >> 4 & 15, version == 0 ? 0 : sizes & 15)
        guard [offsetSize, lengthSize, baseSize, indexSize].allSatisfy({ $0 <= 8 }),
            let count = cursor.next(version < 2 ? 2 : 4)
        else { return }
        for _ in 0..<count {
            guard let item = cursor.next(version < 2 ? 2 : 4),
                let method = version == 0 ? 0 : cursor.next(2), cursor.next(2) != nil
            else { return }
            let basePlace = cursor.position..<cursor.position + baseSize
            // Parts of no bytes have no end of their own: there is one at the most, all of the file.
            guard let base = cursor.next(baseSize), let extentCount = cursor.next(2),
                extentCount <= 1 || indexSize + offsetSize + lengthSize > 0
            else { return }
            if method == 0, baseSize > 0 { offsetFields.append(basePlace) }
            for _ in 0..<extentCount {
                guard cursor.next(indexSize) != nil else { return }
                let place = cursor.position..<cursor.position + offsetSize
                guard let offset = cursor.next(offsetSize), let length = cursor.next(lengthSize)
                else { return }
                if method == 0, baseSize == 0, offsetSize > 0 { offsetFields.append(place) }
                let (start, isTooLarge) = base.addingReportingOverflow(offset)
                let room = boxes.bytes.count - start
                // Other methods count from elsewhere, and only derived pictures use them.
                guard method == 0, !isTooLarge, room > 0 else { continue }
                extents[item, default: []].append(start..<start + min(length, room))
            }
        }
    }
}

extension HEIFItems {
    /// How deep pictures may be put together of others.
    private static let deepest = 4
    /// The kinds of pictures that others may be put together of. libheif ends the process at a part of another kind.
    private static let pictureKinds: Set = ["hvc1", "av01", "grid", "iden", "iovl"]

    /// - Throws: `ImagingError` for a picture of parts that are no pictures, and for one that takes more pixels to
    ///   decode than any that is read has, whatever size it says: tiles that are larger than the whole, or the same ones again and again.
    func check(name: String, format: ImageFormat) throws {
        var found = Costs(left: boxes.bytes.count)
        let cost = cost(of: primary, &found, depth: 0)
        guard found.items.keys.allSatisfy({ $0 == primary || isPicture($0) }) else {
            throw ImagingError.damaged(
                name: name, format: format,
                detail: "a part that it is put together of is no picture or is not there")
        }
        guard cost <= 3 * ImageLimits.pixels else {
            throw ImagingError.unsupported(
                name: name, format: format,
                detail: "its parts have more pixels together than any picture that is read")
        }
    }

    private func isPicture(_ item: Int) -> Bool {
        kinds[item].map(Self.pictureKinds.contains) ?? false
    }

    /// What is known of the cost of items, and how many of their bytes may still be looked at: items that share
    /// theirs, each with other ones, have more together than the file.
    private struct Costs {
        var items: [Int: Int] = [:]
        /// The largest size that the headers in a property or an extent say.
        var properties: [Int: Int] = [:]
        var extents: [Coded: Int] = [:]
        var left: Int
    }

    /// Bytes of the file as a codec takes them.
    private struct Coded: Hashable {
        let kind: String
        let extent: Range<Int>
    }

    /// Pixels that decoding an item takes, with its parts and its auxiliary pictures, which libheif decodes with each part.
    ///
    /// Items that nothing leads to from the primary one are not looked at: they are not decoded.
    private func cost(of item: Int, _ known: inout Costs, depth: Int) -> Int {
        if let cost = known.items[item] { return cost }
        guard depth <= Self.deepest else { return .max }
        var cost = codedSize(of: item, &known)
        // libheif passes over auxiliaries that are no pictures to it.
        for other in (parts[item] ?? []) + (auxiliaries[item] ?? []).filter(isPicture) {
            cost = Self.sum(cost, self.cost(of: other, &known, depth: depth + 1))
        }
        known.items[item] = cost
        return cost
    }

    private static func sum(_ a: Int, _ b: Int) -> Int {
        let (sum, isTooLarge) = a.addingReportingOverflow(b)
        return isTooLarge ? .max : sum
    }

    /// The pixels of an item, by what it says and by what its codec's headers say.
    private func codedSize(of item: Int, _ known: inout Costs) -> Int {
        var largest = 0
        for number in associations[item] ?? [] where number >= 1 && number <= properties.count {
            let size = known.properties[number] ?? size(of: properties[number - 1])
            known.properties[number] = size
            largest = max(largest, size)
        }
        guard let kind = kinds[item], ["hvc1", "av01"].contains(kind) else { return largest }
        for extent in extents[item] ?? [] {
            let place = Coded(kind: kind, extent: extent)
            let size: Int
            if let known = known.extents[place] {
                size = known
            } else {
                guard extent.count <= known.left else { return .max }
                known.left -= extent.count
                let bytes = boxes.bytes[extent]
                let sizes =
                    kind == "hvc1"
                    ? CodedSize.inUnits(ofHEVC: bytes) : CodedSize.inUnits(ofAV1: bytes)
                size = sizes.max() ?? 0
                known.extents[place] = size
            }
            largest = max(largest, size)
        }
        return largest
    }

    private func size(of property: ISOBoxes.Box) -> Int {
        switch property.type {
        case "ispe" where property.payload.count >= 12:
            let start = property.payload.lowerBound + 4
            return CodedSize.area(boxes.number(at: start, 4), boxes.number(at: start + 4, 4))
        case "hvcC":
            return CodedSize.inConfiguration(ofHEVC: boxes.bytes[property.payload]).max() ?? 0
        case "av1C":
            return CodedSize.inUnits(ofAV1: boxes.bytes[property.payload.dropFirst(4)]).max() ?? 0
        default: return 0
        }
    }
}
