import Editing
import Foundation
import TestSupport
import Testing

/// Parts of a model that do not go together.
@Suite struct ModelFitTests {
    /// A recorded model, in whose place of a VAE there is the decoder of a tiny one that makes a pixel of each
    /// latent.
    private func loading(latentChannels: Int, _ addOns: AddOns = AddOns()) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.copyItem(
            at: Fixtures.parity.appending(path: "models/tiny-f32"), to: folder)
        let vae = folder.appending(path: "vae")
        try FileManager.default.removeItem(at: vae)
        try FileManager.default.createDirectory(at: vae, withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: vae.appending(path: "config.json"))
        var (members, count): ([String], Int) = ([], 0)
        for (name, shape) in [
            ("0.weight", [2, latentChannels, 3, 3]), ("0.bias", [2]), ("2.weight", [3, 2, 3, 3]),
            ("2.bias", [3]),
        ] {
            let end = count + 4 * shape.reduce(1, *)
            members.append(
                "\"decoder.layers.\(name)\":{\"dtype\":\"F32\",\"shape\":\(shape),"
                    + "\"data_offsets\":[\(count),\(end)]}")
            count = end
        }
        let header = Data("{\(members.joined(separator: ","))}".utf8)
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
        try (length + header + Data(repeating: 0x3D, count: count))
            .write(to: vae.appending(path: "diffusion_pytorch_model.safetensors"))
        do {
            _ = try Model.load(folder, addOns: addOns)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func latentsMustBeThoseOfTheUNet() throws {
        #expect(try loading(latentChannels: 4) == "")
        let refused = try loading(latentChannels: 8)
        #expect(
            refused.hasSuffix(
                "is a model whose VAE makes latents of 8 channels, where its UNet takes 4, which is "
                    + "not supported; give another with --vae"), "\(refused)")
    }

    @Test func aControlNetMustReadThePixelsOfALatent() throws {
        var addOns = AddOns()
        addOns.controlNets["edges"] = Fixtures.parity.appending(path: "control/nets/edges")
        let refused = try loading(latentChannels: 4, addOns)
        #expect(
            refused.hasSuffix(
                "control/nets/edges: reads 8 pixels a side for each latent, where the model has 1; "
                    + "give one for Stable Diffusion 1.x"), "\(refused)")
    }

    @Test func aUNetThatIsToldSizesIsNoneOfTheFirstFamilies() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.copyItem(
            at: Fixtures.parity.appending(path: "models/tiny-f32"), to: folder)
        #expect(try Model.familyName(of: folder) == "Stable Diffusion 1.x")
        let file = folder.appending(path: "unet/config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        let kind = "\"addition_embed_type\": "
        let changed = text.replacing(kind + "null", with: kind + "\"text_time\"")
            .replacing("\"addition_time_embed_dim\": null", with: "\"addition_time_embed_dim\": 8")
        #expect(changed != text)
        try changed.write(to: file, atomically: true, encoding: .utf8)
        let error = #expect(throws: EditingError.self) { try Model.familyName(of: folder) }
        #expect(error?.description.contains("conditioned on the picture's size") == true)
    }
}
