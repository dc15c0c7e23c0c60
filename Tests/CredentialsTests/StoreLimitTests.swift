import Credentials
import Foundation
import Testing

/// The limits on stores of credentials, each just reached and just passed (Limits.md).
@Suite struct StoreLimitTests {
    private func box(_ type: String, _ payload: Data) -> Data {
        let length = UInt32(payload.count + 8)
        return Data((0..<4).map { UInt8(length >> (24 - 8 * $0) & 0xFF) }) + type.utf8 + payload
    }

    private func superbox(_ contents: Data) -> Data {
        let kind = Data("c2pa".utf8) + Data(repeating: 0, count: 12)
        return box("jumb", box("jumd", kind + [3] + "c2pa".utf8 + [0]) + contents)
    }

    @Test func boxesHaveADepth() {
        func nested(_ depth: Int) -> Data {
            (0..<depth).reduce(Data()) { inner, _ in superbox(inner) }
        }
        #expect(JUMBFBox(decoding: nested(8)) != nil)
        #expect(JUMBFBox(decoding: nested(9)) == nil)
    }

    @Test func boxesHaveANumber() {
        func row(_ count: Int) -> Data {
            let empty = box("free", Data())
            return superbox((0..<count).reduce(into: Data()) { all, _ in all += empty })
        }
        #expect(JUMBFBox(decoding: row(10_000)) != nil)
        #expect(JUMBFBox(decoding: row(10_001)) == nil)
    }

    @Test func valuesHaveADepth() {
        #expect(CBOR(decoding: Data(repeating: 0x81, count: 32) + [0]) != nil)
        #expect(CBOR(decoding: Data(repeating: 0x81, count: 33) + [0]) == nil)
    }

    /// The list is a value, too.
    @Test func valuesHaveANumber() {
        func list(_ count: Int) -> Data {
            Data([0x9A]) + (0..<4).map { UInt8(count >> (24 - 8 * $0) & 0xFF) }
                + Data(repeating: 0, count: count)
        }
        #expect(CBOR(decoding: list(999_999)) != nil)
        #expect(CBOR(decoding: list(1_000_000)) == nil)
    }
}
