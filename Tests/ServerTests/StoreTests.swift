import Foundation
import Gesso
import GessoServer
import Testing

@Suite("Files of the data folder")
struct StoreTests {
    private func withFolder(_ work: (URL) async throws -> Void) async throws {
        let folder = URL.temporaryDirectory.appending(path: "gesso-store-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await work(folder)
    }

    private func keep(_ data: Data, in store: Store) async throws -> PictureRow {
        try await store.keep(data, type: "image/png", width: 1, height: 1, hasAlpha: false)
    }

    private func write(_ path: String, age: Double) throws {
        try FileManager.default.createDirectory(
            atPath: URL(filePath: path).deletingLastPathComponent().path,
            withIntermediateDirectories: true)
        try Data("x".utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes(
            [.modificationDate: Date.now - age], ofItemAtPath: path)
    }

    @Test("Smaller views go with their picture, of whatever size")
    func views() async throws {
        try await withFolder { folder in
            let store = try Store(folder)
            let kept = try await keep(Data("a".utf8), in: store).sha
            let gone = String(repeating: "ab", count: 32)
            func view(_ sha: String, _ side: Int) -> String {
                folder.path + "/thumbnails/\(side)/\(sha.prefix(2))/\(sha).jpg"
            }
            let sides = [256, 512, 1024, 2048]
            for side in sides {
                for sha in [kept, gone] { try write(view(sha, side), age: 7200) }
                try write(view(gone, side) + ".draft", age: 7200)
            }
            try await store.sweep()
            let files = FileManager.default
            for side in sides {
                #expect(files.fileExists(atPath: view(kept, side)))
                #expect(!files.fileExists(atPath: view(gone, side)))
                #expect(!files.fileExists(atPath: view(gone, side) + ".draft"))
            }
        }
    }

    @Test("A picture that is kept again outlives a sweep before its row is there")
    func keptAgain() async throws {
        try await withFolder { folder in
            let store = try Store(folder)
            let data = Data("a".utf8)
            let sha = try store.writeFile(
                data, type: "image/png", width: 1, height: 1, hasAlpha: false
            ).sha
            let path = folder.path + "/pictures/\(sha.prefix(2))/\(sha)"
            try write(path, age: 7200)
            _ = try store.writeFile(
                data, type: "image/png", width: 1, height: 1, hasAlpha: false)
            try await store.sweep()
            #expect(FileManager.default.fileExists(atPath: path))
            try write(path, age: 7200)
            try await store.sweep()
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test("Only its user can read the database and the files beside it, in an open folder, too")
    func modes() async throws {
        try await withFolder { folder in
            let files = FileManager.default
            try files.createDirectory(
                at: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755])
            let store = try Store(folder)
            _ = try await keep(Data("a".utf8), in: store)
            for name in ["gesso.sqlite", "gesso.sqlite-wal", "gesso.sqlite-shm"] {
                let attributes = try files.attributesOfItem(
                    atPath: folder.appending(path: name).path)
                #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(name)")
            }
        }
    }

    @Test("What cannot be written is answered without a path")
    func noPaths() async throws {
        try await RunningServer.with { server in
            // Files stand where the folders of pictures would be.
            for part in 0..<256 {
                let name = (part < 16 ? "0" : "") + String(part, radix: 16)
                try Data().write(to: server.folder.appending(path: "pictures/\(name)"))
            }
            let picture = try Image(width: 1, height: 1, channels: 3, samples: [0, 0, 0])
                .encoded(as: .png)
            let answer = try await server.ask(
                "POST", "/api/v1/pictures", picture, type: "image/png")
            #expect(answer.status == 500)
            #expect(answer.text.contains("the data folder: it could not be written"))
            #expect(!answer.text.contains(server.folder.path))
        }
    }

    @Test("A damaged model is named without its folder")
    func damagedModels() async throws {
        try await withFolder { root in
            let folder = root.appending(path: "my own models")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(repeating: 9, count: 3000).write(
                to: folder.appending(path: "bad.safetensors"))
            var places = Places()
            places.models = [folder]
            try await RunningServer.with {
                $0.library = Library(places)
            } _: { server in
                let planned = try await server.ask(
                    "POST", "/api/v1/plan",
                    [
                        "verb": "txt2img", "model": "bad.safetensors",
                        "settings": ["prompt": "a", "width": 64, "height": 64],
                    ])
                let made = try await server.ask(
                    "POST", "/sdapi/v1/txt2img",
                    [
                        "prompt": "a", "width": 64, "height": 64,
                        "override_settings": ["sd_model_checkpoint": "bad.safetensors"],
                    ])
                for (answer, status) in [(planned, 422), (made, 500)] {
                    #expect(answer.status == status)
                    #expect(answer.text.contains("\"bad.safetensors: "), "\(answer.text)")
                    #expect(!answer.text.contains(root.lastPathComponent))
                }
            }
        }
    }

    @Test("A place before the first is before all, whatever was asked just before")
    func places() async throws {
        try await RunningServer.with { server in
            _ = try await server.ask("POST", "/api/v1/queue/pause")
            _ = try await server.ask(
                "POST", "/api/v1/jobs",
                ["verb": "txt2img", "settings": ["prompt": "a", "width": 64, "height": 64]])
            func count(_ query: String) async throws -> Int? {
                let list = try await server.ask("GET", "/api/v1/jobs" + query).json["items"]
                return (list as? [Any])?.count
            }
            #expect(try await count("") == 1)
            #expect(try await count("?before=-1") == 0)
        }
    }

    @Test("A client that missed many changes gets all of them, some hundred at a time")
    func missedChanges() async throws {
        try await RunningServer.with { server in
            _ = try await server.ask("POST", "/api/v1/queue/pause")
            var id = ""
            for number in 1...230 {
                let job = try await server.ask(
                    "POST", "/api/v1/jobs",
                    ["verb": "txt2img", "settings": ["prompt": "a", "width": 64, "height": 64]])
                id = try #require(job.json["id"] as? String)
                if number.isMultiple(of: 46) {
                    _ = try await server.ask("POST", "/api/v1/queue/clear")
                }
            }
            let answer = try await server.ask("GET", "/api/v1/events?after=0")
            let numbers = answer.text.split(separator: "\n").filter { $0.hasPrefix("id: ") }
            #expect(numbers.count == 200)
            let last = try #require(numbers.last.flatMap { Int($0.dropFirst(4)) })
            let (port, newest) = (server.port, id)
            let rest = try await onThread {
                let socket = try Socket(port)
                defer { socket.close() }
                try socket.write(
                    Data(
                        "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: \(last)\r\n\r\n"
                            .utf8))
                var bytes = Data()
                for _ in 0..<50 where bytes.range(of: Data(newest.utf8)) == nil {
                    bytes += socket.read(seconds: 0.2).bytes
                }
                return Socket.answer(in: (bytes, false)).text
            }
            #expect(rest.split(separator: "\n").count { $0.hasPrefix("id: ") } == 30)
            // Of a job that has ended there is no more.
            let ended = try await server.ask("GET", "/api/v1/jobs/\(id)/events?after=1000000")
            #expect(ended.status == 204)
        }
    }

    private func paint(_ prompt: String, on server: RunningServer) async throws {
        let answer = try await server.ask(
            "POST", "/sdapi/v1/txt2img",
            ["prompt": prompt, "steps": 1, "width": 64, "height": 64, "save_images": true])
        #expect(answer.status == 200, "\(answer.text)")
    }

    private func gallery(_ query: String, on server: RunningServer) async throws -> [Int] {
        let answer = try await server.ask("GET", "/api/v1/gallery" + query)
        let items = try #require(answer.json["items"] as? [[String: Any]], "\(answer.text)")
        return items.compactMap { $0["id"] as? Int }
    }

    @Test("What is in the trash stays when finished jobs are removed")
    func prune() async throws {
        try await RunningServer.with { server in
            try await paint("a", on: server)
            let id = try #require(try await gallery("", on: server).first)
            #expect(try await server.ask("DELETE", "/api/v1/gallery/\(id)").status == 200)
            #expect(try await server.ask("POST", "/api/v1/queue/prune", [:]).status == 200)
            let back = try await server.ask("PATCH", "/api/v1/gallery/\(id)", ["deleted": false])
            #expect(back.status == 200)
            #expect(try await gallery("", on: server) == [id])
        }
    }

    @Test("A search finds capitals and small letters of any alphabet, and signs as they are")
    func search() async throws {
        try await RunningServer.with { server in
            try await paint("ÄPFEL am Fluß, Яблоко, 50%", on: server)
            for (text, count) in [
                ("äpfel", 1), ("ÄPFEL", 1), ("яблоко", 1), ("FLUß", 1), ("50%", 1), ("5_%", 0),
            ] {
                let coded = try #require(
                    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
                let found = try await gallery("?q=\(coded)", on: server)
                #expect(found.count == count, "\(text)")
            }
            #expect(try await gallery("?star=True", on: server).isEmpty)
            for query in ["star=maybe", "limit=1e3", "before=x"] {
                let answer = try await server.ask("GET", "/api/v1/gallery?\(query)")
                #expect(answer.status == 422, "\(query)")
            }
        }
    }
}
