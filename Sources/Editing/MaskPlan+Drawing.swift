public import Imaging
public import Recipes

/// Draws masks for a picture: of its size, each part conformed to what the recipe asks for. The picture's own
/// transparency keeps its greys.
public struct MaskDrawing {
    /// The picture that masks are drawn for.
    private let image: Image
    /// Where the picture that the chain began with is, on which masks by name are drawn.
    private let history: CanvasHistory
    /// What becomes of each part's mask, such as a threshold.
    private let conform: (Mask, Image) throws -> Mask
    /// Reads a picture by its name.
    private let read: (String) throws -> Image

    /// - Parameters:
    ///   - image: the picture as the edit finds it.
    ///   - history: what earlier edits did to it; nil if it is the first.
    ///   - conform: makes a mask that was read or drawn one of the picture's size.
    ///   - read: reads a picture by its name.
    public init(
        for image: Image, _ history: CanvasHistory? = nil,
        conform: @escaping (Mask, Image) throws -> Mask,
        read: @escaping (String) throws -> Image
    ) {
        self.image = image
        self.history = history ?? CanvasHistory(image)
        (self.conform, self.read) = (conform, read)
    }

    /// The mask that a plan comes to.
    ///
    /// - Throws: `EditingError` for a shape that the picture has nothing of, and what `conform` and `read`
    ///   throw.
    public func callAsFunction(_ plan: MaskPlan) throws -> Mask {
        var whole = Mask(width: image.width, height: image.height, filledWith: 0)
        for part in plan.parts {
            let mask = try mask(part)
            whole = part.subtracts ? whole.subtracting(mask) : whole.united(with: mask)
        }
        return (plan.inverts ? whole.inverted : whole).grown(by: plan.grow)
    }

    private func mask(_ part: MaskPlan.Part) throws -> Mask {
        switch part.source {
        case .picture(let name): return try conform(Mask(read(name)), image)
        case .alpha:
            guard image.hasAlpha else {
                throw EditingError.noTransparency(at: "\(part.origin) alpha")
            }
            return Mask(transparencyOf: image)
        case .color(let color, let tolerance):
            return try conform(
                Mask(of: image, near: (color.red, color.green, color.blue), tolerance: tolerance),
                image)
        case .polygon(let corners, let text):
            let mask = Mask(
                width: image.width, height: image.height, polygon: corners.map { ($0.x, $0.y) })
            guard !mask.isEmpty else {
                throw EditingError.shapeOutside(
                    at: "\(part.origin) \(text.count > 40 ? text.prefix(40) + "…" : text)",
                    width: image.width, height: image.height)
            }
            return try conform(mask, image)
        case .mask(let plan):
            guard plan.name != nil else { return try self(plan) }
            let first = MaskDrawing(for: history.source, conform: conform, read: read)
            return history.moved(try first(plan))
        }
    }
}

extension Recipe {
    /// A mask as this recipe has it: fitted to the picture's size if `fit_mask` allows it, and black or
    /// white by `mask_threshold` in mask mode `hard`.
    ///
    /// - Throws: `ImagingError.sizesDiffer` for a mask of another size that may not be fitted.
    public func conformed(_ mask: Mask, to image: Image) throws -> Mask {
        let fitted = try mask.fitted(to: image, resizing: fitMask)
        return maskMode == .hard ? fitted.thresholded(at: maskThreshold) : fitted
    }

    /// What an edit by this recipe may have changed of a picture: not black in the mask of a plan, shaped as the
    /// edit shapes it, but for feathers and blurs.
    ///
    /// - Parameters:
    ///   - image: the picture before the edit.
    ///   - keepsGreys: whether all that is not black counts as white, in place of what `mask_threshold` says;
    ///     of a mask that is fitted, the threshold counts in any case.
    ///   - read: reads a picture of the mask by its name.
    /// - Throws: what drawing the mask throws.
    public func mask(
        _ plan: MaskPlan, on image: Image, keepsGreys: Bool,
        read: @escaping (String) throws -> Image
    ) throws -> Mask {
        let conform = { (mask: Mask, image: Image) throws -> Mask in
            let isFitting = mask.width == image.width && mask.height == image.height
            return keepsGreys && isFitting ? mask : try conformed(mask, to: image)
        }
        let drawn = try MaskDrawing(for: image, conform: conform, read: read)(plan)
        return (invertMask ? drawn.inverted : drawn).support.grown(by: maskGrow)
    }
}
