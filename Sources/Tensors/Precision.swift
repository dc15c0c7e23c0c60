import CKernels

/// The numbers that products of activations and weights multiply; sums are always wider.
public enum Precision: String, Sendable, CaseIterable {
    /// 32-bit floats.
    case exact
    /// Both sides rounded to the nearest bfloat16, summed as floats. Errors are about 3·10⁻³ of the
    /// largest result.
    case bf16
    /// Both sides rounded to 8-bit integers, with a scale for each output channel of the weights and for
    /// each row of the activations (for each picture, in a convolution), summed exactly. Errors are about
    /// 10⁻² of the largest result, more where a few channels are far larger than the rest.
    case int8

    /// The unit of the processor that serves this precision, `avx512-bf16` for example; nil where floats
    /// are used, because none is faster.
    public var unit: String? { gesso_unit_in_use(kernel).map { String(cString: $0) } }

    var kernel: gesso_precision {
        switch self {
        case .exact: GESSO_EXACT
        case .bf16: GESSO_BRAIN
        case .int8: GESSO_BYTES
        }
    }
}

/// A unit of processors that multiplies narrow numbers, for tests: those of this processor, the plain C twin
/// of all, and emulations.
package struct NarrowUnit: Sendable {
    private let number: Int32

    /// Name and precision.
    package var name: String { String(cString: gesso_unit_name(number)) }
    /// The precision that it serves.
    package var precision: Precision {
        gesso_unit_precision(number) == GESSO_BRAIN ? .bf16 : .int8
    }

    /// All units that can run here.
    package static var all: [NarrowUnit] {
        (0..<gesso_unit_count()).filter { gesso_unit_is_supported($0) }
            .map(NarrowUnit.init(number:))
    }

    /// Runs `body` with weights packed for this unit by the calling thread.
    package func run<Result>(_ body: () throws -> Result) rethrows -> Result {
        gesso_ask_for_unit(number)
        defer { gesso_ask_for_unit(-1) }
        return try body()
    }
}
