import Foundation
import GessoServer
import Testing

@Suite("What a server frees and removes by itself")
struct UpkeepTests {
    /// Makes a picture, and waits for it.
    private func paint(_ server: RunningServer) async throws -> String {
        let queued = try await server.ask(
            "POST", "/api/v1/jobs",
            [
                "verb": "txt2img",
                "settings": ["prompt": "x", "steps": 1, "width": 64, "height": 64],
            ])
        let id = try #require(queued.json["id"] as? String)
        for _ in 0..<600 {
            let job = try await server.ask("GET", "/api/v1/jobs/\(id)").json
            if job["state"] as? String == "done" { return id }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("the job does not end")
        return id
    }

    private func results(_ server: RunningServer) async throws -> [[String: Any]] {
        try await server.ask("GET", "/api/v1/gallery").json["items"] as? [[String: Any]] ?? []
    }

    @Test("Models are freed some time after the last job, and loaded again by the next")
    func unload() async throws {
        try await RunningServer.with {
            $0.unloadAfter = .seconds(1)
        } _: { server in
            for _ in 0..<2 {
                _ = try await paint(server)
                var isFree = false
                for _ in 0..<600 where !isFree {
                    let counts = try await server.ask("GET", "/metrics").text
                    isFree = counts.contains("gesso_models_loaded 0\n")
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(isFree)
            }
        }
    }

    @Test("Results that are too old go with their jobs, but for those with a star")
    func keep() async throws {
        let first = try await RunningServer.start()
        let (old, starred) = (try await paint(first), try await paint(first))
        let id = try #require(
            try await results(first).first { $0["job"] as? String == starred }?["id"] as? Int)
        #expect(
            try await first.ask("PATCH", "/api/v1/gallery/\(id)", ["star": true]).status == 200)
        await first.stop(keepsFolder: true)
        let second = try await RunningServer.start(in: first.folder) { $0.keptSeconds = 0 }
        for _ in 0..<600 where try await results(second).count > 1 {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(try await results(second).map { $0["job"] as? String } == [starred])
        #expect(try await second.ask("GET", "/api/v1/jobs/\(old)").status == 404)
        await second.stop()
    }

    @Test("Over the limit of the disk the oldest results go, but for those with a star")
    func quota() async throws {
        let first = try await RunningServer.start()
        let starred = try await paint(first)
        let id = try #require(try await results(first).first?["id"] as? Int)
        #expect(
            try await first.ask("PATCH", "/api/v1/gallery/\(id)", ["star": true]).status == 200)
        let older = [try await paint(first), try await paint(first)]
        #expect(
            try await results(first).map { $0["job"] as? String } == [older[1], older[0], starred])
        await first.stop(keepsFolder: true)
        let sizes = try FileManager.default.subpathsOfDirectory(
            atPath: first.folder.appending(path: "pictures").path
        ).compactMap {
            try first.folder.appending(path: "pictures/\($0)")
                .resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey])
        }.filter { $0.isRegularFile == true }.compactMap(\.fileSize)
        try #require(sizes.count == 3)
        // Pictures of one size differ little in bytes, so that this has room for two of them.
        let room = 5 * sizes.reduce(0, +) / 6
        let second = try await RunningServer.start(in: first.folder) { $0.quota = room }
        let newest = try await paint(second)
        for _ in 0..<600 where try await results(second).count > 2 {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(try await results(second).map { $0["job"] as? String } == [newest, starred])
        await second.stop()
    }
}
