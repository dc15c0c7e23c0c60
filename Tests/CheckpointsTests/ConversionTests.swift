import Checkpoints
import Files
import Foundation
import Tensors
import TestSupport
import Testing

/// Checkpoints written anew.
@Suite struct ConversionTests {
    private static let parity = Fixtures.parity

    private static let folders =
        ["tiny-f32", "tiny-f16", "tiny-bf16"].map {
            parity.appending(components: "models", $0)
        }
        + ["tiny-inpaint", "tiny-instruct", "tiny-2", "tiny-xl"].map {
            parity.appending(components: "families", "models", $0)
        }

    /// The tensors of a folder: type and bytes by component and name, the name as it is written today.
    private func tensors(_ folder: URL) throws -> [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        for (component, file) in [
            ("unet", "diffusion_pytorch_model"), ("vae", "diffusion_pytorch_model"),
            ("text_encoder", "model"), ("text_encoder_2", "model"),
        ] where try ModelFolder(folder).contains(component) {
            let file = try Safetensors(
                contentsOf: folder.appending(components: component, file + ".safetensors"))
            for (name, entry) in file.entries where !name.hasSuffix("position_ids") {
                var name = name.replacing("text_model.", with: "")
                if component == "vae" {
                    for (old, new) in [
                        ("query", "to_q"), ("key", "to_k"), ("value", "to_v"),
                        ("proj_attn", "to_out.0"),
                    ] {
                        name = name.replacing(".\(old).", with: ".\(new).")
                    }
                }
                let stored = try #require(entry.stored)
                result["\(component) \(name) \(entry.dataType) \(entry.shape)"] = Array(
                    stored.bytes)
            }
        }
        return result
    }

    @Test("folder to single file to folder keeps every byte", arguments: folders)
    func roundTrip(_ folder: URL) throws {
        let place = try TemporaryFolder()
        let single = place.url.appending(path: "single.safetensors")
        let back = place.url.appending(path: "back")
        let model = try ModelFolder(folder)
        let there = try ModelConversion(model).write(to: single)
        #expect(there.cast == 0)
        let tokenizers = ["text_encoder": folder.appending(path: "tokenizer")]
        let again = try ModelConversion(SingleFile(single), tokenizers: tokenizers).write(to: back)
        #expect(again.cast == 0)
        let (before, after) = (try tensors(folder), try tensors(back))
        #expect(before.count > 100)
        #expect(Set(before.keys).symmetricDifference(after.keys).isEmpty)
        #expect(before == after)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: place.url.path).sorted()
                == ["back", "single.safetensors"])
    }

    @Test("a safety checker goes from folder to folder, and is told where it cannot go")
    func safetyChecker() throws {
        let place = try TemporaryFolder()
        let model = place.url.appending(path: "model")
        try FileManager.default.copyItem(at: Self.folders[0], to: model)
        let checker = model.appending(path: "safety_checker")
        try FileManager.default.copyItem(
            at: Self.parity.appending(components: "safety", "safety_checker"), to: checker)
        try place.write(
            "{\"crop_size\": 224}", to: "model/feature_extractor/preprocessor_config.json")
        let copy = place.url.appending(path: "copy")
        let outcome = try ModelConversion(ModelFolder(model)).write(to: copy)
        #expect(outcome.leftOut == [])
        for name in [
            "safety_checker/config.json", "feature_extractor/preprocessor_config.json",
        ] {
            #expect(
                try Data(contentsOf: copy.appending(path: name))
                    == Data(contentsOf: model.appending(path: name)), "\(name)")
        }
        let classes = try ModelFolder(copy).componentClassNames
        #expect(classes["safety_checker"] == "StableDiffusionSafetyChecker")
        #expect(classes["feature_extractor"] == "CLIPImageProcessor")
        let file = try #require(
            FileManager.default.contentsOfDirectory(atPath: checker.path).first {
                $0.hasSuffix(".safetensors")
            })
        let before = try Safetensors(contentsOf: checker.appending(path: file)).entries
        let after = try ModelFolder(copy).weights("safety_checker")
        #expect(after.count == before.count && before.count > 10)
        for (name, entry) in before {
            guard let stored = entry.stored else { continue }
            let copied = try after.tensor(name, shape: entry.shape)
            #expect(copied.bytes.elementsEqual(stored.bytes), "\(name)")
        }

        let single = place.url.appending(path: "single.safetensors")
        #expect(
            try ModelConversion(ModelFolder(model)).write(to: single).leftOut
                == ["safety_checker/"])
        let weights = checker.appending(path: file)
        try FileManager.default.removeItem(at: weights)
        let bare = place.url.appending(path: "bare")
        #expect(
            try ModelConversion(ModelFolder(model)).write(to: bare).leftOut == ["safety_checker/"])
    }

    @Test(
        "single file to folder to single file keeps every byte",
        arguments: [
            "tiny-inpaint", "tiny-instruct", "tiny-2", "tiny-xl", "tiny-xl-inpaint",
            "tiny-xl-lcm",
        ])
    func roundTripOfFile(_ name: String) throws {
        let place = try TemporaryFolder()
        let file = Self.parity.appending(
            components: "families", "single", name + ".safetensors")
        let folder = place.url.appending(path: "folder")
        let back = place.url.appending(path: "back.safetensors")
        let there = try ModelConversion(SingleFile(file)).write(to: folder)
        _ = try ModelConversion(ModelFolder(folder)).write(to: back)
        let (before, after) = (try Safetensors(contentsOf: file), try Safetensors(contentsOf: back))
        var kept = 0
        for (name, entry) in before.entries where !there.leftOut.contains(name) {
            let found = try #require(after.entries[name], "\(name)")
            #expect((found.dataType, found.shape) == (entry.dataType, entry.shape), "\(name)")
            #expect(found.stored.map { Array($0.bytes) } == entry.stored.map { Array($0.bytes) })
            kept += 1
        }
        #expect(kept > 100)
        // Averages of training and OpenCLIP's temperature; the layer that Stable Diffusion 2 has no
        // use for is there again, as a copy.
        let ends = ["alphas_cumprod", "model_ema.decay", "logit_scale"]
        #expect(
            there.leftOut.allSatisfy { name in
                ends.contains { name.hasSuffix($0) } || name == "v_pred" || name == "ztsnr"
                    || name.hasPrefix("cond_stage_model.model.")
            }, "\(there.leftOut)")
    }

    @Test("metadata that are no configurations are an error of the file")
    func badConfigurations() throws {
        let place = try TemporaryFolder()
        let header =
            "{\"__metadata__\":{\"gesso.vae\":\"[1]\"},\"a\":"
            + fields("F32", "[1]", "[0,4]") + "}"
        let url = try place.write(safetensors(header, data: [0, 0, 0, 0]), to: "m.safetensors")
        let error = #expect(throws: CheckpointError.self) { try SingleFile(url) }
        #expect(error?.kind == .corruptData)
        #expect(error?.description.contains("gesso.vae") == true)
    }

    @Test("numbers are cast as IEEE 754 rounds them")
    func cast() throws {
        let place = try TemporaryFolder()
        let source = try ModelFolder(Self.folders[0])
        let target = place.url.appending(path: "half.safetensors")
        let outcome = try ModelConversion(source, as: .float16).write(to: target)
        #expect(outcome.cast > 100)
        let before = try #require(try source.weights("unet").tensorValues("conv_in.weight"))
        let name = "model.diffusion_model.input_blocks.0.0.weight"
        let file = try Safetensors(contentsOf: target)
        #expect(file.entries[name]?.dataType == "F16")
        let after = try #require(file[name]).widened().values
        #expect(before.count == after.count)
        #expect(zip(before, after).allSatisfy { Float(Float16($0)) == $1 })
    }

    @Test("a number beyond the new type's range is an error that names its tensor")
    func overflow() throws {
        let place = try TemporaryFolder()
        let folder = place.url.appending(path: "model")
        try FileManager.default.copyItem(at: Self.folders[0], to: folder)
        let file = folder.appending(components: "unet", "diffusion_pytorch_model.safetensors")
        let entry = try #require(
            try Safetensors(contentsOf: file).entries["conv_out.bias"]?.stored)
        var data = try Data(contentsOf: file)
        let at = try #require(data.range(of: Data(entry.bytes)))
        data.replaceSubrange(
            at.lowerBound..<at.lowerBound + 4, with: [0x00, 0x00, 0x80, 0x47])  // 65536
        try data.write(to: file)
        let target = place.url.appending(path: "half")
        let error = #expect(throws: CheckpointError.self) {
            try ModelConversion(ModelFolder(folder), as: .float16).write(to: target)
        }
        #expect(
            error
                == .outOfRange(
                    path: file.path(percentEncoded: false), tensor: "conv_out.bias", type: "F16"))
        #expect(error?.kind == .corruptData)
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.url.path) == ["model"])
        // The brain float has the range.
        _ = try ModelConversion(ModelFolder(folder), as: .bfloat16).write(to: target)
    }

    @Test("who writes beside a file under way does not take it for one that was left behind")
    func besideOthers() throws {
        let place = try TemporaryFolder()
        var calls = 0
        let conversion = ModelConversion(try ModelFolder(Self.folders[1])) {
            calls += 1
            guard calls == 5 else { return }
            try writeAtomically(
                Data([1]), to: place.url.appending(path: "other"), overwrite: false)
        }
        let target = place.url.appending(path: "copy.safetensors")
        _ = try conversion.write(to: target)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: place.url.path).sorted()
                == ["copy.safetensors", "other"])
        #expect(throws: Never.self) { try SingleFile(target) }
    }

    @Test("what is there is not overwritten, and an interruption leaves nothing")
    func places() throws {
        let place = try TemporaryFolder()
        let source = try ModelFolder(Self.folders[1])
        try place.write("mine", to: "there.safetensors")
        let taken = place.url.appending(path: "there.safetensors")
        #expect(throws: CheckpointError.outputExists(path: taken.path(percentEncoded: false))) {
            try ModelConversion(source).write(to: taken)
        }
        #expect(try String(contentsOf: taken, encoding: .utf8) == "mine")
        struct Stop: Error {}
        var calls = 0
        let stopped = ModelConversion(source) {
            calls += 1
            if calls == 30 { throw Stop() }
        }
        #expect(throws: Stop.self) { try stopped.write(to: place.url.appending(path: "out")) }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: place.url.path)
                == ["there.safetensors"])
        let nowhere = place.url.appending(components: "no", "out")
        for target in [nowhere, place.url.appending(path: "x.ckpt")] {
            let error = #expect(throws: CheckpointError.self) {
                try ModelConversion(source).write(to: target)
            }
            #expect(error?.kind == .cannotCreate, "\(target)")
        }
    }

    @Test("marks of the index are kept, numbers as numbers")
    func marks() throws {
        let place = try TemporaryFolder()
        let model = place.url.appending(path: "model")
        try FileManager.default.copyItem(at: Self.folders[0], to: model)
        func index(_ folder: URL) throws -> [String: Any] {
            let data = try Data(contentsOf: folder.appending(path: "model_index.json"))
            return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        }
        var own = try index(model)
        let settings: [String: Any] = ["steps": 20, "strength": 0.55, "scheduler": "ddim"]
        own["_gesso_settings"] = ["img2img": settings]
        own["requires_safety_checker"] = false
        try JSONSerialization.data(withJSONObject: own)
            .write(to: model.appending(path: "model_index.json"))
        let (single, copy) = (
            place.url.appending(path: "single.safetensors"), place.url.appending(path: "copy")
        )
        _ = try ModelConversion(ModelFolder(model)).write(to: copy)
        _ = try ModelConversion(ModelFolder(model)).write(to: single)
        let written = try index(copy)
        #expect(written["requires_safety_checker"] as? Bool == false)
        let verbs = try #require(written["_gesso_settings"] as? [String: [String: Any]])
        let values = try #require(verbs["img2img"])
        #expect(values["steps"] as? Int == 20 && values["strength"] as? Double == 0.55)
        #expect(values["scheduler"] as? String == "ddim")
        #expect(try SingleFile(single).ownSettings == ModelFolder(model).ownSettings)
    }

    /// A tensor of a file that a test writes.
    private typealias Raw = (name: String, type: String, shape: [Int], bytes: [UInt8])

    /// Writes a file anew, with other tensors in the place of one.
    private func rewrite(_ file: URL, replacing name: String, by others: [Raw]) throws {
        let old = try Safetensors(contentsOf: file)
        let kept: [Raw] = old.entries.filter { $0.key != name }.map { name, entry in
            // Those that are not computed with count steps, in 64 bits.
            let zeros = [UInt8](repeating: 0, count: 8 * entry.shape.reduce(1, *))
            return (
                name, entry.dataType, entry.shape, entry.stored.map { Array($0.bytes) } ?? zeros
            )
        }
        #expect(kept.count == old.names.count - 1)
        var (members, data): ([String], [UInt8]) = ([], [])
        for (name, type, shape, bytes) in kept + others {
            let range = "[\(data.count),\(data.count + bytes.count)]"
            members.append("\"\(name)\":" + fields(type, "\(shape)", range))
            data += bytes
        }
        try Data(safetensors("{\(members.joined(separator: ","))}", data: data)).write(to: file)
    }

    @Test("numbers of 8 bits with a scale keep their values in every layout")
    func scales() throws {
        let place = try TemporaryFolder()
        let layer = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
        func weight(of model: any ModelSource) throws -> (type: DataType?, values: [Float]) {
            let weights = try model.weights("unet")
            let name = layer + ".weight"
            return (weights.dataType(name), try #require(try weights.tensorValues(name)))
        }
        func scaled(_ name: String, in file: URL) throws {
            // 1 and -0.5, times 0.3.
            let numbers = (0..<64).map { $0 % 2 == 0 ? UInt8(0x38) : 0xB0 }
            let scale = Float(0.3).bitPattern
            let bytes = (0..<4).map { UInt8(truncatingIfNeeded: scale >> (8 * $0)) }
            try rewrite(
                file, replacing: name + ".weight",
                by: [
                    (name + ".weight", "F8_E4M3", [8, 8], numbers),
                    (name + ".scale_weight", "F32", [], bytes),
                ])
        }
        let folder = place.url.appending(path: "model")
        try FileManager.default.copyItem(at: Self.folders[1], to: folder)
        try scaled(
            layer, in: folder.appending(components: "unet", "diffusion_pytorch_model.safetensors"))
        let single = place.url.appending(path: "single.safetensors")
        try FileManager.default.copyItem(
            at: Self.parity.appending(components: "families", "single", "tiny-2.safetensors"),
            to: single)
        let old = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_q"
        try scaled(old, in: single)

        let exact = (0..<64).map { $0 % 2 == 0 ? Float(0.3) : -0.5 * Float(0.3) }
        let sources: [any ModelSource] = [try ModelFolder(folder), try SingleFile(single)]
        for (index, source) in sources.enumerated() {
            for type in [nil, DataType.float16] {
                let name = "\(index)-\(type?.rawValue ?? "own")"
                let file = place.url.appending(path: name + ".safetensors")
                let copy = place.url.appending(path: name)
                _ = try ModelConversion(source, as: type).write(to: file)
                _ = try ModelConversion(source, as: type).write(to: copy)
                for made in [try SingleFile(file), try ModelFolder(copy)] as [any ModelSource] {
                    let found = try weight(of: made)
                    let wanted = type == nil ? exact : exact.map { Float(Float16($0)) }
                    #expect(found.values == wanted, "\(index) \(made.url)")
                    if let type { #expect(found.type == type, "\(made.url)") }
                }
            }
        }
    }

    @Test("of two names for one tensor of a single file the original repository's counts")
    func twoNames() throws {
        let place = try TemporaryFolder()
        let single = place.url.appending(path: "single.safetensors")
        let own = Self.parity.appending(components: "families", "single", "tiny-2.safetensors")
        try FileManager.default.copyItem(at: own, to: single)
        let layers = ["encoder", "decoder"].flatMap { side in
            [
                ("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("norm", "group_norm"),
                ("proj_out", "proj_attn"),
            ].map { ("\(side).mid.attn_1.\($0.0).weight", "\(side).mid.attn_1.\($0.1).weight") }
        }
        // Weights are read when they are asked for: from a file that is not written to meanwhile.
        let before = try SingleFile(own).weights("vae")
        for (own, other) in layers {
            let prefix = "first_stage_model."
            let entry = try #require(try Safetensors(contentsOf: single).entries[prefix + own])
            let bytes = try #require(entry.stored).bytes
            let zeros = [UInt8](repeating: 0, count: bytes.count)
            try rewrite(
                single, replacing: prefix + own,
                by: [
                    (prefix + other, entry.dataType, entry.shape, zeros),
                    (prefix + own, entry.dataType, entry.shape, Array(bytes)),
                ])
        }
        let after = try SingleFile(single).weights("vae")
        #expect(after.count == before.count)
        for name in before.shapes.keys {
            #expect(try after.tensorValues(name) == before.tensorValues(name), "\(name)")
        }
    }

    @Test("tokens beyond the vocabulary of a single file's tokenizer stay in the folder")
    func addedTokens() throws {
        let place = try TemporaryFolder()
        let tokenizer = place.url.appending(path: "tokenizer")
        try FileManager.default.copyItem(
            at: Self.folders[5].appending(path: "tokenizer"), to: tokenizer)
        let added = ["49408": ["content": "<my-cat>"]]
        try JSONSerialization.data(withJSONObject: ["added_tokens_decoder": added]).write(
            to: tokenizer.appending(path: "tokenizer_config.json"))
        let single = Self.parity.appending(components: "families", "single", "tiny-2.safetensors")
        let copy = place.url.appending(path: "copy")
        _ = try ModelConversion(SingleFile(single), tokenizers: ["text_encoder": tokenizer])
            .write(to: copy)
        let file = copy.appending(components: "tokenizer", "tokenizer_config.json")
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        let members = try #require(json as? [String: Any])
        #expect(members["added_tokens_decoder"] as? [String: [String: String]] == added)
        #expect(members["pad_token"] as? String == "!")
    }

    @Test("of two names for one tensor of a folder the older counts, in a folder, too")
    func twoNamesInAFolder() throws {
        let place = try TemporaryFolder()
        let folder = place.url.appending(path: "model")
        try FileManager.default.copyItem(at: Self.folders[1], to: folder)
        let attention = "encoder.mid_block.attentions.0."
        let new = attention + "to_q.weight"
        let file = folder.appending(components: "vae", "diffusion_pytorch_model.safetensors")
        let shape = try #require(try Safetensors(contentsOf: file).entries[new]?.shape)
        let zeros = [UInt8](repeating: 0, count: 4 * shape.reduce(1, *))
        let ones = zeros.indices.map { [UInt8]([0, 0, 0x80, 0x3F])[$0 % 4] }
        try rewrite(
            file, replacing: new,
            by: [
                (new, "F32", shape, zeros), (attention + "query.weight", "F32", shape, ones),
            ])
        for target in ["copy", "copy.safetensors"] {
            let url = place.url.appending(path: target)
            _ = try ModelConversion(ModelFolder(folder)).write(to: url)
            let made: any ModelSource =
                target == "copy" ? try ModelFolder(url) : try SingleFile(url)
            let values = try #require(try made.weights("vae").tensorValues(new))
            #expect(values.allSatisfy { $0 == 1 }, "\(target)")
        }
    }

    @Test("a tensor of a shape that has no place in the other layout is named, and nothing written")
    func shapes() throws {
        let place = try TemporaryFolder()
        func message(_ source: any ModelSource, _ target: String) -> String {
            do {
                _ = try ModelConversion(source).write(to: place.url.appending(path: target))
                return ""
            } catch {
                return "\(error)"
            }
        }
        let folder = place.url.appending(path: "xl")
        try FileManager.default.copyItem(at: Self.folders[6], to: folder)
        let zeros = [UInt8](repeating: 0, count: 4 * 64)
        try rewrite(
            folder.appending(components: "text_encoder_2", "model.safetensors"),
            replacing: "text_projection.weight",
            by: [("text_projection.weight", "F32", [64], zeros)])
        let first = message(try ModelFolder(folder), "xl.safetensors")
        #expect(
            first.hasSuffix(
                "cannot be converted: tensor text_projection.weight has shape [64]"), "\(first)")

        let single = place.url.appending(path: "single.safetensors")
        try FileManager.default.copyItem(
            at: Self.parity.appending(components: "families", "single", "tiny-2.safetensors"),
            to: single)
        let name = "first_stage_model.encoder.mid.attn_1.q.weight"
        let size = try #require(try Safetensors(contentsOf: single).entries[name]?.shape.first)
        let shape = [size, size, 3, 3]
        try rewrite(
            single, replacing: name,
            by: [(name, "F32", shape, [UInt8](repeating: 0, count: 4 * 9 * size * size))])
        let second = message(try SingleFile(single), "copy")
        #expect(
            second.hasSuffix("cannot be converted: tensor \(name) has shape \(shape)"),
            "\(second)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: place.url.path).sorted()
                == ["single.safetensors", "xl"])
    }
}

extension Weights {
    /// The values of a tensor of any shape.
    fileprivate func tensorValues(_ name: String) throws -> [Float]? {
        guard let shape = shape(name) else { return nil }
        return try tensor(name, shape: shape).widened().values
    }
}
