import GRDB
import NIOConcurrencyHelpers

/// What was read since the last write, by what was asked: clients ask for the queue and the options many
/// times between two changes of them.
///
/// Nobody else writes to the database, for the folder is locked.
final class ReadCache: Sendable {
    private struct State {
        /// Grows with each write.
        var version = 0
        var values: [String: any Sendable] = [:]
    }

    /// The most answers that are kept.
    private static let limit = 256
    private let state = NIOLockedValueBox(State())

    /// The value of a question, read if it is not known.
    func value<Value: Sendable>(
        _ question: String, read: () async throws -> Value
    ) async throws -> Value {
        let (version, known) = state.withLockedValue { ($0.version, $0.values[question]) }
        // Without a check, nothing known would count as an answer of nil.
        if let known, let value = known as? Value { return value }
        let value = try await read()
        state.withLockedValue { state in
            // What was written meanwhile may not be in it.
            guard state.version == version, state.values.count < Self.limit else { return }
            state.values.updateValue(value, forKey: question)
        }
        return value
    }

    /// Drops everything, because something was written.
    func clear() {
        state.withLockedValue { state in
            state.version += 1
            state.values.removeAll(keepingCapacity: true)
        }
    }
}

extension Store {
    /// Reads, or answers what the same question was answered since the last write.
    func read<Value: Sendable>(
        _ question: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await known.value(question) { try await database.read(body) }
    }

    /// Writes in one transaction. Once it returns, no read answers what was before.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        defer { known.clear() }
        return try await database.write(body)
    }
}
