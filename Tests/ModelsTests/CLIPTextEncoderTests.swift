import Checkpoints
import Foundation
import Models
import Tensors
import Testing

@Suite struct CLIPTextEncoderTests {
    private let ids = [912, 4, 77, 300, 913]

    private func build(_ component: EditedComponent) throws -> CLIPTextEncoder {
        try CLIPTextEncoder(
            component.weights(), configuration: .init(json: component.configuration))
    }

    /// transformers 4 writes `text_model.` before every name, version 5 does not.
    @Test func thePrefixIsOptional() throws {
        var component = try EditedComponent("text_encoder")
        let expected = try build(component)(ids)
        #expect(component.tensors.keys.contains { $0.hasPrefix("text_model.") })
        component.rename { $0.replacingOccurrences(of: "text_model.", with: "") }
        #expect(try build(component)(ids) == expected)
    }

    @Test func noTokenSeesThoseAfterIt() throws {
        let encoder = try build(EditedComponent("text_encoder"))
        let whole = try encoder(ids)
        let part = try encoder(Array(ids.prefix(3)))
        #expect(whole.shape == [1, 5, 32])
        expectClose(part, whole.sliced(axis: 1, 0..<3))
    }

    @Test func positionsAreNoWeights() throws {
        var component = try EditedComponent("text_encoder")
        let expected = try build(component)(ids)
        component.tensors["text_model.embeddings.position_ids"] = Tensor([0, 1], shape: [1, 2])
        #expect(try build(component)(ids) == expected)
        component.tensors["text_model.embeddings.position_bias"] = Tensor([0, 1], shape: [1, 2])
        #expect(throws: CheckpointError.self) { try build(component) }
    }

    @Test func tokensOfAnotherModelAreRefused() throws {
        let encoder = try build(EditedComponent("text_encoder"))
        for id in [914, 49407, -1] {
            let expected = ModelError.unknownToken(id: id, vocabularySize: 914)
            #expect(throws: expected) { try encoder([912, id]) }
            #expect(expected.kind == .modelMismatch)
        }
        #expect(throws: ModelError.tooManyTokens(count: 78, limit: 77)) {
            try encoder(Array(repeating: 1, count: 78))
        }
    }

    /// Without it Stable Diffusion XL would paint without what its UNet is conditioned on.
    @Test func aSecondEncoderNeedsItsProjection() throws {
        var component = try EditedComponent("text_encoder")
        func build() throws -> CLIPTextEncoder {
            try CLIPTextEncoder(
                component.weights(), configuration: .init(json: component.configuration),
                pools: true)
        }
        let error = #expect(throws: CheckpointError.self) { try build() }
        #expect(error?.description.contains("no tensor text_projection.weight") == true)
        component.tensors["text_projection.weight"] = waves([32, 32])
        #expect(try build().penultimate(ids).pooled?.shape == [1, 32])
    }
}
