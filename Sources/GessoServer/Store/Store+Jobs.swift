import Foundation
import GRDB

extension Store {
    /// The most jobs that wait at once.
    package static let queueLimit = 64
    /// How often a job is begun, over ends of the process, before it counts as the cause of them.
    static let attemptLimit = 10

    /// Puts a job at the end of the queue.
    ///
    /// - Parameter key: of a client that may repeat itself; the job of an earlier request with the
    ///   same is returned instead.
    /// - Throws: `Complaint` with 429 when the queue is full.
    package func add(
        _ order: Order, from source: Door, id: String = JobRow.newID(), key: String? = nil,
        priority: Int = 0, retryOf: String? = nil
    ) async throws -> JobRow {
        let request = String(decoding: try JSONEncoder().encode(order), as: UTF8.self)
        return try await write { db in
            if let key,
                let row = try JobRow.filter(Column("idempotencyKey") == key).fetchOne(db)
            {
                return row
            }
            let waiting = try JobRow.filter(Column("state") == JobState.queued.rawValue)
                .fetchCount(db)
            guard waiting < Self.queueLimit else {
                var complaint = Complaint(429, "\(waiting) jobs are waiting; try again later")
                complaint.retryAfter = 30
                complaint.recurs = false
                throw complaint
            }
            let row = JobRow(
                id: id, state: .queued, priority: priority,
                position: try Self.next("position", db), attempts: 0, source: source,
                request: request, prompt: order.prompt, pictures: order.pictures, error: nil,
                errorKind: nil,
                idempotencyKey: key, retryOf: retryOf, created: Date.now.timeIntervalSince1970,
                started: nil, finished: nil, seq: try Self.next("seq", db))
            try row.insert(db)
            return row
        }
    }

    package func job(_ id: String) async throws -> JobRow? {
        try await read("job \(id)") { db in try JobRow.fetchOne(db, key: id) }
    }

    /// Jobs that are not finished, the running one first, then in their order.
    package func activeJobs() async throws -> [JobRow] {
        try await read("active") { db in
            try JobRow.fetchAll(
                db,
                sql: """
                    SELECT * FROM job WHERE state IN ('running', 'queued')
                    ORDER BY state DESC, priority DESC, position
                    """)
        }
    }

    /// Jobs of a state or all, newest first.
    package func jobs(
        state: JobState?, before seq: Int64?, limit: Int
    ) async throws -> [JobRow] {
        let place = seq.map { "\($0)" } ?? ""
        return try await read("jobs \(state?.rawValue ?? "") \(place) \(limit)") { db in
            var query = JobRow.order(Column("seq").desc).limit(limit)
            if let state { query = query.filter(Column("state") == state.rawValue) }
            if let seq { query = query.filter(Column("seq") < seq) }
            return try query.fetchAll(db)
        }
    }

    /// How many jobs there are of each state.
    func jobCounts() async throws -> [JobState: Int] {
        try await read("counts") { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT state, COUNT(*) AS n FROM job GROUP BY state")
            return rows.reduce(into: [:]) { counts, row in
                let state: String = row["state"]
                if let state = JobState(rawValue: state) { counts[state] = row["n"] }
            }
        }
    }

    /// Jobs that a client is told of at once when it comes back.
    static let mostMissed = 200

    /// Jobs whose state changed after a number, oldest first, the first of many.
    func jobs(after seq: Int64) async throws -> [JobRow] {
        try await read("after \(seq)") { db in
            try JobRow.filter(Column("seq") > seq).order(Column("seq"))
                .limit(Self.mostMissed).fetchAll(db)
        }
    }

    /// Takes the next waiting job. The page's jobs and those of programs take turns.
    func takeNext(after last: Door?) async throws -> JobRow? {
        try await write { db in
            let isPage = last == .page
            let row = try JobRow.fetchOne(
                db,
                sql: """
                    SELECT * FROM job WHERE state = 'queued'
                    ORDER BY priority DESC, (source = 'page') = ?, position LIMIT 1
                    """, arguments: [last != nil && isPage])
            guard var row else { return nil }
            row.state = .running
            row.attempts += 1
            row.started = Date.now.timeIntervalSince1970
            row.seq = try Self.next("seq", db)
            try row.update(db)
            return row
        }
    }

    /// Gives a job another state, unless it is finished already; nil where it is.
    @discardableResult
    func finish(
        _ id: String, as state: JobState, error: String? = nil, kind: String? = nil
    ) async throws -> JobRow? {
        try await write { db in
            guard var row = try JobRow.fetchOne(db, key: id), !row.state.isFinal else {
                return nil
            }
            row.state = state
            (row.error, row.errorKind) = (error, kind)
            row.finished = state.isFinal ? Date.now.timeIntervalSince1970 : nil
            row.seq = try Self.next("seq", db)
            try row.update(db)
            return row
        }
    }

    /// Ends jobs whose end could not be written, because the disk was full.
    func finishLost() async throws {
        try await write { db in
            for var row in try JobRow.filter(Column("state") == JobState.running.rawValue)
                .fetchAll(db)
            {
                row.state = .failed
                row.error = "\(ServerError.diskFull(path: "the data folder"))"
                row.finished = Date.now.timeIntervalSince1970
                row.seq = try Self.next("seq", db)
                try row.update(db)
            }
        }
    }

    /// Cancels a job that waits; nil where it does not.
    func cancelWaiting(_ id: String) async throws -> JobRow? {
        try await write { db in
            guard var row = try JobRow.fetchOne(db, key: id), row.state == .queued else {
                return nil
            }
            row.state = .cancelled
            row.finished = Date.now.timeIntervalSince1970
            row.seq = try Self.next("seq", db)
            try row.update(db)
            return row
        }
    }

    /// Moves a waiting job before another, or to the end, or gives it a priority.
    func move(_ id: String, before other: String?, priority: Int?) async throws -> JobRow? {
        try await write { db in
            guard var row = try JobRow.fetchOne(db, key: id), row.state == .queued else {
                return nil
            }
            if let priority { row.priority = priority }
            if let other {
                guard let next = try JobRow.fetchOne(db, key: other), next.state == .queued else {
                    return nil
                }
                try db.execute(
                    sql: "UPDATE job SET position = position + 1 WHERE position >= ?",
                    arguments: [next.position])
                try db.execute(
                    sql: "UPDATE counter SET value = value + 1 WHERE name = 'position'")
                row.position = next.position
                row.priority = next.priority
            } else if priority == nil {
                row.position = try Self.next("position", db)
            }
            row.seq = try Self.next("seq", db)
            try row.update(db)
            return row
        }
    }

    /// After a start: jobs that were running go back to the queue, but for those that have been begun
    /// too often and those whose client waited on a connection that is gone.
    package func recover() async throws {
        try await write { db in
            for var row in try JobRow.filter(Column("state") == JobState.running.rawValue)
                .fetchAll(db)
            {
                if row.attempts >= Self.attemptLimit {
                    row.state = .failed
                    row.finished = Date.now.timeIntervalSince1970
                    row.error = "the server ended \(row.attempts) times while it was running"
                } else {
                    row.state = .queued
                    // If it is the cause, the others come first now.
                    if row.attempts > 1 { row.position = try Self.next("position", db) }
                }
                row.seq = try Self.next("seq", db)
                try row.update(db)
            }
            let lost = try JobRow.fetchAll(
                db,
                sql: "SELECT * FROM job WHERE state = 'queued' AND source IN ('sdapi', 'openai')")
            for var row in lost {
                row.state = .cancelled
                row.error = "the server was restarted"
                row.finished = Date.now.timeIntervalSince1970
                row.seq = try Self.next("seq", db)
                try row.update(db)
            }
        }
        try await sweep(olderThan: 0)
    }

    /// Puts a running job back, because the server ends.
    func putBack(_ id: String) async throws {
        try await write { db in
            guard var row = try JobRow.fetchOne(db, key: id), row.state == .running else { return }
            row.state = .queued
            row.attempts -= 1
            row.seq = try Self.next("seq", db)
            try row.update(db)
        }
    }

    /// Removes finished jobs that have no results, not even in the trash.
    func prune() async throws -> Int {
        try await write { db in
            try db.execute(
                sql: """
                    DELETE FROM job WHERE state IN ('done', 'failed', 'cancelled')
                    AND NOT EXISTS (SELECT 1 FROM result WHERE job = job.id)
                    """)
            return db.changesCount
        }
    }
}
