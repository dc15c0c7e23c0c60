import Checkpoints
import Editing
import Foundation
import Gesso
import Models
import Recipes
import Sampling
import Tensors
import TestSupport

extension FuzzTarget {
    /// Readers of the files of a model, and of prompts.
    static let models: [FuzzTarget] = [
        FuzzTarget(
            "safetensors",
            words: ["\"dtype\":\"F32\"", "\"shape\":[", "\"data_offsets\":[", "__metadata__"],
            longest: 1 << 14,
            from: {
                ["LoRA", "Embeddings", "VAE"].flatMap { files("Weights/" + $0, ["safetensors"]) }
                    .filter { $0.data.count <= 1 << 16 }
                    + texts(["PK\u{3}\u{4}", "GGUF", "<html>"])
            }
        ) { data in
            try withFile(data, named: "weights.safetensors") { file in
                let weights = try Safetensors(contentsOf: file)
                for name in weights.names {
                    guard let tensor = weights[name] else { continue }
                    _ = tensor.hasNonFiniteValues
                }
                _ = try? LoRA(file)
                _ = try? TextualInversion.all(in: file)
                _ = try? ModelInspection(file)
                _ = try OtherFile(file)
            }
        },
        FuzzTarget(
            "configuration",
            words: [
                "block_out_channels", "down_block_types", "prediction_type", "null", "1e999",
                "[1,2]",
            ],
            from: {
                ["unet", "vae", "text_encoder", "scheduler"].flatMap {
                    files("Parity/models/tiny-f32/" + $0, ["json"])
                } + files("Parity/families/models/tiny-xl/unet", ["json"])
                    + files("Parity/families/models/tiny-xl/scheduler", ["json"])
            }
        ) { data in
            _ = try? UNet2DCondition.Configuration(json: data)
            _ = try? AutoencoderKL.Configuration(json: data)
            _ = try? CLIPTextEncoder.Configuration(json: data)
            _ = try? ControlNet.Configuration(json: data)
            let scheduler = try SchedulerConfiguration(json: data)
            try require(scheduler.trainTimesteps > 0, "no time steps")
        },
        FuzzTarget(
            "tokenizer",
            words: ["added_tokens", "vocab", "merges", "</w>", "<|endoftext|>", "content"],
            longest: 1 << 14,
            from: {
                files("Parity/models/tiny-f16/tokenizer", ["json"])
                    + files("Parity/models/tiny-f32/tokenizer", ["json", "txt"])
            }
        ) { data in
            for name in ["tokenizer.json", "vocab.json"] {
                try withFile(data, named: name) { file in
                    let folder = file.deletingLastPathComponent()
                    if let tokenizer = try? CLIPTokenizer(folder: folder) {
                        _ = tokenizer("a photo of a cat's 42°C")
                    }
                }
            }
            try withFile(data, named: "merges.txt") { file in
                let folder = file.deletingLastPathComponent()
                if let tokenizer = try? CLIPTokenizer(folder: folder) { _ = tokenizer("a cat") }
            }
        },
        FuzzTarget(
            "prompt",
            words: [
                "(", ")", "[", "]", ":1.2)", "|", " AND ", "BREAK", "<lora:", "<lyco:", ":0.5>",
                "\\",
                "__a__", "{2$$, $$", "}", "::", "embedding:",
            ], longest: 512, from: { try prompts() }
        ) { data in
            let prompt = String(decoding: data, as: UTF8.self)
            var recipe = Recipe(.textToImage)
            (recipe.prompt, recipe.negativePrompt, recipe.seed) = (prompt, prompt, 7)
            let drawn = recipe.takingLoRATags().recipe.drawingWildcards(from: []).recipe
            for text in Set([prompt, drawn.prompt]) {
                let schedule = PromptSchedule(text)
                let parts = Set((0..<5).flatMap { schedule.parts(at: $0, of: 5).map(\.text) })
                for part in parts {
                    let weighted = WeightedPrompt(part)
                    _ = PromptChunks(weighted, try clip.get(), embeddings: [("cat", 2)])
                    try require(
                        weighted.parts.allSatisfy { $0.weight.isFinite }, "a weight without bound")
                }
            }
        },
        FuzzTarget(
            "wildcards", words: ["__", "{", "|", "$$", "::", "#", "\r\n"],
            from: { texts(["red\nblue\n# green\n", "{2$$, $$a|b|c}\n__colour__", "0.5::a\n2::b"]) }
        ) { data in
            try withFile(data, named: "colour.txt") { file in
                var recipe = Recipe(.textToImage)
                recipe.seed = 3
                recipe.prompt = "a __colour__ house, {__colour__|2::__col*__}"
                let (drawn, _) = recipe.drawingWildcards(from: [file.deletingLastPathComponent()])
                try require(drawn.prompt.utf8.count <= 1 << 17, "a prompt without bound")
            }
        },
    ]

    /// The tokenizer that comes with the built-in model.
    private static let clip = Result {
        try CLIPTokenizer(folder: Fixtures.builtInModel.appending(path: "tokenizer"))
    }

    private static func prompts() throws -> [Seed] {
        struct Line: Decodable { let prompt: String }
        let list = try JSONDecoder().decode(
            [Line].self,
            from: Data(contentsOf: Fixtures.folder.appending(path: "Prompts/clip-tokens.json")))
        let lines = try String(
            contentsOf: Fixtures.folder.appending(path: "Prompts/schedules.jsonl"), encoding: .utf8)
        let scheduled = try lines.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8)).prompt
        }
        return texts(
            list.map(\.prompt) + scheduled + [
                "a <lora:fur:0.5:0.8> <lyco:x> <hypernet:y:1>", "__a/b__ {a|2::b} {2$$, $$a|b|c}",
            ])
    }
}
