import Foundation
import Gesso
import GessoServer
import TestSupport
import Testing

@Suite("What programs for AUTOMATIC1111 rely on")
struct ForeignTests {
    /// Waits until the job under way has made a step.
    private func waitForAStep(
        of server: RunningServer, lookingEvery pause: Duration
    ) async throws {
        var hasBegun = false
        for _ in 0..<1200 where !hasBegun {
            let progress = try await server.ask("GET", "/sdapi/v1/progress").json
            let state = progress["state"] as? [String: Any]
            hasBegun = (state?["sampling_step"] as? Int ?? 0) > 0
            if !hasBegun { try await Task.sleep(for: pause) }
        }
        try #require(hasBegun)
    }

    @Test("An interrupted job answers what there is: the picture after so many steps, decoded")
    func interrupt() async throws {
        try await RunningServer.with { server in
            let answer = Task {
                try await server.ask(
                    "POST", "/sdapi/v1/txt2img",
                    ["prompt": "a hill", "steps": 1000, "width": 128, "height": 64, "seed": 4])
            }
            try await waitForAStep(of: server, lookingEvery: .milliseconds(25))
            #expect(try await server.ask("POST", "/sdapi/v1/interrupt", [:]).status == 200)
            let state = try await server.ask("GET", "/sdapi/v1/progress").json["state"]
            if let state = state as? [String: Any], state["job_count"] as? Int == 1 {
                #expect(state["interrupted"] as? Bool == true)
            }
            let made = try await answer.value
            #expect(made.status == 200)
            let images = try #require(made.json["images"] as? [String])
            #expect(images.count == 1)
            let first = try #require(images.first)
            let data = try #require(Data(base64Encoded: first))
            let picture = try Image(decoding: data, name: "half")
            #expect((picture.width, picture.height) == (128, 64))
            #expect(picture.metadata.parameters?.contains("Seed: 4") == true)
            let info = try #require(made.json["info"] as? String)
            #expect(info.contains("Seed: 4"))
        }
    }

    @Test("A skipped picture is answered as far as it was, and the next one is made")
    func skip() async throws {
        try await RunningServer.with { server in
            let answer = Task {
                try await server.ask(
                    "POST", "/sdapi/v1/txt2img",
                    [
                        "prompt": "a hill", "steps": 150, "width": 64, "height": 64, "seed": 4,
                        "n_iter": 2,
                    ])
            }
            try await waitForAStep(of: server, lookingEvery: .milliseconds(5))
            _ = try await server.ask("POST", "/sdapi/v1/skip", [:])
            #expect((try await answer.value.json["images"] as? [String])?.count == 2)
        }
    }

    @Test("A skip that names another job leaves the running one as it is")
    func skipOfAnother() async throws {
        try await RunningServer.with { server in
            func made() async throws -> [String] {
                let answer = try await server.ask(
                    "POST", "/sdapi/v1/txt2img",
                    [
                        "prompt": "a hill", "steps": 150, "width": 64, "height": 64, "seed": 4,
                        "force_task_id": "mine",
                    ])
                return try #require(answer.json["images"] as? [String])
            }
            let whole = try await made()
            let other = Task { try await made() }
            try await waitForAStep(of: server, lookingEvery: .milliseconds(5))
            _ = try await server.ask("POST", "/sdapi/v1/skip", ["task_id": "another"])
            #expect(try await other.value == whole)
        }
    }

    @Test("A job that is cancelled after a skip makes no further picture")
    func cancelAfterSkip() async throws {
        try await RunningServer.with { server in
            let answer = Task {
                try await server.ask(
                    "POST", "/sdapi/v1/txt2img",
                    [
                        "prompt": "a hill", "steps": 300, "width": 256, "height": 256, "seed": 4,
                        "n_iter": 4,
                    ])
            }
            try await waitForAStep(of: server, lookingEvery: .milliseconds(5))
            let queue = try await server.ask("GET", "/api/v1/queue").json
            let progress = try #require(queue["progress"] as? [String: Any])
            let id = try #require(progress["job"] as? String)
            _ = try await server.ask("POST", "/sdapi/v1/skip", [:])
            #expect(try await server.ask("DELETE", "/api/v1/jobs/\(id)").status == 200)
            _ = try await answer.value
            let job = try await server.ask("GET", "/api/v1/jobs/\(id)").json
            #expect(job["state"] as? String == "cancelled")
        }
    }

    @Test("A client's interrupt does not touch the page's job")
    func ownJobsGoOn() async throws {
        try await RunningServer.with { server in
            let queued = try await server.ask(
                "POST", "/api/v1/jobs",
                [
                    "verb": "txt2img",
                    "settings": ["prompt": "x", "steps": 40, "width": 64, "height": 64],
                ])
            let id = try #require(queued.json["id"] as? String)
            _ = try await server.ask("POST", "/sdapi/v1/interrupt", [:])
            for _ in 0..<600 {
                let state = try await server.ask("GET", "/api/v1/jobs/\(id)").json["state"]
                if state as? String == "done" { return }
                #expect(state as? String != "cancelled")
                try await Task.sleep(for: .milliseconds(50))
            }
            Issue.record("the job does not end")
        }
    }

    @Test("An unloaded model is loaded again by the next job, and gives the same picture")
    func unload() async throws {
        try await RunningServer.with { server in
            func picture() async throws -> String? {
                let answer = try await server.ask(
                    "POST", "/sdapi/v1/txt2img",
                    ["prompt": "x", "steps": 2, "width": 64, "height": 64, "seed": 8])
                return (answer.json["images"] as? [String])?.first
            }
            let first = try #require(try await picture())
            for name in ["unload-checkpoint", "unload-checkpoint", "reload-checkpoint"] {
                #expect(try await server.ask("POST", "/sdapi/v1/\(name)", [:]).status == 200)
            }
            #expect(try await picture() == first)
        }
    }

    @Test("Styles are listed, and put their words around the prompts in order")
    func styles() async throws {
        let file = URL.temporaryDirectory.appending(path: "styles-\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(
            """
            name,prompt,negative_prompt
            Oil,"oil painting of {prompt}, thick",photo
            Dusk,at dusk,
            """.utf8
        ).write(to: file)
        try await RunningServer.with {
            $0.styles = file.path
        } _: { server in
            let listed = try await server.ask("GET", "/sdapi/v1/prompt-styles").text
            #expect(listed.contains(#""name":"Oil""#) && listed.contains(#""name":"Dusk""#))
            let answer = try await server.ask(
                "POST", "/sdapi/v1/txt2img",
                [
                    "prompt": "a hill", "negative_prompt": "blur", "steps": 1, "width": 64,
                    "height": 64, "styles": ["Oil", "none of this name", "Dusk", ""],
                ])
            let info = try #require(answer.json["info"] as? String)
            #expect(info.contains("oil painting of a hill, thick, at dusk"))
            #expect(info.contains("blur, photo"))
        }
    }

    @Test("SD upscale makes the source larger by its factor, whatever the size of the tiles")
    func upscale() async throws {
        try await RunningServer.with { server in
            let photo = try Image(
                contentsOf: Fixtures.folder.appending(path: "Pictures/landscape.jpg")
            ).resized(width: 72, height: 48).encoded(as: .png)
            let answer = try await server.ask(
                "POST", "/sdapi/v1/img2img",
                [
                    "init_images": [photo.base64EncodedString()], "prompt": "x", "steps": 2,
                    "width": 64, "height": 64, "denoising_strength": 0.5,
                    "script_name": "SD upscale", "script_args": [NSNull(), 16, "Lanczos", 2],
                ])
            let images = try #require(answer.json["images"] as? [String], "\(answer.text)")
            let data = try #require(Data(base64Encoded: images[0]))
            let picture = try Image(decoding: data, name: "larger")
            #expect((picture.width, picture.height) == (144, 96))
        }
    }

    @Test("A second run and a variation of the seed are carried out")
    func laterKeys() async throws {
        try await RunningServer.with { server in
            let larger = try await server.ask(
                "POST", "/sdapi/v1/txt2img",
                [
                    "prompt": "x", "steps": 1, "width": 64, "height": 64, "enable_hr": true,
                    "hr_scale": "1.5", "hr_second_pass_steps": 1.0, "hr_upscaler": "Latent",
                ])
            let images = try #require(larger.json["images"] as? [String], "\(larger.text)")
            let data = try #require(Data(base64Encoded: images[0]))
            #expect(try Image(decoding: data, name: "larger").width == 96)
            let varied = try await server.ask(
                "POST", "/sdapi/v1/txt2img",
                [
                    "prompt": "x", "steps": 1, "width": 64, "height": 64, "seed": 3,
                    "subseed": 9, "subseed_strength": 0.5, "n_iter": 2,
                ])
            let info = try #require(varied.json["info"] as? String)
            #expect(info.contains(#""all_seeds":[3,3]"#))
            #expect(info.contains(#""all_subseeds":[9,10]"#))
        }
    }

    @Test("Counts of jobs, capabilities and upscalers are told")
    func states() async throws {
        try await RunningServer.with { server in
            let before = try await server.ask("GET", "/metrics").text
            #expect(before.contains("gesso_jobs{state=\"done\"} 0\n"))
            _ = try await server.ask(
                "POST", "/sdapi/v1/txt2img",
                ["prompt": "x", "steps": 1, "width": 64, "height": 64])
            let after = try await server.ask("GET", "/metrics").text
            #expect(after.contains("gesso_jobs{state=\"done\"} 1\n"))
            let able = try await server.ask("GET", "/api/v1/capabilities").json
            #expect((able["verbs"] as? [String])?.contains("inpaint") == true)
            #expect((able["formats"] as? [String])?.contains("PNG") == true)
            let modes = try await server.ask("GET", "/sdapi/v1/latent-upscale-modes").text
            #expect(modes.contains("Latent (nearest-exact)"))
        }
    }

    @Test("Options of a request stay where it says so, and else count for it alone")
    func keptOptions() async throws {
        try await RunningServer.with { server in
            func options() async throws -> [String: Any] {
                try await server.ask("GET", "/sdapi/v1/options").json
            }
            func paint(_ more: [String: Any]) async throws {
                let body: [String: Any] = ["prompt": "x", "steps": 1, "width": 64, "height": 64]
                let answer = try await server.ask(
                    "POST", "/sdapi/v1/txt2img", body.merging(more) { $1 })
                #expect(answer.status == 200)
            }
            let own: [String: Any] = ["CLIP_stop_at_last_layers": 2, "nothing": 3]
            try await paint(["override_settings": own])
            #expect(try await options()["CLIP_stop_at_last_layers"] as? Int == 1)
            try await paint([
                "override_settings": own, "override_settings_restore_afterwards": false,
            ])
            #expect(try await options()["CLIP_stop_at_last_layers"] as? Int == 2)
            #expect(try await options()["nothing"] == nil)
        }
    }

    @Test("What has no counterpart is named in the answer and does not fail")
    func idleFields() async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask(
                "POST", "/sdapi/v1/txt2img",
                [
                    "prompt": "x", "steps": 1, "width": 64, "height": 64, "tiling": true,
                    "s_churn": 0.5, "s_noise": 1.0, "firstpass_image": "x",
                    "disable_extra_networks": true,
                    "override_settings": ["initial_noise_multiplier": 1.2],
                ])
            let text = try #require(answer.json["info"] as? String)
            let info = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            let warnings = try #require(info?["extra_warnings"] as? [String])
            for name in [
                "tiling", "s_churn", "firstpass_image", "disable_extra_networks",
                "initial_noise_multiplier",
            ] {
                #expect(warnings.contains { $0.hasPrefix(name + ":") }, "\(name): \(warnings)")
            }
            #expect(!warnings.contains { $0.hasPrefix("s_noise") })
        }
    }
}
