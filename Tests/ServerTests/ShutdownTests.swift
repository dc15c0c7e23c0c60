import Foundation
import GessoServer
import Testing

@Suite("A server that is told to end")
struct ShutdownTests {
    private static var slow: [String: Any] {
        ["prompt": "x", "steps": 900, "width": 256, "height": 256]
    }

    /// Waits until a job has made a step.
    private func waitForAStep(of server: RunningServer) async throws {
        for _ in 0..<1200 {
            let queue = try await server.ask("GET", "/api/v1/queue").json
            let progress = queue["progress"] as? [String: Any]
            if (progress?["step"] as? Int ?? 0) > 0 { return }
            try await Task.sleep(for: .milliseconds(25))
        }
        Issue.record("no job begins")
    }

    /// A connection that is read until the server closes it.
    private func opened(_ request: String, on server: RunningServer) -> Task<Data, any Error> {
        let port = server.port
        return Task {
            try await onThread {
                let socket = try Socket(port)
                defer { socket.close() }
                try socket.write(Data(request.utf8))
                return socket.read(seconds: 60).bytes
            }
        }
    }

    @Test("Streams end whole, waiting clients are told so, and the job counts as not begun")
    func orderly() async throws {
        let server = try await RunningServer.start()
        let queued = try await server.ask(
            "POST", "/api/v1/jobs", ["verb": "txt2img", "settings": Self.slow])
        let id = try #require(queued.json["id"] as? String)
        try await waitForAStep(of: server)
        let stream = opened(
            "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n", on: server)
        let idle = opened("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", on: server)
        let body = #"{"prompt": "x", "steps": 1, "width": 64, "height": 64}"#
        let waiting = opened(
            "POST /sdapi/v1/txt2img HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)", on: server)
        for _ in 0..<1200 {
            let active = try await server.ask("GET", "/api/v1/queue").json["jobs"] as? [Any]
            if active?.count == 2 { break }
            try await Task.sleep(for: .milliseconds(25))
        }
        let began = ContinuousClock.now
        await server.stop(keepsFolder: true)
        #expect(ContinuousClock.now - began < .seconds(6))
        let (events, pong) = (try await stream.value, try await idle.value)
        #expect(String(decoding: events, as: UTF8.self).hasSuffix("0\r\n\r\n"))
        #expect(String(decoding: pong, as: UTF8.self).hasSuffix("ok\n"))
        let refused = Socket.answer(in: (try await waiting.value, true))
        #expect(refused.status == 503, "\(refused.head)")
        #expect(refused.header("Retry-After") != nil)

        let store = try Store(server.folder)
        defer { try? FileManager.default.removeItem(at: server.folder) }
        let row = try #require(try await store.job(id))
        #expect(row.state == .queued)
        #expect(row.attempts == 0)
        // Of the other the client is gone: it ends with the next start.
        let waited = try #require(try await store.activeJobs().first { $0.id != id })
        try await store.recover()
        let lost = try #require(try await store.job(waited.id))
        #expect(lost.state == .cancelled)
        #expect(lost.finished != nil)
        #expect(lost.seq > waited.seq)
    }
}
