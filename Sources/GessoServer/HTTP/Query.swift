/// The fields of an address behind its `?`, decoded as a form's: `+` is a blank.
struct Query {
    private var fields: [(name: String, value: String)] = []

    /// - Parameter target: the address with its path; fields that are not valid UTF-8 are left out.
    init(_ target: String) {
        guard let mark = target.firstIndex(of: "?") else { return }
        for pair in target[target.index(after: mark)...].split(separator: "&").prefix(100) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = percentDecoded(String(parts[0]), isForm: true),
                let value = percentDecoded(parts.count > 1 ? String(parts[1]) : "", isForm: true)
            else { continue }
            fields.append((name, value))
        }
    }

    /// The first value of a field.
    subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    /// A whole number; nil where there is none.
    ///
    /// - Throws: `Complaint` with 422 for a value that is none.
    func integer(_ name: String) throws -> Int? {
        guard let text = self[name] else { return nil }
        guard let number = Int(text) else {
            throw Complaint.invalid(
                name, "value is not a valid integer", type: "type_error.integer")
        }
        return number
    }

    /// A truth value; nil where there is none.
    ///
    /// - Throws: `Complaint` with 422 for a value that is none.
    func bool(_ name: String) throws -> Bool? {
        guard let text = self[name] else { return nil }
        guard let flag = truth(text) else {
            throw Complaint.invalid(
                name, "value could not be parsed to a boolean", type: "type_error.bool")
        }
        return flag
    }
}

/// Text with its `%XX` replaced by the bytes they name; nil where that is not valid UTF-8.
func percentDecoded(_ text: String, isForm: Bool = false) -> String? {
    var bytes: [UInt8] = []
    let source = Array(text.utf8)
    var index = 0
    while index < source.count {
        if source[index] == UInt8(ascii: "%") {
            guard index + 2 < source.count, let high = digit(source[index + 1]),
                let low = digit(source[index + 2])
            else { return nil }
            let byte = high << 4 | low
            bytes.append(byte)
            index += 3
        } else {
            let isBlank = isForm && source[index] == UInt8(ascii: "+")
            bytes.append(isBlank ? UInt8(ascii: " ") : source[index])
            index += 1
        }
    }
    return String(validating: bytes, as: UTF8.self)
}

/// The value of a hexadecimal digit.
private func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
}
