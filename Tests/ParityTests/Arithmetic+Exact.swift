import Foundation
import Tensors

extension Arithmetic {
    /// What `exact` is computed by in the parity tests: as in a run the fastest kernels of this processor, or the
    /// unit that GESSO_EXACT_UNIT names, an emulated one too.
    static let exactHere: Arithmetic = {
        let name = ProcessInfo.processInfo.environment["GESSO_EXACT_UNIT"]
        guard let unit = NarrowUnit.all.first(where: { $0.name == name }) else {
            return Arithmetic(.exact, KernelChoices())
        }
        return unit.arithmetic
    }()
}
