import Crypto

/// XMP that is too long for one marker of a JPEG: a short packet, and the whole in parts that it names
/// (XMP Specification Part 3, 2016, section 1.1.3.1).
enum ExtendedXMP {
    static let prefix = Array("http://ns.adobe.com/xmp/extension/\0".utf8)

    /// The packet that the first marker holds and the payloads of the others.
    ///
    /// - Parameter room: bytes that one payload may have.
    static func split(
        _ packet: [UInt8], digitalSourceType: DigitalSourceType?, room: Int
    ) -> (packet: [UInt8], parts: [[UInt8]]) {
        let whole = XMP.withoutWrapper(packet)
        let name = Insecure.MD5.hash(data: whole).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
        let header = prefix + Array(name.utf8)
        let parts = stride(from: 0, to: whole.count, by: room - header.count - 8).map { start in
            let part = whole[start..<min(start + room - header.count - 8, whole.count)]
            return header + bigEndian(whole.count) + bigEndian(start) + part
        }
        let note = XMP.Property(
            prefix: "xmpNote", namespace: "http://ns.adobe.com/xmp/note/", name: "HasExtendedXMP",
            value: name)
        let said = [digitalSourceType.map(XMP.Property.init), note].compactMap(\.self)
        return (XMP.fresh(said), parts)
    }

    private static func bigEndian(_ number: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt32(number).bigEndian, Array.init)
    }
}
