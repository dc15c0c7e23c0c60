import CCodecs

private let xmpPrefix = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
private let profilePrefix = Array("ICC_PROFILE\0".utf8)
private let severalPicturesPrefix = Array("MPF\0".utf8)
private let thermalPrefix = Array("FLIR\0".utf8)
private let gainMapPrefix = Array("urn:iso:std:iso:ts:21496:-1\0".utf8)

/// The payload of one marker; its length is a 16-bit number that counts itself.
private let markerLimit = 65_533

extension ImageMetadata {
    mutating func readMarkers(_ markers: [CodecItem], name: String) throws {
        func payloads(_ marker: String, _ prefix: [UInt8]) -> [[UInt8]] {
            markers.filter { $0.name == marker && $0.bytes.starts(with: prefix) }
                .map { Array($0.bytes.dropFirst(prefix.count)) }
        }
        exif = payloads("APP1", EXIF.prefix).first
        xmp = payloads("APP1", xmpPrefix).first
        let rest = payloads("APP1", ExtendedXMP.prefix)
        if !rest.isEmpty {
            let whole = xmp.flatMap { ExtendedXMP.joined($0, rest) }
            if whole == nil { warnings.append("parts of the XMP are missing; they were left out") }
            xmp = whole ?? xmp.map(XMP.withoutNameOfRest)
        }
        let parts = payloads("APP2", profilePrefix)
        if parts.reduce(0, { $0 + max($1.count - 2, 0) }) > ImageLimits.profileBytes {
            throw profileTooLarge(name: name, format: .jpeg)
        }
        if !parts.isEmpty {
            iccProfile = joined(parts)
            if iccProfile == nil {
                warnings.append("parts of the colour profile are missing; it was left out")
            }
        }
        if !payloads("APP2", gainMapPrefix).isEmpty { lost.insert(.gainMap) }
        if !payloads("APP2", severalPicturesPrefix).isEmpty { lost.insert(.otherPictures) }
        if !payloads("APP1", thermalPrefix).isEmpty { lost.insert(.thermal) }
        parameters = exif.flatMap { EXIF($0)?.settings }
        for comment in payloads("COM ", []) {
            let text = textBeforeZero(comment)
            if parameters == nil, CommentText.holdsSteps(text) {
                parameters = text
            } else {
                comments.append(comment)
            }
        }
        let resources = payloads("APPD", PhotoshopResources.prefix).flatMap(\.self)
        takeResources(resources)
    }

    /// Whether the film of a motion photo is behind a picture: alone, or in Samsung's block, which ends in a
    /// directory.
    static func isFilm(_ trailer: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        if trailer.dropFirst(4).starts(with: "ftyp".utf8) { return true }
        let (name, end) = (Array("MotionPhoto_Data".utf8), Array("SEFT".utf8))
        guard trailer.suffix(end.count).elementsEqual(end) else { return false }
        return trailer.indices.contains { place in
            trailer[place] == name[0] && trailer[place...].starts(with: name)
        }
    }

    /// Keeps Photoshop's resources as far as they do not show the picture, and are not there yet.
    mutating func takeResources(_ resources: [UInt8]) {
        if let kept = PhotoshopResources.withoutPictures(resources) {
            if !kept.isEmpty {
                photoshopResources =
                    photoshopResources.map {
                        PhotoshopResources.joined($0, kept)
                    } ?? kept
            }
        } else {
            warnings.append("Photoshop's resources are broken and were left out")
        }
    }

    /// Joins the parts of a profile: each starts with its number from 1 and the number of parts. Some programs write
    /// parts twice, count from 0 or get their number wrong: what then has the length that it says is whole, too.
    private func joined(_ parts: [[UInt8]]) -> [UInt8]? {
        var pieces: [UInt8: ArraySlice<UInt8>] = [:]
        for part in parts where part.count >= 2 {
            let piece = part.dropFirst(2)
            guard pieces[part[0], default: piece] == piece else { return nil }
            pieces[part[0]] = piece
        }
        let numbers = pieces.keys.sorted()
        guard let first = numbers.first, let last = numbers.last, first <= 1,
            Int(last) - Int(first) + 1 == numbers.count
        else { return nil }
        let profile = numbers.flatMap { pieces[$0] ?? [] }
        let isCounted = parts.allSatisfy { $0.count >= 2 && Int($0[1]) == numbers.count }
        let size = profile.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        return isCounted && first == 1 || size == profile.count ? profile : nil
    }

    /// The markers of a JPEG file with these pixels, in the order they are written.
    ///
    /// - Parameter orientation: how the stored pixels, of that size, are turned to stand upright.
    func markers(
        width: Int, height: Int, orientation: Orientation
    ) -> [(name: String, bytes: [UInt8])] {
        var markers: [(name: String, bytes: [UInt8])] = []
        var comment: String?
        if exif != nil || parameters != nil || orientation != .upright {
            var block = exif.flatMap(EXIF.init) ?? EXIF()
            block.setSize(width: width, height: height)
            if orientation != .upright { block.setOrientation(orientation) }
            var described = block
            if let parameters { described.setUserComment(parameters) }
            // Too much for one marker: the camera's EXIF stays, the text goes beside it.
            if EXIF.prefix.count + described.bytes.count > markerLimit {
                comment = parameters
                described = block
            }
            if EXIF.prefix.count + described.bytes.count <= markerLimit {
                markers.append((name: "APP1", bytes: EXIF.prefix + described.bytes))
            }
        }
        markers += xmpMarkers(orientation)
        if let photoshopResources { markers += resourceMarkers(photoshopResources) }
        if let iccProfile { markers += profileMarkers(iccProfile) }
        if let comment {
            markers.append((name: "COM ", bytes: Array(comment.shortened(to: markerLimit).utf8)))
        }
        return markers + comments.map { (name: "COM ", bytes: $0) }
    }

    /// The packet, or a fresh one where it has no room.
    private func xmpMarkers(_ orientation: Orientation) -> [(name: String, bytes: [UInt8])] {
        let payloads =
            xmpPayloads(orientation)
            ?? XMP.packet(nil, digitalSourceType: digitalSourceType).map { [xmpPrefix + $0] } ?? []
        return payloads.map { (name: "APP1", bytes: $0) }
    }

    /// The packet in one marker, as it is or without padding, or else in several; nil where it cannot be parted.
    private func xmpPayloads(_ orientation: Orientation) -> [[UInt8]]? {
        let room = markerLimit - xmpPrefix.count
        let xmp = packetWithComment.map {
            orientation == .upright ? $0 : XMP.turned($0, orientation)
        }
        let packets = [xmp, xmp.map(XMP.withoutPadding)].compactMap {
            XMP.packet($0, digitalSourceType: digitalSourceType)
        }
        if let packet = packets.first(where: { $0.count <= room }) { return [xmpPrefix + packet] }
        guard let tight = packets.last else { return [] }
        return ExtendedXMP.split(tight, room: room, partRoom: markerLimit).map {
            [xmpPrefix + $0.packet] + $0.parts
        }
    }

    /// What has no room in a JPEG, of whose markers each holds 64 KiB, one short sentence each.
    var lossesInJPEG: [String] {
        var losses: [String] = []
        if let exif, EXIF.prefix.count + exif.count > markerLimit {
            losses.append("its EXIF is too large for a JPEG and is left out")
        }
        if xmp != nil, xmpPayloads(.upright) == nil {
            losses.append("its XMP is too large for a JPEG and is left out")
        }
        return losses
    }

    private func resourceMarkers(_ resources: [UInt8]) -> [(name: String, bytes: [UInt8])] {
        let room = markerLimit - PhotoshopResources.prefix.count
        return stride(from: 0, to: resources.count, by: room).map { start in
            let piece = resources[start..<min(start + room, resources.count)]
            return (name: "APPD", bytes: PhotoshopResources.prefix + piece)
        }
    }

    private func profileMarkers(_ profile: [UInt8]) -> [(name: String, bytes: [UInt8])] {
        let room = markerLimit - profilePrefix.count - 2
        let starts = Array(stride(from: 0, to: profile.count, by: room))
        return starts.enumerated().map { index, start in
            let number = [UInt8(index + 1), UInt8(starts.count)]
            let piece = profile[start..<min(start + room, profile.count)]
            return (name: "APP2", bytes: profilePrefix + number + piece)
        }
    }
}

extension String {
    /// The text with its first lines cut, so that it has at most `limit` bytes and the last line, which
    /// holds the settings, stays whole where it fits.
    fileprivate func shortened(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        let cut = "…"
        let last = utf8.lastIndex(of: 0x0A).map { String(self[$0...]) } ?? ""
        let tail = last.utf8.count + cut.utf8.count <= limit ? cut + last : ""
        var head = unicodeScalars[...]
        var bytes = utf8.count
        while bytes + tail.utf8.count > limit, let scalar = head.popLast() {
            bytes -= UTF8.width(scalar)
        }
        return String(head) + tail
    }
}

extension JPEGCoding {
    /// Nil when the source holds nothing that can be used again.
    init?(_ coding: codec_jpeg_coding) {
        guard coding.components > 0 else { return nil }
        func values<Source, Value: BitwiseCopyable>(_ tuple: Source, _: Value.Type) -> [Value] {
            withUnsafeBytes(of: tuple) { Array($0.bindMemory(to: Value.self)) }
        }
        let horizontal = values(coding.horizontal, Int32.self)
        let vertical = values(coding.vertical, Int32.self)
        let tables = values(coding.tables, UInt16.self)
        components = (0..<Int(coding.components)).map { c in
            Component(
                horizontal: Int(horizontal[c]), vertical: Int(vertical[c]),
                table: Array(tables[64 * c..<64 * (c + 1)]))
        }
    }

    /// As C sees it; nil if it does not describe `channels` components that can be written.
    func forWriting(channels: Int) -> codec_jpeg_coding? {
        // Interleaved components have ten blocks a unit at the most (ITU-T T.81, B.2.3).
        let blocks = components.prefix(channels).reduce(0) { $0 + $1.horizontal * $1.vertical }
        guard components.count >= channels, channels == 1 || blocks <= 10,
            components.allSatisfy({ component in
                component.table.count == 64
                    && component.table.allSatisfy { (1...255).contains($0) }
                    && (1...4).contains(component.horizontal)
                    && (1...4).contains(component.vertical)
            })
        else { return nil }
        var coding = codec_jpeg_coding()
        coding.components = Int32(channels)
        func fill<Target, Value: BitwiseCopyable>(_ target: inout Target, _ values: [Value]) {
            withUnsafeMutableBytes(of: &target) { bytes in
                values.withUnsafeBytes { bytes.copyMemory(from: $0) }
            }
        }
        let used = components.prefix(channels)
        fill(&coding.horizontal, used.map { Int32($0.horizontal) })
        fill(&coding.vertical, used.map { Int32($0.vertical) })
        fill(&coding.tables, used.flatMap(\.table))
        return coding
    }
}
