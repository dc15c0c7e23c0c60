/// What fills the mask before the model runs.
public enum Fill: Sendable, Equatable, CustomStringConvertible {
    /// The picture as it is; in outpainting, where there is none, its edges drawn out.
    case original
    /// Ever finer blurs of what is around.
    case blur
    /// The nearest pixels around, drawn out.
    case edge
    /// Pieces of the rest of the picture that fit together.
    case patch
    /// Noise in the latents, the one that the run starts from.
    case noise
    /// Zeros in the latents.
    case nothing
    /// One colour.
    case color(Color)

    static let names = ["original", "blur", "edge", "patch", "noise", "nothing"]

    /// Reads a name or `color:#rrggbb`; nil for any other text.
    public init?(_ text: String) {
        switch text {
        case "original": self = .original
        case "blur": self = .blur
        case "edge": self = .edge
        case "patch": self = .patch
        case "noise": self = .noise
        case "nothing": self = .nothing
        default:
            guard text.hasPrefix("color:"), let color = Color(text.dropFirst(6)) else { return nil }
            self = .color(color)
        }
    }

    /// As it is written.
    public var description: String {
        switch self {
        case .original: "original"
        case .blur: "blur"
        case .edge: "edge"
        case .patch: "patch"
        case .noise: "noise"
        case .nothing: "nothing"
        case .color(let color): "color:\(color)"
        }
    }

    /// Whether it makes a picture by itself, without a model.
    public var isPicture: Bool {
        switch self {
        case .original, .noise, .nothing: false
        case .blur, .edge, .patch, .color: true
        }
    }

    /// What AUTOMATIC1111 calls it as masked content; nil for what it does not have.
    var nameInA1111: String? {
        switch self {
        case .blur: "fill"
        case .noise: "latent noise"
        case .nothing: "latent nothing"
        case .original, .edge, .patch, .color: nil
        }
    }
}

extension Kind<Fill> {
    static var fill: Kind {
        let words = Fill.names + ["color:#rrggbb"]
        return Kind(
            expected: "one of " + words.joined(separator: ", "), choices: words,
            parse: { Fill($0) }, value: { .text("\($0)") })
    }
}
