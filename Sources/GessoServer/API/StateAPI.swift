import Files
import Foundation
import Gesso
import HTTPTypes
import Hummingbird

extension GessoServer {
    /// What supervisors and programs ask before they begin.
    var stateRoutes: [Route] {
        [
            Route(
                .get, "/api/v1/capabilities", "Verbs, formats and limits of this server",
                success: .init(schema: ["type": "object"])
            ) { _ in .json(capabilities) },
            Route(
                .get, "/healthz", "Whether the process answers", success: .init(type: "text/plain")
            ) { _ in Self.text("ok\n") },
            Route(.get, "/readyz", "Whether jobs are taken", success: .init(type: "text/plain")) {
                _ in
                guard await !queue.isStopping, await !queue.isPaused else {
                    throw Complaint(503, "The queue is paused")
                }
                return Self.text("ok\n")
            },
            Route(
                .get, "/metrics", "Counts in Prometheus' text format",
                success: .init(type: "text/plain")
            ) { _ in Self.text(try await metrics()) },
        ]
    }

    private static func text(_ text: String) -> Response {
        .bytes(Data(text.utf8), type: "text/plain; charset=utf-8")
    }

    private var capabilities: JSONValue {
        func names(_ all: [String]) -> JSONValue { .array(all.map { .string($0) }) }
        return [
            "version": .string(Program.name),
            "verbs": names(Verb.allCases.map(\.rawValue)),
            "formats": names(ImageFormat.written.map { "\($0)" }),
            "models": names(engine.names.models), "loras": names(engine.names.loras),
            "embeddings": names(engine.names.embeddings), "autoencoders": names(engine.names.vaes),
            "maxBodyBytes": .integer(Int64(configuration.bodyLimit)),
            "maxPictures": .integer(Int64(Order.mostPictures)),
        ]
    }

    private func metrics() async throws -> String {
        let counts = try await store.jobCounts()
        var lines = ["# HELP gesso_jobs Jobs by state.", "# TYPE gesso_jobs gauge"]
        lines += JobState.allCases.map { "gesso_jobs{state=\"\($0.rawValue)\"} \(counts[$0] ?? 0)" }
        func gauge(_ name: String, _ help: String, _ value: Int64?) {
            guard let value else { return }
            lines += ["# HELP \(name) \(help)", "# TYPE \(name) gauge", "\(name) \(value)"]
        }
        gauge("gesso_queue_paused", "Whether the queue is paused.", await queue.isPaused ? 1 : 0)
        gauge(
            "gesso_models_loaded", "Models that are in memory.", Int64(engine.library.loadedModels))
        gauge(
            "gesso_memory_available_bytes", "Memory that a model may still take.",
            availableMemory().map { Int64($0) })
        gauge(
            "gesso_disk_free_bytes", "Space left where results are kept.",
            store.freeBytes().map { Int64($0) })
        return lines.joined(separator: "\n") + "\n"
    }
}
