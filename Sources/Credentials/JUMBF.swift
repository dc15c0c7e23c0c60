import Files
package import Foundation

/// Boxes of the JPEG universal metadata box format (ISO/IEC 19566-5): a length, four letters, a payload.
/// A superbox `jumb` begins with its description `jumd` (a kind, a label) and holds more boxes.
enum JUMBF {
    /// What a superbox holds: four letters and twelve bytes, the same for all of the letters.
    static func kind(_ letters: String) -> Data {
        Data(letters.utf8) + [
            0x00, 0x11, 0x00, 0x10, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71,
        ]
    }

    /// A box.
    static func box(_ type: String, _ payload: Data) -> Data {
        var data = Data(capacity: payload.count + 8)
        data.append(bigEndian: UInt64(payload.count + 8), 4)
        data.append(contentsOf: type.utf8)
        data.append(payload)
        return data
    }

    /// A superbox, which can be asked for by its label.
    static func superbox(_ letters: String, _ label: String, _ contents: [Data]) -> Data {
        let description = kind(letters) + [0x03] + Data(label.utf8) + [0]
        return box("jumb", contents.reduce(box("jumd", description), +))
    }

    /// A superbox with one CBOR value.
    static func superbox(_ letters: String, _ label: String, _ value: CBOR) -> Data {
        superbox(letters, label, [box("cbor", value.encoded)])
    }

    /// The hash of a superbox as hashed URIs have it: of all but its length and letters.
    static func hash(_ superbox: Data) -> Data { Digest.bytes(superbox.dropFirst(8)) }
}

extension Digest {
    /// The hash of bytes.
    static func bytes(_ data: some DataProtocol, _ algorithm: Algorithm = .sha256) -> Data {
        let digest = Digest(algorithm)
        digest.update(data)
        return digest.bytes()
    }
}

/// A superbox that was read.
package struct JUMBFBox: Sendable {
    /// The letters of its kind; empty where it is none of C2PA's.
    let kind: String
    /// Its label.
    package let label: String
    /// The superboxes in it.
    package let children: [JUMBFBox]
    /// The other boxes in it, by their letters.
    let contents: [(type: String, payload: Data)]
    /// The whole box.
    let bytes: Data
    /// What its hash is of.
    let hashed: Data

    /// The first CBOR value in it.
    package var value: CBOR? {
        contents.first { $0.type == "cbor" }.flatMap { CBOR(decoding: $0.payload) }
    }

    /// The superbox of that label in it.
    func child(_ label: String) -> JUMBFBox? { children.first { $0.label == label } }

    /// Limits of what is read: a store of a real chain has a few hundred boxes in four levels.
    private static let (deepest, most) = (8, 10_000)

    /// The superbox that these bytes begin with; nil where they are none, where lengths do not
    /// fit, or where there are too many boxes.
    package init?(decoding data: Data) {
        var count = 0
        guard let box = Frame(data), box.type == "jumb" else { return nil }
        self.init(box, depth: 0, count: &count)
    }

    private init?(_ frame: Frame, depth: Int, count: inout Int) {
        guard depth < Self.deepest, let description = Frame(frame.payload),
            description.type == "jumd", description.payload.count >= 17
        else { return nil }
        bytes = frame.bytes
        hashed = frame.payload
        let head = description.payload
        let letters = String(decoding: head.prefix(4), as: UTF8.self)
        kind = head.prefix(16) == JUMBF.kind(letters) ? letters : ""
        // It can be asked for, and has a label; it may have a salt.
        let text = head.dropFirst(17)
        guard [0x03, 0x13].contains(head[head.startIndex + 16]), let end = text.firstIndex(of: 0),
            let label = String(validating: text[..<end], as: UTF8.self)
        else { return nil }
        self.label = label
        var rest = frame.payload.dropFirst(description.bytes.count)
        var children: [JUMBFBox] = []
        var contents: [(type: String, payload: Data)] = []
        while !rest.isEmpty {
            count += 1
            guard count <= Self.most, let next = Frame(rest) else { return nil }
            if next.type == "jumb" {
                guard let child = JUMBFBox(next, depth: depth + 1, count: &count) else {
                    return nil
                }
                children.append(child)
            } else {
                contents.append((next.type, next.payload))
            }
            rest = rest.dropFirst(next.bytes.count)
        }
        (self.children, self.contents) = (children, contents)
    }

    /// A box as it is in bytes.
    private struct Frame {
        let type: String
        let bytes: Data
        let payload: Data

        /// The box at the beginning; nil where it does not fit.
        init?(_ data: Data) {
            func number(_ offset: Int, _ size: Int) -> UInt64 {
                data.dropFirst(offset).prefix(size).reduce(0) { $0 << 8 | UInt64($1) }
            }
            guard data.count >= 8 else { return nil }
            var (length, header) = (number(0, 4), 8)
            if length == 1 {
                guard data.count >= 16 else { return nil }
                (length, header) = (number(8, 8), 16)
            }
            guard length >= UInt64(header), length <= UInt64(data.count) else { return nil }
            type = String(decoding: data.dropFirst(4).prefix(4), as: UTF8.self)
            bytes = data.prefix(Int(length))
            payload = bytes.dropFirst(header)
        }
    }
}
