import Foundation
import Logging

/// What is done while nothing else is: models that nobody uses are freed, and results that are too old
/// are removed.
struct Upkeep: Sendable {
    private let configuration: ServerConfiguration
    private let queue: Queue

    init(_ configuration: ServerConfiguration, _ queue: Queue) {
        (self.configuration, self.queue) = (configuration, queue)
    }

    /// Looks once a minute, or more often where models are freed sooner, until its task is cancelled.
    func run() async {
        let pause = min(.seconds(60), max(configuration.unloadAfter ?? .seconds(60), .seconds(1)))
        var lastExpiry: ContinuousClock.Instant?
        while !Task.isCancelled {
            if let time = configuration.unloadAfter { await queue.unloadModels(after: time) }
            if let age = configuration.keptSeconds,
                lastExpiry.map({ .now - $0 >= .seconds(3600) }) ?? true
            {
                lastExpiry = .now
                await queue.removeResults(olderThan: age)
            }
            try? await Task.sleep(for: pause)
        }
    }
}

extension Queue {
    /// Removes results without a star that are older than some seconds, and their jobs.
    func removeResults(olderThan age: Double) async {
        do {
            try await store.removeResults(before: Date.now.timeIntervalSince1970 - age)
        } catch {
            logger.warning("Old results could not be removed: \(error)")
        }
    }
}
