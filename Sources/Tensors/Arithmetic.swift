import CKernels
import Synchronization

/// What a network computes its products in, and what decides on the kernels.
public struct Arithmetic: Sendable {
    /// Of the products with weights.
    public let precision: Precision
    private let source: Source

    private enum Source: Sendable {
        case floats
        case choices(KernelChoices, Record)
        case units([NarrowUnit])
    }

    /// The names of the units that weights were packed for.
    private final class Record: Sendable {
        let names = Mutex<Set<String>>([])
    }

    /// Floats, by the kernel set in use.
    public static let exact = Arithmetic(.exact, .floats)

    private init(_ precision: Precision, _ source: Source) {
        (self.precision, self.source) = (precision, source)
    }

    /// A precision, by the kernels that were measured to be the fastest for each shape.
    public init(_ precision: Precision, _ choices: KernelChoices) {
        self.init(precision, .choices(choices, Record()))
    }

    /// A precision by these units; floats where none of them serves it. For tests.
    package init(_ precision: Precision, by units: [NarrowUnit]) {
        self.init(precision, .units(units))
    }

    /// The same choice of kernels for another precision.
    public func changed(to precision: Precision) -> Arithmetic { Arithmetic(precision, source) }

    /// The units that were used so far, sorted by name; the kernel set did the rest.
    public var units: [String] {
        guard case .choices(_, let record) = source else { return [] }
        return record.names.withLock { $0.sorted() }
    }

    /// What multiplies in attention with heads of this size: bf16 for all but floats.
    public func attention(head: Int) -> AttentionKernel {
        guard precision != .exact else { return .floats }
        switch source {
        case .floats: return .floats
        case .units(let units):
            return units.first { $0.precision == .bf16 }.map(AttentionKernel.init) ?? .floats
        case .choices(let choices, let record):
            guard let unit = choices.attentionUnit(for: .bf16, head: head) else { return .floats }
            _ = record.names.withLock { $0.insert(unit.name) }
            return AttentionKernel(unit)
        }
    }

    /// The number of the unit for weights [out, in, taps]; to be exact, those of 32 bits are left to floats.
    func unit(out: Int, in inputs: Int, taps: Int, of type: DataType) -> Int32 {
        if precision == .exact, type == .float32 { return GESSO_FLOATS }
        switch source {
        case .floats: return GESSO_FLOATS
        case .units(let units):
            return units.first { $0.precision == precision }?.number ?? GESSO_FLOATS
        case .choices(let choices, let record):
            let unit = choices.unit(for: precision, out: out, in: inputs, taps: taps)
            if let unit { _ = record.names.withLock { $0.insert(unit.name) } }
            return unit?.number ?? GESSO_FLOATS
        }
    }
}

/// What multiplies in attention.
public struct AttentionKernel: Sendable, Equatable {
    let unit: Int32

    /// Floats, by the kernel set in use.
    public static let floats = AttentionKernel(unit: GESSO_FLOATS)

    private init(unit: Int32) { self.unit = unit }

    init(_ unit: NarrowUnit) { self.unit = unit.number }
}
