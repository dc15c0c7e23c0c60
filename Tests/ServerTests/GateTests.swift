import Foundation
import GessoServer
import Testing

/// A request's head and the status that it is refused with; nil where it passes.
struct GateCase: Sendable, CustomStringConvertible {
    let number: String
    var method = "GET"
    var target = "/sdapi/v1/options"
    var fields: [(String, String)] = [("Host", "127.0.0.1:7860")]
    let status: Int?

    var description: String { "\(number) \(method) \(target.prefix(60)) \(fields)" }

    static func host(_ number: String, _ host: String, _ status: Int?) -> GateCase {
        GateCase(number: number, fields: [("Host", host)], status: status)
    }

    static func post(
        _ number: String, _ fields: [(String, String)], _ status: Int?,
        to target: String = "/sdapi/v1/txt2img"
    ) -> GateCase {
        GateCase(
            number: number, method: "POST", target: target,
            fields: [("Host", "127.0.0.1:7860")] + fields, status: status)
    }

    static func origin(_ number: String, _ origins: [String], _ status: Int?) -> GateCase {
        post(
            number,
            [("Content-Type", "application/json"), ("Content-Length", "2")]
                + origins.map { ("Origin", $0) }, status)
    }
}

@Suite("The gate: Host, Origin, login, form and length of every request")
struct GateTests {
    private func status(_ gate: Gate, _ row: GateCase) -> Int? {
        let head = Gate.Head(row.method, row.target, row.fields.map { (name: $0.0, value: $0.1) })
        switch gate.verdict(on: head) {
        case .pass: return nil
        case .refuse(let refusal): return refusal.status
        }
    }

    static let hosts: [GateCase] = [
        .host("1", "127.0.0.1:7860", nil), .host("2", "localhost:7860", nil),
        .host("3", "LOCALHOST", nil), .host("4", "localhost.", nil),
        .host("5", "[::1]:7860", nil), .host("6", "127.0.0.1", nil),
        .host("7", "127.0.0.1:9999", nil), .host("8", "192.168.1.5:7860", nil),
        .host("9", "app.localhost", nil), .host("10", "evil.example", 403),
        .host("11", "localhost.evil.example", 403), .host("12", "127.0.0.1.evil.example", 403),
        .host("13", "127.0.0.1.nip.io", 403), .host("14", "evil-localhost", 403),
        .host("15", "xn--lcalhost-54a", 403), .host("16", "2130706433", 403),
        .host("17", "0x7f.1", 403), .host("18", "127.1", 403),
        GateCase(number: "19", fields: [], status: 400), .host("20", "", 400),
        GateCase(
            number: "21", fields: [("Host", "localhost"), ("Host", "localhost")], status: 400),
        .host("22", "user@localhost", 400), .host("23", "localhost:99999", 400),
        .host("24", "localhost:abc", 400), .host("25", "local\thost", 400),
        .host("25b", "local\0host", 400),
        GateCase(
            number: "26",
            fields: [
                ("Host", "evil.example"), ("X-Forwarded-Host", "localhost"),
                ("Forwarded", "host=localhost"),
            ], status: 403),
        GateCase(
            number: "27", target: "http://evil.example/sdapi/v1/options",
            fields: [("Host", "localhost")], status: 400),
        .host("more 1", "[::1", 400), .host("more 2", "[zz::1]", 400),
        .host("more 3", "localhost:", 400), .host("more 4", "a..b", 400),
        .host("more 5", "256.1.1.1", 403), .host("more 6", "[::ffff:127.0.0.1]:80", nil),
    ]

    @Test("Only this machine's names and addresses pass as Host", arguments: hosts)
    func host(_ row: GateCase) { #expect(status(Gate(), row) == row.status) }

    @Test("A name that is listed passes, and none below it")
    func allowedHost() {
        var gate = Gate()
        gate.hosts = ["studio.lan"]
        #expect(status(gate, .host("28", "STUDIO.lan:7860", nil)) == nil)
        #expect(status(gate, .host("28", "evil.studio.lan", 403)) == 403)
    }

    static let origins: [GateCase] = [
        .origin("30", [], nil), .origin("31", ["http://127.0.0.1:7860"], nil),
        .origin("32", ["http://localhost:7860"], 403),
        .origin("33", ["http://127.0.0.1:3000"], 403),
        .origin("34", ["https://127.0.0.1:7860"], 403),
        .origin("35", ["https://evil.example"], 403),
        .origin("36", ["http://127.0.0.1:7860.evil.example"], 403),
        .origin("37", ["null"], 403), .origin("38", [""], 403), .origin("39", ["file://"], 403),
        .origin("40", ["app://x"], 403), .origin("40b", ["chrome-extension://abc"], 403),
        .origin("41", ["http://127.0.0.1:7860", "http://127.0.0.1:7860"], 400),
        GateCase(
            number: "46",
            fields: [
                ("Host", "127.0.0.1:7860"), ("Sec-Fetch-Site", "cross-site"),
                ("Sec-Fetch-Mode", "no-cors"),
            ], status: 403),
        GateCase(number: "47", target: "/", fields: opening("document"), status: nil),
        GateCase(number: "48", target: "/", fields: opening("iframe"), status: 403),
        GateCase(number: "48b", fields: opening("document"), status: 403),
        GateCase(
            number: "49", fields: [("Host", "localhost:7860"), ("Sec-Fetch-Site", "same-site")],
            status: 403),
        GateCase(
            number: "49b", fields: [("Host", "localhost:7860"), ("Sec-Fetch-Site", "same-origin")],
            status: nil),
    ]

    private static func opening(_ kind: String) -> [(String, String)] {
        [
            ("Host", "127.0.0.1:7860"), ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", kind),
        ]
    }

    @Test("Pages of other sites are kept out", arguments: origins)
    func origin(_ row: GateCase) { #expect(status(Gate(), row) == row.status) }

    @Test("A page that is listed passes, and is told so exactly")
    func allowedOrigin() {
        var gate = Gate()
        gate.origins = ["https://chat.example"]
        func verdict(_ row: GateCase) -> Gate.Verdict {
            gate.verdict(
                on: Gate.Head(row.method, row.target, row.fields.map { (name: $0.0, value: $0.1) }))
        }
        guard
            case .pass(_, "https://chat.example"?) =
                verdict(.origin("42", ["https://chat.example"], nil))
        else {
            Issue.record("the listed page does not pass")
            return
        }
        for other in ["https://chat.example.evil.example", "http://chat.example"] {
            #expect(status(gate, .origin("43", [other], 403)) == 403)
        }
        var preflight = GateCase.origin("44", ["https://chat.example"], 204)
        preflight.method = "OPTIONS"
        guard case .refuse(let answer) = verdict(preflight) else {
            Issue.record("a preflight is answered at the gate")
            return
        }
        #expect(answer.status == 204)
        #expect(answer.fields.contains { $0.name == "Access-Control-Allow-Methods" })
        preflight.fields.append(
            (
                "Access-Control-Request-Headers",
                "authorization,X-Stainless-Lang, x-stainless-os,x-odd"
            ))
        guard case .refuse(let other) = verdict(preflight) else {
            Issue.record("a preflight is answered at the gate")
            return
        }
        #expect(
            other.fields.first { $0.name == "Access-Control-Allow-Headers" }?.value
                == "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, "
                + "x-stainless-lang, x-stainless-os")
        #expect(!answer.fields.contains { $0.name == "Access-Control-Allow-Credentials" })
        preflight = .origin("45", ["https://other.example"], 403)
        preflight.method = "OPTIONS"
        guard case .refuse(let refusal) = verdict(preflight) else {
            Issue.record("another page's preflight passes")
            return
        }
        #expect(refusal.status == 403)
        #expect(!refusal.fields.contains { $0.name == "Access-Control-Allow-Origin" })
    }

    static let bodies: [GateCase] = [
        .post("50", [("Content-Type", "text/plain"), ("Content-Length", "2")], 415),
        .post(
            "51",
            [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "2")], 415),
        .post(
            "52", [("Content-Type", "multipart/form-data; boundary=x"), ("Content-Length", "2")],
            415),
        .post("53", [("Content-Length", "2")], nil),
        .post("53b", [("Content-Length", "2"), ("Origin", "https://evil.example")], 403),
        .post("53c", [("Content-Length", "2"), ("Origin", "http://127.0.0.1:7860")], 415),
        .post(
            "54",
            [
                ("Content-Type", "multipart/form-data; boundary=x"), ("Content-Length", "2"),
                ("Origin", "https://evil.example"),
            ], 403, to: "/v1/images/edits"),
        .post(
            "54b",
            [("Content-Type", "multipart/form-data; boundary=x"), ("Content-Length", "2")], nil,
            to: "/v1/images/edits"),
        .post(
            "76",
            [
                ("Content-Type", "application/json"), ("Content-Length", "2"),
                ("Content-Encoding", "gzip"),
            ], 415),
        .post("77", [("Content-Length", "2"), ("Transfer-Encoding", "chunked")], 400),
        .post("78", [("Content-Length", "2"), ("Content-Length", "3")], 400),
        .post(
            "size", [("Content-Type", "application/json"), ("Content-Length", "\(65 << 20)")], 413),
        .post(
            "size b", [("Content-Type", "application/json"), ("Content-Length", "\(2 << 20)")], 413,
            to: "/internal/progress"),
    ]

    @Test(
        "Bodies are of the path's type, of one length and no longer than allowed", arguments: bodies
    )
    func body(_ row: GateCase) { #expect(status(Gate(), row) == row.status) }

    static let targets: [GateCase] = [
        GateCase(number: "59", target: "/../../etc/passwd", status: 404),
        GateCase(number: "60", target: "/%2e%2e/%2e%2e/etc/passwd", status: 404),
        GateCase(number: "61", target: "/static/..%2f..%2fetc/passwd", status: 404),
        GateCase(number: "62", target: "/a%00b", status: 400),
        GateCase(number: "63", target: "/%ff%fe", status: 400),
        GateCase(number: "63b", target: "/%zz", status: 400),
        GateCase(number: "64", target: "//sdapi/v1/options", status: nil),
        GateCase(number: "65", target: "/sdapi/v1/options/", status: nil),
        GateCase(number: "67", target: "/api/pictures/../../x", status: 404),
        GateCase(number: "74", target: "/" + String(repeating: "a", count: 100_000), status: 414),
        GateCase(
            number: "75",
            fields: [
                ("Host", "localhost"), ("X", String(repeating: "a", count: 100_000)),
            ], status: 431),
        GateCase(
            number: "75b",
            fields: [("Host", "localhost")] + (0..<100).map { ("X-\($0)", "a") }, status: 431),
        GateCase(number: "79", method: "TRACE", status: 405),
        GateCase(number: "80", method: "CONNECT", status: 405),
    ]

    @Test("Addresses are paths in UTF-8 that lead nowhere else", arguments: targets)
    func target(_ row: GateCase) { #expect(status(Gate(), row) == row.status) }

    @Test("A login covers all but the page's own files")
    func login() {
        var gate = Gate()
        gate.login = Login(token: "right", pair: "me:secret")
        func status(
            _ fields: [(String, String)], target: String = "/sdapi/v1/options",
            host: String = "127.0.0.1:7860"
        ) -> Int? {
            self.status(
                gate,
                GateCase(
                    number: "", target: target, fields: [("Host", host)] + fields, status: nil))
        }
        let bearer = ("Authorization", "Bearer right")
        let basic = ("Authorization", "Basic bWU6c2VjcmV0")
        #expect(status([]) == 401)
        #expect(status([("Authorization", "Bearer wrong")]) == 401)
        #expect(status([("Authorization", "Basic bWU6d3Jvbmc=")]) == 401)
        #expect(status([basic]) == nil)
        #expect(status([bearer]) == nil)
        #expect(status([("Authorization", "Basic eDpyaWdodA==")]) == nil)
        #expect(status([bearer], host: "host.docker.internal") == nil)
        #expect(status([basic], host: "host.docker.internal") == nil)
        let evil = ("Origin", "https://evil.example")
        #expect(status([bearer, evil]) == nil)
        #expect(status([basic, evil]) == 403)
        #expect(status([("Cookie", "gesso=right"), ("Sec-Fetch-Site", "same-site")]) == 403)
        #expect(status([], target: "/?token=right") == 303)
        #expect(status([], target: "/?token=wrong") == 401)
        #expect(status([], target: "/sdapi/v1/options?token=right") == 401)
        #expect(status([], target: "/") == nil)
        #expect(status([], target: "/internal/ping") == nil)
    }

    @Test("A token of any characters comes to the page as it is")
    func tokens() throws {
        var gate = Gate()
        gate.login = Login(token: "a+b &%é")
        let head = Gate.Head("GET", "/?token=a%2Bb+%26%25%C3%A9", [("Host", "localhost")])
        guard case .refuse(let answer) = gate.verdict(on: head) else {
            Issue.record("there is no redirect")
            return
        }
        #expect(answer.status == 303)
        #expect(
            answer.fields.first { $0.name == "Location" }?.value
                == "/#token=a%2Bb%20%26%25%C3%A9")
    }

    @Test("What no browser sends is no origin to allow, and no address a host")
    func settings() {
        for origin in [
            "https://chat.example", "https://chat.example/", "http://localhost:3000",
            "http://[::1]:80", "chrome-extension://abcdef", "https://Chat.example",
            "HTTPS://chat.example", "null",
        ] {
            #expect(ServerConfiguration.isOrigin(origin), "\(origin)")
        }
        for origin in [
            "", "*", "chat.example", "https://", "https://chat.example/app",
            "://chat.example", "https://a b", "https://u@chat.example",
        ] {
            #expect(!ServerConfiguration.isOrigin(origin), "\(origin)")
        }
        #expect(ServerConfiguration.isHost("studio.lan") && ServerConfiguration.isHost("a:80"))
        for host in ["", "http://studio.lan", "*", "*.studio.lan", "studio.lan/x"] {
            #expect(!ServerConfiguration.isHost(host), "\(host)")
        }
    }

    @Test("An origin that is allowed may be written with capitals, as a person does")
    func capitals() async throws {
        try await RunningServer.with {
            $0.allowedOrigins = ["https://Chat.Example/"]
        } _: { server in
            let answer = try await server.ask(
                "GET", "/internal/ping", nil, ["Origin: https://chat.example"])
            #expect(answer.status == 200)
            #expect(answer.header("Access-Control-Allow-Origin") == "https://chat.example")
        }
    }

    @Test("Both ways to log in are named, and only a wrong one waits")
    func challenges() {
        var gate = Gate()
        gate.login = Login(token: "right")
        let plain = Gate.Head("GET", "/sdapi/v1/options", [("Host", "localhost")])
        guard case .refuse(let first) = gate.verdict(on: plain) else {
            Issue.record("passes without a login")
            return
        }
        #expect(first.fields.filter { $0.name == "WWW-Authenticate" }.count == 2)
        #expect(!first.isWrongLogin)
        let guesses: [(String, [(name: String, value: String)])] = [
            ("/sdapi/v1/options", [("Authorization", "Bearer no")]), ("/?token=no", []),
        ]
        for (target, fields) in guesses {
            let wrong = Gate.Head("GET", target, [("Host", "localhost")] + fields)
            guard case .refuse(let second) = gate.verdict(on: wrong) else {
                Issue.record("passes with a wrong login")
                return
            }
            #expect(second.isWrongLogin)
        }
    }

    @Test(
        "Without a login any Authorization line passes",
        arguments: ["", "Basic ", "Basic Og==", "garbage \u{7f}"])
    func idleAuthorization(_ value: String) {
        let row = GateCase(
            number: "57", fields: [("Host", "localhost"), ("Authorization", value)], status: nil)
        #expect(status(Gate(), row) == nil)
    }

    @Test("A refusal says which option would let the host in")
    func words() {
        let head = Gate.Head("GET", "/", [("Host", "evil.example")])
        guard case .refuse(let refusal) = Gate().verdict(on: head) else {
            Issue.record("passes")
            return
        }
        #expect(refusal.message.contains("--allow-host evil.example"))
    }

    @Test("A page that is listed can read refusals of the gate, too")
    func readableRefusals() async throws {
        try await RunningServer.with {
            $0.allowedOrigins = ["https://chat.example"]
            $0.token = "right"
        } _: { server in
            let origin = "Origin: https://chat.example"
            let login = "Authorization: Bearer right"
            let body = Data("{}".utf8)
            let answers = [
                (401, try await server.ask("GET", "/sdapi/v1/options", nil, [origin])),
                (
                    415,
                    try await server.ask(
                        "POST", "/sdapi/v1/txt2img", body, type: "text/plain", [origin, login])
                ),
                (404, try await server.ask("GET", "/a/../b", nil, [origin, login])),
                (204, try await server.ask("OPTIONS", "/sdapi/v1/txt2img", nil, [origin])),
            ]
            for (status, answer) in answers {
                #expect(answer.status == status, "\(answer.head)")
                #expect(answer.header("Access-Control-Allow-Origin") == "https://chat.example")
                #expect(answer.header("Vary") == "Origin")
            }
            let other = try await server.ask(
                "GET", "/sdapi/v1/options", nil, ["Origin: https://other.example"])
            #expect(other.status == 403)
            #expect(other.header("Access-Control-Allow-Origin") == nil)
            // What is not there is that, of whatever type the body is.
            let unknown = try await server.ask(
                "POST", "/sdapi/v1/nothing", body, type: "multipart/form-data; boundary=x",
                [origin, login])
            #expect(unknown.status == 404)
        }
    }

    @Test("Empty logins are none")
    func emptyLogins() {
        #expect(Login(token: "") == nil && Login(token: nil, pair: ":") == nil)
        for pair in ["", ":", "a:", ":b", "a"] { #expect(!ServerConfiguration.isPair(pair)) }
        for pair in ["a:b", "a:b:c"] { #expect(ServerConfiguration.isPair(pair)) }
    }
}
