import Sampling
import Tensors
import Testing

/// Estimates by number: row 0 answers 1, row 1 answers 4, row 2 answers 0.
private struct Rows: Denoiser {
    func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        let answers: [Float] = [1, 4, 0]
        return Tensor(Array(answers.prefix(x.shape[0])), shape: x.shape)
    }
}

@Suite struct ComposedTests {
    private let x = Tensor([7], shape: [1, 1])
    private let level = NoiseLevel(sigma: 1, timestep: 1)

    @Test func eachPromptPushesByItsWeight() throws {
        let composed = Composed(Rows(), scale: 2, weights: [1, 0.5])
        // 1 + 2 · (1 · (4 − 1) + 0.5 · (0 − 1))
        #expect(try composed(x, at: level).values == [6])
    }

    @Test func onePromptOfWeightOneIsPlainGuidance() throws {
        let composed = try Composed(Rows(), scale: 3, weights: [1])(x, at: level)
        let guided = try Guided(Rows(), scale: 3)(x, at: level)
        #expect(composed.values == guided.values)
    }
}
