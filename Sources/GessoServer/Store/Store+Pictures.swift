import Files
package import Foundation
import GRDB

extension Store {
    /// Keeps a picture's bytes under their SHA-256. The file is whole before its row is there.
    ///
    /// - Throws: ``ServerError/diskFull(path:)``, and ``ServerError/folder(path:reason:)`` for other
    ///   failures to write.
    package func keep(
        _ data: Data, type: String, width: Int, height: Int, hasAlpha: Bool
    ) async throws -> PictureRow {
        let row = try writeFile(
            data, type: type, width: width, height: height, hasAlpha: hasAlpha)
        try await write { db in try row.upsert(db) }
        return row
    }

    /// Writes a picture's file; its row is the caller's to insert.
    package func writeFile(
        _ data: Data, type: String, width: Int, height: Int, hasAlpha: Bool
    ) throws -> PictureRow {
        let sha = Digest.sha256(data)
        let place = file(of: sha)
        try filesLock.withLock {
            do {
                // A sweep leaves it alone until the row is there, as it does a new one.
                try FileManager.default.setAttributes(
                    [.modificationDate: Date.now], ofItemAtPath: place.path)
            } catch {
                try write(data, to: place)
            }
        }
        return PictureRow(
            sha: sha, type: type, bytes: data.count, width: width, height: height,
            hasAlpha: hasAlpha, used: Date.now.timeIntervalSince1970)
    }

    package func picture(_ sha: String) async throws -> PictureRow? {
        guard Self.isDigest(sha) else { return nil }
        return try await read("picture \(sha)") { db in try PictureRow.fetchOne(db, key: sha) }
    }

    /// The bytes of a picture.
    ///
    /// - Throws: `Complaint` with 404 where there is none.
    package func data(of sha: String) throws -> Data {
        guard Self.isDigest(sha), let data = try? Data(contentsOf: file(of: sha)) else {
            throw Complaint(404, "There is no picture \(sha.prefix(64))")
        }
        return data
    }

    /// The bytes of a smaller view, kept after it is first made.
    func thumbnail(
        of sha: String, side: Int, make: (Data) throws -> Data
    ) throws -> Data {
        let place = folder.appending(path: "thumbnails/\(side)/\(sha.prefix(2))/\(sha).jpg")
        if let data = try? Data(contentsOf: place) { return data }
        let small = try make(try data(of: sha))
        // A view that cannot be kept is made anew the next time.
        try? write(small, to: place)
        return small
    }

    private func write(_ data: Data, to place: URL) throws {
        do {
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            try writeAtomically(data, to: place, overwrite: true)
        } catch {
            guard let free = freeBytes(), free > data.count + (8 << 20) else {
                throw ServerError.diskFull(path: folder.path)
            }
            throw ServerError.folder(path: place.path, reason: "it could not be written")
        }
    }

    /// Bytes that are free for the store; nil where the system does not say.
    package func freeBytes() -> Int? {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder.path)
        return (attributes?[.systemFreeSize] as? NSNumber)?.intValue
    }

    /// Removes a picture's file, unless it has been written again since.
    func removeFile(of sha: String, ifOlderThan time: Date) {
        let path = file(of: sha).path
        filesLock.withLock {
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            guard let changed = attributes?[.modificationDate] as? Date, changed < time else {
                return
            }
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    /// Notes that a picture is in use, so that it stays for another day.
    func noteUse(of shas: [String]) async throws {
        let now = Date.now.timeIntervalSince1970
        try await write { db in
            for sha in shas {
                try db.execute(
                    sql: "UPDATE picture SET used = ? WHERE sha = ? AND used < ?",
                    arguments: [now, sha, now - 3600])
            }
        }
    }

    func file(of sha: String) -> URL {
        folder.appending(path: "pictures/\(sha.prefix(2))/\(sha)")
    }

    static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// Sides of the smaller views, in pixels.
    static let viewSides = [256, 512, 1024, 2048]

    /// Removes what nothing refers to: drafts of a killed process, files without a row and their smaller
    /// views, rows that no job and no result of the last day needs, jobs of AUTOMATIC1111's interface that have
    /// no results.
    ///
    /// - Parameter age: seconds for which a file is left alone, because its row may be about to be
    ///   written; 0 only where nobody writes.
    package func sweep(olderThan age: Double = 3600) async throws {
        let isUsed = try await unusedRemoved()
        sweep("pictures", olderThan: age) { isUsed.contains($0) }
        for side in Self.viewSides {
            sweep("thumbnails/\(side)", olderThan: age) {
                $0.hasSuffix(".jpg") && isUsed.contains(String($0.dropLast(4)))
            }
        }
    }

    /// Removes the files in a folder's folders that are old enough, but for those whose name is kept.
    private func sweep(_ path: String, olderThan age: Double, _ isKept: (String) -> Bool) {
        let root = folder.appending(path: path)
        let manager = FileManager.default
        for part in (try? manager.contentsOfDirectory(atPath: root.path)) ?? [] {
            let place = root.appending(path: part)
            for name in (try? manager.contentsOfDirectory(atPath: place.path)) ?? []
            where !isKept(name) {
                let file = place.appending(path: name).path
                filesLock.withLock {
                    let attributes = try? manager.attributesOfItem(atPath: file)
                    let changed = attributes?[.modificationDate] as? Date ?? .distantPast
                    guard Date.now.timeIntervalSince(changed) >= age else { return }
                    try? manager.removeItem(atPath: file)
                }
            }
        }
    }

    /// Drops rows of pictures that nothing needs, and names those that stay.
    private func unusedRemoved() async throws -> Set<String> {
        let now = Date.now.timeIntervalSince1970
        return try await write { db in
            try db.execute(
                sql: "DELETE FROM result WHERE deleted IS NOT NULL AND deleted < ?",
                arguments: [now - 24 * 3600])
            // Those of programs that keep what they get themselves.
            try db.execute(
                sql: """
                    DELETE FROM job WHERE source = ? AND state IN ('done', 'failed', 'cancelled')
                    AND finished < ? AND NOT EXISTS (SELECT 1 FROM result WHERE result.job = job.id)
                    """, arguments: [Door.sdapi.rawValue, now - 24 * 3600])
            let requests = try String.fetchAll(db, sql: "SELECT request FROM job")
            var needed: Set<String> = []
            for text in requests {
                let order = try? JSONDecoder().decode(Order.self, from: Data(text.utf8))
                needed.formUnion(order?.inputs ?? [])
            }
            needed.formUnion(try String.fetchAll(db, sql: "SELECT picture FROM result"))
            for row in try PictureRow.fetchAll(db)
            where !needed.contains(row.sha) && row.used < now - 24 * 3600 {
                try row.delete(db)
            }
            return Set(try String.fetchAll(db, sql: "SELECT sha FROM picture"))
        }
    }
}
