/// A preprocessor of AUTOMATIC1111's ControlNet extension that has a counterpart among what a `control`
/// reads.
public struct ControlModule: Sendable {
    /// One of its two sliders.
    public struct Slider: Sendable {
        /// What it sets.
        public let name: String
        /// What it may be set to.
        public let range: ClosedRange<Double>
        /// What it is where nothing else is asked for.
        public let standard: Double
    }

    /// The name that settings and requests have for it.
    public let name: String
    /// A longer one of the extension's menu; nil where there is none.
    public let label: String?
    /// What a control reads that goes through it: a kind of a map, or `surroundings`; nil where it leaves
    /// a map as it is.
    public let reads: String?
    /// Its sliders, two at most.
    public let sliders: [Slider]

    private init(
        _ name: String, label: String? = nil, reads: String?, _ sliders: [Slider] = []
    ) {
        (self.name, self.label, self.reads, self.sliders) = (name, label, reads, sliders)
    }

    /// All of them; the first that reads something is the one that is written for it.
    public static let all = [
        ControlModule("none", reads: nil),
        ControlModule(
            "canny", reads: "canny",
            [
                Slider(name: "Low Threshold", range: 1...255, standard: 100),
                Slider(name: "High Threshold", range: 1...255, standard: 200),
            ]),
        ControlModule(
            "lineart_standard", label: "lineart_standard (from white bg & black line)",
            reads: "line-art"),
        ControlModule(
            "scribble_xdog", reads: "scribble",
            [Slider(name: "XDoG Threshold", range: 1...64, standard: 32)]),
        ControlModule(
            "blur_gaussian", reads: "blur",
            [Slider(name: "Sigma", range: 0.01...64, standard: 9)]),
        ControlModule(
            "tile_resample", reads: "tile",
            [Slider(name: "Down Sampling Rate", range: 1...8, standard: 1)]),
        ControlModule("t2ia_color_grid", reads: "grid"),
        ControlModule("invert", label: "invert (from white bg & black line)", reads: "invert"),
        ControlModule(
            "threshold", reads: "threshold",
            [Slider(name: "Binarization Threshold", range: 0...255, standard: 127)]),
        ControlModule("inpaint_only", reads: ControlChoice.surroundings),
        ControlModule("inpaint", reads: ControlChoice.surroundings),
        ControlModule("inpaint_global_harmonious", reads: ControlChoice.surroundings),
    ]

    /// The one of a name or label; nil for one without a counterpart here.
    public static func named(_ name: String) -> ControlModule? {
        all.first { $0.name == name || $0.label == name }
    }

    /// What a control reads, with the numbers of sliders that differ from the usual ones; one out of range
    /// counts as the usual, as in the extension.
    public func reads(_ values: [Double?]) -> String? {
        guard let reads else { return nil }
        let numbers = sliders.enumerated().map { index, slider in
            let value = values.indices.contains(index) ? values[index] : nil
            return value.flatMap { slider.range.contains($0) ? $0 : nil } ?? slider.standard
        }
        guard numbers != sliders.map(\.standard) else { return reads }
        return reads + "(" + numbers.map { "\(Key.Value.number($0))" }.joined(separator: ",") + ")"
    }

    /// The module for what a control reads, with the values of its sliders; nil where there is none.
    static func reading(_ reads: String) -> (module: ControlModule, values: [Double])? {
        let (name, numbers) = ControlChoice.parts(ofKind: reads)
        guard let module = all.first(where: { $0.reads == name }),
            numbers.isEmpty || numbers.count == module.sliders.count
        else { return nil }
        return (module, numbers.isEmpty ? module.sliders.map(\.standard) : numbers)
    }
}

extension ControlChoice {
    /// A kind of a map and the numbers in brackets behind it: `canny(50,150)`.
    public static func parts(ofKind text: String) -> (name: String, numbers: [Double]) {
        guard text.last == ")", let open = text.firstIndex(of: "(") else { return (text, []) }
        let inside = text[text.index(after: open)...].dropLast()
        let numbers = inside.split(separator: ",", omittingEmptySubsequences: false).map {
            decimal(String($0).trimmed)
        }
        guard !numbers.contains(nil) else { return (text, []) }
        return (String(text[..<open]), numbers.compactMap(\.self))
    }
}
