import Foundation
import Gesso
import GessoServer
import TestSupport
import Testing

@Suite("Jobs through every door")
struct JobTests {
    private static let photo = Fixtures.folder.appending(path: "Pictures/landscape.jpg")

    private static func picture(_ side: Int = 64) throws -> Data {
        try Image(contentsOf: photo).resized(width: side, height: side).encoded(as: .png)
    }

    private static func mask(_ side: Int = 64) throws -> Data {
        var mask = Mask(width: side, height: side, filledWith: 0)
        for row in side / 4..<side / 2 {
            for column in side / 4..<side / 2 { mask.values[row * side + column] = 255 }
        }
        return try mask.image.encoded(as: .png)
    }

    private func upload(_ data: Data, to server: RunningServer) async throws -> String {
        let answer = try await server.ask(
            "POST", "/api/v1/pictures", data, type: "application/octet-stream")
        #expect(answer.status == 201)
        return try #require(answer.json["id"] as? String)
    }

    private func finished(_ id: String, on server: RunningServer) async throws -> [String: Any] {
        for _ in 0..<600 {
            let job = try await server.ask("GET", "/api/v1/jobs/\(id)").json
            let state = job["state"] as? String ?? ""
            if ["done", "failed", "cancelled"].contains(state) { return job }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("the job does not end")
        return [:]
    }

    @Test("The command, the library, Gesso's interface and AUTOMATIC1111's make the same pixels")
    func sameBytes() async throws {
        try await RunningServer.with { server in
            let (photo, mask) = (try Self.picture(), try Self.mask())
            let settings = [
                "prompt": "a house", "steps": "3", "guidance_scale": "3", "seed": "11",
                "strength": "0.8", "scheduler": "euler", "mask_blur": "4", "mask_feather": "0",
                "fill": "original", "compat": "a1111",
            ]
            let source = try await upload(photo, to: server)
            let area = try await upload(mask, to: server)
            let queued = try await server.ask(
                "POST", "/api/v1/jobs",
                ["verb": "inpaint", "settings": settings, "source": source, "mask": area])
            #expect(queued.status == 202)
            let job = try await finished(
                try #require(queued.json["id"] as? String), on: server)
            let results = try #require(job["results"] as? [[String: Any]])
            let own = try await server.ask(
                "GET", "/api/v1/pictures/\(try #require(results[0]["picture"] as? String))")
            #expect((results[0]["receipt"] as? [String: Any])?["changedOutside"] as? Int == 0)

            let answer = try await server.ask(
                "POST", "/sdapi/v1/img2img",
                [
                    "init_images": [photo.base64EncodedString()],
                    "mask": "data:image/png;base64," + mask.base64EncodedString(),
                    "prompt": "a house", "steps": 3, "cfg_scale": 3, "seed": 11, "width": 64,
                    "height": 64, "denoising_strength": 0.8, "inpainting_fill": 1,
                    "inpaint_full_res": false,
                ])
            #expect(answer.status == 200)
            let images = try #require(answer.json["images"] as? [String])
            let theirs = try #require(Data(base64Encoded: images[0]))

            var places = Places()
            places.models = [Fixtures.folder.appending(path: "Models")]
            let request = try Self.request(settings, photo, mask)
            let direct = try await Library(places).start(request).result.data
            let command = try await Self.command(settings, photo, mask)
            #expect(
                try Image(decoding: command, name: "command").samples
                    == Image(decoding: direct, name: "direct").samples)
            #expect(
                try Image(decoding: own.body, name: "own").samples
                    == Image(decoding: direct, name: "direct").samples)
            #expect(
                try Image(decoding: theirs, name: "theirs").samples
                    == Image(decoding: direct, name: "direct").samples)
        }
    }

    /// What `gesso inpaint` writes.
    private static func command(
        _ settings: [String: String], _ photo: Data, _ mask: Data
    ) async throws -> Data {
        let folder = URL.temporaryDirectory.appending(path: "gesso-command-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try photo.write(to: folder.appending(path: "in.png"))
        try mask.write(to: folder.appending(path: "mask.png"))
        try await run(
            ["inpaint", "in.png", "--mask", "mask.png", "-o", "out.png"]
                + settings.sorted { $0.key < $1.key }
                .flatMap { ["--set", "\($0.key)=\($0.value)"] }, in: folder)
        return try Data(contentsOf: folder.appending(path: "out.png"))
    }

    /// Runs the command in a folder, which is its user's home, too.
    private static func run(_ arguments: [String], in folder: URL) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "gesso")
        process.currentDirectoryURL = folder
        process.environment = [
            "HOME": folder.path,
            "GESSO_MODELS": Fixtures.folder.appending(path: "Models").path,
        ]
        process.arguments = arguments
        let errors = Pipe()
        (process.standardError, process.standardOutput) = (errors, FileHandle.nullDevice)
        try await onThread {
            try process.run()
            let text = String(
                decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(text)")
        }
    }

    @Test("A picture that AUTOMATIC1111's interface is sent keeps its Content Credentials' history")
    func history() async throws {
        let home = URL.temporaryDirectory.appending(path: "gesso-home-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        try await Self.run(["credentials", "new", "--name", "Jane Doe"], in: home)
        let signed = try Data(
            contentsOf: Fixtures.folder.appending(path: "Credentials/chain.png"))
        let before = CredentialsCheck(signed)
        try #require(before.holds)
        try await RunningServer.with {
            var places = Places()
            places.models = [Fixtures.folder.appending(path: "Models")]
            places.credentials = CredentialsPlaces(environment: ["HOME": home.path])
            $0.library = Library(places)
        } _: { server in
            func made(_ picture: Data) async throws -> CredentialsCheck {
                let answer = try await server.ask(
                    "POST", "/sdapi/v1/img2img",
                    [
                        "init_images": [picture.base64EncodedString()], "prompt": "x", "steps": 2,
                        "width": 64, "height": 64, "seed": 1,
                    ])
                let images = try #require(
                    answer.json["images"] as? [String], "\(answer.text.prefix(300))")
                return CredentialsCheck(try #require(Data(base64Encoded: images[0])))
            }
            let after = try await made(signed)
            #expect(after.holds, "\(after.lines)")
            #expect(after.lines[1].contains("signed by Jane Doe"))
            // The whole history of the picture, one step further in.
            let older = before.lines.dropFirst().map { "  " + $0 }
            #expect(after.lines.suffix(older.count) == older[...], "\(after.lines)")
            let plain = try await made(Self.picture())
            #expect(plain.holds && plain.lines.last?.contains("which has no credentials") == true)
        }
    }

    private static func request(
        _ settings: [String: String], _ photo: Data, _ mask: Data
    ) throws -> Request {
        let file = URL.temporaryDirectory.appending(path: "gesso-mask-\(UUID().uuidString).png")
        try mask.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        var request = try Request(
            .inpaint, settings, of: .data(photo, name: "source"), mask: file.path)
        for name in request.maskPictures { request.pictures[name] = .data(mask, name: name) }
        return request
    }

    @Test("Events tell of a job to its end, and once more from a number on")
    func events() async throws {
        try await RunningServer.with { server in
            let queued = try await server.ask(
                "POST", "/api/v1/jobs",
                [
                    "verb": "txt2img", "pictures": 2,
                    "settings": ["prompt": "a hill", "steps": 2, "width": 64, "height": 64],
                ])
            let id = try #require(queued.json["id"] as? String)
            let stream = try await server.ask("GET", "/api/v1/jobs/\(id)/events").text
            #expect(stream.contains("event: job"))
            let states = stream.matches(of: #/"state":"(\w+)"/#).map { String($0.1) }
            #expect(states.last == "done")
            let numbers = stream.matches(of: #/\nid: (\d+)/#).compactMap { Int($0.1) }
            #expect(numbers == numbers.sorted())
            let again = try await server.ask(
                "GET", "/api/v1/jobs/\(id)/events", nil, ["Last-Event-ID: 0"])
            #expect(again.text.matches(of: #/"state":"done"/#).count == 1)
        }
    }

    @Test("One key makes one job, and another job after that has a seed of its own")
    func idempotency() async throws {
        try await RunningServer.with { server in
            let body = try JSONSerialization.data(withJSONObject: [
                "verb": "txt2img",
                "settings": ["prompt": "x", "steps": 1, "width": 64, "height": 64],
            ])
            func submit(_ key: String) async throws -> [String: Any] {
                try await server.ask("POST", "/api/v1/jobs", body, ["Idempotency-Key: \(key)"]).json
            }
            let first = try await submit("a")
            #expect(try await submit("a")["id"] as? String == first["id"] as? String)
            #expect(try await submit("b")["id"] as? String != first["id"] as? String)
            let other: [String: Any] = ["verb": "txt2img", "settings": ["prompt": "another"]]
            let refused = try await server.ask(
                "POST", "/api/v1/jobs", JSONSerialization.data(withJSONObject: other),
                ["Idempotency-Key: a"])
            #expect(refused.status == 422)
            #expect(refused.text.contains("another request"))
        }
    }

    @Test("Running and waiting jobs are cancelled, finished ones are not")
    func cancel() async throws {
        try await RunningServer.with { server in
            let slow: [String: Any] = [
                "verb": "txt2img",
                "settings": ["prompt": "x", "steps": 900, "width": 256, "height": 256],
            ]
            var ids: [String] = []
            for _ in 0..<2 {
                let queued = try await server.ask("POST", "/api/v1/jobs", slow)
                ids.append(try #require(queued.json["id"] as? String))
            }
            #expect(try await server.ask("DELETE", "/api/v1/jobs/\(ids[1])").status == 200)
            #expect(try await finished(ids[1], on: server)["state"] as? String == "cancelled")
            #expect(try await server.ask("DELETE", "/api/v1/jobs/\(ids[0])").status == 200)
            #expect(try await finished(ids[0], on: server)["state"] as? String == "cancelled")
            #expect(try await server.ask("DELETE", "/api/v1/jobs/\(ids[0])").status == 409)
            let again = try await server.ask(
                "POST", "/api/v1/jobs/\(ids[0])/retry", Data("{}".utf8))
            #expect(again.status == 202)
            #expect(again.json["retryOf"] as? String == ids[0])
            let id = try #require(again.json["id"] as? String)
            _ = try await server.ask("DELETE", "/api/v1/jobs/\(id)")
        }
    }

    @Test("A job of AUTOMATIC1111's interface ends when its client leaves")
    func leaves() async throws {
        try await RunningServer.with { server in
            let body = Data(
                #"{"prompt":"x","steps":1000,"width":256,"height":256,"force_task_id":"t"}"#.utf8)
            let port = server.port
            try await onThread {
                let socket = try Socket(port)
                try socket.write(
                    Data(
                        ("POST /sdapi/v1/txt2img HTTP/1.1\r\nHost: localhost\r\n"
                            + "Content-Length: \(body.count)\r\n\r\n").utf8) + body)
                _ = socket.read(seconds: 1)
                socket.close()
            }
            for _ in 0..<2400 {
                let active = try await server.ask("GET", "/api/v1/queue").json["jobs"] as? [Any]
                if active?.isEmpty == true { break }
                try await Task.sleep(for: .milliseconds(50))
            }
            let jobs = try await server.ask("GET", "/api/v1/jobs").json["items"] as? [[String: Any]]
            #expect(jobs?.map { $0["state"] as? String } == ["cancelled"])
        }
    }

    @Test("What cannot be read or exceeds its range is refused with the field's name")
    func refusals() async throws {
        try await RunningServer.with { server in
            let cases: [(String, [String: Any], Int, String)] = [
                ("/api/v1/jobs", ["verb": "dance"], 422, "verb"),
                ("/api/v1/jobs", ["verb": "txt2img", "settings": ["steps": 5000]], 422, "steps"),
                ("/api/v1/jobs", ["verb": "img2img"], 422, "source"),
                ("/api/v1/jobs", ["verb": "img2img", "source": "x"], 422, "source"),
                ("/api/v1/jobs", ["verb": "txt2img", "model": "../../x"], 404, "model"),
                (
                    "/api/v1/jobs", ["verb": "txt2img", "settings": ["vae": "/etc/passwd"]], 422,
                    "vae"
                ),
                ("/api/v1/jobs", ["verb": "txt2img", "odd": 1], 422, "odd"),
                ("/sdapi/v1/txt2img", ["steps": 1e300], 422, "steps"),
                ("/sdapi/v1/txt2img", ["n_iter": 64, "batch_size": 2], 422, "n_iter"),
                ("/v1/images/generations", ["prompt": "x", "n": 11], 400, "n"),
                ("/v1/images/generations", [:], 400, "prompt"),
            ]
            for (path, body, status, field) in cases {
                let answer = try await server.ask("POST", path, body)
                #expect(answer.status == status, "\(path) \(body): \(answer.text)")
                #expect(answer.text.contains(field))
            }
            let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
            let answer = try await server.ask("POST", "/sdapi/v1/txt2img", Data(deep.utf8))
            #expect(answer.status == 422)
            let bomb = Self.bomb
            let refused = try await server.ask(
                "POST", "/api/v1/pictures", bomb, type: "application/octet-stream")
            #expect(refused.status == 422)
            #expect(
                try await server.ask(
                    "POST", "/api/v1/pictures", Data("no picture".utf8), type: "image/png"
                ).status == 422)
        }
    }

    /// The head of a PNG of 60000 by 60000 pixels, and little behind it.
    private static var bomb: Data {
        var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]
        bytes += Array("IHDR".utf8) + [0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60, 8, 2, 0, 0, 0]
        bytes += [0x73, 0x1C, 0x3E, 0x12] + [UInt8](repeating: 0, count: 2000)
        return Data(bytes)
    }

    @Test("A job that waits and one that runs are there again after a start, with their seeds")
    func restart() async throws {
        let first = try await RunningServer.start()
        var ids: [String] = []
        for _ in 0..<3 {
            let queued = try await first.ask(
                "POST", "/api/v1/jobs",
                [
                    "verb": "txt2img",
                    "settings": ["prompt": "x", "steps": 30, "width": 128, "height": 128],
                ])
            ids.append(
                try #require(queued.json["id"] as? String, "\(queued.status) \(queued.text)"))
        }
        await first.stop(keepsFolder: true)
        let second = try await RunningServer.start(in: first.folder)
        for id in ids {
            let job = try await finished(id, on: second)
            #expect(job["state"] as? String == "done")
            #expect((job["results"] as? [Any])?.count == 1)
        }
        let gallery = try await second.ask("GET", "/api/v1/gallery").json["items"] as? [Any]
        #expect(gallery?.count == 3)
        await second.stop()
    }

    @Test("A result is starred, put away and taken back; the newest come first")
    func gallery() async throws {
        try await RunningServer.with { server in
            let queued = try await server.ask(
                "POST", "/api/v1/jobs",
                [
                    "verb": "txt2img", "pictures": 3,
                    "settings": [
                        "prompt": "50% _x_", "steps": 1, "width": 64, "height": 64, "seed": 5,
                    ],
                ])
            _ = try await finished(try #require(queued.json["id"] as? String), on: server)
            func items(_ query: String = "") async throws -> [[String: Any]] {
                let answer = try await server.ask("GET", "/api/v1/gallery?\(query)")
                return answer.json["items"] as? [[String: Any]] ?? []
            }
            #expect(try await items().map { $0["seed"] as? Int } == [7, 6, 5])
            #expect(try await items("q=50%25+_x").count == 3)
            #expect(try await items("q=50%25+ax").isEmpty)
            let id = try #require(try await items()[0]["id"] as? Int)
            #expect(
                try await server.ask("PATCH", "/api/v1/gallery/\(id)", ["star": true]).status == 200
            )
            #expect(try await items("star=1").count == 1)
            #expect(try await server.ask("DELETE", "/api/v1/gallery/\(id)").status == 200)
            #expect(try await items().count == 2)
            _ = try await server.ask("PATCH", "/api/v1/gallery/\(id)", ["deleted": false])
            #expect(try await items("before=\(id)").count == 2)
            let picture = try #require(try await items()[0]["url"] as? String)
            let view = try await server.ask("GET", picture + "?max=256")
            #expect(view.header("Content-Type") == "image/jpeg")
            #expect(try Image(decoding: view.body, name: "view").width == 64)
        }
    }
}
