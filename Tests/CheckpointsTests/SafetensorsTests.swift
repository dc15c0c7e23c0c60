import Checkpoints
import Foundation
import Tensors
import Testing

@Suite struct SafetensorsTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func open(_ bytes: [UInt8]) throws -> Safetensors {
        try Safetensors(contentsOf: folder.write(bytes, to: "model.safetensors"))
    }

    @Test func readsTensorsInTheOrderOfTheirData() throws {
        let header =
            "{\"b\":" + fields("F16", "[2,1]", "[8,12]") + " ,\n\t\"a\" : "
            + fields("F32", "[2]", "[0,8]")
            + ",\"__metadata__\":{\"format\":\"pt\",\"\\u00e9\\n\":\"\"}}  "
        let data: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 192, 0, 60, 0, 192]
        let file = try open(safetensors(header, data: data))

        #expect(file.names == ["a", "b"])
        #expect(file.metadata == ["format": "pt", "é\n": ""])
        #expect(file["a"]?.shape == [2])
        #expect(file["a"]?.widened().values == [1, -2])
        #expect(file["b"]?.shape == [2, 1])
        #expect(file["b"]?.dataType == .float16)
        #expect(file["b"]?.widened().values == [1, -2])
        #expect(file["c"] == nil)
    }

    @Test func bfloat16IsRead() throws {
        let file = try open(
            safetensors(
                "{\"a\":\(fields("BF16", "[2]", "[0,4]"))}", data: [0x80, 0x3F, 0x40, 0xC0]))
        #expect(file["a"]?.widened().values == [1, -3])
    }

    @Test func scalarsAndEmptyTensorsAreTensors() throws {
        let header =
            "{\"none\":\(fields("F32", "[0,3]", "[0,0]")),\"one\":\(fields("F32", "[]", "[0,4]"))}"
        let file = try open(safetensors(header, data: [0, 0, 0, 64]))
        #expect(file["one"]?.widened().values == [2])
        #expect(file["none"]?.shape == [0, 3])
    }

    @Test func namesMayBeEscaped() throws {
        let header = "{\"\\u0061\\/\\ud83d\\ude00\\\"\":\(fields("U8", "[1]", "[0,1]"))}"
        let file = try open(safetensors(header, data: [1]))
        #expect(file.names == ["a/😀\""])
        #expect(file.entries["a/😀\""]?.dataType == "U8")
        #expect(file["a/😀\""] == nil)
    }

    @Test func filesThatCannotBeReadAreRefusedAtOnce() throws {
        let missing = folder.url.appending(path: "missing.safetensors")
        #expect(
            throws: CheckpointError.cannotRead(
                path: missing.path(percentEncoded: false), reason: "no such file")
        ) { try Safetensors(contentsOf: missing) }

        let path = folder.url.path(percentEncoded: false)
        #expect(throws: CheckpointError.cannotRead(path: path, reason: "is a folder")) {
            try Safetensors(contentsOf: folder.url)
        }

        let pipe = folder.url.appending(path: "pipe").path(percentEncoded: false)
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(throws: CheckpointError.cannotRead(path: pipe, reason: "is not a file")) {
            try Safetensors(contentsOf: URL(filePath: pipe))
        }
    }

    /// 200 broken copies of a good file: every prefix length that matters, flipped bits, and lengths one
    /// off. Each is refused or, where the bit does no harm, read.
    @Test func brokenCopiesNeverCrash() throws {
        let good = safetensors([("a.weight", [2, 3], 1), ("a.bias", [3], 2), ("b", [1], 3)])
        var random = SplitMix(state: 7)
        var refused = 0
        for index in 0..<200 {
            var bytes = good
            switch index % 4 {
            case 0: bytes.removeLast(1 + Int(random.next() % UInt64(good.count)))
            case 1: bytes[Int(random.next() % 8)] ^= 1 << UInt8(random.next() % 8)
            case 2: bytes[8 + Int(random.next() % 150)] ^= 1 << UInt8(random.next() % 8)
            default: bytes[8 + Int(random.next() % 150)] = UInt8.random(in: 0...255, using: &random)
            }
            do {
                let file = try open(bytes)
                #expect(Set(file.names) == Set(file.entries.keys))
            } catch let error as CheckpointError {
                refused += 1
                #expect(error.kind == .corruptData)
                #expect(!error.description.contains("\n"))
            }
        }
        #expect(refused > 150)
    }
}

/// Steele, Lea and Flood 2014: enough randomness for broken files, the same on every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
