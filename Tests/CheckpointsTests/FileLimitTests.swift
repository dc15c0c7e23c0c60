import Checkpoints
import Foundation
import Testing

/// Limits on the files of a model, each just reached and just passed (Limits.md).
@Suite struct FileLimitTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func filled(_ text: String, to count: Int) -> String {
        text + String(repeating: " ", count: count - text.utf8.count)
    }

    private func isRead(_ body: () throws -> some Any) -> Bool { (try? body()) != nil }

    @Test(arguments: [(0, true), (1, false)])
    func aConfigurationHasSoManyBytes(_ extra: Int, _ fits: Bool) throws {
        try folder.write(filled("{}", to: 1 << 20 + extra), to: "unet/config.json")
        let model = try ModelFolder(folder.url)
        #expect(isRead { try model.configuration("unet") } == fits)
        try folder.write(filled("{}", to: 1 << 20 + extra), to: "model_index.json")
        #expect(isRead { try ModelFolder(folder.url) } == fits)
    }

    @Test(arguments: [(0, true), (1, false)])
    func anIndexOfShardsHasSoManyBytes(_ extra: Int, _ fits: Bool) throws {
        let name = "diffusion_pytorch_model.safetensors"
        try folder.write(safetensors([("a", [1], 1)]), to: "unet/one.safetensors")
        try folder.write(
            filled("{\"weight_map\": {\"a\": \"one.safetensors\"}}", to: 16 << 20 + extra),
            to: "unet/\(name).index.json")
        let model = try ModelFolder(folder.url)
        #expect(isRead { try model.weights("unet") } == fits)
    }

    @Test func jsonGoesSoDeep() {
        func nested(_ open: String, _ close: String, _ depth: Int) -> String {
            String(repeating: open, count: depth - 1) + "[]"
                + String(repeating: close, count: depth - 1)
        }
        for (open, close) in [("[", "]"), ("{\"a\": ", "}")] {
            #expect(isRead { try JSONValue(parsing: nested(open, close, 64).utf8) })
            #expect(!isRead { try JSONValue(parsing: nested(open, close, 65).utf8) })
        }
    }

    /// The braces and quotes of the metadata count, too.
    @Test func metadataHasSoManyBytes() throws {
        func opens(_ count: Int) throws -> Bool {
            let text = String(repeating: "x", count: count - "{\"a\":\"\"".utf8.count)
            let header =
                "{\"__metadata__\":{\"a\":\"\(text)\"},\"x\":\(fields("F32", "[1]", "[0,4]"))}"
            let file = try folder.write(
                safetensors(header, data: [0, 0, 0, 0]), to: "a.safetensors")
            return isRead { try Safetensors(contentsOf: file) }
        }
        #expect(try opens(4 << 20))
        #expect(try !opens(4 << 20 + 1))
    }

    @Test func aTensorHasSoManyDimensions() throws {
        func opens(_ count: Int) throws -> Bool {
            let shape = "[" + Array(repeating: "1", count: count).joined(separator: ",") + "]"
            let header = "{\"x\":\(fields("F32", shape, "[0,4]"))}"
            let file = try folder.write(
                safetensors(header, data: [0, 0, 0, 0]), to: "a.safetensors")
            return isRead { try Safetensors(contentsOf: file) }
        }
        #expect(try opens(8))
        #expect(try !opens(9))
    }

    @Test func aNameHasSoManyBytes() throws {
        func opens(_ count: Int) throws -> Bool {
            let name = String(repeating: "n", count: count)
            let file = try folder.write(
                safetensors([(name, [1], 1)]), to: "a.safetensors")
            return isRead { try Safetensors(contentsOf: file) }
        }
        #expect(try opens(512))
        #expect(try !opens(513))
    }

    /// A header may be filled up with blanks.
    @Test func aHeaderHasSoManyBytes() throws {
        func opens(_ count: Int) throws -> Bool {
            let header = filled("{\"x\":\(fields("F32", "[1]", "[0,4]"))}", to: count)
            let file = try folder.write(
                safetensors(header, data: [0, 0, 0, 0]), to: "a.safetensors")
            return isRead { try Safetensors(contentsOf: file) }
        }
        #expect(try opens(32 << 20))
        #expect(try !opens(32 << 20 + 1))
    }
}
