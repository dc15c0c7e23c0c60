import Foundation
import Gesso
import GessoServer
import TestSupport
import Testing

@Suite("What programs for OpenAI rely on")
struct OpenAITests {
    private static func picture(_ width: Int, _ height: Int) throws -> String {
        try Image(
            width: width, height: height, channels: 3,
            samples: (0..<width * height * 3).map { UInt16($0 % 200) }
        ).encoded(as: .png).base64EncodedString()
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

    @Test("An answer by address is one that another page shows without the token, for a time")
    func openAddress() async throws {
        try await RunningServer.with {
            $0.token = "sesame"
        } _: { server in
            let body = Data(
                #"{"prompt": "x", "steps": 1, "size": "64x64", "response_format": "url"}"#.utf8)
            let answer = try await server.ask(
                "POST", "/v1/images/generations", body, ["Authorization: Bearer sesame"])
            let first = (answer.json["data"] as? [[String: Any]])?.first
            let address = try #require(first?["url"] as? String, "\(answer.text)")
            let base = "http://127.0.0.1:\(server.port)"
            let target = String(address.dropFirst(base.count))
            let shown = [
                "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image",
            ]
            let picture = try await server.ask("GET", target, nil, shown)
            #expect(picture.status == 200)
            #expect(picture.header("Cross-Origin-Resource-Policy") == "cross-origin")
            let bare = String(target.prefix { $0 != "?" })
            #expect(try await server.ask("GET", bare, nil, shown).status == 403)
            #expect(try await server.ask("GET", bare).status == 401)
            let other = target.replacing("until=1", with: "until=2")
            #expect(other != target)
            #expect(try await server.ask("GET", other).status == 401)
            #expect(try await server.ask("DELETE", target).status == 401)
        }
    }

    @Test("What a program for OpenAI asks for is done or refused, never dropped")
    func openAIFields() async throws {
        try await RunningServer.with { server in
            func made(_ more: [String: Any]) async throws -> Answer {
                let usual: [String: Any] = ["prompt": "x", "steps": 1, "size": "64x64"]
                return try await server.ask(
                    "POST", "/v1/images/generations", usual.merging(more) { $1 })
            }
            let models = try await server.ask("GET", "/v1/models").json["data"] as? [[String: Any]]
            let names = models?.compactMap { $0["id"] as? String } ?? []
            let known = try #require(names.first { $0 == "gesso-builtin" })
            #expect(try await made(["model": known]).json["model"] as? String == known)
            #expect(try await made(["model": "gpt-image-1"]).status == 200)
            for (more, status) in [
                (["model": "no-such-model"], 404), (["background": "transparent"], 400),
                (["response_format": "zzz"], 400), (["n": 11], 400),
            ] as [([String: Any], Int)] {
                let answer = try await made(more)
                #expect(answer.status == status, "\(answer.text)")
                let error = answer.json["error"] as? [String: Any]
                #expect(error?["param"] as? String == more.keys.first)
            }
            let broken = try await server.ask(
                "POST", "/v1/images/generations", Data("{".utf8))
            #expect(broken.status == 400)
        }
    }

    @Test("An edit has the size that is asked for, its mask in the same place")
    func editOfASize() async throws {
        try await RunningServer.with { server in
            let photo = try #require(Data(base64Encoded: try Self.picture(96, 64)))
            func part(_ name: String, _ value: Data, _ more: String = "") -> Data {
                Data("--x\r\nContent-Disposition: form-data; name=\"\(name)\"\(more)\r\n\r\n".utf8)
                    + value + Data("\r\n".utf8)
            }
            for (size, sides) in [("64x64", [64, 64]), ("auto", [96, 64]), ("96x64", [96, 64])] {
                let body =
                    part("image", photo, "; filename=\"a.png\"")
                    + part("prompt", Data("x".utf8)) + part("steps", Data("1".utf8))
                    + part("strength", Data("1".utf8))
                    + part("size", Data(size.utf8)) + Data("--x--\r\n".utf8)
                let answer = try await server.ask(
                    "POST", "/v1/images/edits", body, type: "multipart/form-data; boundary=x")
                let item = (answer.json["data"] as? [[String: Any]])?.first
                let text = try #require(item?["b64_json"] as? String, "\(answer.text)")
                let image = try Image(
                    decoding: try #require(Data(base64Encoded: text)), name: "edit")
                #expect([image.width, image.height] == sides)
                #expect(answer.json["size"] as? String == "\(sides[0])x\(sides[1])")
            }
        }
    }

    @Test("Events of a stream have all that OpenAI's have")
    func streamFields() async throws {
        try await RunningServer.with { server in
            let body = Data(#"{"prompt": "x", "steps": 2, "size": "64x64", "stream": true}"#.utf8)
            let answer = try await server.ask("POST", "/v1/images/generations", body)
            let line = try #require(
                answer.text.split(separator: "\n").last {
                    $0.hasPrefix("data: ") && $0.contains("completed")
                })
            let event = try #require(
                JSONSerialization.jsonObject(with: Data(line.dropFirst(6).utf8)) as? [String: Any])
            for name in [
                "type", "b64_json", "created_at", "size", "quality", "background",
                "output_format", "usage",
            ] {
                #expect(event[name] != nil, "\(name)")
            }
            #expect(event["size"] as? String == "64x64")
        }
    }

    @Test("Where no more streams are to be had, no job is queued for one")
    func tooManyStreams() async throws {
        try await RunningServer.with { server in
            var sockets: [Socket] = []
            defer { for socket in sockets { socket.close() } }
            for _ in 0..<EventHub.streamLimit {
                let socket = try Socket(server.port)
                try socket.write(
                    Data("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
                sockets.append(socket)
            }
            let body = Data(#"{"prompt": "x", "steps": 1, "size": "64x64", "stream": true}"#.utf8)
            var answer: Answer
            repeat {
                // Until all of them listen.
                try await Task.sleep(for: .milliseconds(50))
                answer = try await server.ask("POST", "/v1/images/generations", body)
            } while answer.status == 200
            #expect(answer.status == 503 && answer.header("Retry-After") != nil)
            #expect(answer.header("x-should-retry") == nil)
            let items = try await server.ask("GET", "/api/v1/jobs").json["items"]
            let states = (items as? [[String: Any]])?.compactMap { $0["state"] as? String }
            #expect(states?.contains { $0 == "queued" || $0 == "running" } == false)
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
}
