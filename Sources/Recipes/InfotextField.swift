import Sampling

/// A setting as A1111 and the programs around it write it beside a picture, with the recipe's keys that
/// it carries: the one table for both directions.
struct InfotextField: Sendable {
    /// A recipe with what is known of the picture.
    struct Source {
        let recipe: Recipe
        let provenance: Provenance

        var verb: Verb { provenance.verb }
        var isMasked: Bool { verb == .inpaint || verb == .outpaint }

        /// A key's value as text; nil where the verb does not use the key or its value is open.
        func text(_ name: String) -> String? {
            guard let key = Recipe.key(name), key.verbs.contains(verb) else { return nil }
            return key.value(in: recipe).map { "\($0)" }
        }

        /// The same, but nil where it is the verb's default.
        func changed(_ name: String) -> String? {
            guard let key = Recipe.key(name) else { return nil }
            let isUsual = key.value(in: recipe) == key.value(in: Recipe(verb))
            return isUsual ? nil : text(name)
        }
    }

    /// A1111's name.
    let name: String
    /// The value; nil leaves the setting out.
    let write: @Sendable (Source) -> String?
    /// The keys and values that it stands for in a text; nil for a value without a counterpart here.
    let read: @Sendable (String, Infotext) -> [(key: String, value: String)]?

    /// A key under A1111's name, with the same values.
    private static func same(_ name: String, _ key: String) -> InfotextField {
        InfotextField(name: name, write: { $0.text(key) }, read: { value, _ in [(key, value)] })
    }

    /// The same, left out where the value is the default.
    private static func changed(_ name: String, _ key: String) -> InfotextField {
        InfotextField(name: name, write: { $0.changed(key) }, read: { value, _ in [(key, value)] })
    }

    /// A key with A1111's words for values; what A1111 assumes when it is absent is not written.
    ///
    /// - Parameter words: A1111's word and the key's; an empty one of the key's is the default.
    private static func words(
        _ name: String, _ key: String, _ words: [(theirs: String, ours: String)]
    ) -> InfotextField {
        InfotextField(
            name: name,
            write: { source in
                let value = source.text(key)
                return words.first { $0.ours == value }?.theirs
            },
            read: { value, _ in
                words.first { $0.theirs.lowercased() == value.lowercased() }
                    .map { $0.ours.isEmpty ? [] : [(key, $0.ours)] }
            })
    }

    /// Another name for a key, which others write.
    private static func read(_ name: String, _ key: String) -> InfotextField {
        InfotextField(name: name, write: { _ in nil }, read: { value, _ in [(key, value)] })
    }

    /// What is known of the picture and sets nothing.
    private static func record(
        _ name: String, _ write: @escaping @Sendable (Source) -> String? = { _ in nil }
    ) -> InfotextField {
        InfotextField(name: name, write: write, read: { _, _ in [] })
    }

    /// What Gesso does not have and does not need while it is at one of these values.
    private static func neutral(_ name: String, _ values: String...) -> InfotextField {
        InfotextField(
            name: name, write: { _ in nil }, read: { value, _ in values.contains(value) ? [] : nil }
        )
    }

    /// The table, in A1111's order.
    static let all: [InfotextField] =
        [
            same("Steps", "steps"),
            sampler, scheduleType, otherScheduleType, samplerSigma,
            same("CFG scale", "guidance_scale"),
            same("Image CFG scale", "image_guidance_scale"),
            InfotextField(
                name: "Seed", write: { "\($0.provenance.seed)" },
                read: { value, _ in [("seed", value)] }),
            InfotextField(name: "Size", write: { "\($0.provenance.size)" }, read: size),
            record("Model hash") { $0.provenance.modelHash },
            record("Model") { $0.provenance.model == "none" ? nil : $0.provenance.model },
            record("VAE hash") { $0.provenance.vae?.hash },
            InfotextField(
                name: "VAE", write: { $0.provenance.vae?.name },
                read: { value, _ in
                    // Fooocus has the last one for the checkpoint's own.
                    if ["None", "Automatic", "Default (model)"].contains(value) { return [] }
                    // Anyone may have written it: no file elsewhere is meant.
                    let name = value.split { "/\\".contains($0) }.last.map(String.init) ?? ""
                    return [".", "..", ""].contains(name) ? nil : [("vae", name)]
                }),
        ] + variation + [
            denoisingStrength,
            InfotextField(
                name: "Clip skip", write: { $0.changed("clip_skip") },
                // ComfyUI counts from the end below zero.
                read: { value, _ in
                    [("clip_skip", value.hasPrefix("-") ? String(value.dropFirst()) : value)]
                }),
            changed("ENSD", "seed_delta"),
            InfotextField(
                name: "RNG", write: { $0.recipe.generator == .nv ? "NV" : "CPU" },
                read: { value, _ in
                    // The words in small letters are stable-diffusion.cpp's.
                    ["CPU": "torch", "NV": "nv", "GPU": "nv", "cpu": "torch", "cuda": "nv"][value]
                        .map { [("rng", $0)] }
                }),
            changed("Eta DDIM", "eta"),
            changed("Token merging ratio", "token_merging"),
        ] + hires + mask + softInpainting + controls + [
            same("Wildcard prompt", "wildcard_prompt"),
            same("Wildcard negative prompt", "wildcard_negative_prompt"),
            read("Template", "wildcard_prompt"),
            read("Negative Template", "wildcard_negative_prompt"),
            InfotextField(
                name: "Lora hashes", write: { $0.provenance.hashes(of: "lora") },
                read: { value, text in value.isEmpty || text.namesLoRAs ? [] : nil }),
            loraWeights,
            record("TI hashes") { $0.provenance.hashes(of: "embedding") },
            record("Edit") { $0.verb.rawValue },
            record("Version") { $0.provenance.program },
        ] + withoutCounterpart

    /// The fields that say how a model ran.
    static let namesOfModelRuns: Set = [
        "CFG scale", "Image CFG scale", "Denoising strength", "RNG", "Schedule type",
    ]

    private static let byName = Dictionary(
        all.map { ($0.name.lowercased(), $0) }, uniquingKeysWith: { $1 })

    /// The row of a name, in capital or small letters.
    static func named(_ name: String) -> InfotextField? { byName[name.lowercased()] }

    /// Whether a name is one that is read, or one of Gesso's own.
    static func isKnown(_ name: String) -> Bool { named(name) != nil || name.hasPrefix(ownMark) }

    /// A key that A1111 has no name for goes under its own behind this word.
    static let ownMark = "Gesso "

    /// The name of a key's own row: `mask_grow` is `Gesso mask grow`.
    static func ownName(of key: String) -> String { ownMark + key.replacing("_", with: " ") }

    /// The key of such a name, if there is one.
    static func key(ofOwnName name: String) -> Key? {
        guard name.hasPrefix(ownMark) else { return nil }
        return Recipe.key(String(name.dropFirst(ownMark.count)).replacing(" ", with: "_"))
    }

    /// What stable-diffusion.cpp writes of every picture and only other models take.
    private static func ofStableDiffusionCpp(_ name: String) -> InfotextField {
        InfotextField(
            name: name, write: { _ in nil },
            read: { _, text in text.isOfStableDiffusionCpp ? [] : nil })
    }

    /// The share of fresh noise, of which 1 is usual; stable-diffusion.cpp has 0 where the sampler takes none, and
    /// `inf` for what is usual. `ddim_trailing` is read with it.
    private static let eta = InfotextField(
        name: "Eta", write: { _ in nil },
        read: { value, text in
            let eta = Double(value)
            // Versions before 1.0 have no name of its own for that of DDIM.
            if text["Sampler"]?.lowercased() == "ddim", text["Eta DDIM"] == nil, eta != nil {
                return [("eta", value)]
            }
            let isUsual = text.isOfStableDiffusionCpp && (eta == 0 || eta == .infinity)
            return eta == 1 || isUsual ? [] : nil
        })

    /// A side of the picture, which some write beside the size.
    private static func side(_ key: String) -> InfotextField {
        InfotextField(
            name: key, write: { _ in nil },
            read: { value, text in text["Size"] == nil ? [(key, value)] : [] })
    }

    private static func size(_ value: String, _ text: Infotext) -> [(key: String, value: String)]? {
        let sides = Self.sides(value)
        guard sides.count == 2 else { return nil }
        if let first = text.firstPass {
            return [
                ("width", "\(first.width)"), ("height", "\(first.height)"),
                ("hires_size", sides.joined(separator: "x")),
            ]
        }
        return [("width", sides[0]), ("height", sides[1])]
    }

    /// The sides of a size, with any sign between them that stands for "times".
    static func sides(_ value: String) -> [String] {
        value.split { "xX×*".contains($0) }.map { String($0).trimmed }
    }

    /// Fooocus' weights of the LoRAs whose hashes it names, which its prompts do not.
    private static let loraWeights = InfotextField(
        name: "Lora weights", write: { _ in nil },
        read: { value, text in
            guard !text.hasLoRATags else { return [] }
            let loras = value.split(separator: ",").compactMap { pair -> String? in
                let parts = pair.split(separator: ":").map { String($0).trimmed }
                guard parts.count == 2 else { return nil }
                return OtherSettings.fileName(parts[0]) + ":" + parts[1]
            }
            return loras.isEmpty ? nil : [("lora", loras.joined(separator: ";"))]
        })

    private static let variation = [
        InfotextField(
            name: "Variation seed",
            write: { $0.recipe.noise.variationStrength > 0 ? $0.text("variation_seed") : nil },
            read: { value, _ in [("variation_seed", value)] }),
        changed("Variation seed strength", "variation_strength"),
        InfotextField(
            name: "Seed resize from", write: { $0.text("seed_resize_from") },
            // Old versions write a size of nothing where there is none.
            read: { value, _ in
                value.hasPrefix("-") || value.hasPrefix("0x") ? [] : [("seed_resize_from", value)]
            }),
    ]

    private static let mask = [
        words(
            "Mask mode", "invert_mask",
            [("Inpaint not masked", "true"), ("Inpaint masked", "")]),
        InfotextField(
            name: "Mask blur", write: { $0.text("mask_blur") },
            read: { value, _ in [("mask_blur", value)] }),
        words("Inpaint area", "region", [("Only masked", "mask"), ("Whole picture", "")]),
        InfotextField(
            name: "Masked area padding",
            write: { $0.recipe.region == .mask ? $0.text("mask_padding") : nil },
            read: { value, _ in [("mask_padding", value)] }),
        words(
            "Masked content", "fill",
            [
                ("fill", "blur"), ("latent noise", "noise"), ("latent nothing", "nothing"),
                ("original", ""),
            ]),
    ]

    /// Under the names of A1111's extension of that name.
    private static let softInpainting =
        [
            InfotextField(
                name: "Soft inpainting enabled",
                write: { $0.text("mask_mode") == "soft" ? "True" : nil },
                read: { value, _ in
                    value.lowercased() == "true" ? [("mask_mode", "soft")] : []
                })
        ]
        + [
            ("schedule bias", "soft_bias"), ("preservation strength", "soft_preservation"),
            ("transition contrast boost", "soft_contrast"), ("mask influence", "soft_influence"),
            ("difference threshold", "soft_threshold"),
            ("difference contrast", "soft_difference"),
        ].map { name, key in
            InfotextField(
                name: "Soft inpainting " + name,
                write: { $0.text("mask_mode") == "soft" ? $0.text(key) : nil },
                read: { value, _ in [(key, value)] })
        }

    /// What Civitai had added to the checkpoint, by numbers of its own, of which prompts say nothing.
    private static let resources = InfotextField(
        name: "Civitai resources", write: { _ in nil },
        read: { value, text in
            let kinds = ["lora", "lycoris", "dora", "embed"].map { "\"type\":\"\($0)" }
            let compact = value.lowercased().utf8.filter { $0 != UInt8(ascii: " ") }
            return text.prompt.contains("<lora:")
                || !kinds.contains { compact.firstRange(of: $0.utf8) != nil } ? [] : nil
        })

    /// What others write and nothing here depends on, or only at other values.
    private static let withoutCounterpart =
        [
            "Hashes", "User", "Init image hash", "Civitai metadata", "Created Date", "App",
            "Backend", "Parser", "Time", "Time taken",
            "Operations", "Pipeline", "model", "workflow", "quantity", "baseModel", "engine",
        ].map { record($0) } + [
            resources,
            side("width"), side("height"),
            ofStableDiffusionCpp("Guidance"), ofStableDiffusionCpp("Sampler RNG"),
            neutral("Noise multiplier", "1", "1.0"),
            neutral("Conditional mask weight", "1", "1.0"), neutral("FP8 weight", "Disable"),
            neutral("Emphasis", "Original"), neutral("VAE Encoder", "Full"),
            neutral("VAE Decoder", "Full"), eta,
            neutral("Discard penultimate sigma", "False"),
            neutral("Hires Module 1", "Use same choices"),
        ]
}

extension Infotext {
    /// Whether a prompt has tags that add LoRAs.
    fileprivate var hasLoRATags: Bool {
        let prompts = [
            prompt, negativePrompt, self["Hires prompt"], self["Wildcard prompt"], self["Template"],
        ]
        return prompts.compactMap { $0?.lowercased() }.contains {
            $0.contains("<lora:") || $0.contains("<lyco:")
        }
    }

    /// Whether anything says which LoRAs were added and how much.
    fileprivate var namesLoRAs: Bool {
        hasLoRATags || self["Lora weights"] != nil
            || self[InfotextField.ownName(of: "lora")] != nil
    }
}

extension Provenance {
    fileprivate var vae: AddOn? { addOns.first { $0.key == "vae" } }

    /// `name: hash` of every add-on of a key; nil without any.
    fileprivate func hashes(of key: String) -> String? {
        let found = addOns.filter { $0.key == key }.map { "\($0.name): \($0.hash)" }
        return found.isEmpty ? nil : found.joined(separator: ", ")
    }
}
