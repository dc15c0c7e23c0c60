/// The names of the original Stable Diffusion repository (Rombach et al. 2022) and diffusers' for
/// the same tensors.
enum LDMNames {
    private typealias Rule = KeyMap.Rule

    private static let resnet = [
        "in_layers.0": "norm1", "in_layers.2": "conv1", "emb_layers.1": "time_emb_proj",
        "out_layers.0": "norm2", "out_layers.3": "conv2", "skip_connection": "conv_shortcut",
    ]
    private static let autoencoderResnet = [
        "norm1": "norm1", "conv1": "conv1", "norm2": "norm2", "conv2": "conv2",
        "nin_shortcut": "conv_shortcut",
    ]
    private static let autoencoderResnetAliases = ["conv_shortcut": "conv_shortcut"]
    private static let autoencoderAttention = [
        "norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0",
    ]
    /// diffusers' names in an attention that has the original's otherwise, today's and those before.
    private static let autoencoderAliases = [
        "to_q": "to_q", "to_k": "to_k", "to_v": "to_v", "to_out": "to_out", "query": "to_q",
        "key": "to_k", "value": "to_v", "proj_attn": "to_out.0", "group_norm": "group_norm",
    ]
    private static let towerLayer = [
        "ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1",
        "mlp.c_proj": "mlp.fc2", "attn.out_proj": "self_attn.out_proj",
        // What `OpenCLIPTower` makes of `attn.in_proj_weight` and `attn.in_proj_bias`.
        "attn.q_proj": "self_attn.q_proj", "attn.k_proj": "self_attn.k_proj",
        "attn.v_proj": "self_attn.v_proj",
    ]

    /// Those of a UNet.
    static func unet(_ shape: LDMUNetShape) -> KeyMap { unet(shape.levels) }

    /// Those of a UNet whose tensors have diffusers' names.
    static func unet(diffusers names: some Collection<String>) -> KeyMap {
        let parts = names.map { $0.split(separator: ".") }
        let scopes = Set(
            [2, 4].flatMap { count in
                parts.map { $0.prefix(count).joined(separator: ".") }
            })
        func count(_ scope: (Int) -> String) -> Int {
            var count = 0
            while scopes.contains(scope(count)) { count += 1 }
            return count
        }
        let levels = count { "down_blocks.\($0)" }
        return unet(
            (0..<levels).map { index in
                var level = LDMUNetShape.Level()
                level.layers = count { "down_blocks.\(index).resnets.\($0)" }
                let up = "up_blocks.\(levels - 1 - index).attentions.0"
                level.upAttends = scopes.contains(up)
                return level
            })
    }

    private static func unet(_ levels: [LDMUNetShape.Level]) -> KeyMap {
        var rules = [
            Rule(scope: "time_embed.0", target: "time_embedding.linear_1"),
            Rule(scope: "time_embed.2", target: "time_embedding.linear_2"),
            Rule(scope: "time_embed.cond_proj", target: "time_embedding.cond_proj"),
            Rule(scope: "label_emb.0.0", target: "add_embedding.linear_1"),
            Rule(scope: "label_emb.0.2", target: "add_embedding.linear_2"),
            Rule(scope: "input_blocks.0.0", target: "conv_in"),
            Rule(scope: "middle_block.0", target: "mid_block.resnets.0", parts: resnet),
            Rule(scope: "middle_block.1", target: "mid_block.attentions.0"),
            Rule(scope: "middle_block.2", target: "mid_block.resnets.1", parts: resnet),
            Rule(scope: "out.0", target: "conv_norm_out"),
            Rule(scope: "out.2", target: "conv_out"),
        ]
        var place = 1
        for (index, level) in levels.enumerated() {
            let target = "down_blocks.\(index)"
            for layer in 0..<level.layers {
                rules += block("input_blocks.\(place)", target, layer)
                place += 1
            }
            rules.append(
                Rule(
                    scope: "input_blocks.\(place).0.op", target: target + ".downsamplers.0.conv"))
            place += 1
        }
        place = 0
        for (index, level) in levels.reversed().enumerated() {
            let target = "up_blocks.\(index)"
            for layer in 0...level.layers {
                rules += block("output_blocks.\(place)", target, layer)
                place += 1
            }
            let last = "output_blocks.\(place - 1).\(level.upAttends ? 2 : 1).conv"
            rules.append(Rule(scope: last, target: target + ".upsamplers.0.conv"))
        }
        return KeyMap(rules)
    }

    private static func block(_ scope: String, _ target: String, _ layer: Int) -> [Rule] {
        [
            Rule(scope: scope + ".0", target: "\(target).resnets.\(layer)", parts: resnet),
            Rule(scope: scope + ".1", target: "\(target).attentions.\(layer)"),
        ]
    }

    /// Those of an autoencoder.
    static func autoencoder(levels: Int, layers: Int) -> KeyMap {
        var rules = [
            Rule(scope: "quant_conv", target: "quant_conv"),
            Rule(scope: "post_quant_conv", target: "post_quant_conv"),
        ]
        for side in ["encoder", "decoder"] {
            rules += [
                Rule(scope: side + ".conv_in", target: side + ".conv_in"),
                Rule(scope: side + ".norm_out", target: side + ".conv_norm_out"),
                Rule(scope: side + ".conv_out", target: side + ".conv_out"),
                Rule(
                    scope: side + ".mid.block_1", target: side + ".mid_block.resnets.0",
                    parts: autoencoderResnet, aliases: autoencoderResnetAliases),
                Rule(
                    scope: side + ".mid.attn_1", target: side + ".mid_block.attentions.0",
                    parts: autoencoderAttention, aliases: autoencoderAliases),
                Rule(
                    scope: side + ".mid.block_2", target: side + ".mid_block.resnets.1",
                    parts: autoencoderResnet, aliases: autoencoderResnetAliases),
            ]
        }
        for level in 0..<levels {
            let down = "encoder.down_blocks.\(level)"
            let up = "decoder.up_blocks.\(levels - 1 - level)"
            rules += [
                Rule(
                    scope: "encoder.down.\(level).downsample.conv",
                    target: down + ".downsamplers.0.conv"),
                Rule(
                    scope: "decoder.up.\(level).upsample.conv", target: up + ".upsamplers.0.conv"),
            ]
            for (scope, target) in [("encoder.down", down), ("decoder.up", up)] {
                rules += (0...layers).map { layer in
                    Rule(
                        scope: "\(scope).\(level).block.\(layer)",
                        target: "\(target).resnets.\(layer)", parts: autoencoderResnet,
                        aliases: autoencoderResnetAliases)
                }
            }
        }
        return KeyMap(rules)
    }

    /// Those of OpenCLIP's text tower.
    static func tower(layers: Int) -> KeyMap {
        KeyMap(
            [
                Rule(scope: "token_embedding", target: "embeddings.token_embedding"),
                Rule(scope: "positional_embedding", target: "embeddings.position_embedding"),
                Rule(scope: "ln_final", target: "final_layer_norm"),
                Rule(scope: "text_projection", target: "text_projection"),
            ]
                + (0..<layers).map {
                    Rule(
                        scope: "transformer.resblocks.\($0)", target: "encoder.layers.\($0)",
                        parts: towerLayer)
                })
    }
}
