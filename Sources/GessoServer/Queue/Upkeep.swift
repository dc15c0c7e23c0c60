import Foundation
import Logging

/// What is done while nothing else is: models that nobody uses are freed, results that are too old are
/// removed, and the trash is emptied of what has been in it for a day.
struct Upkeep: Sendable {
    private let configuration: ServerConfiguration
    private let queue: Queue

    init(_ configuration: ServerConfiguration, _ queue: Queue) {
        (self.configuration, self.queue) = (configuration, queue)
    }

    /// Looks once a minute, or more often where models are freed sooner, until its task is cancelled.
    func run() async {
        let pause = min(.seconds(60), max(configuration.unloadAfter ?? .seconds(60), .seconds(1)))
        // A start sweeps by itself.
        var lastSweep = ContinuousClock.now
        var isFirst = true
        while !Task.isCancelled {
            if let time = configuration.unloadAfter { await queue.unloadModels(after: time) }
            let isDue = .now - lastSweep >= .seconds(3600)
            if let age = configuration.keptSeconds, isFirst || isDue {
                await queue.removeResults(olderThan: age)
            } else if isDue {
                await queue.emptyTrash()
            }
            if isDue { lastSweep = .now }
            isFirst = false
            try? await Task.sleep(for: pause)
        }
    }
}

extension Queue {
    /// Removes what has been in the trash for a day, and pictures that nothing needs.
    func emptyTrash() async {
        do {
            try await store.sweep()
        } catch {
            logger.warning("The trash could not be emptied: \(error)")
        }
    }

    /// Removes results without a star that are older than some seconds, and their jobs.
    func removeResults(olderThan age: Double) async {
        do {
            try await store.removeResults(before: Date.now.timeIntervalSince1970 - age)
        } catch {
            logger.warning("Old results could not be removed: \(error)")
        }
    }
}
