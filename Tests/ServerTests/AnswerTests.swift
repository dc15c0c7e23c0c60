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

    @Test("A stream that is asked for again ends, though its job is over")
    func repeatedStream() async throws {
        try await RunningServer.with { server in
            let body = try JSONSerialization.data(
                withJSONObject: [
                    "prompt": "a hill", "steps": 1, "size": "64x64", "stream": true,
                ])
            for fields in [[], ["x-stainless-retry-count: 1"]] {
                let answer = try await server.ask(
                    "POST", "/v1/images/generations", body, fields)
                #expect(answer.text.contains("image_generation.completed"))
            }
        }
    }

    @Test("An answer by address names the server as the client does, and the picture is there")
    func address() async throws {
        try await RunningServer.with { server in
            let body = try JSONSerialization.data(
                withJSONObject: [
                    "prompt": "a hill", "steps": 1, "size": "64x64", "response_format": "url",
                ])
            for (fields, scheme) in [([], "http"), (["X-Forwarded-Proto: https"], "https")] {
                let answer = try await server.ask(
                    "POST", "/v1/images/generations", body, fields)
                let first = (answer.json["data"] as? [[String: Any]])?.first
                let address = try #require(first?["url"] as? String)
                let base = "\(scheme)://127.0.0.1:\(server.port)/"
                #expect(address.hasPrefix(base))
                let path = "/" + address.dropFirst(base.count)
                #expect(try await server.ask("GET", path).status == 200)
            }
        }
    }

    @Test("Of two pictures to edit none is dropped in silence")
    func twoPictures() async throws {
        try await RunningServer.with { server in
            let part =
                "--x\r\nContent-Disposition: form-data; name=\"image[]\"; filename=\"a.png\"\r\n\r\npixels\r\n"
            let body = Data("\(part)\(part)--x--\r\n".utf8)
            let answer = try await server.ask(
                "POST", "/v1/images/edits", body, type: "multipart/form-data; boundary=x")
            #expect(answer.status == 400)
            #expect(answer.text.contains("2 pictures"))
        }
    }

    @Test("A quota takes no picture from a job's own answer, and leaves no file behind")
    func quota() async throws {
        let server = try await RunningServer.start { $0.quota = 1000 }
        var shown: [Int] = []
        for seed in [3, 30] {
            let own: [String: Any] = ["n_iter": 3, "seed": seed]
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

    @Test("A repeat joins what was not answered yet, and nothing that was")
    func repeated() async throws {
        try await RunningServer.with { server in
            let body = try JSONSerialization.data(
                withJSONObject: ["prompt": "a hill", "steps": 1, "size": "64x64"])
            var jobs: Set<String> = []
            for _ in 0..<2 {
                let answer = try await server.ask(
                    "POST", "/v1/images/generations", body, ["x-stainless-retry-count: 1"])
                jobs.insert(try #require(answer.json["job"] as? String, "\(answer.text)"))
            }
            #expect(jobs.count == 2)
            let slow = Data(#"{"prompt": "a sea", "steps": 400, "size": "64x64"}"#.utf8)
            func countJobs() async throws -> Int? {
                (try await server.ask("GET", "/api/v1/jobs").json["items"] as? [Any])?.count
            }
            // The first client leaves while its job waits, so that it has no answer for certain.
            _ = try await server.ask("POST", "/api/v1/queue/pause")
            let socket = try Socket(server.port)
            try socket.write(
                Data(
                    ("POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\n"
                        + "Content-Length: \(slow.count)\r\n\r\n").utf8) + slow)
            for _ in 0..<600 {
                if try await countJobs() == 3 { break }
                try await Task.sleep(for: .milliseconds(50))
            }
            socket.close()
            async let repeated = server.ask(
                "POST", "/v1/images/generations", slow, ["x-stainless-retry-count: 1"])
            try await Task.sleep(for: .seconds(1))
            _ = try await server.ask("POST", "/api/v1/queue/resume")
            let answer = try await repeated
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try await countJobs() == 3)
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
