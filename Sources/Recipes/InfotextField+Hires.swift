import Sampling

/// The second run under the names of A1111's "hires fix".
extension InfotextField {
    /// Of a picture from words it is the second run's, which a text may leave out for the first.
    static let denoisingStrength = InfotextField(
        name: "Denoising strength",
        write: { source in
            let isOfSecond = source.verb == .textToImage && source.recipe.hires.isOn
            return source.text(isOfSecond ? "hires_strength" : "strength")
        },
        read: { value, text in
            if text.isWholeRun { return [] }
            return [
                (text.verb == .textToImage && text.hasHires ? "hires_strength" : "strength", value)
            ]
        })

    static let hires: [InfotextField] = [
        InfotextField(
            name: "Hires upscale",
            write: { source in
                let hires = source.recipe.hires
                return hires.isOn && hires.size == nil ? source.text("hires_scale") : nil
            },
            read: { value, _ in [("hires_scale", value)] }),
        InfotextField(
            name: "Hires resize", write: { $0.text("hires_size") }, read: size),
        ofSecond("Hires steps", "hires_steps"),
        InfotextField(
            name: "Hires upscaler",
            write: { source in
                guard source.isTwofold else { return nil }
                return source.recipe.hires.upscaler.nameInA1111
            },
            read: { value, _ in
                HiresUpscaler(nameInA1111: value).map { [("hires_upscaler", $0.rawValue)] }
            }),
        InfotextField(
            name: "Hires sampler",
            write: { source in
                guard source.isTwofold else { return nil }
                return source.recipe.hires.scheduler?.scheduler.nameInInfotext
            },
            read: { _, text in text.hiresScheduler.map { [("hires_scheduler", $0)] } }),
        InfotextField(
            name: "Hires schedule type",
            write: { source in
                guard source.isTwofold else { return nil }
                return source.recipe.hires.scheduler?.sigmas.map { $0.nameInA1111 ?? $0.rawValue }
            },
            // With a sampler it is read there.
            read: { _, text in
                text["Hires sampler"] != nil
                    ? [] : text.hiresScheduler.map { [("hires_scheduler", $0)] }
            }),
        ofSecond("Hires prompt", "hires_prompt"),
        ofSecond("Hires negative prompt", "hires_negative_prompt"),
        // A1111 has none; Gesso before Forge had a small letter in it.
        ofSecond("Hires CFG Scale", "hires_guidance_scale"),
        // It is read with the size.
        InfotextField(
            name: "First pass size", write: { _ in nil },
            read: { _, text in text.firstPass == nil ? nil : [] }),
    ]

    /// A setting of the second run under A1111's name, where there is one.
    private static func ofSecond(_ name: String, _ key: String) -> InfotextField {
        InfotextField(
            name: name, write: { $0.isTwofold ? $0.changed(key) : nil },
            read: { value, _ in [(key, value)] })
    }

    /// Width and height; one that is 0 follows from the shape of the first run.
    private static func size(_ value: String, _ text: Infotext) -> [(key: String, value: String)]? {
        func sides(_ text: String) -> (Int, Int)? {
            let sides = InfotextField.sides(text).compactMap { Int($0) }
            return sides.count == 2 ? (sides[0], sides[1]) : nil
        }
        guard let (width, height) = sides(value) else { return nil }
        if width > 0, height > 0 { return [("hires_size", "\(width)x\(height)")] }
        // Where the scale counts, some have a size of nothing.
        if width == 0, height == 0 { return [] }
        guard let first = text["Size"].flatMap(sides), first.0 > 0, first.1 > 0,
            max(width, height, first.0, first.1) <= Recipe.maximumSide
        else { return nil }
        return [
            (
                "hires_size",
                width > 0
                    ? "\(width)x\(width * first.1 / first.0)"
                    : "\(height * first.0 / first.1)x\(height)"
            )
        ]
    }
}

extension InfotextField.Source {
    /// Whether there is a second run.
    fileprivate var isTwofold: Bool {
        recipe.hires.isOn && (verb == .textToImage || verb == .imageToImage)
    }
}

extension Infotext {
    /// Whether there was a second run.
    var hasHires: Bool {
        self["Hires upscale"] != nil || self["Hires resize"] != nil || firstPass != nil
    }

    /// The size of the first of two runs, as A1111 named it before its version 1.0; one of nothing is that of about
    /// 512x512 pixels in the second's shape. Nil where it is not said.
    var firstPass: (width: Int, height: Int)? {
        func sides(_ name: String) -> (width: Int, height: Int)? {
            let sides = self[name].map(InfotextField.sides)?.compactMap { Int($0) } ?? []
            guard sides.count == 2, sides.allSatisfy((0...Recipe.maximumSide).contains) else {
                return nil
            }
            return (sides[0], sides[1])
        }
        guard let first = sides("First pass size"), let full = sides("Size"), full.width > 0,
            full.height > 0
        else { return nil }
        if first.width > 0, first.height > 0 { return first }
        let scale = (512.0 * 512.0 / Double(full.width * full.height)).squareRoot()
        func whole(_ side: Int) -> Int { Int((scale * Double(side) / 64).rounded(.up)) * 64 }
        return (whole(full.width), whole(full.height))
    }

    /// Whether a text of ComfyUI says that the run was whole, which its nodes also write for pictures from words.
    var isWholeRun: Bool {
        self["Version"] == "ComfyUI" && self["Denoising strength"].flatMap(Double.init) == 1
    }

    /// The scheduler of the second run: its sampler or the first's, with its own schedule type or the
    /// first's.
    fileprivate var hiresScheduler: String? {
        guard let sampler = self["Hires sampler"] ?? self["Sampler"] else { return nil }
        let own = self["Hires schedule type"]
        // Beside Gesso's own row for the spacing, A1111's is for A1111.
        if own == nil, self[InfotextField.ownName(of: "sigmas")] != nil { return sampler }
        return InfotextField.scheduler(
            sampler,
            scheduleType: own ?? self["Schedule type"]
                ?? InfotextField.usualType(of: sampler, self))
    }
}
