import Checkpoints
import Editing
import Foundation
import Imaging
import Testing

@Suite("Single files are the models they were written from")
struct SingleFileTests {
    private static let folder = RecordedEdit.folder.appending(path: "families")

    private static func single(_ name: String) -> URL {
        folder.appending(components: "single", name + ".safetensors")
    }

    private static func tokenizer(_ model: String) -> URL {
        folder.appending(components: "models", model, "tokenizer")
    }

    private static func edits(_ model: String) throws -> [RecordedEdit] {
        try RecordedEdit.all("families/pictures.json").filter { $0.model == model }
    }

    @Test(
        "a file gives the picture of its folder, to the byte",
        arguments: ["tiny-inpaint", "tiny-instruct"])
    func sameBytes(name: String) throws {
        let folder = Self.folder.appending(components: "models", name)
        let edit = try #require(try Self.edits(name).first)
        let places = TokenizerPlaces(Self.tokenizer(name))
        let model = try Model.load(Self.single(name), tokenizers: places)
        #expect(model.name == name)
        #expect(model.familyName == "Stable Diffusion 1.x")
        let found = try edit.carriedOut(by: model).image
        #expect(try found.samples == edit.carriedOut(by: .load(folder)).image.samples)
    }

    @Test(
        "a file of Stable Diffusion 2 gives diffusers' picture, with either family's tokenizer",
        arguments: ["tiny-2", "tiny-inpaint"])
    func second(tokenizer: String) throws {
        let edit = try #require(try Self.edits("tiny-2-single").first)
        let places = TokenizerPlaces(Self.tokenizer(tokenizer))
        let model = try Model.load(Self.single("tiny-2"), tokenizers: places)
        #expect(model.familyName == "Stable Diffusion 2.x")
        try edit.expectEqual(edit.carriedOut(by: model))
    }

    @Test("the tokenizer is searched for")
    func search() throws {
        let file = Self.single("tiny-inpaint")
        let missing = EditingError.noTokenizer(file: "tiny-inpaint.safetensors")
        #expect(throws: missing) { _ = try Model.load(file) }
        #expect(EngineFailure(missing) == .cannotRead)
        // The first place has none, the second one of another vocabulary.
        let small = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: small, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: small) }
        try Data("{\"<|startoftext|>\": 0, \"<|endoftext|>\": 1}".utf8)
            .write(to: small.appending(path: "vocab.json"))
        try Data("#version: 0.2\n".utf8).write(to: small.appending(path: "merges.txt"))
        let others = [file.deletingLastPathComponent(), small]
        #expect(throws: missing) {
            _ = try Model.load(file, tokenizers: TokenizerPlaces(others: others))
        }
        let own = Self.folder.appending(components: "models", "tiny-inpaint")
        _ = try Model.load(file, tokenizers: TokenizerPlaces(others: others + [own]))

        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.copyItem(at: Self.tokenizer("tiny-inpaint"), to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        let beside = folder.appending(path: "model.safetensors")
        try FileManager.default.copyItem(at: file, to: beside)
        #expect(try Model.load(beside).name == "model")
    }

    @Test("other files are refused for what they are")
    func others() throws {
        let vae = Self.folder.appending(
            components: "models", "tiny-2", "vae", "diffusion_pytorch_model.safetensors")
        let error = #expect(throws: CheckpointError.self) { try SingleFile(vae) }
        #expect(error?.kind == .modelMismatch)
        #expect(
            error?.description.hasSuffix(
                "not a whole Stable Diffusion checkpoint: no tensor is called "
                    + "model.diffusion_model.…; it looks like a VAE: give it with --vae") == true)
    }

    @Test("what a file says of its parts is what its folder says")
    func configurations() throws {
        let single = try SingleFile(Self.single("tiny-2"))
        let scheduler = String(decoding: try single.configuration("scheduler"), as: UTF8.self)
        #expect(scheduler.contains("\"prediction_type\":\"v_prediction\""))
        let unet = String(decoding: try single.configuration("unet"), as: UTF8.self)
        #expect(unet.contains("\"attention_head_dim\":[1,1]"))
        #expect(unet.contains("\"block_out_channels\":[8,16]"))
        #expect(unet.contains("\"up_block_types\":[\"UpBlock2D\",\"CrossAttnUpBlock2D\"]"))
    }

    @Test(
        "a configuration beside a file says what its UNet predicts, comments apart",
        arguments: [
            ("model:\r\n  params:\r\n    parameterization: \"v\"\r\n", "v_prediction"),
            ("model:\n  params:\n    # parameterization: \"v\"\n", "epsilon"),
        ])
    func predictions(_ yaml: String, _ prediction: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "model.safetensors")
        try FileManager.default.copyItem(at: Self.single("tiny-inpaint"), to: file)
        try Data(yaml.utf8).write(to: folder.appending(path: "model.yaml"))
        let text = String(
            decoding: try SingleFile(file).configuration("scheduler"), as: UTF8.self)
        #expect(text.contains("\"prediction_type\":\"\(prediction)\""), "\(text)")
    }

    @Test(
        "a tensor that a file lacks is called as the file would call it",
        arguments: [
            ("tiny-2", "model.diffusion_model.out.2.bias"),
            ("tiny-2", "model.diffusion_model.input_blocks.1.0.in_layers.0.weight"),
            ("tiny-2", "first_stage_model.decoder.up.0.block.0.norm1.bias"),
            ("tiny-2", "cond_stage_model.model.transformer.resblocks.0.attn.in_proj_bias"),
            ("tiny-2", "cond_stage_model.model.ln_final.bias"),
            (
                "tiny-inpaint",
                "cond_stage_model.transformer.text_model.encoder.layers.0.layer_norm1.bias"
            ),
        ])
    func names(model: String, tensor: String) throws {
        var data = try Data(contentsOf: Self.single(model))
        let place = try #require(data.range(of: Data("\"\(tensor)\"".utf8)))
        data.replaceSubrange(place, with: Data("\"\(tensor.dropLast())_\"".utf8))
        let file = FileManager.default.temporaryDirectory
            .appending(path: UUID().uuidString + ".safetensors")
        defer { try? FileManager.default.removeItem(at: file) }
        try data.write(to: file)
        let error = #expect(throws: CheckpointError.self) {
            _ = try Model.load(file, tokenizers: TokenizerPlaces(Self.tokenizer(model)))
        }
        let words = ": no tensor \(tensor) among its "
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "none")")
    }
}
