import Foundation
import Gesso
import GessoServer
import Testing

/// The limits on requests, each just reached and just passed (Limits.md).
@Suite struct RequestLimitTests {
    private func status(
        _ target: String, _ fields: [(name: String, value: String)] = [], method: String = "GET"
    ) -> Int? {
        let host = [(name: "Host", value: "127.0.0.1")]
        switch Gate().verdict(on: Gate.Head(method, target, host + fields)) {
        case .pass: return nil
        case .refuse(let refusal): return refusal.status
        }
    }

    @Test func addressesHaveALength() {
        #expect(status("/" + String(repeating: "a", count: 8191)) == nil)
        #expect(status("/" + String(repeating: "a", count: 8192)) == 414)
    }

    @Test func headersHaveANumberAndALength() {
        let many = (0..<99).map { (name: "X-\($0)", value: "a") }
        #expect(status("/", many) == nil)
        #expect(status("/", many + [(name: "X", value: "a")]) == 431)
        // The name and the value of Host count, and four bytes for each line.
        let rest = (16 << 10) - "Host127.0.0.1".utf8.count - 4 - "X".utf8.count - 4
        func long(_ length: Int) -> Int? {
            status("/", [(name: "X", value: String(repeating: "a", count: length))])
        }
        #expect(long(rest) == nil)
        #expect(long(rest + 1) == 431)
    }

    @Test(arguments: [
        ("/sdapi/v1/txt2img", 64 << 20), ("/controlnet/detect", 64 << 20),
        ("/internal/progress", 1 << 20),
    ])
    func bodiesHaveALength(_ target: String, _ most: Int) {
        func status(_ length: Int) -> Int? {
            self.status(
                target,
                [
                    (name: "Content-Type", value: "application/json"),
                    (name: "Content-Length", value: "\(length)"),
                ], method: "POST")
        }
        #expect(status(most) == nil)
        #expect(status(most + 1) == 413)
    }

    private func isRead(_ body: String, as form: RequestBody) -> Bool {
        (try? form.order(in: Data(body.utf8))) != nil
    }

    @Test func jsonHasADepth() {
        func body(_ depth: Int) -> String {
            let lists = String(repeating: "[", count: depth - 1)
            return #"{"prompt": "a", "styles": "# + lists + String(lists.map { _ in "]" }) + "}"
        }
        #expect(isRead(body(32), as: .txt2img))
        #expect(!isRead(body(33), as: .txt2img))
    }

    @Test func jsonHasSoManyParts() {
        func body(_ parts: Int) -> String {
            // The prompt and the list are members, too.
            let zeros = [String](repeating: "0", count: parts - 2).joined(separator: ",")
            return #"{"prompt": "a", "styles": ["# + zeros + "]}"
        }
        #expect(isRead(body(20_000), as: .txt2img))
        #expect(!isRead(body(20_001), as: .txt2img))
    }

    /// The page sends 8000 points of a selection's strokes at the most.
    @Test func jsonHasRoomForTheStrokesOfASelection() async throws {
        try await RunningServer.with { server in
            let picture = try Image(
                width: 16, height: 16, channels: 3,
                samples: (0..<768).map { $0 % 48 < 24 ? 10 : 200 }
            ).encoded(as: .png)
            let sent = try await server.ask(
                "POST", "/api/v1/pictures", picture, type: "image/png")
            let source = try #require(sent.json["id"] as? String)
            let stroke = (0..<80).flatMap { [$0 % 8, $0 / 8] }
            let answer = try await server.ask(
                "POST", "/api/v1/mask/select",
                ["source": source, "keep": Array(repeating: stroke, count: 100)])
            #expect(answer.status == 200 && answer.body.count == 256)
        }
    }

    @Test(arguments: [(RequestBody.txt2img, 64 << 10), (.openAI, 32_000)])
    func promptsHaveALength(_ form: RequestBody, _ most: Int) {
        func body(_ length: Int) -> String {
            #"{"prompt": ""# + String(repeating: "a", count: length) + "\"}"
        }
        #expect(isRead(body(most), as: form))
        #expect(!isRead(body(most + 1), as: form))
    }

    /// Numbers beyond what an integer holds are cut, not trapped on.
    @Test(arguments: ["1e300", "-1e300", "9223372036854775807", "0.5"])
    func numbersMayHaveAnySize(_ number: String) throws {
        let picture = #""prompt": "a", "init_images": ["aGk="]"#
        for rest in [
            #""script_name": "outpainting mk2", "script_args": [null, \#(number), 8, ["left"]]"#,
            #""script_name": "poor man's outpainting", "script_args": [\#(number)]"#,
            #""script_name": "sd upscale", "script_args": [null, \#(number), "None", \#(number)]"#,
            #""script_name": "loopback", "script_args": [\#(number)], "n_iter": \#(number)"#,
            #""script_name": "loopback", "script_args": [4], "n_iter": \#(number)"#,
            #""override_settings": {"eta_noise_seed_delta": \#(number), "jpeg_quality": \#(number), "samples_format": "jpg", "CLIP_stop_at_last_layers": \#(number)}"#,
        ] {
            _ = try? RequestBody.img2img.order(in: Data("{\(picture), \(rest)}".utf8))
        }
        let order = try RequestBody.img2img.order(
            in: Data(
                #"{\#(picture), "override_settings": {"eta_noise_seed_delta": 31337}}"#.utf8))
        #expect(order.settings["seed_delta"] == "31337")
    }

    @Test func formsHaveSoManyParts() throws {
        func parts(_ count: Int, head: Int = 0) throws -> Int {
            var reader = try MultipartReader(contentType: "multipart/form-data; boundary=b")
            let line = "Content-Disposition: form-data; name=\"a\""
            let filler = head > 0 ? "\r\nX: " : ""
            let rest = String(
                repeating: "x", count: max(head - line.utf8.count - filler.utf8.count - 2, 0))
            let part = "--b\r\n\(line)\(filler)\(rest)\r\n\r\nhi\r\n"
            try reader.read((String(repeating: part, count: count) + "--b--").utf8)
            return try reader.finished().count
        }
        #expect(try parts(32) == 32)
        #expect(throws: MultipartReader.Failure.tooManyParts) { try parts(33) }
        #expect(try parts(1, head: 8 << 10) == 1)
        #expect(throws: MultipartReader.Failure.headTooLong) {
            try parts(1, head: (8 << 10) + 1)
        }
    }

    @Test func addressesOfOthersHaveSoManyConnections() {
        let count = ConnectionCount()
        let taken = (0..<33).filter { _ in count.enter("192.0.2.1") }
        #expect(taken.count == 32)
        #expect(count.enter("192.0.2.2"))
        count.leave("192.0.2.1")
        #expect(count.enter("192.0.2.1"))
        #expect((0..<300).filter { _ in count.enter("127.0.0.1") }.count == 256 - 33)
    }

    @Test func bodiesHaveASizeInAll() {
        let budget = BodyBudget()
        #expect(budget.reserve(512 << 20))
        #expect(!budget.reserve(1))
        budget.release(1)
        #expect(budget.reserve(1))
    }

    @Test func theLargestBodyThatIsAllowedIsTaken() async throws {
        try await RunningServer.with {
            $0.bodyLimit = 1 << 30
        } _: { server in
            let head = [
                "POST /api/v1/pictures HTTP/1.1", "Host: localhost", "Content-Type: image/png",
                "Expect: 100-continue", "Content-Length: \(600 << 20)", "", "",
            ].joined(separator: "\r\n")
            let port = server.port
            let begun = try await onThread {
                let socket = try Socket(port)
                defer { socket.close() }
                try socket.write(Data(head.utf8))
                return socket.read(seconds: 10, least: 12).bytes
            }
            #expect(String(decoding: begun, as: UTF8.self).hasPrefix("HTTP/1.1 100"))
        }
    }

    @Test(arguments: [(1, 64), (64, 1), (8, 8)])
    func jobsHaveSoManyPictures(_ size: Int, _ rounds: Int) throws {
        func pictures(_ size: Int, _ rounds: Int) throws -> Int {
            let body = #"{"prompt": "a", "batch_size": \#(size), "n_iter": \#(rounds)}"#
            return try RequestBody.txt2img.order(in: Data(body.utf8)).pictures
        }
        #expect(try pictures(size, rounds) == Order.mostPictures)
        #expect(throws: (any Error).self) { try pictures(size, rounds + 1) }
        #expect(throws: (any Error).self) { try pictures(size + 1, rounds) }
        #expect(throws: (any Error).self) { try pictures(64, 64) }
    }

    @Test func loopsHaveSoManyPictures() throws {
        func pictures(_ loops: Int, _ rounds: Int) throws -> Int {
            let body = #"""
                {"init_images": ["aGk="], "script_name": "loopback", "script_args": [\#(loops)],
                "n_iter": \#(rounds)}
                """#
            return try RequestBody.img2img.order(in: Data(body.utf8)).pictures
        }
        #expect(try pictures(16, 4) == 64)
        #expect(throws: (any Error).self) { try pictures(13, 5) }
    }

    @Test func soManyJobsWait() async throws {
        try await RunningServer.with { server in
            _ = try await server.ask("POST", "/api/v1/queue/pause")
            func status() async throws -> Answer {
                try await server.ask(
                    "POST", "/api/v1/jobs",
                    ["verb": "txt2img", "settings": ["prompt": "a", "width": 64, "height": 64]])
            }
            for _ in 0..<64 { #expect(try await status().status == 202) }
            let refused = try await status()
            #expect(refused.status == 429)
            #expect(refused.header("Retry-After") != nil)
            _ = try await server.ask("POST", "/api/v1/queue/clear")
            #expect(try await status().status == 202)
        }
    }

    @Test func soManyListenToEvents() async throws {
        let hub = EventHub()
        var streams: [AsyncStream<Event>] = []
        for _ in 0..<EventHub.streamLimit { streams.append(try await hub.listen()) }
        #expect(streams.count == 32)
        await #expect(throws: (any Error).self) { try await hub.listen() }
        // A stream that ends makes room.
        let last = streams.removeLast()
        let reading = Task { for await _ in last {} }
        reading.cancel()
        await reading.value
        for _ in 0..<500 {
            if (try? await hub.listen()) != nil { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("an ended stream keeps its place")
    }

    @Test func gridsHaveASize() {
        // 20 pictures of 1788 x 1788 are 63.9 megapixels, of 1790 x 1790 they are 64.1.
        let places = ResultGrid(20)
        #expect((places.rows, places.columns) == (4, 5))
        #expect(places.pixels(1788, 1788) != nil)
        #expect(places.pixels(1790, 1790) == nil)
    }
}
