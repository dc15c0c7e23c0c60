import Foundation
import Glibc
import Synchronization

/// A bare web server on a port of its own, which can do what no well-behaved server does: end in the middle
/// of an answer, send other bytes than it promised, or none.
final class WebServer: Sendable {
    struct Request: Sendable {
        let method: String
        /// The path with the query, as it was sent.
        let target: String
        /// By lower-case names.
        let fields: [String: String]
    }

    struct Answer: Sendable {
        var status = 200
        var fields: [(String, String)] = []
        var body = Data()
        /// How many bytes of the body are sent before the connection ends; nil is all.
        var cut: Int?
        /// Seconds of silence before the body.
        var silence = 0.0
        /// Whether the connection ends without an answer.
        var isReset = false
    }

    let port: Int
    private let listener: Int32
    private let answer: @Sendable (Request) -> Answer

    init(_ answer: @escaping @Sendable (Request) -> Answer) throws {
        self.answer = answer
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) + listen(listener, 64)
                    + getsockname(listener, $0, &length)
            }
        }
        guard result == 0 else { throw CocoaError(.fileReadUnknown) }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread { [self] in
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                Thread { [self] in serve(connection) }.start()
            }
        }.start()
    }

    /// Ends it.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        guard let request = read(connection) else { return }
        let answer = answer(request)
        if answer.isReset { return }
        var head = "HTTP/1.1 \(answer.status) Answer\r\nConnection: close\r\n"
        let hasLength = answer.fields.contains { $0.0.lowercased() == "content-length" }
        for (name, value) in answer.fields { head += "\(name): \(value)\r\n" }
        if !hasLength { head += "Content-Length: \(answer.body.count)\r\n" }
        write(Data((head + "\r\n").utf8), to: connection)
        if request.method == "HEAD" { return }
        if answer.silence > 0 { Thread.sleep(forTimeInterval: answer.silence) }
        write(answer.body.prefix(answer.cut ?? answer.body.count), to: connection)
    }

    private func read(_ connection: Int32) -> Request? {
        var bytes = Data()
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        let end = Data("\r\n\r\n".utf8)
        while bytes.range(of: end) == nil {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0, bytes.count < 1 << 20 else { return nil }
            bytes += buffer[..<count]
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count == 3 else { return nil }
        let fields = lines.dropFirst().compactMap { line -> (String, String)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
        }
        return Request(
            method: String(words[0]), target: String(words[1]),
            fields: Dictionary(fields) { first, _ in first })
    }

    private func write(_ data: Data, to connection: Int32) {
        var rest = data[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
