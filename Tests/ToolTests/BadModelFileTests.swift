import Foundation
import Testing

/// Files of weights that are damaged or something else, given to a verb as a model.
@Suite(.serialized) struct BadModelFileTests {
    private static let folder = Snapshot.url("x").deletingLastPathComponent()
        .deletingLastPathComponent().appending(components: "Parity", "models", "tiny-f32")

    /// A safetensors file with this header and so many bytes of data.
    private static func file(_ header: String, data: Int = 4) -> Data {
        let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        return length + Data(header.utf8) + Data(repeating: 1, count: data)
    }

    private static func gguf(_ counts: UInt64..., rest: [UInt8] = []) -> Data {
        var data = Data("GGUF".utf8) + Data([3, 0, 0, 0])
        for count in counts { withUnsafeBytes(of: count.littleEndian) { data += Data($0) } }
        return data + Data(rest)
    }

    private static let one = "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}"
    private static let huge = "{\"x\":{\"dtype\":\"F32\",\"shape\":[4,4611686018427387905],"

    /// Whole files, the exit code and words of the error.
    private static let files: [(what: String, bytes: Data, status: Int32, message: String)] = [
        ("S01 empty", Data(), 65, "the file is empty"),
        ("S02 7 bytes", Data([2, 0, 0, 0, 0, 0, 0]), 65, "only 7 bytes"),
        ("S03 header beyond the file", Data([100, 0, 0, 0, 0, 0, 0, 0, 0x7B]), 65, "cut short"),
        ("S04 header of 2^64-1", Data(repeating: 0xFF, count: 16), 65, "over the limit"),
        ("S08 trailing bytes", file("{\"x\":\(one)}", data: 9), 65, "follow the last tensor"),
        (
            "S12 product that wraps",
            file(huge + "\"data_offsets\":[0,16]}}", data: 16), 65, "too large"
        ),
        ("S15 tensor twice", file("{\"x\":\(one),\"x\":\(one)}"), 65, "key x comes twice"),
        (
            "S19 depth 1e5", file("{\"a\":" + String(repeating: "[", count: 100_000)), 65,
            "expected '{'"
        ),
        ("S26 Flux", file("{\"double_blocks.0.x\":\(one)}"), 69, "looks like a Flux transformer"),
        (
            "S26 Flux, whole",
            file("{\"model.diffusion_model.double_blocks.0.x\":\(one)}"), 69,
            "looks like a single-file Flux checkpoint"
        ),
        ("S26 a LoRA", file("{\"lora_unet_x.alpha\":\(one)}"), 69, "looks like a LoRA"),
        ("S26 unknown", file("{\"x\":\(one)}"), 69, "not a whole Stable Diffusion checkpoint"),
        (
            "S26 the UNet of XL", file("{\"model.diffusion_model.label_emb.0.0.weight\":\(one)}"),
            69, "no tensor is called conditioner.embedders.0.transformer.…"
        ),
        (
            "S33 list of parts", Data("{\"metadata\": {}, \"weight_map\": {}}".utf8), 65,
            "is the list of a model's parts (JSON), not safetensors; name the folder of the model"
        ),
        (
            "S34 configuration", Data("{\n  \"_class_name\": \"UNet2DConditionModel\"}".utf8), 65,
            "is a configuration (JSON), not safetensors; name the folder of the model"
        ),
        (
            "S35 ONNX", Data([8, 7, 0x12, 7] + "pytorch".utf8) + Data(count: 99), 65,
            "is an ONNX file"
        ),
        (
            "S30 LFS pointer", Data("version https://git-lfs.github.com/spec/v1\n".utf8), 65,
            "git lfs pull"
        ),
        ("S31 web page", Data("<!doctype html><title>Sign in".utf8), 65, "is a web page"),
        ("S32 pickle", Data([0x80, 2, 0x8A, 10, 0x6C]), 65, "is a PyTorch pickle"),
        ("G01 2^64-1 tensors", gguf(.max, 0), 65, "is a GGUF file"),
        ("G01 2^64-1 values", gguf(1, .max), 65, "is a GGUF file"),
        ("G02 text of 2^63 bytes", gguf(1, 1, 1 << 63, rest: [1]), 65, "is a GGUF file"),
        (
            "G03 array in an array", gguf(0, 1, 1, rest: [0x61, 9, 0, 0, 0, 9, 0, 0, 0]), 65,
            "is a GGUF file"
        ),
        ("G04 five dimensions", gguf(1, 0, 1, rest: [0x61, 5, 0, 0, 0]), 65, "is a GGUF file"),
        (
            "G05 offset past the end",
            gguf(1, 0, 1, rest: [0x61, 1, 0, 0, 0] + Array(repeating: 0xFF, count: 20)), 65,
            "is a GGUF file"
        ),
        (
            "G06 alignment 13",
            gguf(0, 1, 17, rest: Array("general.alignment".utf8) + [4, 0, 0, 0, 13]),
            65, "is a GGUF file"
        ),
    ]

    private func expectRefusal(
        _ tool: Tool, _ model: String, _ status: Int32, _ message: String, _ what: String
    ) throws {
        let before = try tool.files
        let run = try tool(
            "txt2img", "-q", "-o", "out.png", "--prompt", "x", "--width", "32", "--height", "32",
            "--steps", "2", "--model", model)
        #expect(run.status == status, "\(what): \(run.errors)")
        #expect(run.errors.contains(message), "\(what): \(run.errors)")
        #expect(run.errorLines.count == 1, "\(what): \(run.errors)")
        #expect((run.errorLines.first?.count ?? 0) <= 300, "\(what)")
        #expect(run.output.isEmpty)
        #expect(try tool.files == before)
    }

    @Test func aConfigurationIsNamedWhereItIs() throws {
        try Tool.inFolder { tool in
            try FileManager.default.copyItem(
                at: Self.folder.appending(path: "vae"), to: tool.url("odd"))
            try Data("{\"act_fn\": \"relu\"}".utf8).write(to: tool.url("odd/config.json"))
            let run = try tool(
                "txt2img", "--model", Self.folder.path(percentEncoded: false), "--vae", "odd",
                "--prompt", "x", "--steps", "1", "-o", "a.png")
            #expect(run.status == 69)
            #expect(run.errors.contains(/odd\/?: AutoencoderKL: act_fn = "relu"/), "\(run.errors)")
            #expect(!run.errors.contains("tiny-f32"))
        }
    }

    @Test func aFolderWithoutASchedulerIsNoted() throws {
        try Tool.inFolder { tool in
            try FileManager.default.copyItem(at: Self.folder, to: tool.url("bare"))
            try FileManager.default.removeItem(at: tool.url("bare/scheduler"))
            let run = try tool(
                "txt2img", "--model", "bare", "--prompt", "x", "--steps", "1", "--width", "16",
                "--height", "16", "-o", "a.png")
            #expect(run.status == 0, "\(run.errors)")
            #expect(
                run.errors.contains("note: bare has no scheduler: it is taken to predict noise"))
        }
    }

    @Test func eachFileIsRefusedInALine() throws {
        try Tool.inFolder { tool in
            for (what, bytes, status, message) in Self.files {
                try bytes.write(to: tool.url("m.safetensors"))
                try expectRefusal(tool, "m.safetensors", status, message, what)
            }
        }
    }

    /// A copy of a good folder whose file of a component is changed.
    private func spoiled(
        _ tool: Tool, _ file: String, _ change: (inout Data) throws -> Void
    ) throws {
        try? FileManager.default.removeItem(at: tool.url("model"))
        try FileManager.default.copyItem(at: Self.folder, to: tool.url("model"))
        let url = tool.url("model/" + file)
        var data = try Data(contentsOf: url)
        try change(&data)
        try data.write(to: url)
    }

    /// Writes one number over those of a tensor, or of every one.
    private func fill(_ data: inout Data, _ tensor: String?, _ value: Float) throws {
        let length = data.prefix(8).enumerated().reduce(0) { $0 | Int($1.1) << (8 * $1.0) }
        let header = try #require(
            try JSONSerialization.jsonObject(with: data.dropFirst(8).prefix(length))
                as? [String: Any])
        for (name, entry) in header where tensor == nil || name == tensor {
            guard let entry = entry as? [String: Any], entry["dtype"] as? String == "F32",
                let range = entry["data_offsets"] as? [Int]
            else { continue }
            let number = withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0) }
            for place in stride(from: 8 + length + range[0], to: 8 + length + range[1], by: 4) {
                data.replaceSubrange(place..<place + 4, with: number)
            }
        }
    }

    @Test func eachSpoiledNetworkIsRefusedInALine() throws {
        let unet = "unet/diffusion_pytorch_model.safetensors"
        let vae = "vae/diffusion_pytorch_model.safetensors"
        func rename(_ old: String, _ new: String) -> (inout Data) throws -> Void {
            { data in
                let place = try #require(data.range(of: Data(old.utf8)))
                data.replaceSubrange(place, with: Data(new.utf8))
            }
        }
        func filled(_ tensor: String?, _ value: Float) -> (inout Data) throws -> Void {
            { try self.fill(&$0, tensor, value) }
        }
        let cases: [(String, String, (inout Data) throws -> Void, Int32, String)] = [
            (
                "S23 key missing", unet, rename("\"conv_out.bias\"", "\"conv_uot.bias\""), 69,
                "no tensor conv_out.bias among its"
            ),
            (
                "S24 wrong shape", "unet/config.json",
                rename("\"in_channels\": 4", "\"in_channels\": 9"), 69,
                "conv_in.weight has shape"
            ),
            ("S27 NaN", unet, filled("conv_out.bias", .nan), 65, "holds NaN or infinity"),
            ("S27 infinity", vae, filled("decoder.conv_out.bias", .infinity), 65, "holds NaN"),
            ("S28 VAE of zeros", vae, filled(nil, 0), 65, "every weight is zero"),
            (
                "S29 overflow", vae,
                filled("decoder.conv_out.weight", .greatestFiniteMagnitude), 65,
                "numbers that are not finite"
            ),
            (
                "S33 shard outside",
                "unet/config.json", { _ in }, 65, "leads out of the folder"
            ),
        ]
        try Tool.inFolder { tool in
            for (what, file, change, status, message) in cases {
                try spoiled(tool, file, change)
                if what.hasPrefix("S33") {
                    try FileManager.default.removeItem(at: tool.url("model/" + unet))
                    try Data("{\"weight_map\":{\"a\":\"../s.safetensors\"}}".utf8).write(
                        to: tool.url("model/\(unet).index.json"))
                }
                let model = tool.url("model").path(percentEncoded: false)
                try expectRefusal(tool, model, status, message, what)
            }
        }
    }
}
