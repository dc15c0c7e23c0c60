import Foundation
import GessoHub
import Testing

@Suite("Which files of a repository are downloaded")
struct ChoiceTests {
    private func chosen(
        _ paths: [String], _ change: (inout FileChoice) -> Void = { _ in }
    ) throws -> [String] {
        var choice = FileChoice()
        change(&choice)
        let blob = String(repeating: "0", count: 64)
        let files = paths.map { RemoteFile(path: $0, size: 1, blob: blob) }
        return try choice.chosen(from: files, of: "org/name").map(\.path)
    }

    private static let model = [
        "model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
        "vae/config.json", "vae/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.safetensors", "text_encoder/config.json",
        "text_encoder/model.safetensors", "scheduler/scheduler_config.json",
        "safety_checker/config.json", "safety_checker/pytorch_model.bin", "README.md",
        "unet/diffusion_flax_model.msgpack", "unet/openvino_model.xml",
    ]

    @Test("each network has the variant that there is")
    func variants() throws {
        #expect(
            try chosen(Self.model) == [
                "model_index.json", "scheduler/scheduler_config.json", "text_encoder/config.json",
                "text_encoder/model.safetensors", "unet/config.json",
                "unet/diffusion_pytorch_model.safetensors", "vae/config.json",
                "vae/diffusion_pytorch_model.fp16.safetensors",
            ])
        let whole = try chosen(Self.model) { $0.variant = nil }
        #expect(whole.contains("vae/diffusion_pytorch_model.safetensors"))
        #expect(!whole.contains("vae/diffusion_pytorch_model.fp16.safetensors"))
        #expect(throws: HubError.self) {
            try chosen(Self.model) { ($0.variant, $0.requiresVariant) = ("ema", true) }
        }
    }

    @Test("shards come with their index", arguments: ["", "fp16"])
    func shards(_ variant: String) throws {
        let mark = variant.isEmpty ? "" : "." + variant
        let paths = [
            "model_index.json", "unet/config.json",
            "unet/diffusion_pytorch_model.safetensors.index\(mark).json",
            "unet/diffusion_pytorch_model\(mark)-00001-of-00002.safetensors",
            "unet/diffusion_pytorch_model\(mark)-00002-of-00002.safetensors",
            "unet/diffusion_pytorch_model-of.json",
        ]
        #expect(try chosen(paths) == Array(paths.prefix(5)).sorted())
    }

    @Test("single networks and single files")
    func single() throws {
        let network = ["config.json", "diffusion_pytorch_model.safetensors", "taesd.safetensors"]
        #expect(try chosen(network) == Array(network.prefix(2)))
        #expect(
            try chosen(["a.safetensors", "pytorch_lora_weights.safetensors", "config.json"])
                == ["pytorch_lora_weights.safetensors"])
        #expect(try chosen(["README.md", "a.safetensors", "a.ckpt"]) == ["a.safetensors"])
        #expect(
            try chosen(["sd_xl.safetensors", "sd_xl.fp16.safetensors"])
                == ["sd_xl.fp16.safetensors"])
        #expect(
            throws: HubError.severalFiles("org/name", files: ["a.safetensors", "b.safetensors"])
        ) { try chosen(["b.safetensors", "a.safetensors"]) }
    }

    @Test("pickles are never chosen")
    func pickles() throws {
        for paths in [
            ["model.ckpt", "README.md"],
            ["model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.bin"], [],
            ["README.md"],
        ] {
            let error = #expect(throws: HubError.self) { try chosen(paths) }
            #expect(error?.exitCode == 66)
        }
        #expect(throws: HubError.self) {
            try chosen(["x.ckpt", "a.safetensors"]) { $0.files = ["x.ckpt"] }
        }
    }

    @Test("files can be named")
    func named() throws {
        let paths = ["a/b.safetensors", "c.safetensors", "d.json"]
        #expect(
            try chosen(paths) { $0.files = ["d.json", "a/b.safetensors"] }
                == ["a/b.safetensors", "d.json"])
        #expect(
            throws: HubError.noFile("b.safetensors", of: "org/name", meant: ["a/b.safetensors"])
        ) { try chosen(paths) { $0.files = ["b.safetensors"] } }
    }
}
