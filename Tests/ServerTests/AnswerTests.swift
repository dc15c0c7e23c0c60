import Foundation
import Gesso
import GessoServer
import TestSupport
import Testing

@Suite("What is asked for is what is answered")
struct AnswerTests {
    private static var small: [String: Any] {
        ["prompt": "a hill", "steps": 1, "width": 64, "height": 64]
    }

    private static func picture(_ width: Int, _ height: Int) throws -> String {
        try Image(
            width: width, height: height, channels: 3,
            samples: (0..<width * height * 3).map { UInt16($0 % 200) }
        ).encoded(as: .png).base64EncodedString()
    }

    @Test("A mask that is no text is refused, rather than the whole picture repainted")
    func maskOfAnotherKind() async throws {
        try await RunningServer.with { server in
            let photo = try Self.picture(64, 64)
            for mask in [[photo], ["image": photo], 5, true] as [Any] {
                let own: [String: Any] = ["init_images": [photo], "mask": mask]
                let answer = try await server.ask(
                    "POST", "/sdapi/v1/img2img", Self.small.merging(own) { $1 })
                #expect(answer.status >= 400, "\(mask)")
                #expect(answer.text.contains("mask"), "\(answer.text.prefix(200))")
            }
        }
    }

    @Test("Two resume at once, and the next job is carried out")
    func resumedTwice() async throws {
        try await RunningServer.with { server in
            for _ in 0..<20 {
                _ = try await server.ask("POST", "/api/v1/queue/pause", [:])
                let queued = try await server.ask(
                    "POST", "/api/v1/jobs",
                    [
                        "verb": "txt2img",
                        "settings": ["prompt": "x", "steps": 1, "width": 64, "height": 64],
                    ])
                let id = try #require(queued.json["id"] as? String)
                async let first = server.ask("POST", "/api/v1/queue/resume", [:])
                async let second = server.ask("POST", "/api/v1/queue/resume", [:])
                _ = try await (first, second)
                var state = ""
                for _ in 0..<600 where !["done", "failed", "cancelled"].contains(state) {
                    try await Task.sleep(for: .milliseconds(20))
                    let job = try await server.ask("GET", "/api/v1/jobs/\(id)").json
                    state = job["state"] as? String ?? ""
                }
                #expect(state == "done")
            }
        }
    }

    @Test("Options that are set at the same time all hold")
    func optionsTogether() async throws {
        try await RunningServer.with { server in
            for value in 10..<25 {
                async let first = server.ask(
                    "POST", "/sdapi/v1/options", ["jpeg_quality": value])
                async let second = server.ask(
                    "POST", "/sdapi/v1/options", ["show_progress_every_n_steps": value + 1])
                _ = try await (first, second)
                let options = try await server.ask("GET", "/sdapi/v1/options").json
                #expect(options["jpeg_quality"] as? Int == value)
                #expect(options["show_progress_every_n_steps"] as? Int == value + 1)
            }
        }
    }

    @Test("What a program does not want saved is in no gallery, and what it does is")
    func saved() async throws {
        try await RunningServer.with { server in
            for (more, count) in [
                ([:], 0), (["save_images": true], 1),
                (["save_images": true, "override_settings": ["samples_save": false]], 1),
            ] as [([String: Any], Int)] {
                let answer = try await server.ask(
                    "POST", "/sdapi/v1/txt2img", Self.small.merging(more) { $1 })
                #expect((answer.json["images"] as? [String])?.count == 1)
                let kept = try await server.ask("GET", "/api/v1/gallery").json["items"] as? [Any]
                #expect(kept?.count == count, "\(more)")
            }
        }
    }

    @Test(
        "A dark mask repaints what it marks and nothing else; a black one is said to mark nothing")
    func darkMask() async throws {
        try await RunningServer.with { server in
            let photo = try Self.picture(96, 64)
            func made(_ grey: UInt8, _ more: [String: Any]) async throws -> (Image, String) {
                let mask = Mask(
                    width: 96, height: 64,
                    values: (0..<96 * 64).map { $0 % 96 < 30 && $0 / 96 < 30 ? grey : 0 })
                let own: [String: Any] = [
                    "init_images": [photo],
                    "mask": try mask.image.encoded(as: .png).base64EncodedString(),
                    "mask_blur": 0,
                ]
                let answer = try await server.ask(
                    "POST", "/sdapi/v1/img2img",
                    Self.small.merging(own) { $1 }.merging(more) { $1 })
                let text = try #require(
                    (answer.json["images"] as? [String])?.first, "\(answer.text)")
                let image = try Image(
                    decoding: try #require(Data(base64Encoded: text)), name: "result")
                return (image.rgb8, answer.json["info"] as? String ?? "")
            }
            let before = try Image(
                decoding: try #require(Data(base64Encoded: photo)), name: "photo")
            let (hard, said) = try await made(100, [:])
            #expect(hard.samples == before.samples && said.contains("128"), "\(said)")
            let (soft, _) = try await made(100, ["mask_round": false])
            let differences = try Comparison(before, soft)
            let bounds = try #require(differences.bounds)
            #expect(bounds.x + bounds.width <= 30 && bounds.y + bounds.height <= 30)
            let (all, warned) = try await made(0, [:])
            #expect([all.width, all.height] == [64, 64] && warned.contains("The mask is black"))
        }
    }

    @Test("A job is ended by the key it was sent with, and one that waits by none")
    func keys() async throws {
        try await RunningServer.with { server in
            let slow: [String: Any] = ["prompt": "x", "steps": 900, "width": 64, "height": 64]
            func state() async throws -> (job: String, step: Int) {
                let progress = try await server.ask("GET", "/sdapi/v1/progress").json
                let state = progress["state"] as? [String: Any]
                return (state?["job"] as? String ?? "", state?["sampling_step"] as? Int ?? 0)
            }
            let query = "/sdapi/v1/txt2img?genkey=B"
            for (path, key) in [("/sdapi/v1/txt2img", "A"), (query, "B")] {
                let fields = path == query ? slow : slow.merging(["genkey": key]) { $1 }
                let body = try JSONSerialization.data(withJSONObject: fields)
                async let made = server.ask("POST", path, body)
                while try await state().step == 0 { try await Task.sleep(for: .milliseconds(20)) }
                _ = try await server.ask("POST", "/sdapi/v1/interrupt", ["genkey": "other"])
                #expect(try await state().job.hasPrefix("job"))
                _ = try await server.ask("POST", "/sdapi/v1/interrupt", ["genkey": key])
                #expect(try await made.status == 200)
                #expect(try await state() == ("", 0))
            }
            _ = try await server.ask("POST", "/api/v1/queue/pause")
            let body = try JSONSerialization.data(withJSONObject: slow)
            async let waiting = server.ask("POST", "/sdapi/v1/txt2img", body)
            while try await state().job != "waiting" {
                try await Task.sleep(for: .milliseconds(20))
            }
            _ = try await server.ask("POST", "/sdapi/v1/interrupt", ["genkey": ""])
            #expect(try await waiting.json["images"] as? [String] == [])
            #expect(try await state().job == "")
        }
    }

    @Test("A second upscaler's picture is laid over the first; what is not offered is named")
    func twoUpscalers() async throws {
        try await RunningServer.with { server in
            let photo = try Self.picture(20, 10)
            func scaled(_ more: [String: Any]) async throws -> Answer {
                let usual: [String: Any] = ["image": photo, "upscaling_resize": 3]
                return try await server.ask(
                    "POST", "/sdapi/v1/extra-single-image", usual.merging(more) { $1 })
            }
            func pixels(_ more: [String: Any]) async throws -> [Double] {
                let text = try await scaled(more).json["image"] as? String ?? ""
                let data = try #require(Data(base64Encoded: text))
                return try Image(decoding: data, name: "larger").samples.map(Double.init)
            }
            let (a, b) = (
                try await pixels(["upscaler_1": "Lanczos"]),
                try await pixels(["upscaler_1": "Nearest"])
            )
            let both = try await pixels([
                "upscaler_1": "Lanczos", "upscaler_2": "Nearest",
                "extras_upscaler_2_visibility": 0.25,
            ])
            let expected = zip(a, b).map { ($0 * 0.75 + $1 * 0.25).rounded() }
            #expect(both == expected && a != b)
            let unknown = try await scaled(["upscaler_1": "Lanczos", "upscaler_2": "no such"])
            #expect(unknown.status == 404)
            let faces = try await scaled(["gfpgan_visibility": 1])
            #expect((faces.json["html_info"] as? String)?.contains("gfpgan_visibility") == true)
        }
    }

    @Test("A short piece of work does not wait behind a long one whose client has left")
    func shortWork() async throws {
        try await RunningServer.with { server in
            let large = try Self.picture(400, 400)
            let scaling: [String: Any] = ["upscaler_1": "Lanczos", "upscaling_resize": 8]
            func time(_ path: String, _ body: [String: Any]) async throws -> Duration {
                let began = ContinuousClock.now
                #expect(try await server.ask("POST", path, body).status == 200)
                return .now - began
            }
            let single = "/sdapi/v1/extra-single-image"
            let one = try await time(single, scaling.merging(["image": large]) { $1 })
            let list = Array(repeating: ["data": large, "name": "a"], count: 16)
            let body = try JSONSerialization.data(
                withJSONObject: scaling.merging(["imageList": list]) { $1 })
            let socket = try Socket(server.port)
            try socket.write(
                Data(
                    ("POST /sdapi/v1/extra-batch-images HTTP/1.1\r\nHost: localhost\r\n"
                        + "Content-Length: \(body.count)\r\n\r\n").utf8) + body)
            try await Task.sleep(for: one)
            // The sixteen would take sixteen times as long as one.
            let small: [String: Any] = ["image": try Self.picture(64, 64)]
            #expect(try await time("/sdapi/v1/png-info", small) < one * 8)
            socket.close()
            #expect(try await time(single, scaling.merging(small) { $1 }) < one * 8)
        }
    }

    @Test("A quota takes no picture from a job's own answer, and leaves no file behind")
    func quota() async throws {
        let server = try await RunningServer.start { $0.quota = 1000 }
        var shown: [Int] = []
        for seed in [3, 30] {
            let own: [String: Any] = ["n_iter": 3, "seed": seed, "save_images": true]
            let answer = try await server.ask(
                "POST", "/sdapi/v1/txt2img", Self.small.merging(own) { $1 })
            shown.append((answer.json["images"] as? [String])?.count ?? 0)
        }
        #expect(shown == [3, 3])
        let files = FileManager.default.subpaths(
            atPath: server.folder.appending(path: "pictures").path)
        #expect(files?.count { $0.utf8.count > 60 } == 3)
        await server.stop()
    }

    @Test("Without a crop no side of a larger picture is smaller than asked for")
    func larger() async throws {
        try await RunningServer.with { server in
            for (isCropped, size) in [(false, [400, 200]), (true, [200, 200])] {
                let answer = try await server.ask(
                    "POST", "/sdapi/v1/extra-single-image",
                    [
                        "image": try Self.picture(100, 50), "upscaler_1": "Lanczos",
                        "resize_mode": 1, "upscaling_resize_w": 200, "upscaling_resize_h": 200,
                        "upscaling_crop": isCropped,
                    ])
                let text = try #require(answer.json["image"] as? String)
                let image = try Image(
                    decoding: try #require(Data(base64Encoded: text)), name: "larger")
                #expect([image.width, image.height] == size)
            }
            let made = try await server.ask("POST", "/sdapi/v1/txt2img", Self.small)
            let image = try #require((made.json["images"] as? [String])?.first)
            let info = try await server.ask("POST", "/sdapi/v1/png-info", ["image": image]).json
            let parameters = try #require(info["parameters"] as? [String: Any])
            #expect(parameters["Size-1"] as? String == "64")
        }
    }

    @Test("An autoencoder that is not here is named; numbers may be texts")
    func options() async throws {
        try await RunningServer.with { server in
            let own: [String: Any] = [
                "override_settings": [
                    "sd_vae": "nope.safetensors", "CLIP_stop_at_last_layers": "2",
                ]
            ]
            let answer = try await server.ask(
                "POST", "/sdapi/v1/txt2img", Self.small.merging(own) { $1 })
            let info = try #require(answer.json["info"] as? String)
            #expect(info.contains("nope.safetensors"))
            #expect(info.contains("Clip skip: 2"))
        }
    }

    @Test("An option that no request could be carried out with is refused, and nothing is set")
    func badOptions() async throws {
        try await RunningServer.with { server in
            let before = try await server.ask("GET", "/sdapi/v1/options").text
            for (name, value) in [
                ("samples_format", "zzz"), ("samples_format", 5), ("eta_noise_seed_delta", -1e99),
                ("jpeg_quality", "abc"), ("jpeg_quality", 0), ("return_grid", "maybe"),
                ("img2img_background_color", "nope"), ("CLIP_stop_at_last_layers", [1]),
                ("sd_vae", true),
            ] as [(String, Any)] {
                let answer = try await server.ask(
                    "POST", "/sdapi/v1/options", [name: value, "show_progress_every_n_steps": 7])
                #expect(answer.status == 422, "\(name)")
                #expect(answer.text.contains(#""loc":["body","\#(name)"]"#), "\(answer.text)")
            }
            #expect(try await server.ask("GET", "/sdapi/v1/options").text == before)
            let whole = try await server.ask("POST", "/sdapi/v1/options", Data(before.utf8))
            #expect(whole.status == 200)
        }
    }

    @Test("The field that is wrong is named with its limit")
    func fields() async throws {
        try await RunningServer.with { server in
            for width in [0, 4097] {
                let answer = try await server.ask(
                    "POST", "/sdapi/v1/txt2img", ["prompt": "x", "width": width])
                #expect(answer.status == 422)
                #expect(answer.text.contains(#""loc":["body","width"]"#), "\(answer.text)")
                #expect(answer.text.contains("from 8 to 4096"), "\(answer.text)")
            }
            for size in ["4097x64", "64x64x", "abcx64x64", "64", "x64"] {
                let answer = try await server.ask(
                    "POST", "/v1/images/generations", ["prompt": "x", "size": size])
                #expect(answer.status == 400)
                #expect(answer.text.contains("8 to 4096"), "\(answer.text)")
            }
            let text = String(repeating: "a", count: 70_000)
            for (own, field) in [
                (["settings": ["prompt": text]], "settings.prompt"),
                (["settings": ["prompt": "x", "steps": 5000]], "settings.steps"),
                (["settings": ["prompt": "x"], "presets": [5]], "presets"),
            ] as [([String: Any], String)] {
                let answer = try await server.ask(
                    "POST", "/api/v1/jobs", own.merging(["verb": "txt2img"]) { $1 })
                #expect(answer.status == 422)
                let error = answer.json["error"] as? [String: Any]
                #expect(error?["field"] as? String == field, "\(answer.text.prefix(300))")
            }
        }
    }

    @Test("A move says what is moved where, and each key makes a job of its own")
    func moves() async throws {
        try await RunningServer.with { server in
            _ = try await server.ask("POST", "/api/v1/queue/pause")
            let body = Data(#"{"verb": "txt2img", "settings": {"prompt": "a"}}"#.utf8)
            var ids: [String] = []
            for _ in 0..<2 {
                let queued = try await server.ask(
                    "POST", "/api/v1/jobs", body, ["Idempotency-Key: "])
                ids.append(try #require(queued.json["id"] as? String, "\(queued.text)"))
            }
            #expect(ids[0] != ids[1])
            let path = "/api/v1/jobs/\(ids[1])"
            for (move, field) in [
                ([:], "before"), (["odd": 1], "odd"), (["before": "none"], "before"),
                (["before": ids[0], "priority": 5], "priority"),
            ] as [([String: Any], String)] {
                let answer = try await server.ask("PATCH", path, move)
                #expect(answer.status == 422, "\(move)")
                let error = answer.json["error"] as? [String: Any]
                #expect(error?["field"] as? String == field, "\(answer.text)")
            }
            let moved = try await server.ask("PATCH", path, ["before": ids[0]])
            #expect(moved.status == 200)
            let jobs = try await server.ask("GET", "/api/v1/queue").json["jobs"] as? [[String: Any]]
            #expect(jobs?.compactMap { $0["id"] as? String } == [ids[1], ids[0]])
            let preview = try await server.ask("GET", path + "/preview/x")
            #expect(preview.status == 404)
        }
    }
}
