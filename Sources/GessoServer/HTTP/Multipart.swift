/// Reads the parts of a `multipart/form-data` body (RFC 7578) as they arrive.
package struct MultipartReader {
    /// A part with its content.
    package struct Part: Sendable, Equatable {
        package var name: String
        package var fileName: String?
        package var type: String?
        package var content: [UInt8] = []
    }

    /// What a body must not do.
    package enum Failure: Error, Equatable {
        case noBoundary, malformed, tooManyParts, headTooLong, truncated
    }

    private enum State { case preamble, head, content, end }

    package static let partLimit = 32
    package static let headLimit = 8 << 10

    private let delimiter: [UInt8]
    private var state = State.preamble
    private var buffer: [UInt8]
    private var part: Part?
    private(set) package var parts: [Part] = []

    /// - Parameter contentType: the request's; its boundary has 1 to 70 characters.
    package init(contentType: String) throws(Failure) {
        guard let boundary = parameters(of: contentType)["boundary"],
            (1...70).contains(boundary.utf8.count)
        else { throw .noBoundary }
        delimiter = Array("\r\n--\(boundary)".utf8)
        // The first boundary needs no line end before it.
        buffer = Array("\r\n".utf8)
    }

    /// Takes the next bytes.
    package mutating func read(_ bytes: some Sequence<UInt8>) throws(Failure) {
        buffer.append(contentsOf: bytes)
        while try step() {}
    }

    /// The parts, after all bytes have been read.
    package func finished() throws(Failure) -> [Part] {
        guard state == .end else { throw .truncated }
        return parts
    }

    /// Goes on as far as the buffer allows; false when more is needed.
    private mutating func step() throws(Failure) -> Bool {
        switch state {
        case .preamble, .content: return try findDelimiter()
        case .head:
            guard let end = firstIndex(of: Array("\r\n\r\n".utf8), from: 0) else {
                guard buffer.count <= Self.headLimit else { throw .headTooLong }
                return false
            }
            guard end <= Self.headLimit else { throw .headTooLong }
            guard parts.count < Self.partLimit else { throw .tooManyParts }
            part = try Self.part(String(decoding: buffer[..<end], as: UTF8.self))
            buffer.removeFirst(end + 4)
            // An empty content may be followed by the delimiter at once.
            state = .content
            return true
        case .end:
            buffer.removeAll()
            return false
        }
    }

    /// Ends the part, or the preamble, at the next delimiter; false when more is needed.
    private mutating func findDelimiter() throws(Failure) -> Bool {
        var from = 0
        while let start = firstIndex(of: delimiter, from: from) {
            var rest = start + delimiter.count
            guard buffer.count >= rest + 2 else {
                pass(start)
                return false
            }
            let isLast = buffer[rest] == UInt8(ascii: "-") && buffer[rest + 1] == UInt8(ascii: "-")
            if !isLast {
                while rest < buffer.count, [0x20, 0x09].contains(buffer[rest]) { rest += 1 }
                guard rest - start <= Self.headLimit else { throw .malformed }
                guard buffer.count >= rest + 2 else {
                    pass(start)
                    return false
                }
                guard buffer[rest] == 0x0d, buffer[rest + 1] == 0x0a else {
                    // A longer line that begins like the delimiter is content.
                    from = start + 1
                    continue
                }
            }
            pass(start)
            if let done = part { parts.append(done) }
            part = nil
            // The head's lines end as the boundary's does, so an empty head is found, too.
            buffer.removeFirst((isLast ? rest + 2 : rest) - start)
            state = isLast ? .end : .head
            return true
        }
        // What cannot be the beginning of a delimiter is content.
        pass(max(buffer.count - delimiter.count - 2, 0))
        return false
    }

    /// Takes bytes out of the buffer, which are content where there is a part.
    private mutating func pass(_ count: Int) {
        part?.content += buffer[..<count]
        buffer.removeFirst(count)
    }

    private static func part(_ head: String) throws(Failure) -> Part {
        var part: Part?
        var type: String?
        for line in head.split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else { throw .malformed }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            switch line[..<colon].lowercased() {
            case "content-disposition":
                let fields = parameters(of: String(value))
                guard value.lowercased().hasPrefix("form-data"), let name = fields["name"] else {
                    throw .malformed
                }
                let coded = fields["filename*"]?.split(separator: "'").last.map(String.init)
                part = Part(
                    name: name,
                    fileName: fields["filename"] ?? coded.map { percentDecoded($0) ?? $0 })
            case "content-type": type = String(value)
            default: break
            }
        }
        guard var part else { throw .malformed }
        part.type = type
        return part
    }

    private func firstIndex(of pattern: [UInt8], from start: Int) -> Int? {
        guard buffer.count >= pattern.count, let first = pattern.first else { return nil }
        return buffer.withUnsafeBufferPointer { bytes in
            let last = bytes.count - pattern.count
            var index = start
            while index <= last {
                if bytes[index] == first {
                    var length = 1
                    while length < pattern.count, bytes[index + length] == pattern[length] {
                        length += 1
                    }
                    if length == pattern.count { return index }
                }
                index += 1
            }
            return nil
        }
    }
}

/// The `name=value` and `name="value"` behind a header field's first word, names in lower case.
private func parameters(of field: String) -> [String: String] {
    var found: [String: String] = [:]
    var rest = field.drop { $0 != ";" }
    while rest.first == ";" {
        rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
        let name = rest.prefix { $0 != "=" && $0 != ";" }
        rest = rest.dropFirst(name.count)
        guard rest.first == "=" else { continue }
        rest = rest.dropFirst()
        var value = ""
        if rest.first == "\"" {
            rest = rest.dropFirst()
            while let character = rest.first, character != "\"" {
                if character == "\\", let next = rest.dropFirst().first,
                    next == "\"" || next == "\\"
                {
                    rest = rest.dropFirst()
                    value.append(next)
                } else {
                    value.append(character)
                }
                rest = rest.dropFirst()
            }
            rest = rest.dropFirst()
            rest = rest.drop { $0 != ";" }
        } else {
            let plain = rest.prefix { $0 != ";" }
            rest = rest.dropFirst(plain.count)
            value = String(plain)
            while value.last == " " { value.removeLast() }
        }
        found[name.lowercased()] = value
    }
    return found
}
