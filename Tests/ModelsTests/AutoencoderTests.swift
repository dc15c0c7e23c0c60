import Checkpoints
import Foundation
import Models
import Tensors
import TestSupport
import Testing

@Suite struct AutoencoderTests {
    private func build(_ component: EditedComponent) throws -> AutoencoderKL {
        try AutoencoderKL(component.weights(), configuration: .init(json: component.configuration))
    }

    private func answers(of component: EditedComponent) throws -> [Tensor] {
        let vae = try build(component)
        let moments = vae.encode(waves([1, 16, 24, 3], 0.37))
        return [moments.mean, moments.logVariance, vae.decode(moments.mean)]
    }

    /// diffusers wrote the attention otherwise before version 0.17, and some converters as convolutions.
    @Test(arguments: [false, true])
    func oldNamesMeanTheSame(asConvolutions: Bool) throws {
        var component = try EditedComponent("vae")
        let expected = try answers(of: component)
        let old = [
            ".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.",
            ".to_out.0.": ".proj_attn.",
        ]
        component.rename { name in
            old.reduce(name) { $0.replacingOccurrences(of: $1.key, with: $1.value) }
        }
        if asConvolutions {
            for (name, tensor) in component.tensors
            where name.contains(".attentions.") && tensor.shape.count == 2 {
                component.tensors[name] = tensor.reshaped(tensor.shape + [1, 1])
            }
        }
        #expect(component.tensors.keys.contains { $0.hasSuffix(".proj_attn.weight") })
        #expect(try answers(of: component) == expected)
    }

    /// Some files have names of several writers beside each other.
    @Test(arguments: [
        [".conv_shortcut.": ".nin_shortcut."], [".to_q.": ".query.", ".to_v.": ".value."],
        [".to_out.0.": ".proj_attn.", ".conv_shortcut.": ".nin_shortcut."],
    ])
    func mixedNamesMeanTheSame(_ names: [String: String]) throws {
        var component = try EditedComponent("vae")
        let expected = try answers(of: component)
        component.rename { name in
            // One half of the network only.
            guard name.hasPrefix("decoder.") else { return name }
            return names.reduce(name) { $0.replacingOccurrences(of: $1.key, with: $1.value) }
        }
        for name in names.values {
            #expect(component.tensors.keys.contains { $0.contains(name) })
        }
        #expect(try answers(of: component) == expected)
    }

    /// Where the 1×1 convolutions around the latents are left out they must be the identity.
    @Test func quantConvolutionsAreOptional() throws {
        var component = try EditedComponent("vae")
        for (name, channels) in [("quant_conv", 8), ("post_quant_conv", 4)] {
            let identity = (0..<channels * channels)
                .map { Float($0 % (channels + 1) == 0 ? 1 : 0) }
            component.tensors[name + ".weight"] = Tensor(
                identity, shape: [channels, channels, 1, 1])
            component.tensors[name + ".bias"] = Tensor(zeros: [channels])
        }
        let expected = try answers(of: component)
        for name in ["quant_conv", "post_quant_conv"] {
            component.settings["use_" + name] = false
            component.tensors[name + ".weight"] = nil
            component.tensors[name + ".bias"] = nil
        }
        for (found, expected) in zip(try answers(of: component), expected) {
            expectClose(found, expected)
        }
    }

    @Test func logVarianceIsClamped() throws {
        var component = try EditedComponent("vae")
        component.tensors["quant_conv.bias"] = Tensor([0, 0, 0, 0, 99, -99, 0, 0], shape: [8])
        let moments = try build(component).encode(waves([1, 8, 8, 3]))
        #expect(moments.logVariance.values[0] == 20)
        #expect(moments.logVariance.values[1] == -30)

        let noise = waves([1, 1, 1, 4], 0.8)
        let sample = moments.sample(noise).values
        for index in 0..<4 {
            let deviation = exp(moments.logVariance.values[index] / 2)
            let expected = moments.mean.values[index] + deviation * noise.values[index]
            #expect(abs(sample[index] - expected) <= 1e-5 * abs(expected))
        }
    }

    @Test func sizesAreThoseOfTheConfiguration() throws {
        let vae = try build(EditedComponent("vae"))
        #expect(vae.factor == 8)
        #expect(vae.scalingFactor == 0.18215)
        #expect(vae.encode(waves([1, 24, 16, 3])).mean.shape == [1, 3, 2, 4])
        #expect(vae.decode(waves([1, 3, 2, 4])).shape == [1, 24, 16, 3])
    }

    @Test func everyMissingTensorIsAnErrorThatNamesIt() throws {
        let component = try EditedComponent("vae")
        for name in component.tensors.keys.sorted() {
            var damaged = component
            damaged.tensors[name] = nil
            let error = #expect(throws: CheckpointError.self) { try build(damaged) }
            #expect(error?.description.contains(": no tensor \(name) among its ") == true)
        }
    }

    @Test func zerosAndNaNsAreRefused() throws {
        var component = try EditedComponent("vae")
        component.tensors["decoder.conv_out.bias"] = Tensor([0, .nan, 0], shape: [3])
        let damaged = #expect(throws: CheckpointError.self) { try build(component) }
        #expect(damaged?.kind == .corruptData)
        #expect(
            damaged?.description.contains("decoder.conv_out.bias holds NaN or infinity") == true)

        component.tensors = component.tensors.mapValues { Tensor(zeros: $0.shape) }
        let empty = #expect(throws: CheckpointError.self) { try build(component) }
        #expect(empty?.kind == .corruptData)
        #expect(empty?.description.contains("every weight is zero") == true)
    }

    /// A tiny autoencoder that doubles and halves so many times, and does nothing else.
    private func tiny(doublings: Int, halvings: Int) throws -> AutoencoderTiny {
        var component = try EditedComponent("vae")
        component.tensors = [:]
        func add(_ layer: String, _ outputs: Int, _ inputs: Int, bias: Bool = true) {
            component.tensors[layer + ".weight"] = waves([outputs, inputs, 3, 3])
            if bias { component.tensors[layer + ".bias"] = waves([outputs]) }
        }
        add("decoder.layers.0", 2, 4)
        for number in 0..<doublings { add("decoder.layers.\(2 * number + 3)", 2, 2, bias: false) }
        add("decoder.layers.\(2 * doublings + 2)", 3, 2)
        for number in 0..<halvings {
            add("encoder.layers.\(number)", 2, number == 0 ? 3 : 2, bias: false)
        }
        add("encoder.layers.\(halvings)", 4, halvings == 0 ? 3 : 2)
        return try AutoencoderTiny(component.weights(), json: Data("{}".utf8))
    }

    @Test func tinyOnesDoubleSevenTimesAtMost() throws {
        #expect(try tiny(doublings: 7, halvings: 7).factor == 128)
        for (doublings, halvings, words) in [
            (8, 8, "doubles pictures 8 times"), (70, 3, "doubles pictures 70 times"),
            (3, 70, "for 256 pixels, the decoder takes 4 for 8"),
        ] {
            let error = #expect(throws: ModelError.self) {
                try tiny(doublings: doublings, halvings: halvings)
            }
            #expect(error?.description.contains(words) == true, "\(error as Any)")
        }
    }

    /// On the trained autoencoder, whose tiles know nothing of one another but their overlap.
    @Test func tilesShowNoGrid() throws {
        let vae = try AutoencoderKL(ModelFolder(Fixtures.builtInModel))
        let shape = vae.latentShape(height: 704, width: 1096)
        let latents = Tensor(
            (0..<shape.reduce(1, *)).map { index in
                let (y, x) = (Float(index / 4 / shape[2]), Float(index / 4 % shape[2]))
                return 3 * sin(y / 9 + Float(index % 4)) * cos(x / 7)
            }, shape: shape)
        let whole = vae.decode(latents)
        let tiled = vae.decode(latents, tiled: true)
        #expect(tiled.shape == whole.shape && tiled != whole)
        // The decoder's grain is fine and falls out otherwise in a tile; a grid would be a difference of whole
        // surfaces: of the mean of what a latent is drawn with.
        let (made, wanted) = (tiled.values, whole.values)
        let (height, width) = (tiled.shape[1], tiled.shape[2])
        var worst: Float = 0
        for top in stride(from: 0, to: height, by: 8) {
            for left in stride(from: 0, to: width, by: 8) {
                var sum: Float = 0
                for y in top..<top + 8 {
                    for index in 3 * (y * width + left)..<3 * (y * width + left + 8) {
                        sum += made[index] - wanted[index]
                    }
                }
                worst = max(worst, abs(sum) / 192)
            }
        }
        #expect(worst < 2 / 255.0)
        let off = zip(made, wanted).map { abs($0 - $1) }.max() ?? 0
        #expect(off < 4 * 2 / 255.0)

        let moments = vae.encode(whole).mean
        let tiledMoments = vae.encode(whole, tiled: true).mean
        let scale = moments.values.map { abs($0) }.max() ?? 0
        let apart = zip(moments.values, tiledMoments.values).map { abs($0 - $1) }.max() ?? 0
        #expect(moments.shape == tiledMoments.shape && apart < 0.05 * scale)

        let small = latents.sliced(axis: 1, 0..<40).sliced(axis: 2, 0..<64)
        #expect(vae.decode(small, tiled: true) == vae.decode(small))
    }
}
