import GessoServer
import Testing

@Suite("Multipart bodies, as they arrive")
struct MultipartTests {
    private static let type = "multipart/form-data; boundary=\"a b\""
    private static let body =
        "preamble\r\n--a b\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nhi\r\n"
        + "--a b  \r\ncontent-disposition: form-data; name=image; filename=\"x\\\"y.png\"\r\n"
        + "Content-Type: image/png\r\n\r\n\r\n--a bX\r\n-\r\n--a b\r\n"
        + "Content-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--a b--\r\nepilogue"

    private func parts(_ body: String, size: Int) throws -> [MultipartReader.Part] {
        var reader = try MultipartReader(contentType: Self.type)
        let bytes = Array(body.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            try reader.read(bytes[start..<min(start + size, bytes.count)])
        }
        return try reader.finished()
    }

    @Test("The parts are the same, however the bytes are cut", arguments: [1, 2, 3, 7, 64, 10_000])
    func cuts(_ size: Int) throws {
        let parts = try parts(Self.body, size: size)
        #expect(parts.map(\.name) == ["prompt", "image", "empty"])
        #expect(parts[0].content == Array("hi".utf8))
        #expect(parts[1].fileName == "x\"y.png")
        #expect(parts[1].type == "image/png")
        #expect(parts[1].content == Array("\r\n--a bX\r\n-".utf8))
        #expect(parts[2].content.isEmpty)
    }

    @Test("A body that ends anywhere before its end is refused")
    func truncated() throws {
        let bytes = Array(Self.body.utf8)
        let end = bytes.count - "--\r\nepilogue".utf8.count
        for length in stride(from: 0, through: end, by: 5) {
            var reader = try MultipartReader(contentType: Self.type)
            try reader.read(bytes[..<length])
            #expect(throws: MultipartReader.Failure.truncated) { try reader.finished() }
        }
    }

    @Test("What is out of bounds is refused")
    func bounds() throws {
        #expect(throws: MultipartReader.Failure.noBoundary) {
            try MultipartReader(contentType: "multipart/form-data")
        }
        #expect(throws: MultipartReader.Failure.noBoundary) {
            try MultipartReader(
                contentType: "multipart/form-data; boundary=" + String(repeating: "x", count: 71))
        }
        let many = String(
            repeating: "--a b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n\r\n", count: 33)
        #expect(throws: MultipartReader.Failure.tooManyParts) { try parts(many, size: 100) }
        let long = "--a b\r\nX: " + String(repeating: "x", count: 9000)
        #expect(throws: MultipartReader.Failure.headTooLong) { try parts(long, size: 100) }
        #expect(throws: MultipartReader.Failure.malformed) {
            try parts("--a b\r\nno colon\r\n\r\nx\r\n--a b--", size: 10)
        }
        #expect(throws: MultipartReader.Failure.malformed) {
            try parts("--a b\r\nContent-Type: text/plain\r\n\r\nx\r\n--a b--", size: 10)
        }
    }

    @Test("Random bytes are read to an end or refused, never worse")
    func random() throws {
        var generator = Generator()
        for _ in 0..<2000 {
            var bytes = Array(Self.body.utf8)
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] =
                    UInt8.random(in: 0...255, using: &generator)
            }
            var reader = try MultipartReader(contentType: Self.type)
            do {
                try reader.read(bytes)
                #expect(try reader.finished().count <= 3)
            } catch {}
        }
    }
}

/// Numbers that are the same in every run (Steele, Lea & Flood 2014, SplitMix64).
struct Generator: RandomNumberGenerator {
    private var state: UInt64 = 7

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    @Test("A file may have an extended name alone")
    func extendedName() throws {
        var reader = try MultipartReader(contentType: "multipart/form-data; boundary=b")
        let head = "Content-Disposition: form-data; name=\"a\"; filename*=UTF-8''%C3%A9.png"
        try reader.read("--b\r\n\(head)\r\n\r\nhi\r\n--b--".utf8)
        #expect(try reader.finished().map(\.fileName) == ["é.png"])
    }
}
