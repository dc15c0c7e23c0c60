import Foundation
import Recipes
import Testing

/// A file of `Fixtures/Recipes/Settings`: the texts of a picture, by keyword, and its XMP; beside it
/// stands what they come to.
private struct PictureTexts: Sendable, CustomTestStringConvertible, Decodable {
    let texts: [String: String]
    let xmp: String?
    var testDescription = ""
    var expected = ""

    private enum CodingKeys: CodingKey { case texts, xmp }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/Recipes/Settings")

    static let all: [PictureTexts] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".json") }.sorted().compactMap { file in
            let url = folder.appending(path: file)
            guard let data = try? Data(contentsOf: url),
                var texts = try? JSONDecoder().decode(Self.self, from: data)
            else { return nil }
            texts.testDescription = String(file.dropLast(".json".count))
            let expected = url.deletingPathExtension().appendingPathExtension("expected")
            texts.expected = (try? String(contentsOf: expected, encoding: .utf8)) ?? "none"
            return texts
        }
    }()

    /// What is read, a line each.
    func found() -> String {
        do {
            let texts = texts.map { (keyword: $0.key, value: $0.value) }
            guard let settings = try PictureSettings(texts: texts, xmp: xmp, of: "a.png") else {
                return "no settings\n"
            }
            var lines = ["program: \(settings.program)", "verb: \(settings.verb.rawValue)"]
            lines += settings.model.map { ["model: \($0)"] } ?? []
            lines += settings.settings.map { "\($0.key) = \($0.value.debugDescription)" }
            lines += settings.notes(for: [settings.verb]).map { "note: \($0)" }
            do {
                _ = try Recipe(settings.verb, presets: [Preset(settings)])
            } catch {
                lines.append("refused: \(error)")
            }
            return lines.map { $0 + "\n" }.joined()
        } catch {
            return "refused: \(error)\n"
        }
    }
}

@Suite struct PictureTextsTests {
    @Test func theCorpusIsThere() { #expect(PictureTexts.all.count > 40) }

    /// With `GESSO_RECORD` in the environment the results are written instead.
    @Test(arguments: PictureTexts.all)
    fileprivate func textsComeToTheirSettings(_ texts: PictureTexts) throws {
        let found = texts.found()
        if ProcessInfo.processInfo.environment["GESSO_RECORD"] != nil {
            let file = PictureTexts.folder.appending(path: texts.testDescription + ".expected")
            try Data(found.utf8).write(to: file)
        } else {
            #expect(found == texts.expected)
        }
    }

    /// A graph with one run of 20 steps, with inputs of its sampler and nodes besides.
    private func graph(_ inputs: String, _ nodes: [String]) throws -> PictureSettings? {
        let text = """
            {"3": {"class_type": "KSampler", "inputs": {"steps": 20, "sampler_name": "euler",
            "positive": ["6", 0], "negative": ["6", 0], \(inputs)}},
            "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a lake"}},
            \(nodes.joined(separator: ","))}
            """
        return try PictureSettings(texts: [(keyword: "prompt", value: text)], of: "a.png")
    }

    /// The prompt of a graph whose text comes from a node, as its class and inputs, and the notes on it.
    private func prompt(of node: String) throws -> (prompt: String?, notes: [String]) {
        let text = """
            {"3": {"class_type": "KSampler", "inputs": {"steps": 20, "sampler_name": "euler",
            "positive": ["6", 0], "seed": 1}},
            "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["20", 0]}},
            "20": {"class_type": \(node)}}
            """
        let found = try PictureSettings(texts: [(keyword: "prompt", value: text)], of: "a.png")
        return (found?.prompt, found?.notes(for: [.textToImage]) ?? [])
    }

    /// What it is changed to is not known.
    @Test(arguments: [
        #""StringReplace", "inputs": {"string": "a red lake", "find": "red", "replace": "blue"}"#,
        #""RegexReplace", "inputs": {"string": "a lake", "regex_pattern": "a", "replace": "b"}"#,
        #""RegexExtract", "inputs": {"string": "a lake", "regex_pattern": "l.", "mode": "First"}"#,
        #""StringSubstring", "inputs": {"string": "a lake", "start": 0, "end": 3}"#,
        #""Text Find and Replace", "inputs": {"text": "a lake", "find": "a", "replace": "b"}"#,
        #""DPRandomGenerator", "inputs": {"text": "a {lake|sea}", "seed": 5, "autorefresh": "No"}"#,
        #""Random Line", "inputs": {"lines": "a lake", "seed": 5}"#,
    ])
    func aTextThatNodesChangeIsNoPrompt(_ node: String) throws {
        let found = try prompt(of: node)
        #expect(found.prompt == "")
        let note = "a.png: its prompt is put together by nodes that are not read"
        #expect(found.notes == [note])
    }

    @Test(arguments: [
        #""PrimitiveString", "inputs": {"value": "a lake"}"#,
        #""StringConstantMultiline", "inputs": {"string": "a lake", "strip_newlines": true}"#,
        #""Text String", "inputs": {"text": "a lake", "text_b": "", "text_c": ""}"#,
        #""W", "inputs": {"wildcard_text": "x", "populated_text": "a lake", "seed": 5}"#,
    ])
    func aTextThatANodeHoldsIsAPrompt(_ node: String) throws {
        let found = try prompt(of: node)
        #expect(found.prompt == "a lake")
        #expect(found.notes.isEmpty)
    }

    /// The same text gives the same settings in every run.
    @Test func namesOfFooocusPrecedeItsLabels() throws {
        let keys = [
            "Prompt", "Negative Prompt", "Steps", "Guidance Scale", "Seed", "Clip Skip", "Sampler",
            "VAE", "Base Model",
        ]
        let members = keys.flatMap { key in
            let name = key.lowercased().replacing(" ", with: "_")
            return ["\"\(key)\": \"1\"", "\"\(name)\": \"2\""]
        }
        let text = "{\(members.joined(separator: ","))}"
        let read = try PictureSettings(texts: [(keyword: "parameters", value: text)], of: "a.png")
        #expect(read?.model == "2")
        #expect(read?.settings.map(\.value) == Array(repeating: "2", count: keys.count - 1))
    }

    /// With a copy of its inputs for each sampler this guider would take minutes and gigabytes.
    @Test func manySamplersShareAGuider() throws {
        let samplers = (0..<4_000).map {
            "\"\($0)\": {\"class_type\": \"S\", \"inputs\": {\"sigmas\": 1, \"guider\": [\"g\", 0]}}"
        }
        let inputs = (0..<20_000).map { "\"x\($0)\": 1" }
        let guider = (inputs + ["\"positive\": [\"p\", 0]"]).joined(separator: ",")
        let text =
            "{\"g\": {\"class_type\": \"G\", \"inputs\": {\(guider)}}, "
            + samplers.joined(separator: ",") + "}"
        let start = ContinuousClock.now
        let error = #expect(throws: RecipeError.self) {
            try PictureSettings(texts: [(keyword: "prompt", value: text)], of: "a.png")
        }
        #expect(error.map { "\($0)".contains("of several runs") } == true)
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    /// Joined again for each input of a sampler these texts would take minutes.
    @Test func onlyPromptsAreJoined() throws {
        let ring = (0..<10).map { "\"text\($0)\": [\"9\", 0]" }.joined(separator: ",")
        let inputs = (0..<20_000).map { "\"x\($0)\": [\"9\", 0]" }.joined(separator: ",")
        let start = ContinuousClock.now
        let found = try graph(
            inputs, ["\"9\": {\"class_type\": \"J\", \"inputs\": {\"delimiter\": \"\", \(ring)}}"])
        #expect(found?.settings.contains { $0.key == "steps" && $0.value == "20" } ?? false)
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    /// Read again for each node that leads to it this stack would take minutes and gigabytes.
    @Test func aStackOfLoRAsIsReadOnce() throws {
        let loaders = (0..<3_000).map {
            """
            "a\($0)": {"class_type": "L", "inputs": {"lora_name": "a", "strength_model": 1,
            "model": ["a\($0 + 1)", 0], "lora_stack": ["b0", 0]}}
            """
        }
        let stacks = (0..<3_000).map {
            """
            "b\($0)": {"class_type": "S", "inputs": {"lora_name_1": "b", "lora_stack": ["b\($0 + 1)", 0]}}
            """
        }
        let start = ContinuousClock.now
        let found = try graph("\"model\": [\"a0\", 0]", loaders + stacks)
        #expect(found?.settings.contains { $0.key == "steps" && $0.value == "20" } ?? false)
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    /// Nodes of a graph, all of which stand for a subgraph, with links between them.
    private func nodes(_ count: Int, of subgraph: String, links: Int) -> String {
        let node = "{\"id\": 1, \"type\": \"\(subgraph)\", \"inputs\": []}"
        let link = "{\"id\": 1, \"origin_id\": 1, \"origin_slot\": 0}"
        return """
            "nodes": [\(Array(repeating: node, count: count).joined(separator: ","))],
            "links": [\(Array(repeating: link, count: links).joined(separator: ","))]
            """
    }

    /// Put in their places, the nodes of these subgraphs would take years and all memory.
    @Test(arguments: [(nodes: 10, links: 0, depth: 16), (nodes: 1000, links: 4000, depth: 2)])
    func subgraphsComeToNoMoreThanAFileMayHave(_ each: (nodes: Int, links: Int, depth: Int)) {
        let subgraphs = (0..<each.depth).map {
            let inner = nodes(each.nodes, of: "S\($0 + 1)", links: each.links)
            return "{\"id\": \"S\($0)\", \(inner)}"
        }
        let text = """
            {\(nodes(each.nodes, of: "S0", links: 0)),
            "definitions": {"subgraphs": [\(subgraphs.joined(separator: ","))]}}
            """
        let start = ContinuousClock.now
        #expect(throws: RecipeError.self) {
            try PictureSettings(texts: [(keyword: "workflow", value: text)], of: "a.png")
        }
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    /// Nothing is left to chance in the pictures of other programs, and their words are no signs of this one's.
    @Test(arguments: [
        ("A1111", "a {day|night} hut AND a {word}", #"a \{day|night\} hut AND a \{word\}"#),
        ("A1111", "a {2$$day} hut", #"a \{2$$day\} hut"#),
        ("A1111", "a {word} hut, a|b|", #"a \{word\} hut, a|b|"#),
        ("A1111", #"a \{day|night} hut"#, #"a \{day|night\} hut"#),
        ("A1111", "a {word} hut", "a {word} hut"),
        ("gesso 1", "a {word} [a|b]", "a {word} [a|b]"),
        ("ComfyUI", "a {day|night} hut BREAK", #"a \{day|night\} hut break"#),
        ("ComfyUI", "a cat AND a dog ANDY BREAKS", "a cat and a dog ANDY BREAKS"),
        ("ComfyUI", "AND,BREAK(BREAK:1.2)", "and,break(break:1.2)"),
    ])
    func signsOfThisProgramAreText(_ program: String, _ prompt: String, _ read: String) throws {
        var texts = [
            (
                keyword: "parameters",
                value: prompt + "\nSteps: 4, Sampler: Euler, CFG scale: 7, Seed: 1"
                    + (program == "A1111" ? "" : ", Version: \(program)")
            )
        ]
        if program == "ComfyUI" {
            let graph: [String: Any] = [
                "1": [
                    "class_type": "KSampler",
                    "inputs": [
                        "seed": 5, "steps": 4, "sampler_name": "euler",
                        "positive": ["2", 0] as [Any],
                    ] as [String: Any],
                ] as [String: Any],
                "2": ["class_type": "CLIPTextEncode", "inputs": ["text": prompt]] as [String: Any],
            ]
            let data = try JSONSerialization.data(withJSONObject: graph)
            texts = [(keyword: "prompt", value: String(decoding: data, as: UTF8.self))]
        }
        let picture = try #require(try PictureSettings(texts: texts, of: "a.png"))
        #expect(picture.prompt == read)
        let recipe = try Recipe(.textToImage, presets: [Preset(picture)])
        #expect(recipe.drawingWildcards(from: []).recipe.prompt == read)
    }
}
