import Checkpoints
import Foundation
import Testing

/// A file that must be refused, and words its error must hold.
struct BadFile: CustomTestStringConvertible, Sendable {
    let what: String
    let bytes: [UInt8]
    let message: String

    init(_ what: String, _ bytes: [UInt8], _ message: String) {
        self.what = what
        self.bytes = bytes
        self.message = message
    }

    /// A file whose header holds one tensor `x` with these fields.
    init(_ what: String, tensor: String, data: Int = 4, _ message: String) {
        self.init(what, header: "{\"x\":\(tensor)}", data: data, message)
    }

    init(_ what: String, header: String, data: Int = 4, _ message: String) {
        self.init(
            what, safetensors(header, data: [UInt8](repeating: 1, count: data)), message)
    }

    var testDescription: String { what }
}

private let good = fields("F32", "[1]", "[0,4]")

private let badLengths: [BadFile] = [
    BadFile("empty", [], "the file is empty"),
    BadFile("7 bytes", [2, 0, 0, 0, 0, 0, 0], "only 7 bytes"),
    BadFile("no header", lengthPrefix(0), "does not begin with '{'"),
    BadFile("header longer than the file", lengthPrefix(100) + Array("{}".utf8), "cut short"),
    BadFile("length 2^64-1", lengthPrefix(.max) + Array("{}".utf8), "over the limit"),
    BadFile("length 2^63", lengthPrefix(1 << 63) + Array("{}".utf8), "over the limit"),
    BadFile("length over the cap", lengthPrefix(33 << 20) + Array("{}".utf8), "over the limit"),
]

private let badOffsets: [BadFile] = [
    BadFile(
        "overlap", header: "{\"a\":\(good),\"b\":\(fields("F32", "[1]", "[2,6]"))}", data: 6,
        "tensor b overlaps"),
    BadFile(
        "twice the same bytes", header: "{\"a\":\(good),\"b\":\(good)}", "tensor b overlaps"),
    BadFile(
        "hole", header: "{\"a\":\(good),\"b\":\(fields("F32", "[1]", "[8,12]"))}", data: 12,
        "tensor b leaves a hole"),
    BadFile(
        "hole at the start", tensor: fields("F32", "[1]", "[4,8]"), data: 8,
        "tensor x leaves a hole"),
    BadFile("trailing bytes", tensor: good, data: 5, "1 bytes follow the last tensor"),
    BadFile("past the end", tensor: good, data: 3, "tensor x ends at byte 4 of 3"),
    BadFile("begin after end", tensor: fields("F32", "[1]", "[4,0]"), "tensor x: data_offsets end"),
    BadFile("three offsets", tensor: fields("F32", "[1]", "[0,4,8]"), "tensor x: more than 2"),
    BadFile("one offset", tensor: fields("F32", "[1]", "[0]"), "not two numbers"),
    BadFile("float offset", tensor: fields("F32", "[1]", "[0,4.0]"), "plain unsigned integer"),
    BadFile("exponent", tensor: fields("F32", "[1]", "[0,4e0]"), "plain unsigned integer"),
    BadFile("negative offset", tensor: fields("F32", "[1]", "[-4,0]"), "plain unsigned integer"),
    BadFile("minus zero", tensor: fields("F32", "[1]", "[-0,4]"), "plain unsigned integer"),
    BadFile("leading zero", tensor: fields("F32", "[1]", "[0,04]"), "plain unsigned integer"),
    BadFile(
        "offset over 2^63", tensor: fields("F32", "[1]", "[0,9223372036854775808]"),
        "number too large"),
]

private let badShapes: [BadFile] = [
    BadFile("bytes do not fit", tensor: fields("F32", "[2]", "[0,4]"), "takes 8 bytes"),
    BadFile(
        "product wraps to 16 bytes", tensor: fields("F32", "[4,4611686018427387905]", "[0,16]"),
        data: 16, "too large"),
    BadFile("negative extent", tensor: fields("F32", "[-1]", "[0,4]"), "plain unsigned integer"),
    BadFile(
        "nine extents", tensor: fields("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), "more than 8"),
    BadFile("shape is no array", tensor: fields("F32", "1", "[0,4]"), "expected '['"),
    BadFile("unknown type", tensor: fields("F31", "[1]", "[0,4]"), "known are BF16"),
    BadFile("type is no text", header: "{\"x\":{\"dtype\":4}}", "expected '\"'"),
]

private let badJSON: [BadFile] = [
    BadFile("tensor twice", header: "{\"a\":\(good),\"a\":\(good)}", "key a comes twice"),
    BadFile(
        "tensor twice, once escaped", header: "{\"a\":\(good),\"\\u0061\":\(good)}",
        "key a comes twice"),
    BadFile(
        "field twice", tensor: "{\"dtype\":\"F32\",\"dtype\":\"F32\"}", "tensor x: key dtype comes"),
    BadFile("field missing", tensor: "{\"dtype\":\"F32\",\"shape\":[1]}", "no field data_offsets"),
    BadFile(
        "field too many", tensor: good.dropLast() + ",\"note\":\"\"}", "unknown field note"),
    BadFile(
        "metadata twice", header: "{\"__metadata__\":{},\"__metadata__\":{}}", data: 0,
        "key __metadata__ comes twice"),
    BadFile("metadata is no text", header: "{\"__metadata__\":{\"a\":1}}", "expected '\"'"),
    BadFile(
        "not UTF-8", safetensors([0x7B, 0x22, 0xFF, 0x22] + Array(":\(good)}".utf8)), "not UTF-8"),
    BadFile("leading space", header: " {\"a\":\(good)}", "does not begin with '{'"),
    BadFile("byte order mark", header: "\u{FEFF}{\"a\":\(good)}", "does not begin with '{'"),
    BadFile("NUL padding", header: "{\"a\":\(good)}\0\0", "follows the closing brace"),
    BadFile("newline after", header: "{\"a\":\(good)}\n", "follows the closing brace"),
    BadFile("two objects", header: "{\"a\":\(good)}{}", "follows the closing brace"),
    BadFile(
        "100,000 brackets", header: "{\"a\":" + String(repeating: "[", count: 100_000),
        "expected '{'"),
    BadFile(
        "100,000 braces", header: String(repeating: "{\"a\":", count: 100_000), "unknown field a"),
    BadFile("ends in a key", header: "{\"a", "string does not end"),
    BadFile("ends in an escape", header: "{\"a\\", "string does not end"),
    BadFile("trailing comma", header: "{\"a\":\(good),}", "expected '\"'"),
    BadFile("half a surrogate pair", header: "{\"\\ud800\":\(good)}", "half a surrogate pair"),
    BadFile(
        "half a surrogate pair and more", header: "{\"\\ud800\\u0061\":\(good)}",
        "half a surrogate pair"),
    BadFile("empty name", header: "{\"\":\(good)}", "no name"),
    BadFile(
        "NUL in a name", header: "{\"a\\u0000b\":\(good)}", "control character in the name a\\u{0}"),
    BadFile("newline in a name", header: "{\"a\nb\":\(good)}", "control character in a string"),
    BadFile(
        "name of 513 bytes", header: "{\"\(String(repeating: "n", count: 513))\":\(good)}",
        "longer than 512"),
    BadFile("array", header: "[1]", "does not begin with '{'"),
]

private let foreignFiles: [BadFile] = [
    BadFile(
        "git-LFS pointer",
        Array("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n".utf8),
        "is a git-LFS pointer, not safetensors; fetch the real file with `git lfs pull`"),
    BadFile("web page", Array("\n<!DOCTYPE HTML><html>".utf8), "is a web page"),
    BadFile("database", Array("SQLite format 3\0".utf8), "is a database (SQLite)"),
    BadFile("picture", [0x89] + Array("PNG\r\n\u{1A}\n".utf8), "is a picture"),
    BadFile(
        "archive",
        [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + [5, 0, 0, 0]
            + Array("a.txt".utf8), "is an archive, not safetensors; unpack it first"),
    BadFile(
        "archive of PyTorch",
        [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + [10, 0, 0, 0]
            + Array("x/data.pkl".utf8), "is a PyTorch pickle"),
    BadFile("zipped pickle", [0x50, 0x4B, 3, 4, 0, 0, 0, 0, 0, 0], "is a PyTorch pickle"),
    BadFile(
        "bare pickle", [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9], "is a PyTorch pickle"),
    BadFile("error of a site", Array("{\"error\":\"no such user\"}".utf8), "is a text"),
    BadFile("answer of a site", Array("Entry not found".utf8), "is a text, not safetensors"),
    BadFile("GGUF", Array("GGUF\u{3}\0\0\0\0\0".utf8), "is a GGUF file"),
]

@Suite struct BadSafetensorsTests {
    @Test(arguments: badLengths + badOffsets + badShapes + badJSON + foreignFiles)
    func isRefused(_ bad: BadFile) throws {
        let folder = try TemporaryFolder()
        let url = try folder.write(bad.bytes, to: "bad.safetensors")
        let error = #expect(throws: CheckpointError.self) { try Safetensors(contentsOf: url) }
        let path = url.path(percentEncoded: false)
        #expect(error?.kind == .corruptData)
        #expect(error?.description.hasPrefix(path + ": ") == true)
        #expect(error?.description.contains(bad.message) == true, "\(error?.description ?? "")")
        #expect((error?.description.count ?? 0) - path.count <= 250)
    }

    @Test func aHeaderLengthMayBeginLikeAPickle() throws {
        let folder = try TemporaryFolder()
        let header = "{\"a\":\(good)}"
        let padded = header + String(repeating: " ", count: 0x0280 - header.utf8.count)
        let url = try folder.write(safetensors(padded, data: [0, 0, 128, 63]), to: "a.safetensors")
        #expect(try Safetensors(contentsOf: url).names == ["a"])
    }
}
