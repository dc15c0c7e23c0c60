extension SigmaSpacing {
    /// Evenly in the timestep down to the first of training, which is left out: the spacing of Stability
    /// AI's `generative-models`, A1111's "SGM Uniform", ComfyUI's `sgm_uniform`.
    public static let sgmUniform = SigmaSpacing("sgm-uniform", a1111: "SGM Uniform") {
        let last = Double($0.schedule.sigmas.count - 1)
        return TimestepSpacing.evenlySpaced(last, 0, $0.count + 1).dropLast()
            .map($0.schedule.sigma(atLogOf:))
    }
}
