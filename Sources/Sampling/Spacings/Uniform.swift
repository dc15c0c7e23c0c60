extension SigmaSpacing {
    /// Evenly in the timestep from the last of training to the first, ln σ read linearly between
    /// training steps: k-diffusion's `get_sigmas`, A1111's "Uniform", ComfyUI's `normal`,
    /// stable-diffusion.cpp's `discrete`.
    public static let uniform = SigmaSpacing(
        "uniform", a1111: "Uniform", aliases: ["normal", "discrete"]
    ) {
        let last = Double($0.schedule.sigmas.count - 1)
        return TimestepSpacing.evenlySpaced(last, 0, $0.count)
            .map($0.schedule.sigma(atLogOf:))
    }
}
