import Checkpoints
import Foundation
import Tensors
import Testing

@Suite struct WeightsTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func weights(_ tensors: [(name: String, shape: [Int], value: Float)]) throws -> Weights
    {
        let url = try folder.write(safetensors(tensors), to: "w.safetensors")
        return Weights(try Safetensors(contentsOf: url))
    }

    private var path: String {
        folder.url.appending(path: "w.safetensors").path(percentEncoded: false)
    }

    @Test func pathsMirrorTheCheckpoint() throws {
        let weights = try weights([
            ("down_blocks.0.resnets.1.norm.weight", [2], 1),
            ("down_blocks.0.resnets.1.norm.bias", [2], 3),
            ("conv.weight", [1, 2], 2),
        ])
        let norm = weights["down_blocks"][0]["resnets"][1]["norm"]
        #expect(norm.path == "down_blocks.0.resnets.1.norm")
        #expect(try norm.tensor("bias", shape: [2]).widened().values == [3, 3])
        #expect(try weights["conv"].tensor("weight", shapes: [[2], [1, 2]]).shape == [1, 2])
        #expect(weights.contains("down_blocks"))
        #expect(weights["down_blocks"].contains("0"))
        #expect(norm.contains("weight"))
        #expect(!norm.contains("weigh"))
        #expect(!weights["down_blocks"].contains("1"))
    }

    @Test func aMissingTensorIsNamedInFull() throws {
        let weights = try weights([("conv_in.weight", [2], 1), ("time_embedding.x", [1], 1)])
        let expected = CheckpointError.missingTensor(
            path: path, tensor: "down_blocks.0.conv.weight", first: "conv_in.weight", count: 2,
            guess: nil)
        #expect(throws: expected) {
            try weights["down_blocks"][0]["conv"].tensor("weight", shape: [2])
        }
        #expect(expected.kind == .modelMismatch)
        #expect(
            expected.description
                == "\(path): no tensor down_blocks.0.conv.weight among its 2 (first: conv_in.weight)"
        )
    }

    @Test func aMisshapedTensorTellsBothShapes() throws {
        let weights = try weights([("a.weight", [2, 3], 1)])
        let expected = CheckpointError.wrongShape(
            path: path, tensor: "a.weight", expected: [3, 2], found: [2, 3])
        #expect(throws: expected) { try weights["a"].tensor("weight", shape: [3, 2]) }
        #expect(expected.kind == .modelMismatch)
        #expect(
            expected.description
                == "\(path): tensor a.weight has shape [2, 3], the model needs [3, 2]")
    }

    @Test func leftOversAreReportedForTheWholeNetwork() throws {
        let weights = try weights([
            ("a.weight", [1], 1), ("b.weight", [1], 1), ("c.position_ids", [1], 1),
        ])
        _ = try weights["a"].tensor("weight", shape: [1])
        #expect(weights["a"].unusedNames == ["b.weight", "c.position_ids"])
        #expect(
            throws: CheckpointError.unusedTensors(
                path: path, first: "b.weight", count: 1, guess: nil)
        ) { try weights.requireAllUsed(ignoring: ["position_ids"]) }
        _ = try weights.tensor("b.weight", shape: [1])
        try weights.requireAllUsed(ignoring: ["position_ids"])
    }

    /// The values are those of PyTorch's `float8_e4m3fn` and `float8_e5m2`.
    @Test(
        arguments: [
            (
                "F8_E4M3", [0x00, 0x01, 0x87, 0x08, 0x38, 0xC0, 0x7E],
                [0, 0.001953125, -0.013671875, 0.015625, 1, -2, 448]
            ),
            ("F8_E5M2", [0x00, 0x01, 0x3C, 0xC0, 0x7B], [0, 1.52587890625e-05, 1, -2, 57344]),
            ("F64", [0, 0, 0, 0, 0, 0, 0xF8, 0x3F], [1.5]),
        ] as [(String, [UInt8], [Float])])
    func otherFloatsAreConverted(_ type: String, _ bytes: [UInt8], _ values: [Float]) throws {
        let header = "{\"a\":\(fields(type, "[\(values.count)]", "[0,\(bytes.count)]"))}"
        let url = try folder.write(safetensors(header, data: bytes), to: "w.safetensors")
        let weights = Weights(try Safetensors(contentsOf: url))
        #expect(try weights.tensor("a", shape: [values.count]).widened().values == values)
    }

    @Test(arguments: ["I8", "U16", "I64"])
    func otherTypesAreNotWeights(_ type: String) throws {
        let size = ["U16": 2, "I64": 8][type] ?? 1
        let header = "{\"a.weight\":\(fields(type, "[1]", "[0,\(size)]"))}"
        let url = try folder.write(
            safetensors(header, data: [UInt8](repeating: 0, count: size)), to: "w.safetensors")
        let weights = Weights(try Safetensors(contentsOf: url))
        let error = #expect(throws: CheckpointError.self) {
            try weights["a"].tensor("weight", shape: [1])
        }
        #expect(error?.kind == .corruptData)
        #expect(
            error?.description
                == "\(path): tensor a.weight is \(type); weights must be floats")
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func nonFiniteValuesAreRefused(_ value: Float) throws {
        let weights = try weights([("good", [40], 1), ("bad", [33], value)])
        _ = try weights.tensor("good", shape: [40])
        let expected = CheckpointError.nonFiniteValues(path: path, tensor: "bad")
        #expect(throws: expected) { try weights.tensor("bad", shape: [33]) }
        #expect(expected.kind == .corruptData)
    }

    @Test func parametersAreCountedByType() throws {
        let header =
            "{\"a\":\(fields("F16", "[2,3]", "[0,12]")),\"b\":\(fields("F16", "[]", "[12,14]")),"
            + "\"c\":\(fields("I64", "[1]", "[14,22]"))}"
        let bytes = safetensors(header, data: [UInt8](repeating: 0, count: 22))
        let url = try folder.write(bytes, to: "w.safetensors")
        let weights = Weights(try Safetensors(contentsOf: url))
        #expect(weights["a"].parameterCounts == ["F16": 7, "I64": 1])
    }

    @Test func nothingButZerosIsRefused() throws {
        let zeros = try weights([("a", [4], 0), ("b", [4], 0)])
        _ = try zeros.tensor("a", shape: [4])
        _ = try zeros.tensor("b", shape: [4])
        #expect(throws: CheckpointError.allZero(path: path)) { try zeros.requireAllUsed() }

        let mixed = try weights([("a", [4], 0), ("b", [4], 1)])
        _ = try mixed.tensor("b", shape: [4])
        _ = try mixed.tensor("a", shape: [4])
        try mixed.requireAllUsed()
    }

    /// A download that made room for the whole file and did not get all of it.
    @Test func layersOfZerosInARowAreRefused() throws {
        func network(_ values: [Float]) throws -> Weights {
            let names = values.indices.flatMap { ["\($0).bias", "\($0).weight"] }
            let tensors = names.enumerated().map { index, name in
                (name: name, shape: index % 2 == 0 ? [2] : [2, 2], value: values[index / 2])
            }
            let weights = try weights(tensors)
            for (name, shape, _) in tensors { _ = try weights.tensor(name, shape: shape) }
            return weights
        }
        try network([1, 0, 0, 1, 0, 0]).requireAllUsed()
        let gap = CheckpointError.gap(path: path, first: "1.weight", count: 3)
        #expect(throws: gap) { try network([1, 0, 0, 0, 1]).requireAllUsed() }
        try network([1, 0, 0, 0, 1]).requireAllUsed(isTrained: false)
        #expect(
            gap.description
                == "\(path): 3 layers one after another are zero, first 1.weight: the download is "
                + "not whole; fetch it again")
        #expect(gap.kind == .corruptData)
    }

    @Test(arguments: [
        (["down_blocks.0.x", "time_embedding.linear_1.weight"], "a UNet"),
        (["down_blocks.0.x", "add_embedding.linear_1.weight"], "an SDXL UNet"),
        (["encoder.down_blocks.0.x", "decoder.up_blocks.0.x"], "a VAE"),
        (["double_blocks.0.x"], "a Flux transformer"),
        (
            ["model.diffusion_model.input_blocks.0.0.weight"],
            "a single-file Stable Diffusion checkpoint"
        ),
        (
            ["model.diffusion_model.x", "conditioner.embedders.1.model.x"],
            "a single-file SDXL checkpoint"
        ),
        (["lora_unet_down_blocks_0.lora_up.weight"], "a LoRA"),
        (["unet.down_blocks.0.to_q.lora_A.weight"], "a LoRA"),
        (["text_model.encoder.layers.0.x"], "a CLIP text encoder"),
    ])
    func anotherModelIsGuessed(_ names: [String], _ guess: String) throws {
        let weights = try weights(names.map { ($0, [1], 1) })
        let error = #expect(throws: CheckpointError.self) {
            try weights.tensor("conv_in.weight", shape: [1])
        }
        #expect(error?.description.hasSuffix("; it looks like \(guess)") == true)
    }

    /// 8-bit numbers with one scale, or one for each row; 0x38 is 1 and 0x40 is 2 (E4M3).
    @Test(arguments: ["scale_weight", "weight_scale"])
    func scalesAreTakenIn(_ name: String) throws {
        let header = """
            {"a.weight":\(fields("F8_E4M3", "[2,2]", "[0,4]")),\
            "a.\(name)":\(fields("F32", "[]", "[4,8]")),\
            "a.input_scale":\(fields("F32", "[]", "[8,12]")),\
            "b.weight":\(fields("F8_E4M3", "[2,2]", "[12,16]")),\
            "b.\(name)":\(fields("F32", "[2,1]", "[16,24]")),\
            "scaled_fp8":\(fields("F8_E4M3", "[0]", "[24,24]"))}
            """
        func bytes(_ values: Float...) -> [UInt8] {
            values.flatMap { value in
                (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
            }
        }
        let eights: [UInt8] = [0x38, 0x40, 0x38, 0x40]
        let data = eights + bytes(3) + bytes(9) + eights + bytes(2, 10)
        let url = try folder.write(safetensors(header, data: data), to: "w.safetensors")
        let weights = Weights(try Safetensors(contentsOf: url))
        let (a, b) = (
            try weights["a"].tensor("weight", shape: [2, 2]).widened().values,
            try weights["b"].tensor("weight", shape: [2, 2]).widened().values
        )
        #expect(a == [3, 6, 3, 6])
        #expect(b == [2, 4, 10, 20])
        #expect(throws: Never.self) { try weights.requireAllUsed() }
    }

    /// As many scales as rows, which is none.
    @Test func noScalesAreTakenForNone() throws {
        let header = """
            {"a.weight":\(fields("F8_E4M3", "[0,2]", "[0,0]")),\
            "a.scale_weight":\(fields("F32", "[0]", "[0,0]"))}
            """
        let url = try folder.write(safetensors(header), to: "w.safetensors")
        let weights = Weights(try Safetensors(contentsOf: url))
        #expect(throws: CheckpointError.self) { try weights["a"].tensor("weight", shape: [2, 2]) }
        #expect(weights.contains("a.scale_weight"))
    }

    /// With a scale of either name the later name's counts, whatever order a dictionary has.
    @Test func ofTwoScalesTheSameAlwaysCounts() throws {
        var (members, data): ([String], [UInt8]) = ([], [])
        func add(_ name: String, _ type: String, _ bytes: [UInt8]) {
            let range = "[\(data.count),\(data.count + bytes.count)]"
            members.append("\"\(name)\":" + fields(type, "[1]", range))
            data += bytes
        }
        for layer in 0..<16 {
            add("\(layer).weight", "F8_E4M3", [0x38])
            add("\(layer).scale_weight", "F32", [0, 0, 0x40, 0x40])  // 3
            add("\(layer).weight_scale", "F32", [0, 0, 0xA0, 0x40])  // 5
        }
        let file = try folder.write(
            safetensors("{\(members.joined(separator: ","))}", data: data), to: "w.safetensors")
        let weights = Weights(try Safetensors(contentsOf: file))
        for layer in 0..<16 {
            let weight = try weights[layer].tensor("weight", shape: [1])
            #expect(weight.widened().values == [5], "\(layer)")
        }
    }

    /// A survey makes up what is missing, but not more than 2^24 numbers or as many as there are.
    @Test func aSurveyMakesUpSoMuch() throws {
        let survey = try weights([("a", [2], 1)]).surveyed()
        #expect(try survey.tensor("b", shape: [1 << 12, 1 << 11]).count == 1 << 23)
        #expect(try survey.tensor("a", shape: [1 << 12, 1 << 11]).count == 1 << 23)
        #expect((survey.flaws.missing, survey.flaws.misshapen) == (["b"], ["a"]))
        let missing = #expect(throws: CheckpointError.self) {
            try survey.tensor("c", shape: [1])
        }
        #expect(missing?.description.contains("no tensor c among its 1") == true)
        let misshapen = #expect(throws: CheckpointError.self) {
            try survey.tensor("a", shape: [1 << 40, 1 << 40])
        }
        #expect(misshapen?.description.contains("has shape [2], the model needs") == true)
    }
}
