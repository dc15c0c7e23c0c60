import Checkpoints
import Foundation
import Models
import Testing

@Suite struct ConfigurationTests {
    private func unet(_ json: String) throws -> UNet2DCondition.Configuration {
        try .init(json: Data(json.utf8))
    }

    private func vae(_ json: String) throws -> AutoencoderKL.Configuration {
        try .init(json: Data(json.utf8))
    }

    /// `unet/config.json` of Stable Diffusion 1.5 says no more than this.
    @Test func stableDiffusionOne() throws {
        let found = try unet(
            """
            {"_class_name": "UNet2DConditionModel", "_diffusers_version": "0.6.0", "act_fn": "silu",
             "attention_head_dim": 8, "block_out_channels": [320, 640, 1280, 1280],
             "center_input_sample": false, "cross_attention_dim": 768,
             "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D",
              "CrossAttnDownBlock2D", "DownBlock2D"], "downsample_padding": 1,
             "flip_sin_to_cos": true, "freq_shift": 0, "in_channels": 4, "layers_per_block": 2,
             "mid_block_scale_factor": 1, "norm_eps": 1e-05, "norm_num_groups": 32,
             "out_channels": 4, "sample_size": 64, "up_block_types": ["UpBlock2D",
              "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]}
            """)
        #expect(found.levels.map(\.channels) == [320, 640, 1280, 1280])
        #expect(found.levels.map(\.heads) == [8, 8, 8, 8])
        #expect(found.levels.map(\.contextChannels) == [768, 768, 768, 768])
        #expect(found.levels.map(\.downHasAttention) == [true, true, true, false])
        #expect(found.levels.map(\.upHasAttention) == [true, true, true, false])
        #expect(found.midHasAttention == true)
        #expect(found.sampleSize == 64)

        let missing = try unet("{}")
        #expect(missing.levels.map(\.channels) == [320, 640, 1280, 1280])
        #expect(missing.levels.map(\.contextChannels) == [1280, 1280, 1280, 1280])
        #expect(missing.inChannels == 4)
    }

    @Test func listsSpeakForEachLevel() throws {
        let found = try unet(
            """
            {"block_out_channels": [32, 64], "attention_head_dim": [4, 8], "layers_per_block": [1, 3],
             "transformer_layers_per_block": [1, 2], "cross_attention_dim": [16, 24],
             "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
             "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"], "mid_block_type": null,
             "sample_size": [64, 64]}
            """)
        #expect(found.levels.map(\.heads) == [4, 8])
        #expect(found.levels.map(\.layers) == [1, 3])
        #expect(found.levels.map(\.transformerDepth) == [1, 2])
        #expect(found.levels.map(\.contextChannels) == [16, 24])
        #expect(found.levels.map(\.downHasAttention) == [false, true])
        #expect(found.levels.map(\.upHasAttention) == [true, false])
        #expect(found.midHasAttention == nil)
        #expect(found.sampleSize == 64)
    }

    @Test(arguments: [
        ("addition_embed_type", "\"image\""), ("class_embed_type", "\"projection\""),
        ("num_class_embeds", "1000"), ("encoder_hid_dim", "1024"),
        ("dual_cross_attention", "true"), ("only_cross_attention", "true"),
        ("resnet_time_scale_shift", "\"scale_shift\""), ("attention_type", "\"gated\""),
        ("num_attention_heads", "8"), ("mid_block_type", "\"UNetMidBlock2DSimpleCrossAttn\""),
        ("mid_block_scale_factor", "2"), ("norm_num_groups", "null"), ("act_fn", "\"mish\""),
        ("time_embedding_type", "\"fourier\""), ("timestep_post_act", "\"silu\""),
        (
            "down_block_types",
            "[\"AttnDownBlock2D\", \"DownBlock2D\", \"DownBlock2D\", \"DownBlock2D\"]"
        ),
    ])
    func whatIsNotSupportedIsNamed(key: String, value: String) {
        let error = #expect(throws: ModelError.self) { try unet("{\"\(key)\": \(value)}") }
        #expect(error?.kind == .modelMismatch)
        #expect(
            error?.description
                == "UNet2DConditionModel: \(key) = \(value) in its configuration is not supported")
    }

    @Test(arguments: [
        ("in_channels", "\"4\"", "must be a whole number"),
        ("in_channels", "4.5", "must be a whole number"),
        ("in_channels", "0", "must be in 1…65536, not 0"),
        ("in_channels", "1e300", "must be a whole number"),
        ("block_out_channels", "[]", "must have some entries"),
        ("block_out_channels", "[320, 9223372036854775807]", "must be"),
        ("block_out_channels", "[320, 640]", "must have 2 entries"),
        ("layers_per_block", "[1, 2]", "must have 4 entries"),
        ("norm_num_groups", "3", "does not divide 320 channels"),
        ("attention_head_dim", "7", "does not divide 320"),
        ("norm_eps", "\"small\"", "must be a number"),
        ("flip_sin_to_cos", "1", "must be true or false"),
        ("down_block_types", "\"DownBlock2D\"", "must be a list"),
        ("act_fn", "1", "must be a text"),
        ("conv_in_kernel", "2", "must be odd, not 2"),
        ("conv_out_kernel", "4", "must be odd, not 4"),
        (
            "block_out_channels", "[32, 32, 32, 32, 32, 32, 32, 32, 32]",
            "must have at most 8 entries"
        ),
    ])
    func nonsenseIsNamed(key: String, value: String, reason: String) {
        let error = #expect(throws: ModelError.self) { try unet("{\"\(key)\": \(value)}") }
        #expect(error?.kind == .corruptData)
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: ["", "[]", "{", "{\"a\": NaN}", String(repeating: "[", count: 100_000)])
    func brokenJSONIsRefused(_ json: String) {
        let error = #expect(throws: ModelError.self) { try unet(json) }
        let words = "UNet2DConditionModel: JSON in its configuration is malformed: "
        #expect(error?.kind == .corruptData)
        #expect(error?.description.hasPrefix(words) == true, "\(error?.description ?? "")")
    }

    @Test func autoencoders() throws {
        let blocks = { (name: String) in
            "[" + Array(repeating: "\"\(name)\"", count: 4).joined(separator: ",") + "]"
        }
        let found = try vae(
            """
            {"block_out_channels": [128, 256, 512, 512], "layers_per_block": 2,
             "down_block_types": \(blocks("DownEncoderBlock2D")),
             "up_block_types": \(blocks("UpDecoderBlock2D")), "sample_size": 512}
            """)
        #expect(found.factor == 8)
        #expect(found.latentChannels == 4)
        #expect(found.scalingFactor == 0.18215)

        for (json, key) in [
            ("{\"shift_factor\": 0.1}", "shift_factor"),
            ("{\"latents_mean\": [0]}", "latents_mean"),
            ("{\"down_block_types\": [\"AttnDownEncoderBlock2D\"]}", "down_block_types"),
            ("{\"scaling_factor\": 0}", "scaling_factor"),
            ("{\"in_channels\": 4}", "in_channels"), ("{\"out_channels\": 1}", "out_channels"),
            ("{\"norm_num_groups\": 5}", "norm_num_groups"),
            ("{\"block_out_channels\": [32, 32]}", "down_block_types"),
        ] {
            let error = #expect(throws: ModelError.self) { try vae(json) }
            #expect(error?.description.hasPrefix("AutoencoderKL: \(key) ") == true)
        }
    }

    @Test func controlNetsHaveEightHalvingsAtMost() throws {
        func factor(_ count: Int) throws -> Int {
            let channels = Array(repeating: 16, count: count)
            let json = Data("{\"conditioning_embedding_out_channels\": \(channels)}".utf8)
            return try ControlNet.Configuration(json: json).factor
        }
        #expect(try factor(4) == 8)
        let error = #expect(throws: ModelError.self) { try factor(70) }
        #expect(error?.description.contains("must have at most 8 entries") == true)
    }

    @Test func textEncoders() throws {
        let found = try CLIPTextEncoder.Configuration(
            json: Data(
                "{\"hidden_size\": 768, \"num_attention_heads\": 12, \"hidden_act\": \"gelu\"}".utf8
            ))
        #expect(found.hiddenSize == 768)
        #expect(found.vocabularySize == 49408)
        #expect(found.maxPositions == 77)
        // Of a whole CLIP model.
        let within = try CLIPTextEncoder.Configuration(
            json: Data(
                """
                {"model_type": "clip", "projection_dim": 24, "text_config": {"hidden_size": 768,
                "num_attention_heads": 12, "hidden_act": "gelu"}}
                """.utf8))
        #expect(within == found)
        for json in [
            "{\"hidden_act\": \"relu\"}", "{\"num_attention_heads\": 7}", "{\"vocab_size\": -1}",
        ] {
            #expect(throws: ModelError.self) {
                try CLIPTextEncoder.Configuration(json: Data(json.utf8))
            }
        }
    }
}
