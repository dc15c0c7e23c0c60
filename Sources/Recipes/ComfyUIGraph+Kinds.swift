/// Nodes of ComfyUI that are one sampler or one spacing of noise levels, which others hold under a name.
extension ComfyUIGraph {
    /// What a node is, under the name that menus have for it.
    private struct Kind {
        let name: String
        /// The numbers that it has where it is what the name says.
        let usual: [String: Double]
    }

    /// Those that come after the greatest and before the least noise level of Stable Diffusion.
    private static let range = ["sigma_max": 14.614642, "sigma_min": 0.0291675]

    private static let kinds: [String: Kind] = [
        "SamplerEulerAncestral": Kind(name: "euler_ancestral", usual: ["eta": 1, "s_noise": 1]),
        "SamplerDPMPP_2S_Ancestral": Kind(
            name: "dpmpp_2s_ancestral", usual: ["eta": 1, "s_noise": 1]),
        "SamplerDPMPP_2M_SDE": Kind(name: "dpmpp_2m_sde", usual: ["eta": 1, "s_noise": 1]),
        "SamplerDPMPP_3M_SDE": Kind(name: "dpmpp_3m_sde", usual: ["eta": 1, "s_noise": 1]),
        "SamplerDPMPP_SDE": Kind(name: "dpmpp_sde", usual: ["eta": 1, "s_noise": 1, "r": 0.5]),
        "SamplerLMS": Kind(name: "lms", usual: ["order": 4]),
        "KarrasScheduler": Kind(
            name: "karras", usual: range.merging(["rho": 7]) { own, _ in own }),
        "ExponentialScheduler": Kind(name: "exponential", usual: range),
        "PolyexponentialScheduler": Kind(
            name: "polyexponential", usual: range.merging(["rho": 1]) { own, _ in own }),
        "BetaSamplingScheduler": Kind(name: "beta", usual: ["alpha": 0.6, "beta": 0.6]),
        "AlignYourStepsScheduler": Kind(name: "align-your-steps", usual: [:]),
    ]

    /// What a node holds, with its own name under `key` where it holds none: an unknown one is then refused by
    /// its name. What is usual for the kind is left out.
    func inputs(of node: Node, naming key: String) -> [String: Any] {
        guard node.inputs[key] == nil else { return node.inputs }
        guard let kind = Self.kinds[node.type] else {
            return node.inputs.merging([key: node.type]) { _, name in name }
        }
        var inputs = node.inputs.filter { name, value in
            guard let usual = kind.usual[name],
                let number = scalar(value).flatMap(Double.init)
            else { return true }
            return (number - usual).magnitude > 0.03 * usual
        }
        inputs[key] = kind.name
        return inputs
    }

    /// The node that noise levels come from, and the kinds of those that change them on the way.
    func levels(_ link: Any?) -> (node: Node?, changes: [String]) {
        var changes: [String] = []
        var source: Node?
        _ = follow(link) { _, node in
            guard node.inputs["sigmas"] is [Any] else {
                source = node
                return .next(nil)
            }
            changes.append(node.type)
            return .next(node.inputs["sigmas"])
        }
        return (source, changes)
    }
}
