import Editing
import Imaging
import Recipes

extension MaskPlan {
    /// The mask that those words say, as behind `--mask`.
    init(_ parts: [MaskPart]) {
        self.init(
            parts: parts.map {
                Part(.words($0.spec), subtracts: $0.subtracts, at: .argument("--mask"))
            })
    }

    /// Inpainting of a picture in a run.
    ///
    /// - Parameter place: where the first picture lies on it, which masks by name are of.
    func edit(of image: Image, _ run: EditRun, _ place: ChainPlace) throws -> Edit {
        run.inputs.note(parts.compactMap { $0.asWords })
        let mask = try drawn(on: image, place, run)
        return try Edit.inpaint(image, mask, run.recipe, revealing: showsAlpha)
    }

    /// The mask for a picture, of its size. Hard ones have their greys decided each by itself.
    fileprivate func drawn(on image: Image, _ place: ChainPlace, _ run: EditRun) throws -> Mask {
        var whole = Mask(width: image.width, height: image.height, filledWith: 0)
        for part in parts {
            let mask = try part.mask(on: image, place, run)
            whole = part.subtracts ? whole.subtracting(mask) : whole.united(with: mask)
        }
        return (inverts ? whole.inverted : whole).grown(by: grow)
    }

    /// Whether transparent pixels become visible.
    fileprivate var showsAlpha: Bool {
        parts.contains { part in
            guard !part.subtracts else { return false }
            return switch part.content {
            case .words(let words): words == "alpha"
            case .mask(let mask): mask.showsAlpha
            }
        }
    }

    /// The files among the words, in their order, each once.
    var files: [String] {
        var files: [String] = []
        for part in parts {
            switch part.content {
            case .mask(let mask):
                for file in mask.files where !files.contains(file) { files.append(file) }
            case .words(let words):
                guard case .file(let path)? = try? MaskSource(words), !files.contains(path) else {
                    continue
                }
                files.append(path)
            }
        }
        return files
    }

    /// All words must be those of masks.
    func check() throws {
        for part in parts {
            switch part.content {
            case .words(let words): _ = try MaskSource(words, at: "\(part.origin)")
            case .mask(let mask): try mask.check()
            }
        }
    }
}

extension MaskPlan.Part {
    /// Itself as behind `--mask`; nil for a mask of its own.
    fileprivate var asWords: MaskPart? {
        guard case .words(let words) = content, let source = try? MaskSource(words) else {
            return nil
        }
        return MaskPart(spec: words, source: source, subtracts: subtracts)
    }

    fileprivate func mask(on image: Image, _ place: ChainPlace, _ run: EditRun) throws -> Mask {
        switch content {
        case .mask(let mask):
            guard mask.name != nil else { return try mask.drawn(on: image, place, run) }
            return place.moved(try mask.drawn(on: place.source, ChainPlace(place.source), run))
        case .words(let words):
            let given = try MaskSource(words, at: "\(origin)").mask(
                for: image, fitting: run.recipe.fitMask, read: run.maskImage)
            return run.recipe.maskMode == .hard
                ? given.thresholded(at: run.recipe.maskThreshold) : given
        }
    }
}

extension Preset {
    /// The shapes of masks, which reading a recipe leaves unread.
    func checkMasks() throws {
        for mask in try knownMasks() { try mask.check() }
    }
}
