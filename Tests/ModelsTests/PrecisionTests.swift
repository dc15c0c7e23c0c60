import Checkpoints
import Foundation
import Models
import Tensors
import TestSupport
import Testing

/// The built-in model's networks in bf16 and int8, by the units of this processor or their twins in C, against
/// the same in floats. A UNet in int8 stays within a tenth.
@Suite struct PrecisionTests {
    private func source() throws -> any ModelSource { try ModelFolder(Fixtures.builtInModel) }

    @Test(arguments: [(Precision.bf16, Float(0.02)), (Precision.int8, Float(0.1))])
    func unet(_ precision: Precision, bound: Float) throws {
        let sample = waves([1, 16, 12, 4])
        let context = waves([1, 5, try contextChannels()], 0.9)
        func answer(_ arithmetic: Arithmetic) throws -> Tensor {
            let unet = try UNet2DCondition(source(), arithmetic: arithmetic)
            return unet(sample, timestep: 321, encoderHiddenStates: context)
        }
        let (exact, rounded) = (try answer(.exact), try answer(units(of: precision)))
        let share = rootMeanSquare(rounded - exact) / rootMeanSquare(exact)
        #expect(share > 0 && share < bound, "\(precision): \(share)")
    }

    @Test(arguments: [(Precision.bf16, Float(0.02)), (Precision.int8, Float(0.02))])
    func autoencoder(_ precision: Precision, bound: Float) throws {
        func answer(_ arithmetic: Arithmetic) throws -> Tensor {
            let vae = try AutoencoderKL(source(), arithmetic: arithmetic)
            let shape = vae.latentShape(height: 64, width: 48)
            return vae.decode(waves(shape))
        }
        let (exact, rounded) = (try answer(.exact), try answer(units(of: precision)))
        let share = rootMeanSquare(rounded - exact) / rootMeanSquare(exact)
        #expect(share > 0 && share < bound, "\(precision): \(share)")
    }

    /// In `exact` a UNet by split floats is that by floats, but for the last bits.
    @Test func splitFloats() throws {
        let (sample, context) = (waves([1, 8, 6, 4]), waves([1, 5, try contextChannels()], 0.9))
        func answer(_ arithmetic: Arithmetic) throws -> Tensor {
            try UNet2DCondition(source(), arithmetic: arithmetic)(
                sample, timestep: 321, encoderHiddenStates: context)
        }
        let exact = try answer(.exact)
        for unit in NarrowUnit.all where unit.precision == .exact {
            let share = rootMeanSquare(try answer(unit.arithmetic) - exact) / rootMeanSquare(exact)
            #expect(share > 0 && share < 5e-6, "\(unit.name): \(share)")
        }
    }

    /// This processor's units, those in C where it has none.
    private func units(of precision: Precision) -> Arithmetic {
        Arithmetic(precision, by: NarrowUnit.all.filter { !$0.name.hasPrefix("emulated") })
    }

    private func contextChannels() throws -> Int {
        try UNet2DCondition.Configuration(json: source().configuration("unet")).levels[0]
            .contextChannels
    }

    private func rootMeanSquare(_ x: Tensor) -> Float {
        (x.values.reduce(0) { $0 + $1 * $1 } / Float(x.count)).squareRoot()
    }
}
