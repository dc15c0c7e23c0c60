import Foundation
import GRDB

extension Store {
    /// Keeps a picture that a job made. After the last one the job is done, in the same transaction.
    ///
    /// - Returns: the result, and the job where it is done by now; nil where the job is not running
    ///   any more.
    func add(
        _ result: ResultRow, _ picture: PictureRow, isLast: Bool
    ) async throws -> (result: ResultRow, job: JobRow)? {
        try await write { db in
            guard var row = try JobRow.fetchOne(db, key: result.job), row.state == .running else {
                return nil
            }
            try picture.upsert(db)
            var kept = result
            try kept.insert(db, onConflict: .ignore)
            kept.id = db.lastInsertedRowID
            if isLast {
                row.state = .done
                row.finished = Date.now.timeIntervalSince1970
            }
            row.seq = try Self.next("seq", db)
            try row.update(db)
            return (kept, row)
        }
    }

    /// What a job has made so far, in order.
    package func results(of job: String) async throws -> [ResultRow] {
        try await read("results \(job)") { db in
            try ResultRow.filter(Column("job") == job).order(Column("number")).fetchAll(db)
        }
    }

    /// What several jobs have made so far, by their jobs, in order.
    func results(ofAll jobs: [String]) async throws -> [String: [ResultRow]] {
        try await read("results \(jobs.joined(separator: " "))") { db in
            let rows = try ResultRow.filter(jobs.contains(Column("job"))).order(Column("number"))
                .fetchAll(db)
            return Dictionary(grouping: rows, by: \.job)
        }
    }

    /// Results that are not deleted, newest first, whose prompt holds a text; each with its picture and
    /// what its job was asked for.
    package func gallery(
        before id: Int64?, search: String?, starred: Bool, limit: Int
    ) async throws -> [(result: ResultRow, picture: PictureRow, order: Order?)] {
        let place = id.map { "\($0)" } ?? ""
        return try await read("gallery \(place) \(starred) \(limit) \(search ?? "")") { db in
            var sql =
                "SELECT result.* FROM result JOIN job ON job.id = result.job WHERE deleted IS NULL"
            var arguments: StatementArguments = []
            if let id {
                sql += " AND result.id < ?"
                arguments += [id]
            }
            if starred { sql += " AND star" }
            if let search, !search.isEmpty {
                // LIKE knows the small letters of ASCII alone.
                sql += " AND instr(\(DatabaseFunction.lowercase.name)(job.prompt), ?)"
                arguments += [search.lowercased()]
            }
            sql += " ORDER BY result.id DESC LIMIT ?"
            arguments += [limit]
            let results = try ResultRow.fetchAll(db, sql: sql, arguments: arguments)
            let pictures = try PictureRow.fetchAll(db, keys: Set(results.map(\.picture)))
            let jobs = try JobRow.fetchAll(db, keys: Set(results.map(\.job)))
            let bySHA = Dictionary(pictures.map { ($0.sha, $0) }) { first, _ in first }
            let orders = Dictionary(jobs.map { ($0.id, try? $0.order()) }) { first, _ in first }
            return results.compactMap { row in
                bySHA[row.picture].map { (row, $0, orders[row.job] ?? nil) }
            }
        }
    }

    /// Stars a result, or moves it to the trash and back. The trash is emptied after a day.
    ///
    /// - Returns: nil where there is no such result.
    package func change(
        result id: Int64, star: Bool? = nil, isDeleted: Bool? = nil
    ) async throws -> ResultRow? {
        try await write { db in
            guard var row = try ResultRow.fetchOne(db, key: id) else { return nil }
            if let star { row.star = star }
            if let isDeleted { row.deleted = isDeleted ? Date.now.timeIntervalSince1970 : nil }
            try row.update(db)
            return row
        }
    }

    /// Removes results without a star that were made before a time, and finished jobs of before it that
    /// have none left; their pictures go where nothing else uses them.
    package func removeResults(before time: Double) async throws {
        try await write { db in
            try db.execute(
                sql: "DELETE FROM result WHERE created < ? AND NOT star", arguments: [time])
            try db.execute(
                sql: """
                    DELETE FROM job WHERE state IN ('done', 'failed', 'cancelled') AND created < ?
                    AND NOT EXISTS (SELECT 1 FROM result WHERE job = job.id)
                    """, arguments: [time])
        }
        try await sweep()
    }

    /// Removes the results of a job that have no star. Their pictures go with the next sweep where nothing else
    /// uses them.
    package func removeResults(of job: String) async throws {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE picture SET used = 0
                    WHERE sha IN (SELECT picture FROM result WHERE job = ? AND NOT star)
                    """, arguments: [job])
            try db.execute(
                sql: "DELETE FROM result WHERE job = ? AND NOT star", arguments: [job])
        }
    }

    /// Moves the oldest results without a star to the trash, until the pictures are within the quota.
    ///
    /// A picture counts once, and until the last result that has it is in the trash. What goes is removed at once.
    ///
    /// - Parameter job: whose results stay: its client has not seen them yet.
    func enforceQuota(sparing job: String) async throws {
        guard let quota else { return }
        let began = Date.now
        let freed = try await write { db -> [String] in
            let kept = try Int.fetchOne(
                db,
                sql: """
                    SELECT COALESCE(SUM(bytes), 0) FROM picture WHERE sha IN
                    (SELECT picture FROM result WHERE deleted IS NULL)
                    """)
            let excess = (kept ?? 0) - quota
            guard excess > 0 else { return [] }
            try db.execute(
                sql: """
                    WITH freed AS (
                        SELECT MAX(result.id) AS last, bytes FROM result
                        JOIN picture ON sha = result.picture WHERE deleted IS NULL
                        GROUP BY sha HAVING NOT MAX(star)
                    ), summed AS (SELECT last, SUM(bytes) OVER (ORDER BY last) AS sum FROM freed)
                    UPDATE result SET deleted = 0 WHERE deleted IS NULL AND NOT star
                    AND job <> ? AND id <= COALESCE((SELECT MIN(last) FROM summed WHERE sum >= ?), id)
                    """, arguments: [job, excess])
            let freed = try String.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT picture FROM result WHERE deleted = 0
                    AND picture NOT IN (SELECT picture FROM result WHERE deleted IS NULL)
                    """)
            for sha in freed {
                try db.execute(sql: "UPDATE picture SET used = 0 WHERE sha = ?", arguments: [sha])
            }
            return freed
        }
        guard !freed.isEmpty else { return }
        try await sweep()
        for sha in freed where try await picture(sha) == nil {
            removeFile(of: sha, ifOlderThan: began)
        }
    }
}
