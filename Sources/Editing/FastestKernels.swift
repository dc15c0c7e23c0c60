import Models
public import Recipes
import Tensors

/// Which kernels are the fastest on this machine, measured as models are loaded.
public struct FastestKernels: Sendable {
    let choices: KernelChoices

    /// - Parameters:
    ///   - known: what earlier runs found on this processor with this kernel set.
    ///   - keep: is given all that is known whenever something was measured.
    public init(
        known: [String: String] = [:],
        keep: @escaping @Sendable ([String: String]) -> Void = { _ in }
    ) {
        choices = KernelChoices(known: known, keep: keep)
    }
}

extension ModelPrecision {
    /// The units of this processor that compute in it, by name; floats need none.
    public var units: [String] { tensors.units }

    var tensors: Precision {
        switch self {
        case .exact: .exact
        case .bf16: .bf16
        case .int8: .int8
        }
    }

    /// The precision that a model is computed in where this one is asked for, with a remark where it is another.
    ///
    /// - Parameters:
    ///   - model: its name.
    ///   - isStandIn: whether it is the built-in model or another small one.
    func used(
        for model: String, isStandIn: Bool
    ) -> (precision: ModelPrecision, note: String?) {
        if self == .exact { return (.exact, nil) }
        if isStandIn, Self.unsuitedForStandIns.contains(self) {
            return (
                .exact, "precision \(rawValue) is not offered for \(model): exact is used"
            )
        }
        if units.isEmpty {
            return (.exact, "this processor has no unit for precision \(rawValue): exact is used")
        }
        return (self, nil)
    }

    /// Those with which the built-in model falls below a figure that it reaches in floats; see Kernels in the
    /// documentation.
    private static let unsuitedForStandIns: Set<ModelPrecision> = []
}
