import Foundation
import Gesso
import GessoServer
import TestSupport
import Testing

@Suite("Fields of AUTOMATIC1111's requests, by the settings that their pictures have")
struct FieldTests {
    private static var usual: [String: Any] {
        [
            "prompt": "x", "steps": 2, "width": 64, "height": 64, "seed": 7,
        ]
    }

    /// Fields of a txt2img with what the text beside the picture has for them.
    private static let fields: [(what: String, fields: [String: any Sendable], text: [String])] = [
        (
            "a sampler with its schedule", ["sampler_name": "DPM++ 2M Karras"],
            ["Sampler: DPM++ 2M,", "Schedule type: Karras"]
        ),
        (
            "a schedule type", ["sampler_name": "DPM++ 2M", "scheduler": "exponential"],
            ["Sampler: DPM++ 2M,", "Schedule type: Exponential"]
        ),
        (
            "a schedule type by its label", ["sampler_name": "Euler a", "scheduler": "Karras"],
            ["Sampler: Euler a,", "Schedule type: Karras"]
        ),
        (
            "an automatic schedule type", ["sampler_index": "Euler a", "scheduler": "Automatic"],
            ["Sampler: Euler a,"]
        ),
        (
            "a second run",
            [
                "enable_hr": true, "hr_scale": 1.5, "hr_second_pass_steps": 1,
                "denoising_strength": 0.6, "hr_upscaler": "Latent (nearest)",
                "hr_sampler_name": "DPM++ 2M", "hr_scheduler": "Karras", "hr_prompt": "a sea",
                "hr_negative_prompt": "fog",
            ],
            [
                "Denoising strength: 0.6", "Hires upscale: 1.5", "Hires steps: 1",
                "Hires upscaler: Latent (nearest)", "Hires sampler: DPM++ 2M",
                "Hires schedule type: Karras", "Hires prompt: a sea", "Hires negative prompt: fog",
            ]
        ),
        (
            "a second run to a size", ["enable_hr": true, "hr_resize_x": 96, "hr_resize_y": 128],
            ["Hires resize: 96x128"]
        ),
        (
            "a second run of a width", ["enable_hr": true, "hr_resize_x": 96],
            ["Hires resize: 96x96"]
        ),
        (
            "a second run's size, and the first's beside it",
            ["enable_hr": true, "firstphase_width": 32, "firstphase_height": 48],
            ["Size: 32x48", "Hires resize: 64x64"]
        ),
        (
            "a second run's schedule alone", ["enable_hr": true, "hr_scheduler": "Karras"],
            ["Hires sampler: Euler", "Hires schedule type: Karras"]
        ),
        (
            "what is as in the first run",
            [
                "enable_hr": true, "hr_cfg": 4.5, "hr_sampler_name": "Use same sampler",
                "hr_scheduler": "Use same scheduler", "hr_checkpoint_name": "Use same checkpoint",
                "hr_additional_modules": ["Use same choices"],
            ], ["Hires upscale: 2", "Hires CFG Scale: 4.5"]
        ),
        (
            "what a picture's text has and no field",
            [
                "infotext": """
                a lake
                Negative prompt: fog
                Steps: 1, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 3, Seed: 8, \
                Size: 96x64, Clip skip: 2, Denoising strength: 0.4, Hires upscale: 1.5, \
                Hires upscaler: Latent, ADetailer model: face.pt
                """
            ],
            [
                "Steps: 2, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 3, Seed: 7",
                "Size: 64x64", "Clip skip: 2", "Denoising strength: 0.4", "Hires upscale: 1.5",
                "Negative prompt: fog", "left out: ADetailer model",
            ]
        ),
        (
            "a variation", ["subseed": 9, "subseed_strength": 0.25],
            ["Seed: 7", "Variation seed: 9", "Variation seed strength: 0.25"]
        ),
        (
            "a resized seed", ["seed_resize_from_w": 128, "seed_resize_from_h": 96],
            ["Seed resize from: 128x96"]
        ),
        ("ENSD", ["override_settings": ["eta_noise_seed_delta": 31337]], ["ENSD: 31337"]),
        ("the processor's numbers", ["override_settings": ["randn_source": "CPU"]], ["RNG: CPU"]),
        ("the card's numbers", [:], ["RNG: NV"]),
        ("clip skip", ["override_settings": ["CLIP_stop_at_last_layers": 2]], ["Clip skip: 2"]),
        ("eta of DDIM", ["sampler_name": "DDIM", "eta": 0.5], ["Eta DDIM: 0.5"]),
    ]

    @Test("A field has its setting")
    func settings() async throws {
        try await RunningServer.with { server in
            for (what, fields, text) in Self.fields {
                let body = Self.usual.merging(fields) { $1 }
                let answer = try await server.ask("POST", "/sdapi/v1/txt2img", body)
                let info = try #require(answer.json["info"] as? String, "\(answer.text)")
                for part in text { #expect(info.contains(part), "\(what): \(part) in \(info)") }
            }
        }
    }

    @Test("What an override sets counts for one request, and what an option sets for all")
    func overrides() async throws {
        try await RunningServer.with { server in
            func text(_ more: [String: Any]) async throws -> String {
                let answer = try await server.ask(
                    "POST", "/sdapi/v1/txt2img", Self.usual.merging(more) { $1 })
                return try #require(answer.json["info"] as? String, "\(answer.text)")
            }
            let once: [String: Any] = ["override_settings": ["eta_noise_seed_delta": 5]]
            #expect(try await text(once).contains("ENSD: 5"))
            #expect(try await !text([:]).contains("ENSD"))
            _ = try await server.ask(
                "POST", "/sdapi/v1/options", ["eta_noise_seed_delta": 31337])
            #expect(try await text([:]).contains("ENSD: 31337"))
            #expect(try await text(once).contains("ENSD: 5"))
        }
    }

    @Test("What has no counterpart is refused or warned of by its name")
    func others() async throws {
        try await RunningServer.with { server in
            for (field, value, status) in [
                ("refiner_checkpoint", "xl-refiner", 422), ("hr_checkpoint_name", "other", 422),
                ("hr_additional_modules", "other", 422), ("hr_sampler_name", "Nothing", 404),
                ("restore_faces", "true", 200), ("tiling", "true", 200), ("s_churn", "1", 200),
                ("sampler_name", "Nothing", 404), ("scheduler", "Nothing", 422),
            ] {
                let isList = field == "hr_additional_modules"
                var body = Self.usual.merging([
                    field: isList ? [value] : value == "true" ? true : value
                ]) { $1 }
                if field.hasPrefix("hr_") { body["enable_hr"] = true }
                let answer = try await server.ask("POST", "/sdapi/v1/txt2img", body)
                #expect(answer.status == status, "\(answer.text)")
                guard status != 404 else { continue }
                let text = answer.text.replacing("Schedule type", with: "scheduler")
                #expect(text.contains(field), "\(answer.text)")
            }
        }
    }

    @Test("An always-on script that is not here is refused unless it says that it is off")
    func alwaysOnScripts() async throws {
        try await RunningServer.with { server in
            for (name, arguments, status) in [
                ("reactor", ["aGk=", 1, "0"], 422), ("ADetailer", ["face_yolov8n.pt"], 422),
                ("no such", [1], 422), ("ADetailer", [["ad_model": "face"]], 422),
                ("ADetailer", [true], 422), ("ADetailer", [false, ["ad_model": "face"]], 200),
                ("no such", [], 200), ("no such", [["enabled": false]], 200),
                ("no such", [NSNull()], 200), ("Sampler", [20, "DPM++ 2M", "Karras"], 200),
            ] as [(String, [Any], Int)] {
                let answer = try await server.ask(
                    "POST", "/sdapi/v1/txt2img",
                    Self.usual.merging(["alwayson_scripts": [name: ["args": arguments]]]) { $1 })
                #expect(answer.status == status, "\(name) \(arguments) \(answer.text.prefix(200))")
            }
        }
    }

    @Test("The fields that are answered are those of the picture's text, too")
    func echoOfText() async throws {
        try await RunningServer.with { server in
            let text =
                "a lake\nNegative prompt: fog\nSteps: 1, Sampler: DPM++ 2M, "
                + "Schedule type: Karras, CFG scale: 3.5, Seed: 8, Size: 64x96"
            let answer = try await server.ask(
                "POST", "/sdapi/v1/txt2img", ["infotext": text, "width": 64])
            let fields = try #require(answer.json["parameters"] as? [String: Any])
            #expect(fields["prompt"] as? String == "a lake")
            #expect(fields["negative_prompt"] as? String == "fog")
            #expect(fields["sampler_name"] as? String == "DPM++ 2M")
            #expect(fields["scheduler"] as? String == "Karras")
            #expect(fields["steps"] as? Int == 1 && fields["cfg_scale"] as? Double == 3.5)
            #expect(fields["width"] as? Int == 64 && fields["height"] as? Int == 96)
        }
    }

    @Test("A share of noise that an ancestral sampler does not have is warned of")
    func eta() async throws {
        try await RunningServer.with { server in
            for (fields, name) in [
                (["sampler_name": "Euler a", "eta": 0], "eta:"),
                (
                    ["sampler_name": "Euler a", "override_settings": ["eta_ancestral": 0.5]],
                    "eta_ancestral:"
                ),
                (["sampler_name": "Euler a", "eta": 1], nil),
                (["sampler_name": "Euler", "eta": 0.5], nil),
            ] as [([String: Any], String?)] {
                let answer = try await server.ask(
                    "POST", "/sdapi/v1/txt2img", Self.usual.merging(fields) { $1 })
                let info = try #require(answer.json["info"] as? String, "\(answer.text)")
                if let name {
                    #expect(info.contains(name))
                } else {
                    #expect(!info.contains("is taken as 1"))
                }
            }
        }
    }

    @Test("Styles are put around the prompt of the second run, too")
    func styles() async throws {
        let file = URL.temporaryDirectory.appending(path: "styles-\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("name,prompt,negative_prompt\nOil,oil painting of {prompt},photo\n".utf8)
            .write(to: file)
        try await RunningServer.with {
            $0.styles = file.path
        } _: { server in
            let answer = try await server.ask(
                "POST", "/sdapi/v1/txt2img",
                Self.usual.merging([
                    "styles": ["Oil"], "enable_hr": true, "hr_scale": 1.5, "hr_prompt": "a sea",
                ]) { $1 })
            let info = try #require(answer.json["info"] as? String, "\(answer.text)")
            #expect(info.contains("Hires prompt: oil painting of a sea"))
        }
    }
}
