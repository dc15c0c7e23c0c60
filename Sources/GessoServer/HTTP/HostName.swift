/// The host and port of a `Host` line, an authority (RFC 3986, section 3.2).
package struct HostName: Sendable, Equatable {
    /// In lower case, without a trailing dot; an IPv6 address without its brackets.
    package let name: String
    /// The port, where one is given.
    package let port: Int?
    /// Whether the name is an IPv4 or IPv6 address in its usual form.
    package let isAddress: Bool

    /// - Returns: nil for text that is no authority, or that holds more than host and port.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.count <= 262 else { return nil }
        let host: ArraySlice<UInt8>
        let rest: ArraySlice<UInt8>
        if bytes[0] == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = bytes[1..<end]
            rest = bytes[(end + 1)...]
            guard Self.isIPv6(host) else { return nil }
        } else {
            let end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
            host = bytes[..<end]
            rest = bytes[end...]
            guard !host.isEmpty, host.allSatisfy(Self.isNameByte) else { return nil }
        }
        if rest.isEmpty {
            port = nil
        } else {
            let digits = rest.dropFirst()
            guard rest.first == UInt8(ascii: ":"), !digits.isEmpty, digits.count <= 5,
                digits.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(String(decoding: digits, as: UTF8.self)),
                (1...65535).contains(number)
            else { return nil }
            port = number
        }
        var lower = String(decoding: host, as: UTF8.self).lowercased()
        let isIPv6 = bytes[0] == UInt8(ascii: "[")
        if !isIPv6, lower.hasSuffix(".") { lower.removeLast() }
        guard !lower.isEmpty, !lower.hasPrefix("."), !lower.contains("..") else { return nil }
        name = lower
        isAddress = isIPv6 || Self.isIPv4(lower)
    }

    /// Whether it names this machine, whoever resolves it: `localhost` and what is below it.
    package var isLocalhost: Bool { name == "localhost" || name.hasSuffix(".localhost") }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Four decimal numbers, as every browser writes an address; other spellings are names.
    private static func isIPv4(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard let number = UInt8(part) else { return false }
                return String(number) == part
            }
    }

    private static func isIPv6(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count >= 2, bytes.count <= 45 else { return false }
        let groups = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        let text = String(decoding: bytes, as: UTF8.self)
        guard groups.count >= 3, groups.count <= 9, !text.contains(":::") else { return false }
        let shortened = text.components(separatedBy: "::").count - 1
        guard shortened <= 1, shortened == 1 || groups.count == 8 || text.contains(".") else {
            return false
        }
        return groups.enumerated().allSatisfy { index, group in
            if group.contains(UInt8(ascii: ".")) {
                return index == groups.count - 1
                    && isIPv4(String(decoding: group, as: UTF8.self))
            }
            return group.count <= 4
                && group.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
                    default: false
                    }
                }
        }
    }
}

extension String {
    /// The parts between occurrences of a separator.
    fileprivate func components(separatedBy separator: String) -> [Substring] {
        split(separator: separator, omittingEmptySubsequences: false)
    }
}
