import Checkpoints
import Foundation
import Models
import Tensors
import Testing

@Suite struct UNetTests {
    private let context = waves([1, 5, 32], 0.9)

    private func build(_ component: EditedComponent) throws -> UNet2DCondition {
        try UNet2DCondition(
            component.weights(), configuration: .init(json: component.configuration))
    }

    private func answer(of component: EditedComponent, _ sample: Tensor) throws -> Tensor {
        try build(component)(sample, timestep: 321, encoderHiddenStates: context)
    }

    /// An inpainting model takes five channels more; where their weights are zero they change nothing,
    /// and where they are not they do.
    @Test(arguments: [8, 9])
    func takesMoreChannels(_ channels: Int) throws {
        var component = try EditedComponent("unet")
        let sample = waves([1, 6, 5, 4])
        let expected = try answer(of: component, sample)

        let filter = try #require(component.tensors["conv_in.weight"])
        let extra = channels - 4
        let zeros = Tensor(zeros: [filter.shape[0], extra, 3, 3])
        component.settings["in_channels"] = channels
        component.tensors["conv_in.weight"] = .concatenated([filter, zeros], axis: 1)
        let wide = Tensor.concatenated([sample, waves([1, 6, 5, extra], 0.3)], axis: 3)
        #expect(try build(component).configuration.inChannels == channels)
        expectClose(try answer(of: component, wide), expected)

        component.tensors["conv_in.weight"] = .concatenated([filter, zeros + 0.5], axis: 1)
        #expect(try largestDifference(answer(of: component, wide), expected) > 1e-3)
    }

    @Test func linearProjectionsAreOneByOneConvolutions() throws {
        var component = try EditedComponent("unet")
        let sample = waves([2, 4, 4, 4])
        let context = waves([2, 5, 32], 0.9)
        let expected = try build(component)(sample, timestep: 1, encoderHiddenStates: context)
        component.settings["use_linear_projection"] = true
        var changed = 0
        for (name, tensor) in component.tensors where tensor.shape.suffix(2) == [1, 1] {
            guard name.contains(".proj_") else { continue }
            component.tensors[name] = tensor.reshaped(Array(tensor.shape.prefix(2)))
            changed += 1
        }
        #expect(changed > 0)
        let found = try build(component)(sample, timestep: 1, encoderHiddenStates: context)
        #expect(found == expected)
    }

    /// What comes out for a batch is what comes out for each alone.
    @Test func batchesAreIndependent() throws {
        let unet = try build(EditedComponent("unet"))
        let samples = [waves([1, 7, 5, 4]), waves([1, 7, 5, 4], 2.3)]
        let contexts = [waves([1, 5, 32]), waves([1, 5, 32], 0.4)]
        let both = unet(
            .concatenated(samples, axis: 0), timestep: 250.5,
            encoderHiddenStates: .concatenated(contexts, axis: 0))
        for (index, (sample, context)) in zip(samples, contexts).enumerated() {
            expectClose(
                both.sliced(axis: 0, index..<index + 1),
                unet(sample, timestep: 250.5, encoderHiddenStates: context))
        }
    }

    /// Rows that are shown the same are computed once up to where they are told different things; the
    /// answers are those of rows computed each by itself, to the last bit.
    @Test func rowsShownTheSameAnswerAsByThemselves() throws {
        let unet = try build(EditedComponent("unet"))
        let (sample, other) = (waves([1, 7, 5, 4]), waves([1, 7, 5, 4], 2.3))
        let contexts = [waves([1, 5, 32]), waves([1, 5, 32], 0.4), waves([1, 5, 32], 1.7)]
        let alike = unet(
            .concatenated([sample, sample, sample], axis: 0), timestep: 250.5,
            encoderHiddenStates: .concatenated(contexts, axis: 0))
        let apart = unet(
            .concatenated([sample, sample, other], axis: 0), timestep: 250.5,
            encoderHiddenStates: .concatenated(contexts, axis: 0))
        #expect(alike.sliced(axis: 0, 0..<2) == apart.sliced(axis: 0, 0..<2))
        #expect(alike.sliced(axis: 0, 2..<3) != apart.sliced(axis: 0, 2..<3))
    }

    @Test(arguments: [[1, 1], [1, 2], [3, 1], [5, 8]])
    func keepsAnySize(_ size: [Int]) throws {
        let unet = try build(EditedComponent("unet"))
        let sample = waves([1, size[0], size[1], 4])
        let found = unet(sample, timestep: 10, encoderHiddenStates: context)
        #expect(found.shape == sample.shape)
        #expect(!found.hasNonFiniteValues)
    }

    @Test func everyMissingTensorIsAnErrorThatNamesIt() throws {
        let component = try EditedComponent("unet")
        for name in component.tensors.keys.sorted() {
            var damaged = component
            damaged.tensors[name] = nil
            let error = #expect(throws: CheckpointError.self) { try build(damaged) }
            #expect(error?.kind == .modelMismatch)
            #expect(error?.description.contains(": no tensor \(name) among its ") == true)
        }
    }

    @Test func misshapenTensorsAndLeftoversAreErrors() throws {
        var component = try EditedComponent("unet")
        let name = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"
        let weight = try #require(component.tensors[name])
        component.tensors[name] = weight.transposed([1, 0])
        let error = #expect(throws: CheckpointError.self) { try build(component) }
        #expect(
            error?.description.hasSuffix(
                "tensor \(name) has shape [32, 16], the model needs [16, 32]") == true)

        component.tensors[name] = weight
        component.tensors["down_blocks.0.resnets.7.norm1.bias"] = Tensor([1], shape: [1])
        let leftover = #expect(throws: CheckpointError.self) { try build(component) }
        #expect(leftover?.kind == .modelMismatch)
        #expect(
            leftover?.description.contains(
                "1 tensor the model has no place for, first down_blocks.0.resnets.7.norm1.bias")
                == true)
    }
}

/// The largest difference between two tensors, relative to the largest value.
func largestDifference(_ a: Tensor, _ b: Tensor) -> Float {
    guard a.shape == b.shape else { return .infinity }
    let difference = zip(a.values, b.values).map { abs($0 - $1) }.max() ?? 0
    return difference / (b.values.map { abs($0) }.max() ?? 1)
}

func expectClose(
    _ a: Tensor, _ b: Tensor, _ location: SourceLocation = #_sourceLocation
) {
    let difference = largestDifference(a, b)
    #expect(difference <= 2e-6, "relative difference", sourceLocation: location)
}
