import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("Files of ControlNets and of other kinds")
struct ControlNetSourceTests {
    private static let net = Fixtures.parity.appending(
        components: "control", "nets", "edges", "diffusion_pytorch_model.safetensors")

    /// The file with something in front of all names.
    private static func behind(_ prefix: String) throws -> [UInt8] {
        let file = try Data(contentsOf: net)
        let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = String(decoding: file.dropFirst(8).prefix(length), as: UTF8.self)
            .replacing(#/"([^"]+)":\s*\{"dtype"/#) { "\"\(prefix)\($0.1)\":{\"dtype\"" }
        return safetensors(header, data: Array(file.dropFirst(8 + length)))
    }

    @Test(arguments: ["", "control_model.", "state_dict.control_model.", "module.", "controlnet."])
    func namesMayBeWrapped(_ prefix: String) throws {
        let base = try ModelFolder(Fixtures.parity.appending(components: "models", "tiny-f32"))
        let plain = try ControlNetSource(Self.net, beside: base)
        let folder = try TemporaryFolder()
        let file = try folder.write(Self.behind(prefix), to: "net.safetensors")
        let wrapped = try ControlNetSource(file, beside: base)
        #expect(try wrapped.weights().shapes == plain.weights().shapes)
        #expect(wrapped.configuration == plain.configuration)
        // A folder without a configuration is what its only file is.
        let inFolder = try ControlNetSource(folder.url, beside: base)
        #expect(inFolder.configuration == plain.configuration)
    }

    /// A distilled UNet has a layer for its guidance, which a ControlNet is no copy of.
    @Test func differencesMakeWhatTheyHaveTensorsFor() throws {
        let base = try SingleFile(
            Fixtures.parity.appending(
                components: "families", "single", "tiny-xl-lcm.safetensors"))
        let net = Fixtures.parity.appending(
            components: "control", "nets", "edges-xl", "diffusion_pytorch_model.safetensors")
        let data = try Data(contentsOf: net)
        let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = String(decoding: data.dropFirst(8).prefix(length), as: UTF8.self)
        let mark = "{\"difference\":" + fields("F32", "[0]", "[0,0]") + ","
        let folder = try TemporaryFolder()
        let file = try folder.write(
            safetensors(mark + header.dropFirst(), data: Array(data.dropFirst(8 + length))),
            to: "difference.safetensors")
        #expect(try base.weights("unet").contains("time_embedding.cond_proj"))
        let names = try ControlNetSource(file, beside: base).weights().shapes.keys
        #expect(try names.sorted() == Safetensors(contentsOf: net).names.sorted())
    }

    /// Nothing in a file shows that it steers by means over the whole picture.
    @Test func shufflesAreKnownByTheirName() throws {
        let base = try ModelFolder(Fixtures.parity.appending(components: "models", "tiny-f32"))
        let folder = try TemporaryFolder()
        for (name, averages) in [
            ("control_v11e_sd15_Shuffle_fp16", true), ("control_v11p_sd15_canny", false),
        ] {
            let file = folder.url.appending(path: name + ".safetensors")
            try FileManager.default.copyItem(at: Self.net, to: file)
            let source = try ControlNetSource(file, beside: base)
            let json = try JSONSerialization.jsonObject(with: source.configuration)
            let found = (json as? [String: Any])?["global_pool_conditions"] as? Bool
            #expect((found == true) == averages)
        }
    }

    /// What a file is taken for by one of its names.
    @Test(arguments: [
        ("control_model.input_hint_block.0.weight", "a ControlNet in the original layout"),
        ("task_embedding", "a union ControlNet"), ("adapter.body.0.x", "a T2I-Adapter"),
        ("model.diffusion_model.layers.0.x", "a checkpoint of Lumina, Z-Image or the like"),
        ("model.diffusion_model.x", "a single-file checkpoint of another kind of model"),
        ("vision_model.embeddings.class_embedding", "a CLIP vision encoder"),
        ("1024.0.linear.0.weight", "a hypernetwork"),
        ("down_blocks.0.motion_modules.0.x", "a motion module of AnimateDiff"),
        ("model.diffusion_model.input_blocks.1.0.x", "a checkpoint without its text encoder"),
    ])
    func kindsAreGuessed(_ name: String, _ guess: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(safetensors([(name, [2], 1)]), to: "x.safetensors")
        #expect(try LooseFile(file)?.guess == guess)
    }

    @Test func halfAProductOfAControlLoRAIsRefused() throws {
        let folder = try TemporaryFolder()
        let base = try ModelFolder(Fixtures.parity.appending(components: "models", "tiny-f32"))
        for (name, words) in [
            ("time_embed.0.down", "time_embed.0.down has no counterpart up"),
            ("time_embed.0.up", "time_embed.0 has no counterpart down"),
        ] {
            let file = try folder.write(
                safetensors([("lora_controlnet", [0], 0), (name, [2, 2], 1)]),
                to: "x.safetensors")
            let error = #expect(throws: CheckpointError.self) {
                try ControlNetSource(file, beside: base)
            }
            #expect(error?.description.contains(words) == true, "\(error as Any)")
        }
    }

    /// Configurations are read by two readers, one of which knows no such number.
    @Test(arguments: ["unet", "vae"])
    func aNumberBeyond64BitsIsAnErrorOfTheModel(_ component: String) throws {
        let folder = try TemporaryFolder()
        let source = Fixtures.parity.appending(components: "models", "tiny-f32")
        let model = folder.url.appending(path: "model")
        try FileManager.default.copyItem(at: source, to: model)
        let file = model.appending(components: component, "config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try ("{\"x\": 1e999," + text.drop { $0 != "{" }.dropFirst()).write(
            to: file, atomically: true, encoding: .utf8)
        let weights = source.appending(
            components: component, "diffusion_pytorch_model.safetensors")
        let error = #expect(throws: CheckpointError.self) {
            try LooseComponent(weights, as: component, beside: ModelFolder(model))
        }
        #expect(error?.kind == .corruptData)
        #expect(
            error?.description.contains("configuration of \(component) is no object, or has a")
                == true, "\(error as Any)")
    }
}
