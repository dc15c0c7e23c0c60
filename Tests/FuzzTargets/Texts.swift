import Foundation
import Gesso
import Recipes
import TestSupport

extension FuzzTarget {
    private static func text(_ data: Data) -> String { String(decoding: data, as: UTF8.self) }

    /// Readers of what people write, and of what programs write into pictures.
    static let texts: [FuzzTarget] = [
        FuzzTarget(
            "infotext",
            words: [
                "Negative prompt:", "Steps: 4, ", "Sampler: DPM++ 2M Karras, ", "Seed: 1, ",
                "Size: 64x64, ", "Template:", "Schedule type: ", "CFG scale: ", "Hires upscale: ",
                "Denoising strength: ", "Clip skip: ", "Mask blur: ", "Lora hashes: ", "\n", "\\\"",
            ], from: { storedTexts("parameters") }
        ) { data in
            try use(try PictureSettings(texts: [("parameters", text(data))], of: "input"))
        },
        FuzzTarget(
            "settings",
            words: [
                "parameters", "prompt", "workflow", "Comment", "Software", "invokeai_metadata",
                "class_type", "inputs", "KSampler", "CLIPTextEncode", "sui_image_params", "uc",
                "positive_prompt", "metadata_scheme", "base_model", "[\\\"4\\\", 0]", "stealth",
                "sd-metadata", "Dream", "latent_image", "lora_name", "num_inference_steps",
            ], from: { files("Recipes/Settings", ["json"]) }
        ) { data in
            struct Texts: Decodable {
                let texts: [String: String]
                let xmp: String?
            }
            guard let all = try? JSONDecoder().decode(Texts.self, from: data) else { return }
            let texts = all.texts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
            try use(try PictureSettings(texts: texts, xmp: all.xmp, of: "input"))
        },
        FuzzTarget(
            "recipe",
            words: Recipe.keys.map { $0.name + ": " } + [
                "edits:\n", "vars:\n", "masks:\n", "for:\n", "extends: ", "verb: ", "- ", "  ",
                "{prompt}", "rect:1,1,2,2", "of: ", "grow: ", "feather: ",
            ], from: { files("Recipes/Good", ["yaml"]) + files("Recipes/Bad", ["yaml"]) }
        ) { data in
            let preset = try Preset(Array(data), path: "input.yaml")
            _ = try preset.knownMasks()
            for verb in Verb.allCases { _ = try? Recipe(verb, presets: [preset]) }
        },
        FuzzTarget(
            "styles", words: ["name,prompt,negative_prompt\n", "\"\"", "{prompt}"],
            from: {
                texts([
                    "name,prompt,negative_prompt\na,\"b, {prompt}\",c\n# d,e\n",
                    "name,text\r\n\"a\"\"b\",c",
                ])
            }
        ) { data in
            let book = try StyleBook(Array(data), path: "styles.csv")
            try require(
                Set(book.styles.map { Array($0.name.utf8) }).count == book.styles.count,
                "two styles of one name")
        },
        FuzzTarget(
            "mask",
            words: ["rect:", "ellipse:", "polygon:", "left:", "alpha", "border:", "50%", "-"],
            longest: 256,
            from: {
                texts([
                    "rect:1,2,3,4", "rect:10%,10%,50%,50%", "ellipse:1,2,3,4", "alpha",
                    "polygon:1,1 2,2 3,1", "left:30%", "top:5", "border:2", "-mask.png", "all",
                ])
            }
        ) { data in
            let source = try MaskSource(text(data), at: .argument("--mask"))
            if let words = source.text {
                let again = try MaskSource(words, at: .argument("--mask"))
                try require(again.text == words, "\(words) is read as \(again.text ?? "")")
            }
        },
        FuzzTarget(
            "words", words: ["strength=", "..", " (+1)", " [3]", "preset=", "prompt:", ","],
            longest: 256,
            from: {
                texts([
                    "strength=0.2..0.8:0.2", "seed=1-4", "steps=4-20 [3]", "prompt:a=b,\"c,d\"",
                    "preset=a,b", "guidance_scale=1,2.5", "fill=#ff0000", "lora=a:0.5;b:0.2:0.3",
                    "seed=1-10 (+3)", "{stem}-{seed}.{ext}", "size=1x2",
                ])
            }
        ) { data in
            let words = text(data)
            if let axis = try? GridAxis(words, option: "--x") {
                var recipe = Recipe(.textToImage)
                recipe.prompt = "a lake"
                for value in axis.values {
                    _ = axis.label(value)
                    _ = try? axis.replaced(value, in: recipe)
                }
            }
            if let setting = try? Setting(assignment: words) {
                for verb in Verb.allCases { _ = try? Recipe(verb, settings: [setting]) }
            }
            if let template = try? NameTemplate(words) {
                _ = template.name(["stem": "a", "seed": "1", "ext": "png"])
            }
        },
        FuzzTarget(
            "list", words: ["{\"input\": \"", "\"mask\": \"", "\"prompt\": ", "\r\n", "\u{FEFF}"],
            from: {
                texts([
                    "{\"input\": \"a.png\"}\n{\"input\": \"b.png\", \"mask\": \"rect:1,1,2,2\", \"seed\": 4}",
                    "\u{FEFF}{\"input\": \"a.png\", \"strength\": 0.5, \"tiling\": true}\r\n",
                    "a.png\r\nb.png\n",
                ])
            }
        ) { data in
            for name in ["list.jsonl", "list.txt"] {
                try withFile(data, named: name) { file in
                    guard
                        let list = try? BatchList(
                            [file.path], recursive: false, without: URL(filePath: "/none"))
                    else { return }
                    for item in list.items {
                        for verb in Verb.allCases {
                            _ = try? Recipe(verb, settings: item.settings)
                        }
                    }
                }
            }
        },
        FuzzTarget(
            "receipt", words: ["schema", "gesso.receipt/2", "edits", "request", "result"],
            from: { files("Receipts", ["json"]) }
        ) { data in
            try withFile(data, named: "receipt.json") { file in
                let receipt = try Receipt(contentsOf: file, named: "receipt.json")
                _ = try receipt.document()
            }
        },
    ]

    /// The texts under a keyword among the stored settings of the fixtures.
    private static func storedTexts(_ keyword: String) -> [Seed] {
        struct Texts: Decodable { let texts: [String: String] }
        return files("Recipes/Settings", ["json"]).compactMap { seed in
            guard let all = try? JSONDecoder().decode(Texts.self, from: seed.data),
                let text = all.texts[keyword]
            else { return nil }
            return Seed(name: seed.name, data: Data(text.utf8))
        }
    }

    /// Does with stored settings what commands do with them.
    private static func use(_ settings: PictureSettings?) throws {
        guard let settings else { return }
        _ = settings.notes(for: Verb.allCases)
        let section = RecipeWriter.Section(settings)
        let written = RecipeWriter.text("Of a picture", [section])
        guard (try? Recipe(settings.verb, presets: [Preset(settings)])) != nil else { return }
        do {
            _ = try Preset(Array(written.utf8), path: "written.yaml")
        } catch {
            throw Finding(description: "what was written is refused: \(error)\n\(written)")
        }
    }
}
