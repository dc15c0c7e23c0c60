import Gesso

/// The fields of AUTOMATIC1111's "hires fix", and Forge's beside them.
extension PictureRequestReader {
    /// A second run over the picture made larger.
    ///
    /// - Parameters:
    ///   - width: of the request, changed to that of the first run.
    ///   - height: likewise.
    mutating func readSecondRun(_ width: inout Int, _ height: inout Int) {
        // The second run makes the steps that are asked for, as it does there.
        settings["compat"] = "a1111"
        readSecondSize(&width, &height)
        settings["hires_strength"] = "\(fields.double("denoising_strength", in: 0...1) ?? 0.75)"
        if let steps = fields.integer("hr_second_pass_steps", in: 0...1000), steps > 0 {
            settings["hires_steps"] = "\(steps)"
        }
        if let name = fields.string("hr_upscaler"), !name.isEmpty {
            let upscaler = HiresUpscaler(nameInA1111: name)
            if upscaler == nil { warn("hr_upscaler: \(name) is not offered: Lanczos") }
            settings["hires_upscaler"] = (upscaler ?? .lanczos).rawValue
        }
        for name in ["prompt", "negative_prompt"] {
            if let text = fields.string("hr_" + name), !text.isEmpty {
                settings["hires_" + name] = text
            }
        }
        if let scale = fields.double("hr_cfg", in: 0...100) {
            settings["hires_guidance_scale"] = "\(scale)"
        }
        let chosen = options["sd_model_checkpoint"]?.string
        if let name = ofSecond("hr_checkpoint_name"), name != chosen {
            fields.complain("hr_checkpoint_name", "both runs have one checkpoint")
        }
        let modules = (fields["hr_additional_modules"]?.array ?? []).compactMap(\.string)
        if modules.contains(where: { !$0.hasPrefix("Use same") }) {
            fields.complain("hr_additional_modules", "both runs have one autoencoder")
        }
    }

    /// By a factor, or to a size; a side of 0 follows from the other. In the form of 2022 the request's size
    /// is the second run's, and `firstphase_width` and `firstphase_height` are the first's.
    private mutating func readSecondSize(_ width: inout Int, _ height: inout Int) {
        func side(_ name: String) -> Int { fields.integer(name, in: 0...Recipe.maximumSide) ?? 0 }
        let first = (side("firstphase_width"), side("firstphase_height"))
        var (x, y) = (side("hr_resize_x"), side("hr_resize_y"))
        if first.0 > 0 || first.1 > 0 {
            (x, y) = (width, height)
            (width, height) = (
                max(first.0 > 0 ? first.0 : first.1 * x / y, 8),
                max(first.1 > 0 ? first.1 : first.0 * y / x, 8)
            )
        }
        if x > 0 || y > 0 {
            settings["hires_size"] =
                "\(x > 0 ? x : y * width / height)x\(y > 0 ? y : x * height / width)"
        } else {
            settings["hires_scale"] = "\(fields.double("hr_scale", in: 1...8) ?? 2)"
        }
    }

    /// Its sampler and schedule type: what is left out is the first run's.
    ///
    /// - Throws: `Complaint` for an unknown one.
    mutating func readSecondSampler() throws {
        let (name, schedule) = (ofSecond("hr_sampler_name"), ofSecond("hr_scheduler"))
        guard name != nil || schedule != nil else { return }
        let sampler = name.flatMap(Samplers.find)
        guard name == nil || sampler != nil else { throw Complaint(404, "Sampler not found") }
        var spacing = sampler?.spacing
        if let schedule {
            guard let found = Samplers.spacing(schedule) else {
                throw Complaint.invalid("hr_scheduler", "Schedule type not found")
            }
            // The first run's spacing does not go for the second.
            spacing = found == "default" ? "uniform" : found
        }
        let scheduler = sampler?.scheduler ?? settings["scheduler"] ?? ""
        let isSpaced = Samplers.spaces(scheduler)
        if spacing != nil, !isSpaced {
            warn("hr_scheduler: \(name ?? scheduler) has its own noise levels: it is not used")
        }
        settings["hires_scheduler"] =
            [scheduler, isSpaced ? spacing : nil].compactMap(\.self).joined(separator: " ")
    }

    /// A choice of the second run; nil where it is the first's.
    private mutating func ofSecond(_ name: String) -> String? {
        fields.string(name).flatMap {
            $0.isEmpty || $0 == "None" || $0.hasPrefix("Use same") ? nil : $0
        }
    }
}
