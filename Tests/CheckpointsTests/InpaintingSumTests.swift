import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

/// Four-channel models made inpainting models by adding the difference.
@Suite struct InpaintingSumTests {
    private static let families = Fixtures.parity.appending(path: "families")
    private static let inpainting = families.appending(components: "models", "tiny-inpaint")

    /// A copy of the inpainting model with four channels, the numbers of its UNet in another order.
    private func model(
        _ name: String, in place: TemporaryFolder, _ order: ([UInt16]) -> [UInt16]
    ) throws -> URL {
        let folder = place.url.appending(path: name)
        try FileManager.default.copyItem(at: Self.inpainting, to: folder)
        let unet = folder.appending(path: "unet")
        let file = unet.appending(path: "diffusion_pytorch_model.safetensors")
        var members: [String] = []
        var data: [UInt8] = []
        for (name, entry) in try Safetensors(contentsOf: file).entries {
            let stored = try #require(entry.stored)
            var values = (0..<stored.count).map {
                stored.bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)
            }
            var shape = entry.shape
            if name == "conv_in.weight" {
                let plane = shape[2] * shape[3]
                values = (0..<shape[0]).flatMap { row in
                    values[row * 9 * plane..<(row * 9 + 4) * plane]
                }
                shape[1] = 4
            }
            let end = data.count + 2 * values.count
            members.append("\"\(name)\":" + fields("F16", "\(shape)", "[\(data.count),\(end)]"))
            for value in order(values) { data += [UInt8(value & 255), UInt8(value >> 8)] }
        }
        try Data(safetensors("{\(members.joined(separator: ","))}", data: data)).write(to: file)
        let configuration = unet.appending(path: "config.json")
        let text = try String(contentsOf: configuration, encoding: .utf8)
        try Data(text.replacing("\"in_channels\": 9", with: "\"in_channels\": 4").utf8)
            .write(to: configuration)
        return folder
    }

    private func parts(
        _ place: TemporaryFolder
    ) throws -> (own: ModelFolder, base: ModelFolder) {
        let own = try model("own", in: place) { Array($0.suffix(1) + $0.dropLast()) }
        let base = try model("base", in: place) { $0.reversed() }
        return (try ModelFolder(own), try ModelFolder(base))
    }

    @Test("the sums are torch's, to the bit, from folders and from single files")
    func sums() throws {
        let place = try TemporaryFolder()
        let (own, base) = try parts(place)
        let expected = try Safetensors(contentsOf: Self.families.appending(path: "sum.safetensors"))
        #expect(expected.names.count == 3)
        let single = place.url.appending(path: "base.safetensors")
        _ = try ModelConversion(base).write(to: single)
        for base in [base, try SingleFile(single)] as [any ModelSource] {
            let sum = try InpaintingSum(
                own, inpainting: ModelFolder(Self.inpainting), base: base)
            let weights = try sum.weights("unet")
            for name in expected.names {
                let wanted = try #require(expected.entries[name]?.stored)
                let found = try weights.tensor(name, shape: wanted.shape)
                #expect(found.dataType == .float16)
                #expect(Array(found.bytes) == Array(wanted.bytes), "\(name)")
            }
        }
    }

    @Test("what was trained of the inpainting model's text encoder stays")
    func textEncoder() throws {
        let place = try TemporaryFolder()
        let (own, base) = try parts(place)
        let file = own.url(of: "text_encoder").appending(path: "model.safetensors")
        var bytes = [UInt8](try Data(contentsOf: file))
        // The last of the numbers' bytes: another number of the last tensor.
        bytes[bytes.count - 1] ^= 1
        try Data(bytes).write(to: file)
        let nine = try ModelFolder(Self.inpainting)
        let trained = try Safetensors(
            contentsOf: nine.url(of: "text_encoder").appending(path: "model.safetensors")
        ).entries
        let same = try InpaintingSum(own, inpainting: nine, base: own).weights("text_encoder")
        let moved = try InpaintingSum(own, inpainting: nine, base: base).weights("text_encoder")
        let changed = try Safetensors(contentsOf: file).entries
        var differences = 0
        for (name, entry) in trained where DataType(rawValue: entry.dataType) != nil {
            let wanted = try #require(entry.stored).widened().values
            let mine = try #require(changed[name]?.stored).widened().values
            differences += wanted == mine ? 0 : 1
            #expect(try same.tensor(name, shape: entry.shape).widened().values == wanted)
            #expect(try moved.tensor(name, shape: entry.shape).widened().values == mine)
        }
        #expect(differences == 1)
    }

    @Test("each of the three must be what it is given as")
    func refusals() throws {
        let place = try TemporaryFolder()
        let (own, base) = try parts(place)
        let nine = try ModelFolder(Self.inpainting)
        for (model, inpainting, base, part) in [
            (nine, nine, base, "the model must"),
            (own, own, base, "the inpainting checkpoint must"),
            (own, nine, nine, "the checkpoint that it was made from must"),
        ] {
            let error = #expect(throws: CheckpointError.self) {
                try InpaintingSum(model, inpainting: inpainting, base: base)
            }
            #expect(error?.kind == .modelMismatch)
            #expect(error?.description.contains(part) == true)
        }
        let other = try ModelFolder(Self.families.appending(components: "models", "tiny-2"))
        let error = #expect(throws: CheckpointError.self) {
            try InpaintingSum(other, inpainting: nine, base: base)
        }
        #expect(error?.description.contains("of another shape") == true)
    }
}
