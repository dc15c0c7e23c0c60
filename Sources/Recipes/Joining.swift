/// What the greys of a mask mean.
public enum MaskMode: String, CaseIterable, Sendable {
    /// White from `mask_threshold` up, else black.
    case hard
    /// The strength of each pixel (Levin & Fried 2023, Differential Diffusion).
    case differential
    /// A1111's soft inpainting.
    case soft
}

/// What of the picture the model sees.
public enum WorkRegion: String, CaseIterable, Sendable {
    /// All of it.
    case whole
    /// The mask with some context, at the model's own size.
    case mask
}

/// How the colours of what was painted are matched to the picture.
public enum ColorMatch: String, CaseIterable, Sendable {
    /// Not at all.
    case off
    /// What happened to known pixels beside the mask is undone in it.
    case drift
    /// The new part gets the mean and spread of the colours around it.
    case surroundings
}

/// How what was painted is joined to the picture, always inside the mask.
public enum Blend: String, CaseIterable, Sendable {
    /// It fades in over `mask_feather` or `overlap` pixels.
    case feather
    /// Its gradients are kept and its border is the picture's (Pérez et al. 2003).
    case poisson
    /// It is laid over as it is.
    case none
}

/// In how many passes a canvas is painted.
public enum CanvasPasses: String, CaseIterable, Sendable {
    /// In overlapping steps where it is larger than the model can do.
    case auto
    /// At once.
    case one
}

/// Where a picture is on a larger canvas.
public enum Gravity: String, CaseIterable, Sendable {
    case center, left, right, top, bottom
    case topLeft = "top-left"
    case topRight = "top-right"
    case bottomLeft = "bottom-left"
    case bottomRight = "bottom-right"

    /// Of `pixels` that are added, how many go to the left.
    func before(across pixels: Int) -> Int {
        switch self {
        case .left, .topLeft, .bottomLeft: 0
        case .right, .topRight, .bottomRight: pixels
        case .center, .top, .bottom: pixels / 2
        }
    }

    /// Of `pixels` that are added, how many go above.
    func before(down pixels: Int) -> Int {
        switch self {
        case .top, .topLeft, .topRight: 0
        case .bottom, .bottomLeft, .bottomRight: pixels
        case .center, .left, .right: pixels / 2
        }
    }
}

/// How soft inpainting decides what of the painted picture is shown; defaults are A1111's.
public struct SoftComposite: Sendable, Equatable {
    /// "Mask influence": how far the mask decides, instead of how much the picture changed; 0...1.
    public var influence = 0.0
    /// "Difference threshold": the change of a latent that shows half of the new picture.
    public var threshold = 0.5
    /// "Difference contrast": how sudden that is.
    public var contrast = 2.0

    /// A1111's defaults.
    public init() {}
}

extension Recipe {
    /// Lines of the prompts of parts, up to the last that says something.
    public var componentPromptCount: Int {
        let lines = componentPrompts.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return (lines.lastIndex { !$0.trimmed.isEmpty } ?? -1) + 1
    }

    /// The prompt of a part of the mask, counted from 0 in the order of reading.
    public func prompt(ofComponent index: Int) -> String {
        let lines = componentPrompts.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.indices.contains(index) else { return prompt }
        let line = lines[index].trimmed
        return line.isEmpty ? prompt : line
    }
}
