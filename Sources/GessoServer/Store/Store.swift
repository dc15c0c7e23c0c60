import Files
package import Foundation
import GRDB

/// The queue, the gallery and their pictures in one folder: a database beside files that are named
/// by their content.
///
/// A result's file is whole and on the disk before its row is written, in one transaction with the
/// state of its job; so no end of the process loses a job, makes a picture twice or leaves half of one.
package final class Store: Sendable {
    let folder: URL
    let database: DatabasePool
    /// The most bytes of pictures that are kept; nil is no limit.
    let quota: Int?
    let known = ReadCache()
    /// Held while a picture's file is written or removed.
    let filesLock = NSLock()
    private let lock: FolderLock

    /// Opens the folder, which is made if it is missing and held until the store goes.
    ///
    /// - Throws: ``ServerError`` for a folder that cannot be used or that another server holds.
    package init(_ folder: URL, quota: Int? = nil) throws {
        self.folder = folder
        self.quota = quota
        do {
            for part in ["", "pictures", "thumbnails"] {
                try FileManager.default.createDirectory(
                    at: folder.appending(path: part), withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
            }
        } catch {
            throw ServerError.folder(path: folder.path, reason: "it cannot be made or written")
        }
        lock = try FolderLock(folder)
        database = try Self.open(folder.appending(path: "gesso.sqlite"))
        reserveSpace()
    }

    private var reserve: URL { folder.appending(path: "reserve") }

    /// Takes a little space, so that a full disk has room for what must be written then.
    func reserveSpace() {
        guard !FileManager.default.fileExists(atPath: reserve.path) else { return }
        do {
            try Data(count: 1 << 20).write(to: reserve)
        } catch {
            // A part of it would be none.
            releaseSpace()
        }
    }

    /// Gives that space back, because the disk is full.
    func releaseSpace() { try? FileManager.default.removeItem(at: reserve) }

    /// An error as that of a full disk, if it is one.
    func fullDisk(_ error: any Error) -> ServerError? {
        if let error = error as? ServerError, case .diskFull = error {
            return .diskFull(path: "the data folder")
        }
        guard let error = error as? DatabaseError,
            error.resultCode == .SQLITE_FULL || (error.resultCode == .SQLITE_IOERR && isFull)
        else { return nil }
        return .diskFull(path: "the data folder")
    }

    private var isFull: Bool { freeBytes().map { $0 < 1 << 20 } ?? false }

    private static func open(_ file: URL) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        makePrivate(file.path)
        // Of an earlier version, which left these open to others.
        for ending in ["-wal", "-shm"] { chmod(file.path + ending, 0o600) }
        do {
            let pool = try DatabasePool(path: file.path, configuration: configuration)
            let migrator = Schema.migrator
            let state = try pool.read { db in
                (
                    isNewer: try migrator.hasBeenSuperseded(db),
                    isOlder: try !migrator.hasCompletedMigrations(db)
                        && db.tableExists("job"),
                    check: try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? ""
                )
            }
            guard !state.isNewer else {
                throw ServerError.folder(
                    path: file.path, reason: "it was written by a newer version of gesso")
            }
            guard state.check == "ok" else {
                throw ServerError.folder(
                    path: file.path, reason: "the database is damaged; move it away to start anew")
            }
            if state.isOlder {
                let copy = file.path + ".before-migration"
                try? FileManager.default.removeItem(atPath: copy)
                makePrivate(copy)
                try pool.backup(to: DatabaseQueue(path: copy))
            }
            try migrator.migrate(pool)
            return pool
        } catch let error as DatabaseError {
            throw ServerError.folder(
                path: file.path,
                reason: "SQLite reports \(error.message ?? "error \(error.resultCode)")")
        }
    }

    /// The next number of a counter.
    static func next(_ name: String, _ db: Database) throws -> Int64 {
        try Int64.fetchOne(
            db, sql: "UPDATE counter SET value = value + 1 WHERE name = ? RETURNING value",
            arguments: [name]) ?? 0
    }

    /// A setting that clients have made, as JSON.
    func setting(_ name: String) async throws -> JSONValue? {
        try await read("setting \(name)") { db in
            let text = try String.fetchOne(
                db, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name])
            return try text.map { try JSONValue(reading: Data($0.utf8)) }
        }
    }

    /// Sets members of an object that is kept, and takes out those that are nil, whatever others set meanwhile.
    func change(_ name: String, _ members: [String: JSONValue?]) async throws {
        try await write { db in
            let text = try String.fetchOne(
                db, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name])
            var object = try text.map { try JSONValue(reading: Data($0.utf8)) }?.object ?? [:]
            for (key, value) in members { object[key] = value }
            try db.execute(
                sql: "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)",
                arguments: [name, JSONValue.object(object).text])
        }
    }

}

/// What keeps a server from starting or a request from being kept.
package enum ServerError: Error, Equatable, CustomStringConvertible {
    /// The folder of `--data` cannot be used.
    case folder(path: String, reason: String)
    /// Another process holds it.
    case held(path: String, holder: String)
    /// The address cannot be listened on.
    case address(host: String, port: Int, reason: String)
    /// The disk is full.
    case diskFull(path: String)
    /// An address other than this machine's without a token.
    case needsToken(host: String)

    package var description: String {
        switch self {
        case .folder(let path, let reason): "\(path): \(reason); give another with --data"
        case .held(let path, let holder):
            "\(path): in use by another gesso server\(holder); stop it or give another with --data"
        case .address(let host, let port, let reason):
            "\(host):\(port): \(reason); give another with --host or --port"
        case .diskFull(let path): "\(path): the disk is full; free some space and try again"
        case .needsToken(let host):
            "\(host): others can reach this address; give a --token, or listen on 127.0.0.1"
        }
    }

    /// The exit code of a server that does not start because of it.
    package var exitCode: Int32 {
        switch self {
        case .folder: 73
        case .held: 75
        case .address: 69
        case .diskFull: 74
        case .needsToken: 64
        }
    }
}

/// Makes a database that only its user can read, if it is missing; SQLite gives the files beside it the same
/// mode. What cannot be opened is left to SQLite's message.
private func makePrivate(_ path: String) {
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { return }
    fchmod(file, 0o600)
    close(file)
}

/// Holds a folder for one process, until it ends in whatever way.
final class FolderLock: Sendable {
    private let file: Int32

    init(_ folder: URL) throws {
        let path = folder.appending(path: "lock").path
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw ServerError.folder(path: folder.path, reason: "it is not writable")
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            // The file is closed by deinit, which runs after a throw, too.
            let holder = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            throw ServerError.held(
                path: folder.path, holder: holder.isEmpty ? "" : " (process \(holder))")
        }
        ftruncate(file, 0)
        let text = "\(getpid())"
        _ = text.withCString { write(file, $0, strlen($0)) }
    }

    deinit { close(file) }
}
