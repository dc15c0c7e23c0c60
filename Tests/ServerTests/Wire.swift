import Foundation
import Gesso
import GessoServer
import Logging
import TestSupport

/// A server of a test, in this process, on a port of its own.
struct RunningServer: Sendable {
    let port: Int
    let folder: URL
    private let task: Task<Void, any Error>

    /// Starts a server on a new folder, or one that is there.
    static func start(
        in folder: URL? = nil, _ change: (inout ServerConfiguration) -> Void = { _ in }
    ) async throws -> RunningServer {
        var hasStarted = false
        let folder =
            folder
            ?? URL.temporaryDirectory.appending(path: "gesso-server-\(UUID().uuidString)")
        var places = Places()
        places.models = [Fixtures.folder.appending(path: "Models")]
        var configuration = ServerConfiguration(data: folder, library: Library(places))
        configuration.port = 0
        change(&configuration)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let isNew = !FileManager.default.fileExists(atPath: folder.path)
        defer {
            // Whatever kept it from starting, nothing is left behind.
            if isNew, !hasStarted { try? FileManager.default.removeItem(at: folder) }
        }
        let server = try GessoServer(configuration, logger: logger)
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let task = Task {
            defer { continuation.finish() }
            try await server.run { continuation.yield($0) }
        }
        for await port in ports {
            hasStarted = true
            return RunningServer(port: port, folder: folder, task: task)
        }
        try await task.value
        throw ServerError.address(host: "", port: 0, reason: "it did not start")
    }

    /// Ends it and waits until its folder is free.
    func stop(keepsFolder: Bool = false) async {
        task.cancel()
        _ = await task.result
        // Connections may outlive the task for a moment, and with them the lock.
        for _ in 0..<600 where !isFree { try? await Task.sleep(for: .milliseconds(50)) }
        if !keepsFolder { try? FileManager.default.removeItem(at: folder) }
    }

    /// Whether nobody holds the folder.
    private var isFree: Bool {
        let file = open(folder.appending(path: "lock").path, O_RDWR | O_CLOEXEC)
        guard file >= 0 else { return true }
        defer { close(file) }
        return flock(file, LOCK_EX | LOCK_NB) == 0
    }

    /// Runs a test against a server, and ends the server.
    static func with<Result>(
        _ change: (inout ServerConfiguration) -> Void = { _ in },
        _ work: (RunningServer) async throws -> Result
    ) async throws -> Result {
        let server = try await start(change)
        do {
            let result = try await work(server)
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }
}

/// An answer as it came.
struct Answer: Sendable {
    let status: Int
    let head: String
    let body: Data

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The members of a JSON body.
    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] ?? [:]
    }

    func header(_ name: String) -> String? {
        head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
            .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
}

extension RunningServer {
    /// Sends a request and reads the answer until the server ends the connection.
    func ask(
        _ method: String, _ path: String, _ body: Data? = nil, type: String = "application/json",
        _ fields: [String] = []
    ) async throws -> Answer {
        var lines = [
            "\(method) \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close",
        ]
        lines += fields
        if let body { lines += ["Content-Type: \(type)", "Content-Length: \(body.count)"] }
        let head = Data((lines + ["", ""]).joined(separator: "\r\n").utf8)
        return try await send(head + (body ?? Data()))
    }

    /// Sends JSON.
    func ask(_ method: String, _ path: String, _ body: [String: Any]) async throws -> Answer {
        try await ask(method, path, JSONSerialization.data(withJSONObject: body))
    }

    /// Sends bytes as they are; see ``Socket``.
    func send(_ bytes: Data, seconds: Double = 120) async throws -> Answer {
        let port = port
        return try await onThread {
            let socket = try Socket(port)
            defer { socket.close() }
            try? socket.write(bytes)
            return Socket.answer(in: socket.read(seconds: seconds))
        }
    }
}

/// Does blocking work on a thread of its own.
func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value
{
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Result { try work() }) }.start()
    }
}

/// A bare connection, for what no client would send.
final class Socket {
    private let descriptor: Int32

    init(_ port: Int) throws {
        descriptor = try connectedSocket(toPort: port)
    }

    /// - Throws: when the server has closed the connection.
    func write(_ bytes: Data) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw CocoaError(.fileWriteUnknown) }
            rest = rest.dropFirst(count)
        }
    }

    /// What comes until the server closes the connection; nil in place of the end after that time.
    func read(seconds: Double, least: Int = .max) -> (bytes: Data, isClosed: Bool) {
        var bytes = Data()
        let end = Date.now.addingTimeInterval(seconds)
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < least {
            let left = end.timeIntervalSinceNow
            guard left > 0 else { return (bytes, false) }
            var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&watched, 1, Int32(left * 1000) + 1) > 0 else { continue }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { return (bytes, true) }
            bytes += buffer[..<count]
        }
        return (bytes, false)
    }

    func close() { Glibc.close(descriptor) }

    static func answer(in read: (bytes: Data, isClosed: Bool)) -> Answer {
        let end = read.bytes.range(of: Data("\r\n\r\n".utf8))
        let head = String(decoding: read.bytes[..<(end?.lowerBound ?? 0)], as: UTF8.self)
        let parts = head.split(separator: " ", maxSplits: 2)
        var body = Data(read.bytes[(end?.upperBound ?? read.bytes.endIndex)...])
        if head.lowercased().contains("transfer-encoding: chunked") { body = unchunked(body) }
        return Answer(
            status: parts.count > 1 ? Int(parts[1]) ?? 0 : 0, head: head, body: body)
    }

    private static func unchunked(_ body: Data) -> Data {
        var (result, rest) = (Data(), body[...])
        while let end = rest.range(of: Data("\r\n".utf8)),
            let count = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16),
            count > 0, rest.endIndex >= end.upperBound + count
        {
            result += rest[end.upperBound..<end.upperBound + count]
            rest = rest[(end.upperBound + count)...].dropFirst(2)
        }
        return result
    }
}
