import Foundation
import GessoServer
import Testing

@Suite("Connections that misbehave")
struct ConnectionTests {
    private static let host = "Host: localhost\r\n"

    @Test("Malformed requests are refused and their connections closed")
    func malformed() async throws {
        try await RunningServer.with { server in
            let cases: [(String, Set<Int>)] = [
                ("GET http://evil.example/sdapi/v1/options HTTP/1.1\r\n\(Self.host)\r\n", [400]),
                ("GET /../../etc/passwd HTTP/1.1\r\n\(Self.host)\r\n", [404]),
                ("GET / HTTP/1.1\r\n\r\n", [400]),
                ("GET / HTTP/1.1\r\n\(Self.host)\(Self.host)\r\n", [400]),
                (
                    "GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\n\(Self.host)\r\n",
                    [414, 431]
                ),
                (
                    "GET / HTTP/1.1\r\n\(Self.host)X: \(String(repeating: "a", count: 100_000))\r\n\r\n",
                    [431]
                ),
                (
                    "POST /sdapi/v1/txt2img HTTP/1.1\r\n\(Self.host)Content-Length: 2\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n{}", [400]
                ),
                (
                    "POST /sdapi/v1/txt2img HTTP/1.1\r\n\(Self.host)Content-Length: 2\r\n"
                        + "Content-Length: 3\r\n\r\n{}", [400]
                ),
                ("TRACE / HTTP/1.1\r\n\(Self.host)\r\n", [405]),
                ("CONNECT localhost:80 HTTP/1.1\r\n\(Self.host)\r\n", [400, 405]),
                ("nonsense\r\n\r\n", [400]),
            ]
            for (request, statuses) in cases {
                let answer = try await server.send(Data(request.utf8), seconds: 10)
                #expect(statuses.contains(answer.status), "\(request.prefix(60)): \(answer.head)")
            }
            #expect(try await server.ask("GET", "/healthz").status == 200)
        }
    }

    @Test("Other sites are refused before their body is read")
    func otherSite() async throws {
        try await RunningServer.with { server in
            let head =
                "POST /v1/images/edits HTTP/1.1\r\n\(Self.host)Origin: https://evil.example\r\n"
                + "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n"
            let answer = try await server.send(Data(head.utf8), seconds: 10)
            #expect(answer.status == 403)
            #expect(answer.header("Access-Control-Allow-Origin") == nil)
        }
    }

    @Test("A body that goes on after a refusal is cut off")
    func endlessBody() async throws {
        try await RunningServer.with {
            $0.bodyLimit = 1 << 20
        } _: { server in
            let port = server.port
            let sent = try await onThread {
                let socket = try Socket(port)
                defer { socket.close() }
                try socket.write(
                    Data(
                        ("POST /sdapi/v1/txt2img HTTP/1.1\r\n\(Self.host)"
                            + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
                            .utf8))
                let chunk =
                    Data("10000\r\n".utf8) + Data(repeating: 0x20, count: 0x10000)
                    + Data("\r\n".utf8)
                var sent = 0
                // The socket's buffers hold some megabytes at most.
                while sent < 256 << 20 {
                    do { try socket.write(chunk) } catch { break }
                    sent += chunk.count
                }
                return sent
            }
            #expect(sent < 64 << 20)
            #expect(try await server.ask("GET", "/healthz").status == 200)
        }
    }

    @Test("Who sends a byte now and then, or never reads, is cut off; others are served meanwhile")
    func slow() async throws {
        try await RunningServer.with {
            $0.clock.head = 0.5
            $0.clock.grace = 0.5
            $0.clock.idle = 1
            $0.clock.write = 1
        } _: { server in
            let port = server.port
            let requests = [
                "GET / HTTP/1.1\r\n", "",
                "POST /sdapi/v1/txt2img HTTP/1.1\r\n\(Self.host)Content-Length: 100000\r\n\r\n{",
            ]
            for request in requests {
                async let isClosed = onThread {
                    let socket = try Socket(port)
                    defer { socket.close() }
                    try socket.write(Data(request.utf8))
                    return socket.read(seconds: 20).isClosed
                }
                #expect(try await server.ask("GET", "/healthz").status == 200)
                #expect(try await isClosed, "\(request.prefix(20)) is kept open")
            }
            let isReaderClosed = try await onThread {
                let socket = try Socket(port)
                defer { socket.close() }
                let request = Data("GET /openapi.json HTTP/1.1\r\n\(Self.host)\r\n".utf8)
                for _ in 0..<4000 {
                    do { try socket.write(request) } catch { return true }
                }
                Thread.sleep(forTimeInterval: 4)
                do {
                    for _ in 0..<100 { try socket.write(request) }
                    return false
                } catch { return true }
            }
            #expect(isReaderClosed)
        }
    }

    @Test("256 connections are taken, and not one more; a closed one makes room")
    func many() async throws {
        try await RunningServer.with { server in
            let port = server.port
            let request = Data("GET /healthz HTTP/1.1\r\n\(Self.host)\r\n".utf8)
            /// Whether a connection is served.
            @Sendable func isServed(_ socket: Socket) -> Bool {
                (try? socket.write(request)) != nil
                    && !socket.read(seconds: 10, least: 1).bytes.isEmpty
            }
            let (served, isOneMoreServed, isNextServed) = try await onThread {
                var sockets: [Socket] = []
                defer { for socket in sockets { socket.close() } }
                for _ in 0..<256 { sockets.append(try Socket(port)) }
                let served = sockets.filter { isServed($0) }.count
                let more = try Socket(port)
                let isOneMoreServed = isServed(more)
                more.close()
                sockets.removeLast().close()
                var isNextServed = false
                for _ in 0..<100 where !isNextServed {
                    let next = try Socket(port)
                    isNextServed = isServed(next)
                    next.close()
                    if !isNextServed { Thread.sleep(forTimeInterval: 0.05) }
                }
                return (served, isOneMoreServed, isNextServed)
            }
            #expect(served == 256)
            #expect(!isOneMoreServed)
            #expect(isNextServed)
        }
    }

    @Test("A server that is ended while connections come in ends in order")
    func endsUnderLoad() async throws {
        for _ in 0..<20 {
            let server = try await RunningServer.start()
            let sockets = try (0..<64).map { _ in try Socket(server.port) }
            await server.stop()
            for socket in sockets { socket.close() }
        }
    }

    @Test("Expect: 100-continue is answered before the body comes")
    func expectation() async throws {
        try await RunningServer.with { server in
            let port = server.port
            let text = try await onThread {
                let socket = try Socket(port)
                defer { socket.close() }
                try socket.write(
                    Data(
                        ("POST /sdapi/v1/options HTTP/1.1\r\n\(Self.host)Content-Length: 2\r\n"
                            + "Expect: 100-continue\r\nConnection: close\r\n\r\n").utf8))
                let first = socket.read(seconds: 10, least: 20).bytes
                try socket.write(Data("{}".utf8))
                return String(decoding: first + socket.read(seconds: 10).bytes, as: UTF8.self)
            }
            #expect(text.hasPrefix("HTTP/1.1 100"))
            #expect(text.contains("HTTP/1.1 200"))
        }
    }

    @Test("Unknown addresses and wrong methods are answered in their dialect")
    func dialects() async throws {
        try await RunningServer.with { server in
            let unknown = try await server.ask("GET", "/sdapi/v1/nothing")
            #expect(unknown.status == 404)
            #expect(unknown.text == #"{"detail":"Not Found"}"#)
            #expect(try await server.ask("GET", "/SDAPI/v1/options").status == 404)
            #expect(try await server.ask("GET", "/sdapi/v1/options%20").status == 404)
            #expect(try await server.ask("GET", "//sdapi/v1/options").status == 200)
            #expect(try await server.ask("GET", "/sdapi/v1/options/?").status == 200)
            let wrong = try await server.ask("PUT", "/sdapi/v1/options", Data("{}".utf8))
            #expect(wrong.status == 405)
            #expect(wrong.header("Allow") == "GET, HEAD, POST, OPTIONS")
            #expect(wrong.text == #"{"detail":"Method Not Allowed"}"#)
            let own = try await server.ask("GET", "/api/v1/jobs/none")
            #expect(own.status == 404)
            #expect((own.json["error"] as? [String: Any])?["code"] as? String == "not_found")
            let foreign = try await server.ask("GET", "/v1/models/none")
            #expect(foreign.status == 404)
            #expect(
                (foreign.json["error"] as? [String: Any])?["type"] as? String
                    == "invalid_request_error")
            let head = try await server.ask("HEAD", "/")
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
            let page = try await server.ask("GET", "/")
            let policy = page.header("Content-Security-Policy") ?? ""
            #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
            #expect(page.header("X-Content-Type-Options") == "nosniff")
        }
    }

    @Test("Wrong logins wait, and are distinguished from none")
    func login() async throws {
        try await RunningServer.with {
            $0.token = "right"
        } _: { server in
            let wrong = try await server.ask(
                "GET", "/sdapi/v1/options", nil, ["Authorization: Bearer wrong"])
            #expect(wrong.status == 401)
            let right = try await server.ask(
                "GET", "/sdapi/v1/options", nil, ["Authorization: Bearer right"])
            #expect(right.status == 200)
            #expect(try await server.ask("GET", "/page/app.js").status == 200)
        }
    }

    @Test("A server that others can reach needs a token")
    func needsToken() async {
        await #expect(throws: ServerError.needsToken(host: "0.0.0.0")) {
            _ = try await RunningServer.start { $0.host = "0.0.0.0" }
        }
        await #expect(throws: ServerError.needsToken(host: "0.0.0.0")) {
            _ = try await RunningServer.start {
                $0.host = "0.0.0.0"
                $0.token = ""
                $0.pair = ":"
            }
        }
    }

    @Test("A taken port and a folder in use are told in a line each")
    func starts() async throws {
        try await RunningServer.with { server in
            await #expect(throws: ServerError.self) {
                _ = try await RunningServer.start { $0.port = server.port }
            }
            await #expect(
                throws: ServerError.held(
                    path: server.folder.path, holder: " (process \(getpid()))")
            ) {
                _ = try await RunningServer.start(in: server.folder)
            }
        }
    }
}
