extension SigmaSpacing {
    /// Every n-th level of training from the last down, n not whole: ComfyUI's and A1111's "Simple".
    public static let simple = SigmaSpacing("simple", a1111: "Simple") { range in
        let sigmas = range.schedule.sigmas
        let stride = Double(sigmas.count) / Double(range.count)
        return (0..<range.count).map { index in
            Double(sigmas[sigmas.count - 1 - Int(Double(index) * stride)])
        }
    }
}
