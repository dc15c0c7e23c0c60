import Foundation
import Gesso

/// A request of AUTOMATIC1111's API, read with its defaults and quirks.
struct PictureRequest {
    let isImageToImage: Bool
    var order: Order
    /// All fields with their defaults, as they are echoed.
    let parameters: [String: JSONValue]
    /// What has no counterpart here and changes nothing, a line each.
    var warnings: [String]
    let sendsImages: Bool
    /// Whether the results stay in the gallery.
    let isKept: Bool
    /// Whether a picture of all results comes before them.
    let sendsGrid: Bool
    /// Options that it sets for later requests, too.
    let keptOptions: JSONValue?
    let taskID: String?
    let batchSize: Int
}

/// Reads `txt2img` and `img2img`.
struct PictureRequestReader {
    var fields: Fields
    let options: [String: JSONValue]
    private(set) var order: Order
    private(set) var warnings: [String] = []
    let isImageToImage: Bool
    private(set) var parameters: [String: JSONValue]

    init(_ fields: Fields, _ options: [String: JSONValue], isImageToImage: Bool) {
        self.fields = fields
        self.isImageToImage = isImageToImage
        order = Order(isImageToImage ? "img2img" : "txt2img")
        parameters = Self.defaults(isImageToImage)
        for name in fields.names where parameters[name] != nil {
            parameters[name] = fields[name] ?? parameters[name]
        }
        // What one request overrides counts for it alone.
        self.options = options.merging(fields["override_settings"]?.object ?? [:]) { $1 }
    }

    /// Fields and their defaults, which are the API's own and differ from the page's.
    private static func defaults(_ isImageToImage: Bool) -> [String: JSONValue] {
        var all: [String: JSONValue] = [
            "prompt": "", "negative_prompt": "", "styles": .null, "seed": -1, "subseed": -1,
            "subseed_strength": 0, "seed_resize_from_h": -1, "seed_resize_from_w": -1,
            "sampler_name": .null, "sampler_index": "Euler", "scheduler": .null, "batch_size": 1,
            "n_iter": 1, "steps": 50, "cfg_scale": 7.0, "width": 512, "height": 512,
            "restore_faces": .null, "tiling": .null, "do_not_save_samples": false,
            "do_not_save_grid": false, "eta": .null, "denoising_strength": 0.75,
            "s_min_uncond": .null, "s_churn": .null, "s_tmax": .null, "s_tmin": .null,
            "s_noise": .null, "override_settings": [:],
            "override_settings_restore_afterwards": true, "refiner_checkpoint": .null,
            "refiner_switch_at": .null, "disable_extra_networks": false, "comments": .null,
            "script_name": .null, "script_args": [], "send_images": true, "save_images": false,
            "alwayson_scripts": [:], "force_task_id": .null, "infotext": .null,
        ]
        if isImageToImage {
            let own: [String: JSONValue] = [
                "init_images": .null, "resize_mode": 0, "image_cfg_scale": .null, "mask": .null,
                "mask_blur_x": 4, "mask_blur_y": 4, "mask_blur": .null, "mask_round": true,
                "inpainting_fill": 0, "inpaint_full_res": true, "inpaint_full_res_padding": 0,
                "inpainting_mask_invert": 0, "initial_noise_multiplier": .null,
                "latent_mask": .null, "include_init_images": false,
            ]
            all.merge(own) { $1 }
        } else {
            let own: [String: JSONValue] = [
                "firstpass_image": .null, "enable_hr": false, "firstphase_width": 0,
                "firstphase_height": 0, "hr_scale": 2.0,
                "hr_upscaler": .null, "hr_second_pass_steps": 0, "hr_resize_x": 0,
                "hr_resize_y": 0, "hr_checkpoint_name": .null, "hr_sampler_name": .null,
                "hr_scheduler": .null, "hr_prompt": "", "hr_negative_prompt": "",
            ]
            all.merge(own) { $1 }
        }
        return all
    }

    /// The pictures of an img2img, as they came.
    struct Pictures: Sendable {
        var source: String
        var mask: String?
        var width: Int
        var height: Int
        var resizeMode: Int
        var invertsMask: Bool
        var isOnlyMasked: Bool
        var background: String
    }

    /// The recipe's settings so far.
    var settings: [String: String] {
        get { order.settings }
        set { order.settings = newValue }
    }

    /// What is done.
    var verb: String {
        get { order.verb }
        set { order.verb = newValue }
    }

    mutating func warn(_ text: String) { warnings.append(text) }

    /// Sets a field that the answer repeats.
    mutating func repeats(_ field: String, _ value: JSONValue) { parameters[field] = value }

    mutating func choose(_ model: String) { order.model = model }

    /// How many batches there are.
    private var rounds = 1

    /// Makes each picture of the one before it, in as many rounds as there would be batches.
    mutating func loop(_ strengths: [Double]) {
        order.loop = strengths
        order.pictures = strengths.count * rounds
    }

    /// What is left to do for an img2img's pictures; nil for txt2img.
    private(set) var pictures: Pictures?
    /// The pictures that ControlNets need beside the one that is edited.
    private(set) var maps: [ControlMaps.Asked] = []
    /// The maps that are sent behind the results.
    private(set) var detected: [DetectedMap] = []

    /// Takes the ControlNets of a script's units.
    mutating func take(_ units: [ControlUnit]) {
        guard !units.isEmpty else { return }
        var choices: [ControlChoice] = []
        for (number, unit) in units.enumerated() {
            var choice = unit.choice
            func asked(_ word: String, _ drawing: ControlMaps.Drawing) -> String {
                let name = "\(word)-\(number)"
                maps.append(ControlMaps.Asked(name: name, drawing: drawing))
                return name
            }
            if let picture = unit.picture {
                choice.reads = asked("map", .map(picture))
                if picture.isForInpainting, picture.mask != nil {
                    choice.hides = asked("hidden", .hidden(picture))
                }
            }
            choice.within = unit.area.map { asked("area", .area($0)) }
            choices.append(choice)
            if unit.showsMap, options["control_net_no_detectmap"] != .bool(true) {
                detected.append(DetectedMap(choice: choice))
            }
            warnings += unit.warnings
        }
        settings["control"] = choices.map(\.description).joined(separator: ";")
    }

    /// Reads all fields.
    ///
    /// - Parameter names: what a request may name; nil knows of nothing.
    /// - Throws: `Complaint` and `InvalidFields`, in the form that clients expect.
    mutating func read(
        _ names: Shelf?, _ styles: [StyleBook.Style]
    ) throws -> PictureRequest {
        order.settings["prompt"] = fields.string("prompt") ?? ""
        if let negative = fields.string("negative_prompt"), !negative.isEmpty {
            order.settings["negative_prompt"] = negative
        }
        let steps = fields.integer("steps", in: 1...1000) ?? 50
        order.settings["steps"] = "\(steps)"
        if let scale = fields.double("cfg_scale", in: 0...100) ?? 7 as Double? {
            order.settings["guidance_scale"] = "\(scale)"
        }
        // A picture that is edited may be larger than one that is made.
        let most = isImageToImage ? Order.mostSide : Recipe.maximumSide
        var width = fields.integer("width", in: 8...most) ?? 512
        var height = fields.integer("height", in: 8...most) ?? 512
        if let seed = fields.integer("seed"), seed >= 0 { order.settings["seed"] = "\(seed)" }
        let batch = fields.integer("batch_size", in: 1...Order.mostPictures) ?? 1
        rounds = fields.integer("n_iter", in: 1...Order.mostPictures) ?? 1
        order.pictures = batch * rounds
        if isImageToImage {
            try readImageToImage(width, height, batch)
        } else {
            if fields.bool("enable_hr") == true { readSecondRun(&width, &height) }
            order.settings["width"] = "\(width)"
            order.settings["height"] = "\(height)"
        }
        readStyles(styles)
        try readSampler()
        if fields.bool("enable_hr") == true { try readSecondSampler() }
        try readScripts(names?.controls ?? [])
        if order.pictures > Order.mostPictures {
            fields.complain(
                "n_iter",
                "\(order.pictures) pictures are asked for; a job makes \(Order.mostPictures) at most"
            )
        }
        readRest()
        try readModel(names)
        readInfotext(names?.library)
        let sends = fields.bool("send_images") ?? true
        let saves = fields.bool("save_images") ?? false
        var all = try Fields(.object(options))
        let savesSamples = all.bool("samples_save") ?? true
        let sendsGrid = try readGrid()
        let stays = fields.bool("override_settings_restore_afterwards") == false
        let task =
            ["force_task_id", "genkey"].compactMap { fields.string($0, limit: 200) }
            .first { !$0.isEmpty }
        try fields.check()
        order = order.drawingSeed()
        parameters["seed"] = JSONValue(order.seed(of: 0))
        return PictureRequest(
            isImageToImage: isImageToImage, order: order, parameters: parameters,
            warnings: warnings, sendsImages: sends, isKept: saves && savesSamples,
            sendsGrid: sendsGrid && sends,
            keptOptions: stays ? fields["override_settings"] : nil, taskID: task,
            batchSize: batch)
    }

    private mutating func readImageToImage(_ width: Int, _ height: Int, _ batch: Int) throws {
        let images = (fields["init_images"]?.array ?? []).compactMap(\.string)
        guard let source = images.first else { throw Complaint(404, "Init image not found") }
        guard images.count <= 1 else {
            throw Complaint.invalid("init_images", "one picture serves the whole batch")
        }
        let strength = fields.double("denoising_strength", in: 0...1) ?? 0.75
        order.settings["strength"] = "\(strength)"
        order.settings["compat"] = "a1111"
        let mask = fields.string("mask", limit: .max).flatMap { $0.isEmpty ? nil : $0 }
        let isOnlyMasked = fields.bool("inpaint_full_res") ?? true
        pictures = Pictures(
            source: source, mask: mask, width: width, height: height,
            resizeMode: fields.integer("resize_mode", in: 0...3) ?? 0,
            invertsMask: fields.integer("inpainting_mask_invert", in: 0...1) == 1,
            isOnlyMasked: isOnlyMasked,
            background: options["img2img_background_color"]?.string ?? "#ffffff")
        guard mask != nil else {
            if fields["inpainting_fill"] != nil || fields["mask_blur"] != nil {
                warnings.append("Inpainting fields without a mask: the whole picture is repainted")
            }
            return
        }
        order.verb = "inpaint"
        let across = fields.integer("mask_blur_x", in: 0...256)
        let down = fields.integer("mask_blur_y", in: 0...256)
        let blur = fields.integer("mask_blur", in: 0...256)
        if blur == nil, let across, let down, across != down {
            warnings.append("mask_blur_x and mask_blur_y differ: the larger is used for both")
        }
        order.settings["mask_blur"] = "\(blur ?? max(across ?? 4, down ?? 4))"
        order.settings["mask_feather"] = "0"
        let fills = ["blur", "original", "noise", "nothing"]
        order.settings["fill"] = fills[fields.integer("inpainting_fill", in: 0...3) ?? 0]
        if isOnlyMasked {
            order.settings["region"] = "mask"
            let padding = fields.integer("inpaint_full_res_padding", in: 0...1024) ?? 0
            order.settings["mask_padding"] = "\(padding)"
            order.settings["work_size"] = workSize(width, height)
        }
        if fields.bool("mask_round") == false { order.settings["mask_mode"] = "soft" }
    }

    /// The size at which what is around a mask is worked on, in the shape that is asked for.
    private mutating func workSize(_ width: Int, _ height: Int) -> String {
        let sides = WorkSize.sides
        let scale = min(1, Double(sides.upperBound) / Double(max(width, height)))
        func side(_ asked: Int) -> Int {
            min(max(Int(Double(asked) * scale), sides.lowerBound), sides.upperBound)
        }
        let size = Size(width: side(width), height: side(height))
        if size != Size(width: width, height: height) {
            warn("width, height: what is around the mask is worked on at \(size)")
        }
        return "\(size)"
    }

    /// What the noise grows from beside the seed.
    private mutating func readNoise() {
        let isOfCPU = options["randn_source"]?.string == "CPU"
        order.settings["rng"] = isOfCPU ? "torch" : "nv"
        if let strength = fields.double("subseed_strength", in: 0...1), strength > 0 {
            order.settings["variation_strength"] = "\(strength)"
            if let seed = fields.integer("subseed"), seed >= 0 {
                order.settings["variation_seed"] = "\(seed)"
            }
        }
        if let width = fields.integer("seed_resize_from_w"), width >= 8,
            let height = fields.integer("seed_resize_from_h"), height >= 8
        {
            order.settings["seed_resize_from"] = "\(width)x\(height)"
        }
        if let delta = whole("eta_noise_seed_delta"), delta != 0 {
            order.settings["seed_delta"] = "\(delta)"
        }
    }

    private mutating func readSampler() throws {
        let named = fields.string("sampler_name").flatMap { $0.isEmpty ? nil : $0 }
        let name = named ?? fields.string("sampler_index") ?? "Euler"
        guard let sampler = Samplers.find(name) else { throw Complaint(404, "Sampler not found") }
        order.settings["scheduler"] = sampler.scheduler
        var spacing = sampler.spacing
        if let schedule = fields.string("scheduler"), !schedule.isEmpty,
            schedule.lowercased() != "automatic"
        {
            guard let found = Samplers.spacing(schedule) else {
                throw Complaint.invalid("scheduler", "Schedule type not found")
            }
            spacing = found
        }
        guard let spacing, spacing != "default" else { return }
        if Samplers.spaces(sampler.scheduler) {
            order.settings["sigmas"] = spacing
        } else {
            warnings.append("\(name) has its own noise levels: the schedule type is not used")
        }
    }

    private mutating func readRest() {
        if let skip = whole("CLIP_stop_at_last_layers"), skip > 1 {
            order.settings["clip_skip"] = "\(min(skip, 12))"
        }
        order.format = Order.format(ofSamples: options["samples_format"]?.string ?? "png")
        if ImageFormat(written: order.format) == nil {
            fields.complain(
                "override_settings", "samples_format: give png, jpg, webp, avif or tiff")
        }
        if order.format == "jpeg" { order.quality = whole("jpeg_quality") ?? 80 }
        readEta()
        readNoise()
        for (name, word) in [("restore_faces", "face restoration"), ("tiling", "tiling")]
        where fields.bool(name) == true {
            warnings.append("\(name): \(word) is not offered")
        }
        readIdleFields()
        if let name = fields.string("refiner_checkpoint"), !name.isEmpty, name != "None" {
            fields.complain("refiner_checkpoint", "a refiner is not offered")
        }
    }

    /// The share of fresh noise in a step: DDIM's, which is none there; the ancestral samplers' stays at 1.
    private mutating func readEta() {
        let eta = fields.double("eta", in: 0...1)
        let scheduler = order.settings["scheduler"] ?? ""
        if scheduler == "ddim" {
            if let eta = eta ?? options["eta_ddim"]?.double, eta > 0 {
                order.settings["eta"] = "\(min(eta, 1))"
            }
        } else if Samplers.isAncestral(scheduler) {
            let name = eta == nil ? "eta_ancestral" : "eta"
            if let eta = eta ?? options["eta_ancestral"]?.double, eta != 1 {
                warn("\(name): \(eta) is taken as 1 by this sampler")
            }
        }
    }

    /// Names what is asked for and has no counterpart.
    private mutating func readIdleFields() {
        for (name, idle) in [
            ("s_churn", 0.0), ("s_tmin", 0), ("s_tmax", 0), ("s_min_uncond", 0), ("s_noise", 1),
        ] {
            if let value = fields.double(name), value > 0, value != idle {
                warnings.append("\(name): not used by these samplers")
            }
        }
        for name in ["latent_mask", "firstpass_image"] where fields[name] != nil {
            warnings.append("\(name): not used")
        }
        if fields["image_cfg_scale"] != nil {
            warnings.append(
                "image_cfg_scale: used by the verb instruct of Gesso's own interface only")
        }
        if fields.bool("disable_extra_networks") == true {
            warnings.append("disable_extra_networks: tags in prompts are read all the same")
        }
        for name in ["initial_noise_multiplier", "inpainting_mask_weight"] {
            if let value = (fields[name] ?? options[name])?.double, value != 1 {
                warnings.append("\(name): \(value) is taken as 1")
            }
        }
        if options["img2img_color_correction"] == .bool(true), isImageToImage {
            warnings.append("img2img_color_correction: use match_color of Gesso's own interface")
        }
    }

    /// Whether a grid is asked for by this request itself: many clients show the first picture they get, so an
    /// option that was set once must not put another one there.
    private mutating func readGrid() throws -> Bool {
        var own = try Fields(.object(fields["override_settings"]?.object ?? [:]))
        let asked = own.bool("return_grid") ?? false
        let saves = fields.bool("save_images") ?? false
        return asked && saves && fields.bool("do_not_save_grid") != true
    }

    /// A number among the options, which some clients send as text.
    private func whole(_ option: String) -> Int? {
        options[option]?.whole ?? options[option]?.string.flatMap { Int($0) }
    }

    private mutating func readModel(_ names: Shelf?) throws {
        let vae = options["sd_vae"]?.string ?? ""
        if !["", "automatic", "none"].contains(vae.lowercased()) {
            let bare = vae.hasSuffix(".safetensors") ? String(vae.dropLast(12)) : vae
            if let name = names?.vaes.first(where: { $0 == vae || $0 == bare }) {
                order.settings["vae"] = name
            } else {
                warnings.append(
                    "sd_vae: '\(vae.prefix(200))' is not here, the checkpoint's is used")
            }
        }
        guard let title = options["sd_model_checkpoint"]?.string, !title.isEmpty else { return }
        guard let name = names.flatMap({ CheckpointTitle.name(of: title, on: $0) }) else {
            throw CheckpointTitle.unknown(title)
        }
        order.model = name
    }
}

/// What AUTOMATIC1111 calls a checkpoint.
enum CheckpointTitle {
    static func title(_ name: String) -> String { name }

    /// A title without the digits of a hash in brackets behind it.
    static func bare(_ title: String) -> String {
        guard title.last == "]", let bracket = title.lastIndex(of: "["),
            title[bracket...].dropFirst().dropLast().allSatisfy(\.isHexDigit)
        else { return title }
        let end = title[..<bracket].lastIndex { !$0.isWhitespace }
        return end.map { String(title[...$0]) } ?? ""
    }

    /// The name of a checkpoint by its title, name or stem, or by its SHA-256 or the first ten digits of it.
    static func name(of title: String, on shelf: Shelf) -> String? {
        let names = shelf.models
        let bare = bare(title)
        return names.first { $0 == title || $0 == bare }
            ?? names.first { $0.hasSuffix(".safetensors") && String($0.dropLast(12)) == bare }
            ?? names.first { name in
                guard title.count == 10 || title.count == 64 else { return false }
                return shelf.hash(ofModel: name)?.hasPrefix(title.lowercased()) == true
            }
    }

    static func unknown(_ title: String) -> Complaint {
        var complaint = Complaint(500, "model '\(title.prefix(200))' not found")
        complaint.name = "RuntimeError"
        return complaint
    }
}
