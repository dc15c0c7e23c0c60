import Foundation
import Imaging
import TestSupport
import Testing

/// Single files as programs that train and merge leave them: the small model of the fixtures in one file,
/// with other names and with more or fewer tensors.
@Suite struct CheckpointKindTests {
    private static let model = Fixtures.parity.appending(path: "models/tiny-f32")
    private static let vae = Fixtures.folder.appending(path: "Weights/VAE/reference.safetensors")

    /// A file with another header, whose tensors keep their places.
    private func rewrite(_ file: Data, _ change: (String) -> String) -> Data {
        let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = String(decoding: file.dropFirst(8).prefix(length), as: UTF8.self)
        let changed = Data(change(header).utf8)
        let prefix = (0..<8).map { UInt8(truncatingIfNeeded: changed.count >> (8 * $0)) }
        return Data(prefix) + changed + file.dropFirst(8 + length)
    }

    private typealias Entry = (name: String, type: String, shape: [Int])

    /// With more tensors behind its own, of zeros.
    private func adding(_ entries: [Entry], to file: Data) -> Data {
        let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let start = file.count - 8 - length
        var end = start
        let members = entries.map { entry in
            let size = entry.shape.reduce(entry.type == "I64" ? 8 : 4, *)
            defer { end += size }
            return "\"\(entry.name)\":{\"dtype\":\"\(entry.type)\",\"shape\":\(entry.shape),"
                + "\"data_offsets\":[\(end),\(end + size)]}"
        }
        let longer = rewrite(file) { header in
            header.prefix { $0 == "{" } + members.joined(separator: ",") + ","
                + header.drop { $0 == "{" }
        }
        return longer + Data(count: end - start)
    }

    /// Every tensor under another name.
    private func renamed(_ file: Data, _ name: (String) -> String) -> Data {
        rewrite(file) { header in
            header.replacing(#/"([^"]+)":\{"dtype"/#) { "\"\(name(String($0.1)))\":{\"dtype\"" }
        }
    }

    private func convert(_ tool: Tool) throws -> Data {
        let run = try tool("model", "convert", Self.model.path, "-o", "whole.safetensors")
        #expect(run.status == 0, "\(run.errors)")
        try FileManager.default.copyItem(
            at: Fixtures.folder.appending(path: "Receipts/in.png"), to: tool.url("in.png"))
        return try Data(contentsOf: tool.url("whole.safetensors"))
    }

    private func edit(_ tool: Tool, _ file: Data, _ more: String...) throws -> Tool.Outcome {
        try file.write(to: tool.url("model.safetensors"))
        return try tool.run(
            [
                "img2img", "in.png", "--model", "./model.safetensors", "--tokenizer",
                Self.model.appending(path: "tokenizer").path, "--prompt", "a lake", "--steps", "2",
                "--strength", "0.6", "--seed", "3", "--overwrite", "-o", "out.png",
            ] + more)
    }

    private func samples(_ tool: Tool, _ file: Data, _ more: [String] = []) throws -> [UInt16] {
        let run = more.isEmpty ? try edit(tool, file) : try edit(tool, file, more[0], more[1])
        #expect(run.status == 0, "\(run.errors)")
        return try Image(contentsOf: tool.url("out.png")).samples
    }

    /// As programs that train on several cards, or compile a model, have its names.
    private static func wrapped(_ name: String, _ wrapper: String) -> String {
        guard wrapper == "each part" else { return wrapper + name }
        var name = name
        for part in ["model.diffusion_model.", "first_stage_model."] {
            name = name.replacing(part, with: part + "_orig_mod.")
        }
        return name
    }

    @Test(arguments: [
        "module.", "state_dict.", "_orig_mod.", "my.pipeline.", "model.", "each part",
    ])
    func namesMayBeWrapped(_ wrapper: String) throws {
        try Tool.inFolder { tool in
            let whole = try convert(tool)
            let plain = try samples(tool, whole)
            let wrapped = renamed(whole) { Self.wrapped($0, wrapper) }
            #expect(try samples(tool, wrapped) == plain)
        }
    }

    @Test func theVAEMayHaveADifferentName() throws {
        try Tool.inFolder { tool in
            let whole = try convert(tool)
            let other = renamed(whole) { $0.replacing("first_stage_model.", with: "vae.") }
            #expect(try samples(tool, other) == samples(tool, whole))
        }
    }

    /// The names of a VAE's attention in other programs, by the side that has them.
    private static func mixed(_ name: String, _ side: String) -> String {
        let words =
            side == "encoder"
            ? ["to_q", "to_k", "to_v", "to_out.0"] : ["query", "key", "value", "proj_attn"]
        var name = name
        for (own, other) in zip(["q", "k", "v", "proj_out"], words) {
            let place = side + ".mid.attn_1."
            name = name.replacing(place + own + ".", with: place + other + ".")
        }
        return name
    }

    @Test(arguments: ["encoder", "decoder"])
    func attentionMayHaveOtherNames(_ side: String) throws {
        try Tool.inFolder { tool in
            let whole = try convert(tool)
            let mixed = renamed(whole) { Self.mixed($0, side) }
            #expect(mixed != whole)
            #expect(try samples(tool, mixed) == samples(tool, whole))
        }
    }

    @Test func whatTrainingLeftIsNotRead() throws {
        try Tool.inFolder { tool in
            let whole = try convert(tool)
            let plain = try samples(tool, whole)
            let names = [
                "global_step", "model_ema.decay", "model_ema.diffusion_modelinput_blocks00weight",
                "first_stage_model.loss.logvar", "first_stage_model.model_ema.decay",
                "optimizer_states.0.exp_avg", "betas", "cond_stage_model.logit_scale",
                "cond_stage_model.transformer.logit_scale",
            ]
            let left = adding(names.map { ($0, "F32", [1]) }, to: whole)
            #expect(try samples(tool, left) == plain)
        }
    }

    /// A whole CLIP model in place of its text encoder, and tensors without numbers or with a count.
    @Test func whatNoNetworkComputesWithIsNotRead() throws {
        try Tool.inFolder { tool in
            let whole = try convert(tool)
            let text = "cond_stage_model.transformer."
            let more = adding(
                [
                    (text + "text_projection.weight", "F32", [32, 32]),
                    (text + "vision_model.embeddings.class_embedding", "F32", [8]),
                    (text + "visual_projection.weight", "F32", [8, 8]),
                    ("model.diffusion_model.step", "I64", []),
                    ("first_stage_model.decoder.empty", "F32", [0]),
                ], to: whole)
            #expect(try samples(tool, more) == samples(tool, whole))
            let scale = adding([("model.diffusion_model.scale", "F32", [])], to: whole)
            let refused = try edit(tool, scale)
            let note = "1 tensor the model has no place for, first model.diffusion_model.scale"
            #expect(refused.status == 69 && refused.errors.contains(note), "\(refused.errors)")
        }
    }

    /// A folder whose scheduler says that its UNet predicts something else, and one whose scheduler is not
    /// known.
    @Test(arguments: [
        ("EDMEulerScheduler", "is a model trained for another process (EDMEulerScheduler)"),
        ("FlowMatchEulerDiscreteScheduler", "is a model trained for another process"),
        ("NewScheduler", "is made for a scheduler (NewScheduler), which is not supported; choose"),
    ])
    func schedulersOfOtherProcessesAreRefused(_ name: String, _ what: String) throws {
        try Tool.inFolder { tool in
            try FileManager.default.copyItem(at: Self.model, to: tool.url("model"))
            let scheduler = tool.url("model/scheduler/scheduler_config.json")
            try FileManager.default.removeItem(at: scheduler)
            try Data("{\"_class_name\": \"\(name)\"}".utf8).write(to: scheduler)
            let words = [
                "txt2img", "--model", "./model", "--prompt", "x", "--width", "32", "--height", "32",
                "--steps", "2", "-o", "out.png",
            ]
            let run = try tool.run(words)
            #expect(run.status == 69 && run.errors.contains(what), "\(run.errors)")
            let chosen = try tool.run(words + ["--scheduler", "euler"])
            #expect(chosen.status == (name == "NewScheduler" ? 0 : 69), "\(chosen.errors)")
        }
    }

    /// A UNet of another family, as a folder and as a file, is named, not the checkpoint.
    @Test func aUNetOfAnotherFamilyIsNamed() throws {
        try Tool.inFolder { tool in
            let whole = try convert(tool)
            let folder = Fixtures.parity.appending(path: "families/models/tiny-xl/unet")
            let file = folder.appending(path: "diffusion_pytorch_model.safetensors")
            for unet in [folder, file] {
                let run = try edit(tool, whole, "--unet", unet.path)
                #expect(run.status == 69, "\(run.errors)")
                #expect(run.errors.contains("made for another kind of model"), "\(run.errors)")
                #expect(!run.errors.contains("unknown kind of checkpoint"), "\(run.errors)")
            }
        }
    }

    /// A file of a UNet with a guidance embedding, which the checkpoint's own has not.
    @Test func aUNetMayHaveAGuidanceEmbedding() throws {
        try Tool.inFolder { tool in
            let unet = Self.model.appending(path: "unet/diffusion_pytorch_model.safetensors")
            let more = adding(
                [("time_embedding.cond_proj.weight", "F32", [16, 8])],
                to: try Data(contentsOf: unet))
            try more.write(to: tool.url("unet.safetensors"))
            let run = try edit(tool, try convert(tool), "--unet", "unet.safetensors")
            #expect(run.status == 0, "\(run.errors)")
        }
    }

    /// A UNet without the second half of its middle, and one that is less deep on its way up.
    @Test(arguments: ["middle_block.2.", "output_blocks.3.1."])
    func smallerUNetsAreRefusedByName(_ part: String) throws {
        try Tool.inFolder { tool in
            let less = renamed(try convert(tool)) { name in
                name.hasPrefix("model.diffusion_model." + part) ? "other." + name : name
            }
            let run = try edit(tool, less)
            #expect(run.status == 69, "\(run.errors)")
            #expect(run.errors.contains("is a smaller UNet"), "\(run.errors)")
        }
    }

    /// The mark of 8-bit weights with scales, where a checkpoint is in one file.
    @Test func scaledWeightsMayBeAmongOthers() throws {
        try Tool.inFolder { tool in
            let whole = try convert(tool)
            let layer = "model.diffusion_model.out.2"
            let scaled = adding(
                [
                    (layer + ".scale_weight", "F32", [1]),
                    ("model.diffusion_model.scaled_fp8", "F32", [1]),
                ], to: whole)
            // A scale of 0 is a layer of zeros.
            #expect(try samples(tool, scaled) != samples(tool, whole))
        }
    }

    @Test(arguments: [
        (".SCB", "quantized to 8 bits by bitsandbytes"),
        (".weight.absmax", "quantized to 4 bits by bitsandbytes"),
        (".weight._data", "quantized by quanto"),
    ])
    func quantizedWeightsAreRefusedByName(_ end: String, _ kind: String) throws {
        try Tool.inFolder { tool in
            let name = "model.diffusion_model.time_embed.0" + end
            let run = try edit(tool, adding([(name, "F32", [4])], to: try convert(tool)))
            #expect(run.status == 69, "\(run.errors)")
            #expect(run.errors.contains("is \(kind), which is not supported"), "\(run.errors)")
        }
    }

    /// Checkpoints that look like those that are read, by a tensor that only they have.
    @Test(arguments: [
        ("edm_mean", [1, 4, 1, 1], "that predicts as EDM does (Playground 2.5)"),
        ("edm_vpred.sigma_max", [], "that predicts as EDM does (CosXL)"),
        ("noise_augmentor.data_mean", [4], "of Stable unCLIP"),
        ("depth_model.model.scratch", [4], "that reads depth"),
        ("model.diffusion_model.label_emb.weight", [4, 4], "that enlarges pictures"),
    ])
    func otherKindsAreRefusedByName(_ name: String, _ shape: [Int], _ kind: String) throws {
        try Tool.inFolder { tool in
            let other = adding([(name, "F32", shape)], to: try convert(tool))
            let run = try edit(tool, other)
            #expect(run.status == 69, "\(run.errors)")
            #expect(run.errors.contains("is a checkpoint \(kind), which is not supported"))
        }
    }

    /// A part that an option supplies may be missing or be there in part.
    @Test(arguments: ["", "encoder.", "decoder."])
    func theVAEMayComeFromElsewhere(_ part: String) throws {
        try Tool.inFolder { tool in
            let whole = try convert(tool)
            let supplied = ["--vae", Self.vae.path]
            let wanted = try samples(tool, whole, supplied)
            let less = renamed(whole) { name in
                name.hasPrefix("first_stage_model." + part) ? "other." + name : name
            }
            #expect(try samples(tool, less, supplied) == wanted)
            let alone = try edit(tool, less)
            #expect(alone.status == 69)
            let note =
                "no tensor is called first_stage_model.\(part)…; give a VAE from another file"
            #expect(
                alone.errors.contains(note) && alone.errors.contains("--vae"), "\(alone.errors)")
        }
    }

    /// What a checkpoint lacks is named, and it is not said to look like a whole one.
    @Test(arguments: [
        ("cond_stage_model.", "text encoder"), ("model.diffusion_model.", "UNet"),
    ])
    func aMissingPartIsNamed(_ prefix: String, _ part: String) throws {
        try Tool.inFolder { tool in
            let less = renamed(try convert(tool)) { name in
                name.hasPrefix(prefix) ? "other." + name : name
            }
            let run = try edit(tool, less)
            #expect(run.status == 69)
            #expect(run.errors.contains("no tensor is called \(prefix)"), "\(run.errors)")
            #expect(!run.errors.contains("looks like a single-file"), "\(run.errors)")
            if part == "text encoder" {
                #expect(run.errors.contains("looks like a checkpoint without its text encoder"))
            }
        }
    }
}
