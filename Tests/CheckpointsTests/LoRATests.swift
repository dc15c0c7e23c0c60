import Checkpoints
import Foundation
import Tensors
import Testing

@Suite("LoRAs")
struct LoRATests {
    private static let layer = "down_blocks.0.attentions.0.to_q"
    private static let kohya = "lora_unet_down_blocks_0_attentions_0_to_q"

    private typealias Entry = (name: String, shape: [Int], value: Float)

    /// The layer in a model whose numbers are all 1, with a LoRA of these tensors added.
    private func layer(
        _ tensors: [Entry], shape: [Int], strength: Float = 1, count: Int = 1,
        isHalved: Bool = false
    ) throws -> Weights {
        let folder = try TemporaryFolder()
        try folder.write(
            safetensors([(Self.layer + ".weight", shape, 1)], isHalved: isHalved),
            to: "unet/diffusion_pytorch_model.safetensors")
        try folder.write("{}", to: "unet/config.json")
        let lora = try LoRA(folder.write(safetensors(tensors), to: "lora.safetensors"))
        let model = try AmendedModel(
            ModelFolder(folder.url),
            adding: Array(
                repeating: WeightedLoRA(lora, strength: strength), count: count))
        return try model.weights("unet")[Self.layer]
    }

    /// Its weight with that added.
    private func weight(
        _ tensors: [Entry], shape: [Int] = [4, 3], strength: Float = 1
    ) throws -> [Float] {
        try layer(tensors, shape: shape, strength: strength)
            .tensor("weight", shape: shape).widened().values
    }

    /// A letter with a mark behind a dot is one character to Swift, and not what stands in front of a name.
    @Test func namesMayHaveMarksBehindDots() throws {
        let unknown: Entry = ("module.\u{301}x.lora_down.weight", [2, 3], 1)
        let error = #expect(throws: CheckpointError.self) {
            try weight(pair([2, 3], [4, 2], [unknown]))
        }
        #expect(error?.description.contains("1 of 2 keys") == true, "\(error?.description ?? "")")
    }

    /// Without it the strength would be a guess.
    @Test func aBrokenConfigurationBesideItIsRefused() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            safetensors([
                (Self.layer + ".lora_A.weight", [2, 3], 1),
                (Self.layer + ".lora_B.weight", [4, 2], 1),
            ]), to: "adapter_model.safetensors")
        #expect(throws: Never.self) { try LoRA(file) }
        try folder.write("{\"r\": 2, ", to: "adapter_config.json")
        let error = #expect(throws: CheckpointError.self) { try LoRA(file) }
        #expect(error?.description.contains("it says how strong the LoRA is") == true)
    }

    /// PEFT scales whole factors of a Kronecker product by the rank that was asked for, LyCORIS does not.
    @Test(arguments: [
        ("{\"peft_type\": \"LOKR\", \"r\": 8, \"alpha\": 4}", 2 as Float),
        ("{\"peft_type\": \"LOKR\", \"r\": 8, \"alpha\": 4, \"rank_pattern\": {\"to_q\": 2}}", 5),
        ("{\"peft_type\": \"LOKR\"}", 3),
    ])
    func wholeFactors(_ configuration: String, _ expected: Float) throws {
        let folder = try TemporaryFolder()
        try folder.write(
            safetensors([(Self.layer + ".weight", [4, 6], 1)]),
            to: "unet/diffusion_pytorch_model.safetensors")
        try folder.write("{}", to: "unet/config.json")
        try folder.write(configuration, to: "adapter_config.json")
        let lora = try LoRA(
            folder.write(
                safetensors([
                    ("base_model.model." + Self.layer + ".lokr_w1", [2, 2], 1),
                    ("base_model.model." + Self.layer + ".lokr_w2", [2, 3], 2),
                ]), to: "adapter_model.safetensors"))
        let model = try AmendedModel(
            ModelFolder(folder.url), adding: [WeightedLoRA(lora, strength: 1)])
        let weight = try model.weights("unet")[Self.layer].tensor("weight", shape: [4, 6])
        #expect(weight.widened().values.allSatisfy { $0 == expected })
    }

    @Test func aKindOfPEFTThatIsNotKnownIsNamed() throws {
        let folder = try TemporaryFolder()
        try folder.write("{\"peft_type\": \"MISS\"}", to: "adapter_config.json")
        let file = try folder.write(
            safetensors([("base_model.model.to_q.miss_block", [2, 2], 1)]),
            to: "adapter_model.safetensors")
        let error = #expect(throws: CheckpointError.self) { try LoRA(file) }
        #expect(error?.description.contains("is an adapter of PEFT's kind MISS") == true)
    }

    private func pair(_ down: [Int], _ up: [Int], _ more: [Entry] = []) -> [Entry] {
        Self.pair(down, up, more)
    }

    private static func pair(_ down: [Int], _ up: [Int], _ more: [Entry] = []) -> [Entry] {
        [
            (kohya + ".lora_down.weight", down, 0.5), (kohya + ".lora_up.weight", up, 2),
        ] + more
    }

    @Test("the product, by alpha over rank and the strength, is added")
    func product() throws {
        // Every entry of up · down is 2 · (2 · 0.5) = 2.
        #expect(try weight(pair([2, 3], [4, 2])) == Array(repeating: 3, count: 12))
        let alpha: Entry = (Self.kohya + ".alpha", [], 1)
        #expect(
            try weight(pair([2, 3], [4, 2], [alpha]), strength: 3) == Array(repeating: 4, count: 12)
        )
        // LyCORIS may have trained a factor for all of it.
        let scalar: Entry = (Self.kohya + ".scalar", [], 0.5)
        #expect(
            try weight(pair([2, 3], [4, 2], [alpha, scalar]), strength: 3)
                == Array(repeating: 2.5, count: 12))
    }

    /// What a file has whole for both spellings of a layer is two changes, each with its own alpha.
    @Test func twoWholePartsOfALayerAreNotOne() throws {
        let other = "lora_unet_down_blocks_0_attentions_0.to_q"
        let more: [Entry] = [
            (other + ".lora_down.weight", [2, 3], 1), (other + ".lora_up.weight", [4, 2], 2),
            (other + ".alpha", [], 1),
        ]
        #expect(try weight(pair([2, 3], [4, 2], more)) == Array(repeating: 5, count: 12))
    }

    /// A file that changes nothing is no error, but nobody wants it.
    @Test func alphasOfZeroAreNamed() throws {
        let folder = try TemporaryFolder()
        func notes(_ tensors: [Entry]) throws -> [String] {
            try LoRA(folder.write(safetensors(tensors), to: "silent.safetensors")).notes
        }
        let zero: Entry = (Self.kohya + ".alpha", [], 0)
        let all = try notes(pair([2, 3], [4, 2], [zero]))
        #expect(all == ["silent.safetensors changes nothing: its alphas are 0"])
        let other: [Entry] = [
            ("lora_unet_conv_in.lora_down.weight", [1, 3], 1),
            ("lora_unet_conv_in.lora_up.weight", [4, 1], 1),
        ]
        let some = try notes(pair([2, 3], [4, 2], [zero]) + other)
        #expect(some == ["silent.safetensors: alpha is 0 in 1 of 2 layers, which are unchanged"])
        #expect(try notes(pair([2, 3], [4, 2], [(Self.kohya + ".alpha", [], 1)])).isEmpty)
        // A difference is added whatever alpha is.
        #expect(try notes([(Self.kohya + ".diff", [4, 3], 1), zero]).isEmpty)
    }

    /// Layers of a UNet of levels with two resnets each, with the place of their block among 26 factors;
    /// nil is none of them.
    private static let layersOfBlocks: [(levels: Int, layers: [(layer: String, place: Int?)])] = [
        (
            4,
            [
                ("conv_in", 1), ("down_blocks.0.attentions.0.to_q", 2),
                ("down_blocks.0.downsamplers.0.conv", 4), ("down_blocks.1.attentions.1.to_q", 6),
                ("down_blocks.3.resnets.1.conv1", 12), ("mid_block.attentions.0.to_q", 13),
                ("up_blocks.0.resnets.0.conv1", 14), ("up_blocks.1.attentions.0.to_q", 17),
                ("up_blocks.3.attentions.2.to_q", 25), ("time_embedding.linear_1", nil),
            ]
        ),
        (
            3,
            [
                ("down_blocks.1.attentions.0.to_q", 5), ("down_blocks.2.attentions.1.to_q", 9),
                ("mid_block.attentions.0.to_q", 13), ("up_blocks.0.attentions.0.to_q", 14),
                ("up_blocks.2.resnets.2.conv1", 22),
            ]
        ),
    ]

    @Test(
        "every block has its own factor, and so have the text encoders", arguments: layersOfBlocks)
    func weighedBlocks(_ levels: Int, _ layers: [(layer: String, place: Int?)]) throws {
        let folder = try TemporaryFolder()
        var names = layers.map(\.layer)
        for level in 0..<levels {
            names += (0..<2).map { "down_blocks.\(level).resnets.\($0).conv1" }
            names += (0..<3).map { "up_blocks.\(level).resnets.\($0).conv1" }
        }
        try folder.write(
            safetensors(Set(names).sorted().map { ($0 + ".weight", [4, 3], 1) }),
            to: "unet/diffusion_pytorch_model.safetensors")
        let text = "text_model.encoder.layers.0.self_attn.q_proj"
        try folder.write(
            safetensors([(text + ".weight", [4, 3], 1)]), to: "text_encoder/model.safetensors")
        for component in ["unet", "text_encoder"] {
            try folder.write("{}", to: component + "/config.json")
        }
        let scopes =
            layers.map { "lora_unet_" + $0.layer.replacing(".", with: "_") }
            + ["lora_te_" + text.replacing(".", with: "_")]
        let lora = try LoRA(
            folder.write(
                safetensors(
                    scopes.flatMap {
                        [
                            ($0 + ".lora_down.weight", [2, 3], 0.5),
                            ($0 + ".lora_up.weight", [4, 2], 2),
                        ]
                    }),
                to: "lora.safetensors"))
        // Binary fractions, so that sums are exact; one of them is 0.
        let factors = (0..<26).map { Float($0 - 5) / 4 }
        let model = try AmendedModel(
            ModelFolder(folder.url),
            adding: [WeightedLoRA(lora, strength: 0.5, textStrength: 0.25, blocks: factors)])
        func weight(_ component: String, _ layer: String) throws -> [Float] {
            try layer.split(separator: ".").reduce(model.weights(component)) { $0[String($1)] }
                .tensor("weight", shape: [4, 3]).widened().values
        }
        for (layer, place) in layers {
            let value = 1 + 2 * 0.5 * (place.map { factors[$0] } ?? 1)
            #expect(try weight("unet", layer) == Array(repeating: value, count: 12), "\(layer)")
        }
        #expect(
            try weight("text_encoder", text)
                == Array(repeating: 1 + 2 * 0.25 * factors[0], count: 12))
    }

    @Test("a decomposition with a part between, over 3x3 places")
    func tucker() throws {
        let mid: Entry = (Self.kohya + ".lora_mid.weight", [2, 2, 3, 3], 1)
        let values = try weight(
            pair([2, 3, 1, 1], [4, 2, 1, 1], [mid]), shape: [4, 3, 3, 3])
        // 1 + sum over two of up · sum over two of mid · down.
        #expect(values == Array(repeating: 5, count: 108))
    }

    @Test("small factors stay beside a 16-bit weight, large ones are merged into one of 32 bits")
    func beside() throws {
        let mid: Entry = (Self.kohya + ".lora_mid.weight", [2, 2, 3, 3], 1)
        let window = pair([2, 24, 1, 1], [40, 2, 1, 1], [mid])
        for (tensors, shape) in [(pair([2, 24], [40, 2]), [40, 24]), (window, [40, 24, 3, 3])] {
            for count in 1...2 {
                let layer = try layer(
                    tensors, shape: shape, strength: 0.5, count: count, isHalved: true)
                let (weight, kept) = try layer.adapted("weight", shapes: [shape])
                let factors = try #require(kept)
                #expect(weight.dataType == .bfloat16)
                #expect(factors.down.shape == [2 * count] + shape.dropFirst())
                #expect(factors.up.shape == [40, 2 * count])
                let columns = weight.count / 40
                let down = factors.down.widened().reshaped([2 * count, columns])
                let product = factors.up.widened()
                    .multiplied(by: PackedMatrix(StoredTensor(down.transposed([1, 0]))))
                let merged = try layer.tensor("weight", shape: shape)
                #expect(merged.dataType == .float32)
                #expect((product + 1).values == merged.widened().values)
                #expect(layer.byteCount == 40 * columns * 2 + 2 * count * (40 + columns) * 4)
            }
        }
        let large = pair([8, 24], [40, 8])
        for isHalved in [true, false] {
            let layer = try layer(large, shape: [40, 24], isHalved: isHalved)
            let (weight, factors) = try layer.adapted("weight", shapes: [[40, 24]])
            #expect(factors == nil && weight.dataType == .float32)
            #expect(weight.widened().values == Array(repeating: 9, count: 40 * 24))
            #expect(layer.byteCount == 40 * 24 * 4)
        }
    }

    @Test("factors beyond 32 bits are told, as sums are")
    func overflowBeside() throws {
        let layer = try layer(
            pair([2, 24], [40, 2]), shape: [40, 24], strength: .greatestFiniteMagnitude,
            isHalved: true)
        let error = #expect(throws: CheckpointError.self) {
            _ = try layer.adapted("weight", shapes: [[40, 24]])
        }
        #expect(error?.description.contains("give them less weight") == true)
    }

    /// Tensors that are amiss, and words of the error.
    private static let damaged: [(what: String, tensors: [Entry], message: String)] = [
        ("up of another rank", pair([2, 3], [4, 3]), "ranks that differ"),
        ("down of no rank", pair([0, 3], [4, 0]), "no rank"),
        ("down of one dimension", pair([6], [4, 2]), "ranks that differ"),
        (
            "a part between of another rank",
            pair([2, 3, 1, 1], [4, 2, 1, 1], [(kohya + ".lora_mid.weight", [3, 2, 1, 1], 1)]),
            "ranks that differ"
        ),
        ("no up", [pair([2, 3], [4, 2])[0]], "has no counterpart up"),
        ("no down", [pair([2, 3], [4, 2])[1]] + otherPair, "has no counterpart down"),
        ("alpha NaN", pair([2, 3], [4, 2], [(kohya + ".alpha", [], .nan)]), "is nan"),
        ("alpha infinite", pair([2, 3], [4, 2], [(kohya + ".alpha", [], .infinity)]), "is inf"),
        ("alpha of two", pair([2, 3], [4, 2], [(kohya + ".alpha", [2], 1)]), "is no number"),
        ("alpha of none", pair([2, 3], [4, 2], [(kohya + ".alpha", [0], 1)]), "is no number"),
        (
            "NaN in down",
            [
                (kohya + ".lora_down.weight", [2, 3], .nan),
                (kohya + ".lora_up.weight", [4, 2], 1),
            ],
            "lora_down.weight holds NaN or infinity"
        ),
        (
            "infinity in up",
            [
                (kohya + ".lora_down.weight", [2, 3], 1),
                (kohya + ".lora_up.weight", [4, 2], .infinity),
            ], "lora_up.weight holds NaN or infinity"
        ),
    ]

    private static let otherPair: [Entry] = [
        ("lora_unet_conv.lora_down.weight", [2, 3], 1),
        ("lora_unet_conv.lora_up.weight", [4, 2], 1),
    ]

    @Test("damage is told", arguments: damaged.map(\.what))
    func damage(_ what: String) throws {
        let (_, tensors, message) = try #require(Self.damaged.first { $0.what == what })
        let error = #expect(throws: CheckpointError.self) { try weight(tensors) }
        #expect(error?.kind == .corruptData)
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains(Self.kohya) == true)
    }

    /// The model's blocks are counted in one pass, however many a file says that there are.
    @Test func aModelMayHaveManyBlocks() throws {
        let folder = try TemporaryFolder()
        let layer = "down_blocks.29999.attentions.0.to_q"
        let blocks: [Entry] = (0..<30_000).map { ("down_blocks.\($0).resnets.0.x", [1], 1) }
        try folder.write(
            safetensors(blocks + [(layer + ".weight", [4, 3], 1)]),
            to: "unet/diffusion_pytorch_model.safetensors")
        try folder.write("{}", to: "unet/config.json")
        let kohya = "lora_unet_" + layer.replacing(".", with: "_")
        let lora = try LoRA(
            folder.write(
                safetensors([
                    (kohya + ".lora_down.weight", [2, 3], 0.5),
                    (kohya + ".lora_up.weight", [4, 2], 2),
                ]), to: "lora.safetensors"))
        let model = try AmendedModel(
            ModelFolder(folder.url), adding: [WeightedLoRA(lora, strength: 1)])
        let weight = try model.weights("unet")[layer].tensor("weight", shape: [4, 3])
        #expect(weight.widened().values == Array(repeating: 3, count: 12))
    }

    /// What it would do to such a layer has sizes beyond any number, or a division by none.
    @Test(arguments: [[0, 1, 1 << 40, 1 << 40], [4, 3, 0, 3]])
    func aLayerWithoutNumbersIsRefused(_ shape: [Int]) throws {
        let factors = ["hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"]
        for tensors in [
            pair([2, 3], [4, 2]), factors.map { (Self.kohya + "." + $0, [4, 2], 1) },
        ] {
            let error = #expect(throws: CheckpointError.self) {
                try weight(tensors, shape: shape)
            }
            #expect(error?.description.contains("without numbers") == true, "\(error as Any)")
        }
    }

    @Test func anEmbeddingThatItBringsMustBeFinite() throws {
        let name = "bundle_emb.zork.string_to_param.*"
        let error = #expect(throws: CheckpointError.self) {
            try weight(pair([2, 3], [4, 2], [(name, [1, 8], .nan)]))
        }
        #expect(error?.description.contains("\(name) holds NaN") == true, "\(error as Any)")
    }

    @Test("a sum beyond the weight's type is told")
    func overflow() throws {
        let error = #expect(throws: CheckpointError.self) {
            try weight(pair([2, 3], [4, 2]), strength: .greatestFiniteMagnitude)
        }
        #expect(error?.description.contains("give them less weight") == true)
    }

    @Test(
        "a LoRA of another family is refused with its family",
        arguments: [
            ("lora_unet_x_attn2_to_k", 2048, "Stable Diffusion XL"),
            ("lora_unet_x_attn2_to_k", 1024, "Stable Diffusion 2.x"),
            ("lora_unet_x_attn2_to_k", 768, "Stable Diffusion 1.x"),
            ("lora_te2_text_model_x", 8, "Stable Diffusion XL"),
            ("lora_unet_double_blocks_0_img_attn_qkv", 8, "Flux or a model built like it"),
            ("lora_unet_joint_blocks_0_x_block_attn_qkv", 8, "Stable Diffusion 3"),
            (
                "transformer.blocks.0.attn.to_q", 8,
                "another kind of model (a diffusion transformer)"
            ),
        ])
    func families(_ layer: String, _ width: Int, _ family: String) throws {
        let error = #expect(throws: CheckpointError.self) {
            try weight([
                (layer + ".lora_down.weight", [2, width], 1),
                (layer + ".lora_up.weight", [4, 2], 1),
            ])
        }
        #expect(error?.kind == .modelMismatch)
        #expect(
            error?.description.contains("made for \(family): ") == true,
            "\(error?.description ?? "")")
    }

    @Test("what fits the layer's name and not its shape is for another family")
    func misfit() throws {
        let error = #expect(throws: CheckpointError.self) { try weight(pair([2, 5], [4, 2])) }
        #expect(error?.kind == .modelMismatch)
        #expect(error?.description.contains("is for 4 by 5 numbers, the model has 4 by 3") == true)
    }

    @Test("what does not belong to the model is refused by name")
    func strangers() throws {
        let unknown: Entry = ("lora_unet_nowhere.lora_down.weight", [2, 3], 1)
        let error = #expect(throws: CheckpointError.self) {
            try weight(pair([2, 3], [4, 2], [unknown]))
        }
        #expect(error?.kind == .modelMismatch)
        #expect(error?.description.contains("lora_unet_nowhere.lora_down.weight") == true)

        let large: Entry = ("lora_unet_x_attn2_to_k.lora_down.weight", [2, 2048], 1)
        let family = #expect(throws: CheckpointError.self) { try weight([large]) }
        #expect(family?.description.contains("made for Stable Diffusion XL") == true)

        for (name, what) in [
            (Self.kohya + ".on_input", "is IA3"), (Self.kohya + ".boft_R", "is BOFT"),
            (
                "model.diffusion_model.out.2.weight",
                "looks like a single-file Stable Diffusion checkpoint"
            ),
        ] {
            let error = #expect(throws: CheckpointError.self) { try weight([(name, [2, 2], 1)]) }
            #expect(error?.description.contains(what) == true, "\(error?.description ?? "")")
        }
    }
}
