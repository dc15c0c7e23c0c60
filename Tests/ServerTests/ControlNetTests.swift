import Foundation
import Gesso
import GessoServer
import TestSupport
import Testing

@Suite("The interface of the ControlNet extension", .serialized)
struct ControlNetTests {
    /// A server with recorded networks on its shelf: a model and two ControlNets of its shape.
    private func withNetworks(_ work: (RunningServer) async throws -> Void) async throws {
        let shelf = URL.temporaryDirectory.appending(path: "shelf-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: shelf) }
        let files = FileManager.default
        try files.createDirectory(
            at: shelf.appending(path: "controlnet"), withIntermediateDirectories: true)
        for (from, to) in [
            ("models/tiny-f32", "tiny"), ("control/nets/edges", "controlnet/net_canny"),
            ("control/nets/inpaint", "controlnet/net_inpaint"),
        ] {
            try files.copyItem(
                at: Fixtures.parity.appending(path: from), to: shelf.appending(path: to))
        }
        try files.copyItem(
            at: Fixtures.parity.appending(path: "control/single.safetensors"),
            to: shelf.appending(path: "controlnet/single.safetensors"))
        var places = Places()
        places.models = [shelf]
        try await RunningServer.with {
            $0.library = Library(places)
        } _: {
            try await work($0)
        }
    }

    private static func picture(_ path: String) throws -> String {
        try Data(contentsOf: Fixtures.parity.appending(path: path)).base64EncodedString()
    }

    private static var usual: [String: Any] {
        [
            "prompt": "x", "steps": 3, "width": 64, "height": 48, "seed": 5,
            "override_settings": ["sd_model_checkpoint": "tiny"],
        ]
    }

    /// The picture of a request with these units, and what is written beside it.
    private func made(
        _ server: RunningServer, _ path: String, _ units: [[String: Any]],
        _ more: [String: Any] = [:]
    ) async throws -> (picture: [UInt16], text: String) {
        var body = Self.usual.merging(more) { $1 }
        body["alwayson_scripts"] = ["controlnet": ["args": units]]
        let answer = try await server.ask("POST", "/sdapi/v1/\(path)", body)
        try #require(answer.status == 200, "\(answer.text.prefix(400))")
        let info = try #require(answer.json["info"] as? String)
        let image = try #require((answer.json["images"] as? [String])?.first)
        let data = try #require(Data(base64Encoded: image))
        return (try Image(decoding: data, name: "made").samples, info)
    }

    @Test("Networks and modules are listed, and a map is made as the tool makes it")
    func lists() async throws {
        try await withNetworks { server in
            let models = try await server.ask("GET", "/controlnet/model_list").json["model_list"]
            let names = try #require(models as? [String])
            #expect(names.prefix(3) == ["None", "net_canny", "net_inpaint"])
            #expect(names.dropFirst(3) == ["single"])
            let modules = try await server.ask("GET", "/controlnet/module_list").json["module_list"]
            #expect((modules as? [String])?.contains("scribble_xdog") == true)
            #expect(
                try await server.ask("GET", "/controlnet/version").json["version"] as? Int == 3)
            let photo = try Self.picture("inputs/picture-64x48.png")
            let detected = try await server.ask(
                "POST", "/controlnet/detect",
                [
                    "controlnet_module": "canny", "controlnet_input_images": [photo],
                    "controlnet_processor_res": 96, "controlnet_threshold_a": 50,
                    "controlnet_threshold_b": 120,
                ])
            let maps = try #require(detected.json["images"] as? [String], "\(detected.text)")
            let data = try #require(Data(base64Encoded: maps[0]))
            let expected = try Image(
                contentsOf: Fixtures.parity.appending(path: "inputs/picture-64x48.png")
            ).rgb8.resized(width: 128, height: 96).controlMap(.canny(low: 50, high: 120))
            #expect(try Image(decoding: data, name: "map").samples == expected.samples)
            let none = try await server.ask(
                "POST", "/controlnet/detect", ["controlnet_module": "openpose_full"])
            #expect(none.status == 422 && none.text.contains("openpose_full is not offered"))
        }
    }

    @Test("A file is known by 64 KiB that begin one MiB behind its beginning")
    func shortHash() throws {
        let file = URL.temporaryDirectory.appending(path: "hash-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let bytes = Data((0..<(1 << 20) + (1 << 16) + 9).map { UInt8(truncatingIfNeeded: $0 / 7) })
        try bytes.write(to: file)
        let part = bytes[(1 << 20)..<(1 << 20) + (1 << 16)]
        #expect(Digest.shortHash(of: file) == String(Digest.sha256(Data(part)).prefix(8)))
        try bytes.prefix(1 << 20).write(to: file)
        #expect(Digest.shortHash(of: file) == nil)
    }

    @Test("A unit steers by its picture, as a map and through a module")
    func units() async throws {
        try await withNetworks { server in
            let map = try Self.picture("control/edges.png")
            let unit: [String: Any] = [
                "enabled": true, "module": "none", "model": "net_canny [00000000]", "image": map,
            ]
            let plain = try await made(server, "txt2img", [])
            let steered = try await made(server, "txt2img", [unit])
            #expect(steered.picture != plain.picture)
            #expect(steered.text.contains("ControlNet 0: "))
            #expect(steered.text.contains("Module: none, Model: net_canny, Weight: 1.0"))
            // What is not enabled and what weighs nothing changes nothing.
            let off = try await made(
                server, "txt2img",
                [["enabled": false, "model": "x"], unit.merging(["weight": 0]) { $1 }])
            #expect(off.picture == plain.picture)
            var seen: Set = [plain.picture, steered.picture]
            for change: [String: Any] in [
                ["weight": 0.5], ["guidance_end": 0.4], ["control_mode": 1],
                ["control_mode": "ControlNet is more important"],
                ["module": "invert", "pixel_perfect": true],
                ["image": ["image": map, "mask": NSNull()], "module": "blur_gaussian"],
            ] {
                let other = try await made(server, "txt2img", [unit.merging(change) { $1 }])
                #expect(seen.insert(other.picture).inserted, "\(change)")
            }
            // More than there are places for are refused before a map is drawn.
            var body = Self.usual
            body["alwayson_scripts"] = [
                "controlnet": ["args": Array(repeating: unit, count: 11)]
            ]
            let many = try await server.ask("POST", "/sdapi/v1/txt2img", body)
            #expect(many.status == 422 && many.text.contains("at most 10 units"))
            // Names of earlier versions.
            var old = unit
            old["image"] = nil
            old["input_image"] = map
            #expect(try await made(server, "txt2img", [old]).picture == steered.picture)
        }
    }

    @Test("Without a picture of its own a unit reads the one that is edited, with its mask")
    func source() async throws {
        try await withNetworks { server in
            let photo = try Self.picture("inputs/picture-64x48.png")
            let edited: [String: Any] = ["init_images": [photo], "denoising_strength": 1]
            let unit: [String: Any] = [
                "enabled": true, "module": "canny", "model": "net_canny", "threshold_a": 40,
                "threshold_b": 80,
            ]
            let own = try await made(server, "img2img", [unit], edited)
            #expect(own.text.contains("Threshold A: 40.0, Threshold B: 80.0"))
            let given = try await made(
                server, "img2img", [unit.merging(["image": photo, "pixel_perfect": true]) { $1 }],
                edited)
            #expect(given.picture == own.picture)
            let mask = Mask(
                width: 64, height: 48, values: (0..<64 * 48).map { $0 % 64 < 32 ? 255 : 0 })
            let masked = edited.merging([
                "mask": try mask.image.encoded(as: .png).base64EncodedString(),
                "inpaint_full_res": false, "inpainting_fill": 1,
            ]) { $1 }
            let blind: [String: Any] = [
                "enabled": true, "module": "inpaint_only", "model": "net_inpaint",
            ]
            let without = try await made(server, "img2img", [], masked)
            #expect(try await made(server, "img2img", [blind], masked).picture != without.picture)
        }
    }

    @Test("A unit has an effect in the run and the part of the picture that it names")
    func parts() async throws {
        try await withNetworks { server in
            let unit: [String: Any] = [
                "enabled": true, "module": "none", "model": "net_canny", "weight": 2,
                "image": try Self.picture("control/edges.png"),
            ]
            func made(_ more: [String: Any]?, _ fields: [String: Any] = [:]) async throws
                -> [UInt16]
            {
                let units = more.map { [unit.merging($0) { $1 }] } ?? []
                return try await self.made(server, "txt2img", units, fields).picture
            }
            func mask(_ isWhite: (Int) -> Bool) throws -> String {
                let values = (0..<64 * 48).map { UInt8(isWhite($0 % 64) ? 255 : 0) }
                return try Mask(width: 64, height: 48, values: values).image
                    .encoded(as: .png).base64EncodedString()
            }
            let (plain, steered) = (try await made(nil), try await made([:]))
            let white = try mask { _ in true }
            #expect(try await made(["effective_region_mask": white]) == steered)
            let black = try mask { _ in false }
            #expect(try await made(["effective_region_mask": black]) == plain)
            let half = try await made(["effective_region_mask": try mask { $0 < 32 }])
            #expect(half != plain && half != steered)

            let hires: [String: Any] = [
                "enable_hr": true, "hr_scale": 1.5, "hr_second_pass_steps": 2,
            ]
            var seen: Set = [try await made(nil, hires)]
            for option in ["Both", "Low res only", "High res only"] {
                let other = try await made(["hr_option": option], hires)
                #expect(seen.insert(other).inserted, "\(option)")
                // Without a second run it says nothing.
                #expect(try await made(["hr_option": option]) == steered)
            }

            // What is drawn on a mask is read in the place of the picture.
            let scribble = try mask { $0 % 16 < 2 }
            #expect(
                try await made(["mask": scribble]) == made(["image": scribble]))
            #expect(
                try await made(["image": [try Self.picture("control/edges.png"), black]]) == steered
            )
        }
    }

    @Test("An inpainting network does not see what the mask of its own picture hides")
    func ownMasks() async throws {
        try await withNetworks { server in
            let photo = try Self.picture("inputs/picture-64x48.png")
            let mask = Mask(
                width: 64, height: 48, values: (0..<64 * 48).map { $0 % 64 < 32 ? 255 : 0 })
            let hidden = try mask.image.encoded(as: .png).base64EncodedString()
            let unit: [String: Any] = [
                "enabled": true, "module": "inpaint_global_harmonious", "model": "net_inpaint",
                "image": photo,
            ]
            let whole = try await made(server, "txt2img", [unit])
            let blind = try await made(server, "txt2img", [unit.merging(["mask": hidden]) { $1 }])
            #expect(whole.picture != blind.picture)
            let pair = unit.merging(["image": ["image": photo, "mask": hidden]]) { $1 }
            #expect(try await made(server, "txt2img", [pair]).picture == blind.picture)
            // The same as the mask of an img2img that hides it.
            let edited: [String: Any] = [
                "init_images": [photo], "mask": hidden, "denoising_strength": 1,
                "inpaint_full_res": false, "inpainting_fill": 1,
            ]
            var own = unit
            own["image"] = nil
            let expected = try await made(server, "img2img", [own], edited)
            let found = try await made(
                server, "img2img", [unit.merging(["mask": hidden]) { $1 }], edited)
            #expect(found.picture == expected.picture)
            var wrong = unit
            wrong["mask"] = try mask.resized(width: 32, height: 24).image.encoded(as: .png)
                .base64EncodedString()
            var body = Self.usual
            body["alwayson_scripts"] = ["controlnet": ["args": [wrong]]]
            let answer = try await server.ask("POST", "/sdapi/v1/txt2img", body)
            #expect(answer.status == 422 && answer.text.contains("it is 32x24, its picture 64x48"))
        }
    }

    @Test("The maps that steered follow the pictures")
    func detectedMaps() async throws {
        try await withNetworks { server in
            let photo = try Self.picture("inputs/picture-64x48.png")
            let canny: [String: Any] = [
                "enabled": true, "module": "canny", "model": "net_canny", "threshold_a": 40,
                "threshold_b": 80, "pixel_perfect": true,
            ]
            func images(
                _ path: String, _ units: [[String: Any]], _ more: [String: Any] = [:]
            ) async throws -> [Image] {
                var body = Self.usual.merging(more) { $1 }
                body["alwayson_scripts"] = ["controlnet": ["args": units]]
                let answer = try await server.ask("POST", "/sdapi/v1/\(path)", body)
                let info = try #require(
                    answer.json["info"] as? String, "\(answer.text.prefix(300))")
                let texts = try #require(
                    JSONSerialization.jsonObject(with: Data(info.utf8)) as? [String: Any])
                let images = try #require(answer.json["images"] as? [String])
                #expect((texts["infotexts"] as? [String])?.count == images.count)
                return try images.map {
                    try Image(decoding: try #require(Data(base64Encoded: $0)), name: "image")
                }
            }
            let expected = try Image(
                contentsOf: Fixtures.parity.appending(path: "inputs/picture-64x48.png")
            ).rgb8.controlMap(.canny(low: 40, high: 80))
            let own = try await images("txt2img", [canny.merging(["image": photo]) { $1 }])
            #expect(own.count == 2 && own[1].samples == expected.samples)
            let edited = try await images("img2img", [canny], ["init_images": [photo]])
            #expect(edited.count == 2 && edited[1].samples == expected.samples)
            let jpeg = try await images(
                "img2img", [canny, canny],
                [
                    "init_images": [photo],
                    "override_settings": [
                        "sd_model_checkpoint": "tiny", "samples_format": "jpg",
                    ],
                ])
            #expect(jpeg.count == 3)
            let quiet = try await images(
                "img2img", [canny.merging(["save_detected_map": false]) { $1 }],
                ["init_images": [photo]])
            #expect(quiet.count == 1)
            let none = try await images(
                "img2img", [canny],
                [
                    "init_images": [photo],
                    "override_settings": [
                        "sd_model_checkpoint": "tiny", "control_net_no_detectmap": true,
                    ],
                ])
            #expect(none.count == 1)
            // What an inpainting network does not see is shown half transparent.
            let mask = Mask(
                width: 64, height: 48, values: (0..<64 * 48).map { $0 % 64 < 32 ? 255 : 0 })
            let blind = try await images(
                "img2img",
                [["enabled": true, "module": "inpaint_only", "model": "net_inpaint"]],
                [
                    "init_images": [photo], "inpaint_full_res": false,
                    "mask": try mask.image.encoded(as: .png).base64EncodedString(),
                ])
            #expect(blind.count == 2 && blind[1].channels == 4)
            #expect(blind[1].samples[3] == 128 && blind[1].samples[63 * 4 + 3] == 255)
        }
    }

    @Test("What is not offered is refused by the name of its field")
    func refusals() async throws {
        try await withNetworks { server in
            for (field, value) in [
                ("model", "depth"), ("model", "None"), ("model", " [0a]"),
                ("model", String(repeating: " ", count: 100_000) + "x"),
                ("module", "depth_midas"), ("image", ""),
                ("image", "http://a/b.png"), ("weight", "99"), ("resize_mode", "x"),
                ("control_mode", "7"), ("guidance_start", "1"), ("hr_option", "Sometimes"),
                ("advanced_weighting", "1"),
            ] {
                let unit: [String: Any] = [
                    "enabled": true, "module": "none", "model": "net_canny",
                    "image": try Self.picture("control/edges.png"),
                ]
                var body = Self.usual
                body["alwayson_scripts"] = [
                    "controlnet": ["args": [unit.merging([field: value]) { $1 }]]
                ]
                let answer = try await server.ask("POST", "/sdapi/v1/txt2img", body)
                #expect(answer.status == 422, "\(answer.text)")
                #expect(answer.text.contains(field), "\(answer.text)")
            }
        }
    }

    @Test("No order makes the server open a file of its choice")
    func shelfOnly() async throws {
        try await withNetworks { server in
            for settings: [String: Any] in [
                ["control": "../net=canny"], ["control": "net_canny=/etc/passwd"],
                ["control": "net_canny=canny;/etc/hosts=canny"], ["lora": "a;/etc/passwd"],
                ["hires_prompt": "<lora:x:1>", "hires_scale": 2],
                ["embedding": "/etc/passwd"], ["vae": "/etc/passwd"],
            ] {
                let answer = try await server.ask(
                    "POST", "/api/v1/jobs",
                    ["verb": "txt2img", "settings": settings.merging(["prompt": "x"]) { $1 }])
                #expect(answer.status == 422, "\(settings): \(answer.text)")
            }
        }
    }

    @Test("Gesso's own interface takes maps by their names")
    func ownMaps() async throws {
        try await withNetworks { server in
            let data = try Data(
                contentsOf: Fixtures.parity.appending(path: "control/edges.png"))
            let map = try await server.ask(
                "POST", "/api/v1/pictures", data, type: "application/octet-stream")
            let id = try #require(map.json["id"] as? String)
            var order: [String: Any] = [
                "verb": "txt2img", "model": "tiny", "maps": ["edges": id],
                "settings": [
                    "prompt": "x", "steps": 2, "width": 64, "height": 48,
                    "control": "net_canny=edges:0.8",
                ],
            ]
            let queued = try await server.ask("POST", "/api/v1/jobs", order)
            let job = try #require(queued.json["id"] as? String, "\(queued.text)")
            for _ in 0..<600 {
                let state = try await server.ask("GET", "/api/v1/jobs/\(job)").json["state"]
                if state as? String == "done" { break }
                try #require(state as? String != "failed")
                try await Task.sleep(for: .milliseconds(50))
            }
            order["maps"] = ["edges": "0123"]
            let missing = try await server.ask("POST", "/api/v1/jobs", order)
            #expect(missing.status == 422 && missing.text.contains("maps"))
        }
    }
}
