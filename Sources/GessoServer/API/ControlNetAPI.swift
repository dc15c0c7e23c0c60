import Foundation
import Gesso
import HTTPTypes
import Hummingbird

extension GessoServer {
    /// The interface of AUTOMATIC1111's ControlNet extension.
    var controlNetRoutes: [Route] {
        [
            Route(.get, "/controlnet/version", "Version of the ControlNet interface") { _ in
                .json(["version": 3])
            },
            Route(
                .get, "/controlnet/model_list", "ControlNets", query: [("update", "boolean")]
            ) { _ in .json(["model_list": .array(["None"] + controlTitles.map { .string($0) })]) },
            Route(
                .get, "/controlnet/module_list", "What makes maps",
                query: [("alias_names", "boolean")]
            ) { call in
                let isLong = ["1", "true", "True"].contains(call.query["alias_names"] ?? "")
                return .json(Self.modules(isLong))
            },
            Route(.get, "/controlnet/control_types", "ControlNets by what they read") { _ in
                .json(["control_types": .object(controlTypes)])
            },
            Route(.get, "/controlnet/settings", "Settings of ControlNets") { _ in
                .json(["control_net_unit_count": .integer(Int64(Self.mostUnits))])
            },
            Route(
                .post, "/controlnet/detect", "Make maps of pictures",
                body: Self.anyObject
            ) { try await detect($0) },
        ]
    }

    /// ControlNets that one picture may have, as many as infotext has places for.
    static let mostUnits = 10

    /// The names of ControlNets, with the hash by which the extension tells files of one name apart.
    private var controlTitles: [String] {
        engine.library.addOns(.controlNets).map { name, url in
            name + (Digest.shortHash(of: url).map { " [\($0)]" } ?? "")
        }.sorted()
    }

    private static func modules(_ isLong: Bool) -> JSONValue {
        func name(_ module: ControlModule) -> String {
            isLong ? module.label ?? module.name : module.name
        }
        let details = ControlModule.all.map { module -> (String, JSONValue) in
            let sliders = module.sliders.map { slider -> JSONValue in
                [
                    "name": .string(slider.name), "value": .number(slider.standard),
                    "min": .number(slider.range.lowerBound),
                    "max": .number(slider.range.upperBound),
                ]
            }
            return (name(module), ["model_free": false, "sliders": .array(sliders)])
        }
        return [
            "module_list": .array(ControlModule.all.map { .string(name($0)) }),
            "module_detail": .object(Dictionary(details) { first, _ in first }),
        ]
    }

    /// The kinds of the extension's menu that have a module here, and all.
    private var controlTypes: [String: JSONValue] {
        let titles = controlTitles
        func type(_ models: [String], _ modules: [String]) -> JSONValue {
            [
                "module_list": .array((["none"] + modules).map { .string($0) }),
                "model_list": .array((["None"] + models).map { .string($0) }),
                "default_option": .string(modules.first ?? "none"),
                "default_model": .string(models.first ?? "None"),
            ]
        }
        let kinds: [(String, word: String, modules: [String])] = [
            ("Canny", "canny", ["canny", "invert"]),
            ("Lineart", "lineart", ["lineart_standard", "invert"]),
            ("Scribble", "scribble", ["scribble_xdog", "invert"]),
            ("Tile", "tile", ["tile_resample", "blur_gaussian"]),
            ("Inpaint", "inpaint", ["inpaint_only", "inpaint_global_harmonious"]),
        ]
        var types = Dictionary(
            kinds.map { label, word, modules in
                (label, type(titles.filter { $0.lowercased().contains(word) }, modules))
            }
        ) { first, _ in first }
        types["All"] = [
            "module_list": .array(ControlModule.all.map { .string($0.name) }),
            "model_list": .array((["None"] + titles).map { .string($0) }),
            "default_option": "none", "default_model": "None",
        ]
        return types
    }

    private func detect(_ call: Call) async throws -> Response {
        var fields = try await call.fields()
        let module = try ControlUnit.module(fields.string("controlnet_module") ?? "none")
        let pictures = fields.strings("controlnet_input_images") ?? []
        let side = ControlUnit.side(fields.integer("controlnet_processor_res"))
        let kind = module.reads([
            fields.double("controlnet_threshold_a"), fields.double("controlnet_threshold_b"),
        ])
        try fields.check()
        guard kind != ControlChoice.surroundings else {
            throw Complaint(422, "Module not supported")
        }
        guard !pictures.isEmpty else { throw Complaint(422, "No image selected") }
        guard pictures.count <= 16 else { throw Complaint(422, "at most 16 pictures at once") }
        var maps: [JSONValue] = []
        for text in pictures {
            maps.append(
                try await call.offPool {
                    var image = try ControlUnit.decoded(text, field: "controlnet_input_images")
                    if let map = kind.flatMap({ ControlMap(named: $0) }) {
                        image = image.controlMap(map, side: side)
                    }
                    return .string(try image.encoded(as: .png).base64EncodedString())
                })
        }
        return .json(["info": "Success", "images": .array(maps)])
    }
}
