import Gesso

extension Fields {
    /// Complains where an option has a value that requests could not be carried out with.
    mutating func checkOption(_ name: String) {
        switch name {
        case "samples_format":
            let format = Order.format(ofSamples: string(name, limit: 20) ?? "")
            if ImageFormat(written: format) == nil {
                complain(name, "give png, jpg, webp, avif or tiff")
            }
        case "img2img_background_color":
            if Color(string(name, limit: 100) ?? "") == nil {
                complain(name, "give a colour such as #ffffff")
            }
        case "jpeg_quality": _ = integer(name, in: 1...100)
        case "CLIP_stop_at_last_layers": _ = integer(name, in: 1...12)
        case "eta_noise_seed_delta": _ = integer(name, in: -0x8000_0000...0x7FFF_FFFF)
        case "show_progress_every_n_steps": _ = integer(name)
        case "inpainting_mask_weight", "initial_noise_multiplier": _ = double(name)
        case "img2img_color_correction", "live_previews_enable", "return_grid", "samples_save",
            "enable_pnginfo":
            _ = bool(name)
        default: _ = string(name, limit: 1000)
        }
    }
}

extension Order {
    /// What a format is called that AUTOMATIC1111's `samples_format` names.
    static func format(ofSamples name: String) -> String {
        let name = name.lowercased()
        return name == "jpg" ? "jpeg" : name
    }
}
