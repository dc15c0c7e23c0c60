import Foundation
import GessoHub
import HubServer
import Synchronization
import Testing

@Suite("Downloads into the cache of Hugging Face's tools")
struct DownloadTests {
    private static let needed = [
        "feature_extractor/preprocessor_config.json", "model_index.json",
        "safety_checker/config.json", "safety_checker/model.fp16.safetensors",
        "scheduler/scheduler_config.json", "text_encoder/config.json",
        "text_encoder/model.fp16.safetensors", "tokenizer/merges.txt",
        "tokenizer/tokenizer_config.json", "tokenizer/vocab.json", "unet/config.json",
        "unet/diffusion_pytorch_model.fp16.safetensors", "vae/config.json",
        "vae/diffusion_pytorch_model.fp16.safetensors",
    ]

    @Test("a model is its needed files, as links to their bytes by hash")
    func layout() async throws {
        try await Trial.run { trial in
            let snapshot = try await trial.download()
            #expect(try trial.paths(snapshot) == Self.needed)
            #expect(Self.needed.allSatisfy { trial.isWhole($0, in: snapshot) })
            let commit = String(repeating: "0a", count: 20)
            let reference = trial.folder.appending(path: "refs/main")
            #expect(try String(contentsOf: reference, encoding: .utf8) == commit)
            #expect(snapshot.lastPathComponent == commit)
            let blob = try #require(Trial.model.first { $0.path == Trial.unet }).blob
            let link = try FileManager.default.destinationOfSymbolicLink(
                atPath: snapshot.appending(path: Trial.unet).path)
            #expect(link == "../../../blobs/\(blob)")
            let lock = trial.settings.cache.appending(path: ".locks/models--org--name/\(blob).lock")
            #expect(FileManager.default.fileExists(atPath: lock.path))
            #expect(trial.drafts.isEmpty)
        }
    }

    @Test("a second download asks for no file")
    func again() async throws {
        try await Trial.run { trial in
            try await trial.download()
            let count = trial.server.requests.count
            let snapshot = try await trial.download()
            let later = trial.server.requests.dropFirst(count)
            #expect(later.allSatisfy { $0.target.hasPrefix("/api/") })
            #expect(try trial.paths(snapshot) == Self.needed)
        }
    }

    @Test("what is downloaded counts up to the whole, however it arrives")
    func progress() async throws {
        try await Trial.run { trial in
            trial.server.fail(
                "storage:" + Trial.unet, [.cut(after: 9_000), .otherBytes, .wholeFile])
            let download = Download(trial.settings)
            let plan = try await download.plan(trial.repository, FileChoice())
            let counts = Mutex<[(Int, Int)]>([])
            #expect(download.missingBytes(plan) == plan.files.reduce(0) { $0 + $1.size })
            _ = try await download.run(plan) { done, total in
                counts.withLock { $0.append((done, total)) }
            }
            let seen = counts.withLock { $0 }
            #expect(seen.first?.0 == 0)
            #expect(seen.last.map { $0.0 == $0.1 } == true)
            #expect(seen.map(\.0).max() == seen.last?.1)
            #expect(download.missingBytes(plan) == 0)
        }
    }

    @Test("the token is shown to the hub and to nobody else")
    func token() async throws {
        try await Trial.run(token: HubServer.token) {
            $0.isGated = true
        } _: { trial in
            try await trial.download()
            let requests = trial.server.requests
            let ofHub = requests.filter { $0.server == "hub" }
            #expect(ofHub.allSatisfy { $0.authorization == "Bearer " + HubServer.token })
            let ofStorage = requests.filter { $0.server == "storage" }
            #expect(ofStorage.count == 4)
            #expect(ofStorage.allSatisfy { $0.authorization == nil })
        }
    }

    @Test("an earlier run's part is taken up")
    func resumed() async throws {
        try await Trial.run { trial in
            let file = try #require(Trial.model.first { $0.path == Trial.unet })
            let blobs = trial.folder.appending(path: "blobs")
            try FileManager.default.createDirectory(at: blobs, withIntermediateDirectories: true)
            try file.bytes.prefix(7_000)
                .write(to: blobs.appending(path: file.blob + ".incomplete"))
            let snapshot = try await trial.download()
            #expect(trial.isWhole(Trial.unet, in: snapshot))
            #expect(trial.unetRequests.compactMap(\.range) == ["bytes=7000-"])
        }
    }

    @Test("two downloads at once share the work")
    func together() async throws {
        try await Trial.run { trial in
            async let first = trial.download()
            async let second = trial.download()
            let snapshots = try await [first, second]
            #expect(snapshots[0] == snapshots[1])
            #expect(trial.isWhole(Trial.unet, in: snapshots[0]))
            #expect(trial.unetRequests.filter { $0.server == "storage" }.count == 1)
        }
    }

    @Test("a full disk is noticed before the first byte")
    func room() async throws {
        try await Trial.run { trial in
            let download = Download(trial.settings)
            var plan = try await download.plan(trial.repository, FileChoice())
            let huge = HubServer.File("huge.safetensors", Data())
            plan.files = [RemoteFile(path: huge.path, size: 1 << 60, blob: huge.blob)]
            let error = #expect(throws: HubError.self) { try download.checkRoom(plan) }
            #expect(error?.exitCode == 74)
        }
    }

    @Test("a licence is asked for once")
    func licenses() throws {
        let folder = URL.temporaryDirectory.appending(path: "gesso-hub-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let repository = try Repository("org/name")
        let book = LicenseBook(folder: folder)
        #expect(!book.asks(for: "mit", of: repository))
        #expect(book.asks(for: "creativeml-openrail-m", of: repository))
        book.accept("creativeml-openrail-m", of: repository)
        #expect(!LicenseBook(folder: folder).asks(for: "creativeml-openrail-m", of: repository))
        #expect(book.asks(for: "another", of: repository))
        #expect(try book.asks(for: "creativeml-openrail-m", of: Repository("org/other")))
    }
}
