/// Names that diffusers has had for the same tensors over time.
enum DiffusersNames {
    private static let old = [
        ".query.": ".to_q.", ".key.": ".to_k.", ".value.": ".to_v.", ".proj_attn.": ".to_out.0.",
    ]

    /// An autoencoder's name as it is today.
    static func autoencoder(_ name: String) -> String {
        guard name.contains(".attentions.") else {
            return name.replacing(".nin_shortcut.", with: ".conv_shortcut.")
        }
        return old.reduce(name) { $0.replacing($1.key, with: $1.value) }
    }

    /// A text encoder's name as files of Stable Diffusion have it.
    static func text(_ name: String) -> String {
        name.hasPrefix("text_model.") || name.hasPrefix("text_projection.")
            ? name : "text_model." + name
    }

    /// Whether it is a projection of the autoencoder's attention, a matrix here and a convolution of
    /// 1x1 there.
    static func isProjection(_ name: String) -> Bool {
        name.contains(".attentions.") && name.hasSuffix(".weight") && !name.contains("group_norm")
    }
}
