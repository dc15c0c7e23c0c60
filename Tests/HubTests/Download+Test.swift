import Foundation
import GessoHub
import HubServer
import Synchronization

/// A download from a hub of a test's own into a cache of its own.
struct Trial: Sendable {
    let server: HubServer
    let settings: HubSettings
    let repository: Repository

    /// A whole model in diffusers' layout, its files as large as they need be.
    static let model: [HubServer.File] = {
        let texts = [
            "model_index.json", "README.md", "scheduler/scheduler_config.json", "unet/config.json",
            "vae/config.json", "text_encoder/config.json", "safety_checker/config.json",
            "feature_extractor/preprocessor_config.json", "tokenizer/vocab.json",
            "tokenizer/merges.txt", "tokenizer/tokenizer_config.json", "tokenizer/empty.txt",
        ]
        let weights = [
            "unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "text_encoder/model",
            "safety_checker/model",
        ]
        return texts.map { HubServer.File($0, Data($0.utf8)) }
            + weights.flatMap { name in
                [
                    HubServer.File(name + ".safetensors", noise(40_000, name)),
                    HubServer.File(name + ".fp16.safetensors", noise(20_000, name + "16")),
                    HubServer.File(name + ".bin", noise(1_000, name), isLarge: true),
                ]
            } + [
                HubServer.File("v1-5-pruned-emaonly.safetensors", noise(50_000, "v1")),
                HubServer.File("v1-5-pruned.ckpt", noise(1_000, "v1"), isLarge: true),
            ]
    }()

    /// The file that most tests break.
    static let unet = "unet/diffusion_pytorch_model.fp16.safetensors"

    /// Runs a test against a hub that has the repository `org/name`.
    ///
    /// - Parameter change: of the repository.
    static func run(
        _ files: [HubServer.File] = Trial.model, token: String? = nil,
        _ change: (inout HubServer.Repository) -> Void = { _ in },
        _ body: (Trial) async throws -> Void
    ) async throws {
        var repository = HubServer.Repository("org/name", files)
        change(&repository)
        let server = try HubServer([repository])
        let home = URL.temporaryDirectory.appending(path: "gesso-hub-\(UUID().uuidString)")
        defer {
            server.stop()
            try? FileManager.default.removeItem(at: home)
        }
        var environment = ["HOME": home.path, "HF_ENDPOINT": server.address]
        environment["HF_TOKEN"] = token
        var settings = try HubSettings(environment: environment)
        (settings.pause, settings.patience) = (0.01, 2)
        try await body(
            Trial(server: server, settings: settings, repository: Repository("org/name")))
    }

    /// Downloads and returns the snapshot's folder.
    @discardableResult
    func download(_ choice: FileChoice = FileChoice()) async throws -> URL {
        let download = Download(settings)
        let plan = try await download.plan(repository, choice)
        let last = Mutex(0)
        let snapshot = try await download.run(plan) { done, _ in last.withLock { $0 = done } }
        return snapshot
    }

    /// The error of a download that must fail.
    func failure(_ choice: FileChoice = FileChoice()) async -> HubError? {
        do {
            try await download(choice)
            return nil
        } catch {
            return error as? HubError
        }
    }

    /// The paths in a snapshot.
    func paths(_ snapshot: URL) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: snapshot.path)
            .filter { path in
                var isFolder: ObjCBool = false
                return FileManager.default.fileExists(
                    atPath: snapshot.appending(path: path).path, isDirectory: &isFolder)
                    && !isFolder.boolValue
            }.sorted()
    }

    /// Whether a file of a snapshot has the bytes that the server has.
    func isWhole(_ path: String, in snapshot: URL) -> Bool {
        let bytes = try? Data(contentsOf: snapshot.appending(path: path))
        return bytes != nil && bytes == Self.model.first { $0.path == path }?.bytes
    }

    /// The folder of the repository in the cache.
    var folder: URL { settings.cache.appending(path: "models--org--name") }

    /// Names of the files that are not whole.
    var drafts: [String] {
        let blobs = folder.appending(path: "blobs").path
        return ((try? FileManager.default.contentsOfDirectory(atPath: blobs)) ?? [])
            .filter { $0.hasSuffix(".incomplete") }
    }

    /// Requests for the file that most tests break.
    var unetRequests: [HubServer.Request] {
        let blob = Self.model.first { $0.path == Self.unet }?.blob ?? ""
        return server.requests.filter { $0.target.contains(blob) }
    }
}

/// Bytes that no compression shortens, always the same for a text.
private func noise(_ count: Int, _ text: String) -> Data {
    var state = text.utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
        ($0 ^ UInt64($1)) &* 1_099_511_628_211
    }
    return Data(
        (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        })
}
