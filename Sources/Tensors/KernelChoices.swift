import Synchronization

/// Which kernel multiplies with weights of which shape, and in attention: the fastest, measured when a shape is met
/// for the first time.
///
/// A choice depends on the precision, the number of taps and the sizes of the weights, each rounded up to a power
/// of two in 32…256 (for attention, the size of a head), and never on the number of threads: one thread measures, by its own processor time. A unit
/// must give results of its precision and be faster by a twentieth at least; otherwise the kernel set's floats
/// are used.
public final class KernelChoices: Sendable {
    /// What stands for the kernel set's own floats.
    private static let floats = "floats"
    /// A unit must take less than this share of the time.
    private static let worthwhile = 0.95

    private let known: Mutex<[String: String]>
    private let keep: @Sendable ([String: String]) -> Void

    /// - Parameters:
    ///   - known: choices of earlier runs on this processor with this kernel set, as `keep` was given them.
    ///   - keep: is given all choices whenever there is a new one.
    public init(
        known: [String: String] = [:],
        keep: @escaping @Sendable ([String: String]) -> Void = { _ in }
    ) {
        self.known = Mutex(known)
        self.keep = keep
    }

    /// The unit for weights of a shape; nil where floats are faster, or where there is no unit.
    func unit(for precision: Precision, out: Int, in inputs: Int, taps: Int) -> NarrowUnit? {
        let shape = (out: Self.size(out), in: Self.size(inputs))
        return unit(for: precision, "\(shape.out)x\(shape.in)x\(taps)") {
            $0.trial(out: shape.out, in: shape.in, taps: taps)
        }
    }

    /// The unit for attention with heads of a size; likewise.
    func attentionUnit(for precision: Precision, head: Int) -> NarrowUnit? {
        unit(for: precision, "attention \(head)") { $0.attentionTrial(head: head) }
    }

    private func unit(
        for precision: Precision, _ work: String, share: (NarrowUnit) -> Double
    ) -> NarrowUnit? {
        let units = NarrowUnit.all.filter { $0.isHardware && $0.precision == precision }
        guard !units.isEmpty else { return nil }
        let key = "\(precision.rawValue) \(work)"
        // Others wait, so that two measurements do not disturb each other.
        return known.withLock { known in
            if let name = known[key] {
                if name == Self.floats { return nil }
                if let unit = units.first(where: { $0.name == name }) { return unit }
            }
            let best = units.map { (unit: $0, share: share($0)) }.min { $0.share < $1.share }
            let unit = best.flatMap { $0.share < Self.worthwhile ? $0.unit : nil }
            known[key] = unit?.name ?? Self.floats
            keep(known)
            return unit
        }
    }

    private static func size(_ count: Int) -> Int {
        var size = 32
        while size < min(count, 256) { size *= 2 }
        return size
    }
}
