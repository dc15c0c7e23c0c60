import Foundation

/// Something that clients get as it happens.
package struct Event: Sendable {
    /// The number of a change of state, by which a client goes on after a pause; nil for what need
    /// not be repeated.
    var id: Int64?
    /// `job`, `progress`, `preview`, `queue` or `model`.
    var name: String
    var data: JSONValue
    /// The job it is about.
    var job: String?
}

/// Hands events to everyone who listens.
package actor EventHub {
    /// The most streams at once.
    package static let streamLimit = 32
    /// Events that a listener may be behind.
    static let mostPending = 256
    private var listeners: [UUID: AsyncStream<Event>.Continuation] = [:]
    private var isClosed = false

    package init() {}

    /// Events from now on. A listener that is too far behind is cut off, and comes back with the
    /// number of the last one it saw.
    ///
    /// - Throws: `Complaint` with 503 when too many listen.
    package func listen() throws -> AsyncStream<Event> {
        // It ends at once: browsers come back after that, but not after a refusal.
        guard !isClosed else { return AsyncStream { $0.finish() } }
        guard listeners.count < Self.streamLimit else {
            var complaint = Complaint(503, "\(Self.streamLimit) event streams are open already")
            complaint.retryAfter = 10
            complaint.recurs = false
            throw complaint
        }
        let id = UUID()
        let (stream, continuation) = AsyncStream<Event>.makeStream(
            bufferingPolicy: .bufferingOldest(Self.mostPending))
        listeners[id] = continuation
        continuation.onTermination = { [weak self] _ in
            Task { await self?.remove(id) }
        }
        return stream
    }

    func send(_ event: Event) {
        for (id, continuation) in listeners {
            if case .dropped = continuation.yield(event) {
                continuation.finish()
                listeners[id] = nil
            }
        }
    }

    /// Ends all streams, because the server ends.
    func close() {
        isClosed = true
        for continuation in listeners.values { continuation.finish() }
        listeners.removeAll()
    }

    private func remove(_ id: UUID) { listeners[id] = nil }
}
