import Credentials
import Foundation
import Testing

@Suite struct CBORTests {
    private static func bytes(_ hexadecimal: String) -> Data {
        let digits = hexadecimal.compactMap(\.hexDigitValue)
        return Data(
            stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
        )
    }

    /// Examples of RFC 8949, appendix A, which are in the deterministic form.
    @Test(arguments: [
        ("00", CBOR.unsigned(0)), ("17", .unsigned(23)), ("1818", .unsigned(24)),
        ("1903e8", .unsigned(1000)), ("1a000f4240", .unsigned(1_000_000)),
        ("1b000000e8d4a51000", .unsigned(1_000_000_000_000)),
        ("1bffffffffffffffff", .unsigned(.max)), ("20", .negative(0)), ("3903e7", .negative(999)),
        ("3bffffffffffffffff", .negative(.max)), ("f90000", .number(0)), ("f98000", .number(-0.0)),
        ("f93c00", .number(1)), ("fb3ff199999999999a", .number(1.1)), ("f97bff", .number(65504)),
        ("fa47c35000", .number(100000)), ("f90001", .number(5.960464477539063e-8)),
        ("f90400", .number(0.00006103515625)), ("f9c400", .number(-4)),
        ("f97c00", .number(.infinity)), ("f4", .bool(false)), ("f5", .bool(true)), ("f6", .null),
        ("f7", .simple(23)), ("f8ff", .simple(255)),
        ("c074323031332d30332d32315432303a30343a30305a", .tagged(0, "2013-03-21T20:04:00Z")),
        ("4401020304", .bytes(Data([1, 2, 3, 4]))), ("62c3bc", "\u{FC}"), ("80", .array([])),
        ("8301820203820405", .array([1, .array([2, 3]), .array([4, 5])])),
        ("a201020304", .map([.init(1, 2), .init(3, 4)])),
        ("a26161016162820203", .map([.init("a", 1), .init("b", .array([2, 3]))])),
    ]) func theExamplesOfTheStandard(_ hexadecimal: String, _ value: CBOR) {
        #expect(value.encoded == Self.bytes(hexadecimal))
        #expect(CBOR(decoding: Self.bytes(hexadecimal)) == value)
    }

    /// RFC 8949, 4.2.1: by the bytes of the keys.
    @Test func keysAreOrderedByTheirBytes() {
        let keys: [CBOR] = ["aa", "z", 100, .number(0.5), -1, 10, .array([100]), .bool(false)]
        let map = CBOR.map(keys.map { CBOR.Entry($0, 0) })
        guard case .map(let entries)? = CBOR(decoding: map.encoded) else {
            Issue.record("no map")
            return
        }
        #expect(
            entries.map(\.key) == [
                10, 100, -1, "z", "aa", .array([100]), .bool(false), .number(0.5),
            ])
    }

    @Test(arguments: [
        ("5f42010243030405ff", CBOR.bytes(Data([1, 2, 3, 4, 5]))),
        ("7f657374726561646d696e67ff", "streaming"),
        ("9f018202039f0405ffff", .array([1, .array([2, 3]), .array([4, 5])])),
        ("bf61610161629f0203ffff", .map([.init("a", 1), .init("b", .array([2, 3]))])),
    ]) func indefiniteLengthsAreRead(_ hexadecimal: String, _ value: CBOR) {
        #expect(CBOR(decoding: Self.bytes(hexadecimal)) == value)
    }

    @Test(arguments: [
        "", "18", "1900", "61", "62ff", "8201", "a101", "a2010102", "ff", "5f01ff", "9f", "1c",
        "0000", "9bffffffffffffffff", "bbffffffffffffffff", "5bffffffffffffffff", "a201020103",
    ]) func brokenOnesAreNone(_ hexadecimal: String) {
        #expect(CBOR(decoding: Self.bytes(hexadecimal)) == nil)
    }

    @Test func depthIsBounded() {
        #expect(CBOR(decoding: Data(repeating: 0x81, count: 20) + [0]) != nil)
        #expect(CBOR(decoding: Data(repeating: 0x81, count: 100_000) + [0]) == nil)
        #expect(CBOR(decoding: Data(repeating: 0xD8, count: 100_001)) == nil)
        #expect(CBOR(decoding: Data(repeating: 0x9F, count: 100_000)) == nil)
    }
}
