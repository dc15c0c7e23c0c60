import Foundation
import Gesso

/// A unit of AUTOMATIC1111's ControlNet extension, as its argument in `alwayson_scripts` has it.
struct ControlUnit: Sendable {
    /// A picture of its own; nil where it reads the picture that is edited.
    struct Picture: Sendable {
        /// In base64.
        let text: String
        /// Its mask, in base64; nil for none.
        let mask: String?
        /// Whether the mask is what an inpainting network does not see; else what is drawn on it is the
        /// picture, as on the extension's canvas.
        let isForInpainting: Bool
        /// How it comes to the size of the result: 0 stretched, 1 cropped, 2 with a margin.
        let resizeMode: Int
        /// What is made of it; nil where it is a map.
        let map: ControlMap?
        /// Pixels of the shorter side at which that is made; nil is the size of the result.
        let side: Int?
    }

    /// The network, and what it reads of the picture that is edited.
    var choice: ControlChoice
    /// What it reads instead.
    let picture: Picture?
    /// Where it has an effect, a picture in base64; nil is everywhere.
    let area: String?
    /// Whether its map is among the pictures of the answer.
    let showsMap: Bool
    /// What of it has no counterpart here and changes nothing, a line each.
    let warnings: [String]

    /// Reads a unit; nil for one that is not enabled.
    ///
    /// - Parameters:
    ///   - names: of the networks that are here.
    ///   - hasSource: whether a picture is edited.
    /// - Throws: `Complaint` with 422.
    init?(_ value: JSONValue, among names: [String], hasSource: Bool) throws {
        var fields = try Fields(value)
        guard fields.bool("enabled") ?? false else { return nil }
        for name in ["advanced_weighting", "ipadapter_input"]
        where fields[name] != nil && fields[name] != .array([]) {
            throw Self.complaint(name, "it is not offered")
        }
        let module = try Self.module(fields.string("module") ?? "none")
        choice = ControlChoice(network: try Self.network(fields.string("model") ?? "None", names))
        choice.weight = fields.double("weight", in: ControlChoice.weights) ?? 1
        choice.start = fields.double("guidance_start", in: 0...1) ?? 0
        choice.end =
            fields.double("guidance_end", in: 0...1) ?? fields.double("guidance", in: 0...1) ?? 1
        guard choice.start < choice.end else {
            throw Self.complaint("guidance_start", "it is not below guidance_end")
        }
        choice.mode = try fields.string("control_mode").map(Self.mode)
        choice.runs = try fields.string("hr_option").map(Self.runs) ?? .both
        area = fields.string("effective_region_mask", limit: .max).flatMap { $0.isEmpty ? nil : $0 }
        showsMap = fields.bool("save_detected_map") ?? true
        var warnings: [String] = []
        if fields.bool("inpaint_crop_input_image") == false {
            warnings.append(
                "inpaint_crop_input_image: a region is always steered by its part of the map")
        }
        let kind = module.reads([
            fields.double("threshold_a"), fields.double("threshold_b"),
        ])
        let given = try Self.picture(fields["image"] ?? fields["input_image"])
        let mask = try Self.text(fields["mask"] ?? fields["mask_image"])
        guard given.mask == nil || mask == nil else {
            throw Self.complaint("mask", "the picture has a mask already")
        }
        guard let text = given.text else {
            guard given.mask == nil, mask == nil else {
                throw Self.complaint("mask", "there is no picture that it is of")
            }
            guard hasSource else {
                throw Self.complaint("image", "controlnet is enabled but no input image is given")
            }
            choice.reads = kind ?? ControlChoice.picture
            (picture, self.warnings) = (nil, warnings)
            try fields.check()
            return
        }
        let isPerfect = fields.bool("pixel_perfect") ?? false
        let side = Self.side(fields.integer("processor_res"))
        picture = Picture(
            text: text, mask: given.mask ?? mask,
            isForInpainting: kind == ControlChoice.surroundings,
            resizeMode: try Self.resizeMode(fields["resize_mode"]),
            map: kind.flatMap { ControlMap(named: $0) },
            side: isPerfect ? nil : side)
        if module.name == "inpaint_only", !hasSource {
            warnings.append(
                "\(module.name): what its mask does not hide is not laid over the result")
        }
        self.warnings = warnings
        try fields.check()
    }

    /// Base64, alone, in an object with its mask, or in a list before it.
    private static func picture(
        _ value: JSONValue?
    ) throws -> (text: String?, mask: String?) {
        switch value {
        case .object(let members): return (try text(members["image"]), try text(members["mask"]))
        case .array(let values):
            if values.count == 1, case .object? = values.first { return try picture(values[0]) }
            guard values.count <= 2 else {
                throw complaint("image", "one picture, perhaps with a mask, is offered")
            }
            return (try text(values.first), try text(values.dropFirst().first))
        default: return (try text(value), nil)
        }
    }

    private static func text(_ value: JSONValue?) throws -> String? {
        switch value {
        case nil, .null: return nil
        case .string(let text): return text.isEmpty ? nil : text
        default: throw complaint("image", "str type expected")
        }
    }

    /// Pixels of the shorter side at which a map is made, for what was asked for.
    static func side(_ asked: Int?) -> Int {
        asked.flatMap { (64...2048).contains($0) ? $0 : nil } ?? 512
    }

    /// A picture that maps are made of.
    ///
    /// - Throws: `Complaint` for what is no picture.
    static func decoded(_ text: String, field: String) throws -> Image {
        var image = try decodedBase64(text, field: field).onWhite
        image.metadata = ImageMetadata()
        return image
    }

    static func module(_ name: String) throws -> ControlModule {
        if let module = ControlModule.named(name) { return module }
        throw complaint(
            "module",
            "\(name.prefix(100)) is not offered; make its map elsewhere and send it with the module none"
        )
    }

    /// The network of a name, with or without the hash behind it.
    private static func network(_ title: String, _ names: [String]) throws -> String {
        let bare = CheckpointTitle.bare(title).lowercased()
        let found =
            names.first { $0.lowercased() == bare }
            ?? names.first { $0.split(separator: "/").last.map { $0.lowercased() } == bare }
        guard let found, ControlChoice(found)?.network == found else {
            throw complaint("model", "model(\(title.prefix(100))) not found in supported models.")
        }
        return found
    }

    private static func mode(_ text: String) throws -> ControlMode {
        if let mode = ControlMode(inA1111: text) { return mode }
        throw complaint("control_mode", "'\(text.prefix(40))' is not one of the three modes")
    }

    private static func runs(_ text: String) throws -> ControlRuns {
        if let runs = ControlRuns(inA1111: text) { return runs }
        throw complaint(
            "hr_option", "'\(text.prefix(40))' is not Both, Low res only or High res only")
    }

    /// By the extension's number or words, those of earlier versions, too.
    private static func resizeMode(_ value: JSONValue?) throws -> Int {
        switch value {
        case nil: return 1
        case .string(let text):
            let words = [
                ["Just Resize", "0"],
                [
                    "Crop and Resize", "Inner Fit (Scale to Fit)", "Scale to Fit (Inner Fit)", "1",
                ],
                ["Resize and Fill", "Outer Fit (Shrink to Fit)", "Envelope (Outer Fit)", "2"],
            ]
            guard let mode = words.firstIndex(where: { $0.contains(text) }) else {
                throw complaint("resize_mode", "'\(text.prefix(40))' is not one of the three modes")
            }
            return mode
        default:
            // As there: other numbers stretch.
            let number = value?.double.flatMap { Int(exactly: $0) } ?? 0
            return (0...2).contains(number) ? number : 0
        }
    }

    private static func complaint(_ field: String, _ message: String) -> Complaint {
        .invalid("alwayson_scripts.controlnet.\(field)", message)
    }
}

extension ControlUnit.Picture {
    /// What the network reads, at a size; nil leaves the size to the picture.
    ///
    /// - Throws: `Complaint` for what is no picture.
    func drawn(width: Int, height: Int) throws -> Image {
        var image = try ControlUnit.decoded(text, field: "alwayson_scripts.controlnet.image")
        if !isForInpainting, let drawn = try decodedMask(of: image), drawn.isScribble {
            image = drawn.image.rgb8
        }
        if let map {
            image = image.controlMap(map, side: side ?? perfectSide(image, width, height))
        }
        return image.fitted(width: width, height: height, mode: resizeMode)
    }

    /// White where the network must not see the picture, at its size; nil where there is no mask.
    ///
    /// - Throws: `Complaint` for what is no picture, and a mask of another size.
    func drawnMask(width: Int, height: Int) throws -> Mask? {
        let image = try ControlUnit.decoded(text, field: "alwayson_scripts.controlnet.image")
        return try decodedMask(of: image).map {
            // Beside a picture that does not fill the canvas there is nothing to see.
            Mask($0.image.fitted(width: width, height: height, mode: resizeMode, border: 255))
        }
    }

    private func decodedMask(of image: Image) throws -> Mask? {
        guard let text = mask else { return nil }
        let field = "alwayson_scripts.controlnet.mask"
        let mask = Mask(try ControlUnit.decoded(text, field: field))
        guard mask.width == image.width, mask.height == image.height else {
            throw Complaint.invalid(
                field,
                "it is \(mask.width)x\(mask.height), its picture \(image.width)x\(image.height)")
        }
        return mask
    }

    /// The shorter side of the picture once it is as large as the result.
    private func perfectSide(_ image: Image, _ width: Int, _ height: Int) -> Int {
        let across = Double(width) / Double(image.width)
        let down = Double(height) / Double(image.height)
        let scale = resizeMode == 2 ? min(across, down) : max(across, down)
        return Int((scale * Double(min(image.width, image.height))).rounded())
    }
}

extension Image {
    /// The map of the picture resized so that its shorter side has so many pixels.
    func controlMap(_ kind: ControlMap, side: Int) -> Image {
        let scale = Double(max(side, 1)) / Double(min(width, height))
        func length(_ length: Int) -> Int {
            min(max(Int((Double(length) * scale).rounded()), 1), 4096)
        }
        return resized(width: length(width), height: length(height)).controlMap(kind)
    }

    /// The picture at a size: stretched, cropped to cover it, or whole on the median colour of its border.
    ///
    /// - Parameter border: the level around it in the place of that colour.
    func fitted(
        width newWidth: Int, height newHeight: Int, mode: Int, border: UInt16? = nil
    ) -> Image {
        let across = Double(newWidth) / Double(width)
        let down = Double(newHeight) / Double(height)
        guard mode != 0, across != down else { return resized(width: newWidth, height: newHeight) }
        if mode == 1 { return covering(width: newWidth, height: newHeight) }
        let small = fitting(width: newWidth, height: newHeight)
        var canvas = Image(
            width: newWidth, height: newHeight, channels: channels, depth: depth,
            samples: Array(
                repeating: border.map { Array(repeating: $0, count: channels) } ?? borderColor,
                count: newWidth * newHeight
            ).flatMap(\.self))
        let box = Box(
            x: (newWidth - small.width) / 2, y: (newHeight - small.height) / 2,
            width: small.width, height: small.height)
        canvas.replace(box, by: small)
        return canvas
    }

    /// The median of the border's pixels in each channel.
    private var borderColor: [UInt16] {
        (0..<channels).map { channel in
            func sample(_ x: Int, _ y: Int) -> UInt16 {
                samples[(y * width + x) * channels + channel]
            }
            let values =
                (0..<width).flatMap { [sample($0, 0), sample($0, height - 1)] }
                + (0..<height).flatMap { [sample(0, $0), sample(width - 1, $0)] }
            return values.sorted()[values.count / 2]
        }
    }
}

extension Mask {
    /// Whether something is drawn on it, which then is what the network reads: it is neither black nor white
    /// all over.
    fileprivate var isScribble: Bool {
        !values.allSatisfy { $0 <= 5 } && !values.allSatisfy { $0 >= 250 }
    }
}
