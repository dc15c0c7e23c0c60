import Foundation

/// The scripts of AUTOMATIC1111 that have a counterpart; their arguments go by position.
extension PictureRequestReader {
    /// Those of img2img that are chosen by `script_name`.
    static let scripts = ["outpainting mk2", "poor man's outpainting", "sd upscale", "loopback"]

    /// - Parameter controls: the names of the ControlNets that are here.
    mutating func readScripts(_ controls: [String]) throws {
        if let script = fields.string("script_name"), !script.isEmpty {
            let (name, arguments) = (script.lowercased(), fields["script_args"]?.array ?? [])
            guard isImageToImage, Self.scripts.contains(name) else {
                throw Complaint(422, "Script '\(script.prefix(100))' not found")
            }
            switch name {
            case "sd upscale": readUpscale(arguments)
            case "loopback": readLoopback(arguments)
            default: readOutpainting(name, arguments)
            }
        }
        for (name, entry) in (fields["alwayson_scripts"]?.object ?? [:]).sorted(by: {
            $0.key < $1.key
        }) {
            let arguments = entry["args"]?.array ?? entry.array ?? []
            if name.lowercased() == "soft inpainting" {
                readSoftInpainting(arguments)
            } else if name.lowercased() == "controlnet" {
                let units = try arguments.filter { $0.object != nil }.compactMap {
                    try ControlUnit($0, among: controls, hasSource: pictures != nil)
                }
                // Their maps are drawn before anything else is checked.
                guard units.count <= GessoServer.mostUnits else {
                    throw Complaint.invalid(
                        "alwayson_scripts.controlnet",
                        "at most \(GessoServer.mostUnits) units at once")
                }
                take(units)
            } else if Self.pageScripts.contains(name.lowercased()) {
                warn("always on script '\(name)': the request's own fields count")
            } else if Self.isOn(arguments) {
                throw Complaint(422, "always on script '\(name.prefix(100))' not found")
            }
        }
    }

    /// Those of AUTOMATIC1111's page, which its API does not run, either.
    private static let pageScripts = ["seed", "sampler", "refiner"]

    /// Whether a script's arguments ask for anything: there are some, and they do not say that it is off.
    private static func isOn(_ arguments: [JSONValue]) -> Bool {
        let units = arguments.compactMap(\.object)
        guard units.isEmpty else {
            return arguments.first != .bool(false)
                && units.contains { members in
                    members["enabled"].map { $0 != .bool(false) } ?? !members.isEmpty
                }
        }
        return arguments.first.map { $0 != .bool(false) && $0 != .null } ?? false
    }

    private mutating func readOutpainting(_ script: String, _ arguments: [JSONValue]) {
        let isSecond = script == "outpainting mk2"
        func argument(_ index: Int) -> JSONValue? {
            arguments.indices.contains(index) ? arguments[index] : nil
        }
        let pixels = argument(isSecond ? 1 : 0)?.whole ?? 128
        let names = argument(3)?.array?.compactMap(\.string) ?? ["left", "right", "up", "down"]
        verb = "outpaint"
        for name in names {
            let key = ["up": "top", "down": "bottom"][name.lowercased()] ?? name.lowercased()
            if ["left", "right", "top", "bottom"].contains(key) {
                settings[key] = "\(max(pixels, 8))"
            }
        }
        dropMask()
        settings["fill"] = isSecond ? "noise" : "edge"
    }

    private mutating func readSoftInpainting(_ arguments: [JSONValue]) {
        guard verb == "inpaint" else { return }
        var values = arguments
        if case .object(let members)? = arguments.first {
            let names = [
                "Soft inpainting", "Schedule bias", "Preservation strength",
                "Transition contrast boost", "Mask influence", "Difference threshold",
                "Difference contrast",
            ]
            values = names.map { members[$0] ?? .null }
        }
        guard values.first == .bool(true) else { return }
        settings["mask_mode"] = "soft"
        let keys = [
            "soft_bias", "soft_preservation", "soft_contrast", "soft_influence", "soft_threshold",
            "soft_difference",
        ]
        for (key, value) in zip(keys, values.dropFirst()) {
            if let number = value.double { settings[key] = "\(number)" }
        }
    }

    /// "SD upscale": the source made larger, then repainted by tiles of the request's size.
    private mutating func readUpscale(_ arguments: [JSONValue]) {
        func argument(_ index: Int) -> JSONValue? {
            arguments.indices.contains(index) ? arguments[index] : nil
        }
        verb = "upscale"
        dropMask()
        settings["fill"] = nil
        settings["tile_overlap"] = "\(min(max(argument(1)?.whole ?? 64, 0), 512))"
        settings["scale"] = "\(min(max(argument(3)?.double ?? 2, 1), 8))"
        let side = max(pictures?.width ?? 512, pictures?.height ?? 512)
        settings["tile_size"] = "\(min(max(side, 64), 2048))"
        let upscaler = argument(2)?.string ?? "Lanczos"
        if !["lanczos", "none"].contains(upscaler.lowercased()) {
            warn("SD upscale: the picture is made larger by Lanczos' filter")
        }
    }

    /// "Loopback": each picture is made of the one before it, at strengths that go from the request's to a
    /// final one along a curve.
    private mutating func readLoopback(_ arguments: [JSONValue]) {
        func argument(_ index: Int) -> JSONValue? {
            arguments.indices.contains(index) ? arguments[index] : nil
        }
        let loops = min(max(argument(0)?.whole ?? 4, 1), Order.mostPictures)
        let first = fields.double("denoising_strength") ?? 0.75
        let last = min(max(argument(1)?.double ?? 0.5, 0), 1)
        let curve = argument(2)?.string?.lowercased() ?? "linear"
        loop(
            (0..<loops).map { number in
                let way = loops > 1 ? Double(number) / Double(loops - 1) : 0
                let share =
                    switch curve {
                    case "aggressive": sin(way * .pi / 2)
                    case "lazy": 1 - cos(way * .pi / 2)
                    default: way
                    }
                return first + (last - first) * share
            })
        if (fields.integer("batch_size") ?? 1) > 1 {
            warn("Loopback: each batch is of one picture")
        }
        let appended = argument(3)?.string?.lowercased() ?? "none"
        if !["none", ""].contains(appended) {
            warn("Loopback: prompts are not made from pictures")
        }
    }

    /// Drops what is for a mask only.
    private mutating func dropMask() {
        for key in settings.keys where Self.isOfMasks(key) { settings[key] = nil }
    }

    /// Whether a setting is for a mask or the region around it.
    static func isOfMasks(_ key: String) -> Bool {
        key.hasPrefix("mask_") || key == "region" || key == "work_size"
    }
}
