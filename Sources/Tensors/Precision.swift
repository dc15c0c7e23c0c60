import CKernels

/// The numbers that products of activations and weights multiply; sums are always wider.
public enum Precision: String, Sendable, CaseIterable {
    /// 32-bit floats, to their precision.
    case exact
    /// Both sides rounded to the nearest bfloat16, summed as floats. Errors are about 3·10⁻³ of the
    /// largest result.
    case bf16
    /// Both sides rounded to 8-bit integers, with a scale for each output channel of the weights and for
    /// each row of the activations (for each picture, in a convolution), summed exactly; channels of the
    /// activations that are far larger than the others get 15 bits. Errors are about 10⁻² of the largest
    /// result.
    case int8

    /// Names of this processor's units that multiply such numbers, `avx512-bf16` for example.
    public var units: [String] {
        NarrowUnit.all.filter { $0.isHardware && $0.precision == self }.map(\.name)
    }
}

/// A unit of processors that multiplies narrow numbers: this processor's, and for tests the plain C twins and
/// emulations.
package struct NarrowUnit: Sendable, Equatable {
    let number: Int32

    /// Its name, `avx512-bf16` for example.
    package var name: String { String(cString: gesso_unit_name(number)) }
    /// The precision that it serves.
    package var precision: Precision {
        switch gesso_unit_precision(number) {
        case GESSO_EXACT: .exact
        case GESSO_BRAIN: .bf16
        default: .int8
        }
    }
    /// All its precision's products by this unit.
    package var arithmetic: Arithmetic { Arithmetic(precision, by: [self]) }
    /// Whether it is a processor's.
    package var isHardware: Bool { gesso_unit_is_hardware(number) }

    /// The processor time of a small product by this unit as a share of that by floats, for weights of this
    /// shape; infinite where its results are not those of its precision.
    package func trial(out: Int, in inputs: Int, taps: Int) -> Double {
        gesso_unit_trial(number, out, inputs, taps)
    }

    /// The same of attention with heads of this size.
    package func attentionTrial(head: Int) -> Double { gesso_attention_trial(number, head) }

    /// All units that can run here.
    package static var all: [NarrowUnit] {
        (0..<gesso_unit_count()).filter { gesso_unit_is_supported($0) }
            .map(NarrowUnit.init(number:))
    }
}
