import Editing
import Foundation

/// A kind of file of weights, with the names of the folders that programs keep it in.
package enum ModelKind: String, CaseIterable, Sendable {
    case checkpoints, vae, loras, embeddings, unets, controlNets

    /// The kinds of add-ons with the keys of recipes that name them.
    static let addOns: [(key: String, kind: ModelKind)] = [
        ("lora", .loras), ("embedding", .embeddings), ("vae", .vae), ("unet", .unets),
        ("control", .controlNets),
    ]

    /// The kind of add-on that a recipe's key names; nil for other keys.
    init?(key: String) {
        guard let kind = Self.addOns.first(where: { $0.key == key })?.kind else { return nil }
        self = kind
    }

    /// The keys of `extra_model_paths.yaml`.
    var keys: [String] {
        switch self {
        case .checkpoints: ["checkpoints", "diffusers"]
        case .vae: ["vae"]
        case .loras: ["loras"]
        case .embeddings: ["embeddings"]
        case .unets: ["unet", "diffusion_models"]
        case .controlNets: ["controlnet"]
        }
    }

    /// The folder's name as Gesso has it, then as ComfyUI, AUTOMATIC1111, SwarmUI and Stability Matrix have
    /// it, in any case.
    var names: [String] {
        switch self {
        case .checkpoints: ["checkpoints", "diffusers", "Stable-diffusion", "StableDiffusion"]
        case .vae: ["vae", "vae_approx", "VAE-approx", "ApproxVAE"]
        case .loras: ["loras", "Lora", "LyCORIS"]
        case .embeddings: ["embeddings", "Embedding", "TextualInversion"]
        case .unets: ["unet", "diffusion_models", "DiffusionModels"]
        case .controlNets: ["controlnet"]
        }
    }

    /// The name of its folder below InvokeAI's `sd-1`, `sd-2` and `sdxl`; nil where it has none.
    var nameInInvokeAI: String? {
        switch self {
        case .checkpoints: "main"
        case .vae: "vae"
        case .loras: "lora"
        case .embeddings: "embedding"
        case .unets: nil
        case .controlNets: "controlnet"
        }
    }

    /// Whether a file's tensors look like this kind of add-on; the first word that fits decides.
    func isKind(of file: URL) -> Bool {
        guard let other = try? OtherFile(file), let guess = other.guess else { return false }
        let words: [(String, ModelKind)] = [
            ("LoRA", .loras), ("LoHa", .loras), ("LoKr", .loras), ("OFT", .loras),
            ("difference", .loras), ("embedding", .embeddings), ("ControlNet", .controlNets),
            ("VAE", .vae), ("tiny autoencoder", .vae), ("UNet", .unets),
        ]
        return words.first { guess.contains($0.0) }?.1 == self
    }
}
