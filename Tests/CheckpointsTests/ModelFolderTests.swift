import Checkpoints
import Foundation
import Testing

@Suite struct ModelFolderTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private var path: String { folder.url.path(percentEncoded: false) }

    private let one = safetensors([("a", [1], 1)])

    @Test func theIndexNamesTheComponents() throws {
        try folder.write(
            """
            {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.6.0",
             "unet": ["diffusers", "UNet2DConditionModel"], "safety_checker": [null, null],
             "requires_safety_checker": false}
            """, to: "model_index.json")
        let model = try ModelFolder(folder.url)
        #expect(model.pipelineClassName == "StableDiffusionPipeline")
        #expect(model.componentClassNames == ["unet": "UNet2DConditionModel"])
        #expect(!model.isStandIn)
        #expect(!model.contains("unet"))
        let error = #expect(throws: CheckpointError.self) { try model.weights("unet") }
        #expect(error?.kind == .cannotRead)
        #expect(
            error?.description
                == "\(path): holds no unet/; model_index.json promises UNet2DConditionModel: "
                + "give one with --unet")
    }

    @Test func standInsAreMarked() throws {
        try folder.write("{\"_gesso_standin\": true}", to: "model_index.json")
        #expect(try ModelFolder(folder.url).isStandIn)
    }

    @Test func theIndexIsOptional() throws {
        try folder.write("{\"a\": 1}", to: "unet/config.json")
        let model = try ModelFolder(folder.url)
        #expect(model.pipelineClassName == nil)
        #expect(try model.configuration("unet") == Data("{\"a\": 1}".utf8))
        #expect(throws: CheckpointError.self) { try model.configuration("vae") }
    }

    @Test func theSchedulerHasItsOwnFileName() throws {
        try folder.write("{}", to: "scheduler/scheduler_config.json")
        #expect(try ModelFolder(folder.url).configuration("scheduler") == Data("{}".utf8))
    }

    @Test(arguments: [
        "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors",
        "model.safetensors", "model.fp16.safetensors",
    ])
    func weightsHaveSeveralNames(_ name: String) throws {
        try folder.write(one, to: "unet/\(name)")
        let weights = try ModelFolder(folder.url).weights("unet")
        #expect(weights.unusedNames == ["a"])
    }

    @Test func fullPrecisionComesFirst() throws {
        try folder.write(one, to: "unet/diffusion_pytorch_model.fp16.safetensors")
        try folder.write(
            safetensors([("b", [1], 1)]), to: "unet/diffusion_pytorch_model.safetensors")
        #expect(try ModelFolder(folder.url).weights("unet").unusedNames == ["b"])
    }

    @Test func picklesAreNotWeights() throws {
        try folder.write([0x80, 2], to: "vae/diffusion_pytorch_model.bin")
        let model = try ModelFolder(folder.url)
        let error = #expect(throws: CheckpointError.self) { try model.weights("vae") }
        #expect(error?.kind == .cannotRead)
        #expect(
            error?.description.hasSuffix(
                "holds no diffusion_pytorch_model.safetensors or model.safetensors; "
                    + "diffusion_pytorch_model.bin is a pickle, which can run code: convert it first"
            )
                == true)
    }

    /// What is there in place of weights, by the name of a file.
    @Test(arguments: [
        ("diffusion_pytorch_model.safetensors.part", "is a download that is not finished"),
        ("diffusion_pytorch_model.safetensors.incomplete", "is a download that is not finished"),
        ("openvino_model.xml", "is for OpenVINO: take the safetensors version"),
        ("model.onnx", "is for ONNX: take the safetensors version"),
        ("diffusion_flax_model.msgpack", "is for Flax: take the safetensors version"),
        ("diffusion_pytorch_model.non_ema.safetensors", "is there: rename it to model.safetensors"),
        ("model-00001-of-00002.safetensors", "is a part: the list of parts, "),
    ])
    func otherFilesAreNamed(_ name: String, _ what: String) throws {
        try folder.write(one, to: "unet/\(name)")
        // OpenVINO's weights are called as pickles are.
        if name.hasPrefix("openvino") { try folder.write(one, to: "unet/openvino_model.bin") }
        let error = #expect(throws: CheckpointError.self) {
            try ModelFolder(folder.url).weights("unet")
        }
        #expect(
            error?.description.contains("\(name) \(what)") == true, "\(error?.description ?? "")")
    }

    @Test func whatIsNoWholeFolderIsNamed() throws {
        try folder.write("{}", to: "unet/config.json")
        let part = #expect(throws: CheckpointError.self) {
            try ModelFolder(folder.url.appending(path: "unet")).configuration("unet")
        }
        #expect(
            part?.description.hasSuffix(
                "holds no unet/; it seems to be one part of a model: name the folder that it is in")
                == true)
        let vae = #expect(throws: CheckpointError.self) {
            try ModelFolder(folder.url).configuration("vae")
        }
        #expect(vae?.description.hasSuffix("holds no vae/; give one with --vae") == true)

        let flux = try TemporaryFolder()
        try flux.write("{}", to: "transformer/config.json")
        try flux.write(
            "{\"transformer\": [\"diffusers\", \"FluxTransformer2DModel\"]}", to: "model_index.json"
        )
        let other = #expect(throws: CheckpointError.self) {
            try ModelFolder(flux.url).configuration("unet")
        }
        #expect(other?.kind == .modelMismatch)
        #expect(
            other?.description.contains(
                "is a model with FluxTransformer2DModel in place of a UNet, which is not supported")
                == true)
    }

    @Test(arguments: [
        "diffusion_pytorch_model.safetensors.index.fp16.json",
        "diffusion_pytorch_model.fp16.safetensors.index.json",
    ])
    func listsOfVariantsHaveTwoNames(_ name: String) throws {
        try folder.write(one, to: "unet/s-1.safetensors")
        try folder.write("{\"weight_map\": {\"a\": \"s-1.safetensors\"}}", to: "unet/\(name)")
        #expect(try ModelFolder(folder.url).weights("unet").unusedNames == ["a"])
    }

    @Test func shardsAreJoined() throws {
        try folder.write(one, to: "unet/s-1.safetensors")
        try folder.write(safetensors([("b", [1], 1), ("c", [1], 1)]), to: "unet/s-2.safetensors")
        let index = "unet/diffusion_pytorch_model.safetensors.index.json"
        try folder.write(
            """
            {"metadata": {"total_size": 8},
             "weight_map": {"a": "s-1.safetensors", "b": "s-2.safetensors"}}
            """, to: index)
        #expect(try ModelFolder(folder.url).weights("unet").unusedNames == ["a", "b"])

        try folder.write("{\"weight_map\": {\"b\": \"s-1.safetensors\"}}", to: index)
        let error = #expect(throws: CheckpointError.self) {
            try ModelFolder(folder.url).weights("unet")
        }
        #expect(error?.kind == .corruptData)
        #expect(error?.description.contains("tensor b is not in the shard it names") == true)
    }

    @Test(arguments: ["../s.safetensors", "/etc/passwd", "..", "", "a/b.safetensors"])
    func shardsStayInTheirFolder(_ name: String) throws {
        try folder.write(one, to: "s.safetensors")
        try folder.write(
            "{\"weight_map\": {\"a\": \"\(name)\"}}",
            to: "unet/diffusion_pytorch_model.safetensors.index.json")
        let model = try ModelFolder(folder.url)
        let error = #expect(throws: CheckpointError.self) { try model.weights("unet") }
        #expect(error?.kind == .corruptData)
        #expect(error?.description.contains("leads out of the folder") == true)
    }

    @Test(arguments: [
        ("", "JSON"), ("[", "JSON"), ("[]", "index"), ("{\"weight_map\": 1}", "index"),
        (String(repeating: "[", count: 100_000), "JSON"),
    ])
    func brokenIndexesAreRefused(_ text: String, _ format: String) throws {
        try folder.write(text, to: "unet/model.safetensors.index.json")
        let model = try ModelFolder(folder.url)
        let error = #expect(throws: CheckpointError.self) { try model.weights("unet") }
        #expect(error?.kind == .corruptData)
        #expect(error?.description.contains("not valid \(format)") == true)
    }

    @Test func aLostLinkIsNoFolder() throws {
        let link = folder.url.appending(path: "lost.safetensors")
        try FileManager.default.createSymbolicLink(
            at: link, withDestinationURL: folder.url.appending(path: "nothing"))
        let error = #expect(throws: CheckpointError.self) { try ModelFolder(link) }
        #expect(error?.description.contains("is a link to a file that is not there") == true)
    }

    @Test func aFileIsNoFolder() throws {
        let file = try folder.write(one, to: "model.safetensors")
        let error = #expect(throws: CheckpointError.self) { try ModelFolder(file) }
        #expect(error?.kind == .cannotRead)
        #expect(error?.description.contains("is a file; a model folder") == true)
        #expect(throws: CheckpointError.self) {
            try ModelFolder(folder.url.appending(path: "missing"))
        }
    }

    /// What a download left in the place of a configuration.
    @Test(arguments: [
        (
            "version https://git-lfs.github.com/spec/v1\n",
            "is a git-LFS pointer; fetch the real file"
        ),
        ("\n<!DOCTYPE html><title>Sign in", "is a web page; the download failed or needs a login"),
    ])
    func downloadsThatFailedAreNamed(_ text: String, _ what: String) throws {
        try folder.write(text, to: "unet/config.json")
        let error = #expect(throws: CheckpointError.self) {
            try ModelFolder(folder.url).configuration("unet")
        }
        #expect(error?.kind == .corruptData)
        #expect(error?.description.contains("config.json: \(what)") == true)
    }

    /// Of the Hugging Face cache, whose snapshots are links, people copy these alone.
    @Test func linksToFilesThatAreNotThereAreNamed() throws {
        try folder.write("{}", to: "unet/config.json")
        try FileManager.default.createSymbolicLink(
            atPath: path + "/unet/diffusion_pytorch_model.safetensors",
            withDestinationPath: "../../blobs/0123")
        let error = #expect(throws: CheckpointError.self) {
            try ModelFolder(folder.url).weights("unet")
        }
        #expect(
            error?.description.contains(
                "diffusion_pytorch_model.safetensors is a link to a file that is not there")
                == true,
            "\(error?.description ?? "")")
        try FileManager.default.removeItem(atPath: path + "/unet/config.json")
        try FileManager.default.createSymbolicLink(
            atPath: path + "/unet/config.json", withDestinationPath: "../../blobs/4567")
        let other = #expect(throws: CheckpointError.self) {
            try ModelFolder(folder.url).configuration("unet")
        }
        #expect(other?.description.contains("; config.json is a link") == true)
    }

    @Test func hugeConfigurationsAreNotRead() throws {
        try folder.write([UInt8](repeating: 0x20, count: 2 << 20), to: "unet/config.json")
        let model = try ModelFolder(folder.url)
        let error = #expect(throws: CheckpointError.self) { try model.configuration("unet") }
        #expect(error?.kind == .cannotRead)
        #expect(error?.description.contains("more than the limit of 1048576") == true)
    }
}
