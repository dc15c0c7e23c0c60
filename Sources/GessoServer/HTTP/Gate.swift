import Foundation
import Gesso

/// Decides on the head of every request, before anything of it is read or done.
///
/// A value without state: the same head gives the same verdict.
package struct Gate: Sendable {
    /// Names beside addresses and `localhost` that the server may be called by, in lower case.
    package var hosts: Set<String> = []
    /// Origins of other pages that may use it, as `scheme://host[:port]`.
    package var origins: Set<String> = []
    /// What is needed to be let in; nil lets everyone in.
    package var login: Login?
    /// The most bytes of a body with pictures.
    package var bodyLimit = 64 << 20
    /// Which addresses of pictures need no login, from any page; nil knows of none.
    private var links: PictureLinks?
    /// The paths that there are, with `{name}` for a part that varies; empty is any.
    private var paths: [[Substring]] = []

    package init() {}

    /// The gate of a server that answers at some paths alone, and at addresses of pictures that need no login.
    package func knowing(_ paths: [String], _ links: PictureLinks? = nil) -> Gate {
        var gate = self
        gate.links = links
        gate.paths = paths.map { $0.split(separator: "/") }
        return gate
    }

    private func isKnown(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        return paths.isEmpty
            || paths.contains { places in
                places.count == parts.count
                    && zip(places, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
            }
    }

    /// The most bytes of other bodies.
    static let smallBodyLimit = 1 << 20
    static let headerLimit = 16 << 10
    static let fieldLimit = 100
    static let targetLimit = 8 << 10

    /// The head of a request as it came.
    package struct Head: Sendable {
        package var method: String
        package var target: String
        package var fields: [(name: String, value: String)]

        package init(_ method: String, _ target: String, _ fields: [(name: String, value: String)])
        {
            (self.method, self.target, self.fields) = (method, target, fields)
        }

        func values(_ name: String) -> [String] {
            fields.filter { $0.name.lowercased() == name }.map(\.value)
        }

        func value(_ name: String) -> String? { values(name).first }

        /// The target without its query.
        package var path: String { String(target.prefix { $0 != "?" }) }
    }

    /// What is done with a request.
    package enum Verdict: Sendable {
        /// It goes on. Its body may have so many bytes; `origin` is the listed one it comes from.
        case pass(bodyLimit: Int, origin: String?)
        case refuse(Refusal)
    }

    /// An answer given at the gate.
    package struct Refusal: Sendable, Error {
        package var status: Int
        package var message: String
        package var fields: [(name: String, value: String)] = []
        /// Whether the answer waits, because a password was wrong.
        package var isWrongLogin = false

        init(_ status: Int, _ message: String, _ fields: [(name: String, value: String)] = []) {
            (self.status, self.message, self.fields) = (status, message, fields)
        }
    }

    /// Decides on a request.
    package func verdict(on head: Head) -> Verdict {
        do {
            try checkForm(head)
            let host = try checkedHost(head)
            let proof = login?.proof(head.value("authorization")) ?? .none
            let isKnown = login != nil && proof != .none
            guard isKnown || host.isAddress || host.isLocalhost || hosts.contains(host.name) else {
                throw Refusal(
                    403, "Host '\(host.name)' is not allowed; start with --allow-host \(host.name)")
            }
            let isRead = head.method == "GET" || head.method == "HEAD"
            let isLinked = isRead && links?.allows(head.target) == true
            let origin = try checkedOrigin(head, host, proof, isLinked: isLinked)
            if !isLinked { try checkLogin(head, proof) }
            try checkPath(head)
            return .pass(bodyLimit: try checkedBody(head), origin: origin)
        } catch let refusal as Refusal {
            return .refuse(refusal)
        } catch {
            return .refuse(Refusal(400, "The request is malformed"))
        }
    }

    /// Whether what is sent is one well-formed request.
    private func checkForm(_ head: Head) throws {
        let methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
        if head.method == "TRACE" || head.method == "CONNECT" {
            throw Refusal(405, "Method Not Allowed", [("Allow", methods)])
        }
        guard head.target.utf8.count <= Self.targetLimit else {
            throw Refusal(414, "The address is longer than \(Self.targetLimit) bytes")
        }
        guard head.target.hasPrefix("/") || (head.method == "OPTIONS" && head.target == "*") else {
            throw Refusal(400, "The request's target must begin with /")
        }
        let bytes = head.fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        guard head.fields.count <= Self.fieldLimit, bytes <= Self.headerLimit else {
            throw Refusal(
                431, "More than \(Self.fieldLimit) header fields or \(Self.headerLimit) bytes")
        }
        let isControlled = head.fields.contains { field in
            field.value.unicodeScalars.contains { $0.value < 0x20 && $0.value != 9 }
        }
        if isControlled { throw Refusal(400, "A header field holds control characters") }
        let lengths = head.values("content-length")
        let encodings = head.values("transfer-encoding")
        guard lengths.count <= 1, encodings.count <= 1, lengths.isEmpty || encodings.isEmpty,
            lengths.allSatisfy({ Int($0) ?? -1 >= 0 })
        else { throw Refusal(400, "The length of the body is ambiguous") }
        if let encoding = encodings.first, encoding.lowercased() != "chunked" {
            throw Refusal(400, "Transfer-Encoding must be chunked")
        }
        if let encoding = head.value("content-encoding"), encoding.lowercased() != "identity" {
            throw Refusal(415, "Compressed bodies are not accepted; send it uncompressed")
        }
    }

    private func checkedHost(_ head: Head) throws -> HostName {
        let values = head.values("host")
        guard values.count == 1, let host = HostName(values[0]) else {
            throw Refusal(400, "The request needs one Host line with a name and a port")
        }
        return host
    }

    /// Whether a page of another site sends it, and which.
    private func checkedOrigin(
        _ head: Head, _ host: HostName, _ proof: Login.Proof, isLinked: Bool
    ) throws -> String? {
        let values = head.values("origin")
        guard values.count <= 1 else { throw Refusal(400, "More than one Origin line") }
        guard let origin = values.first else {
            if proof != .bearer, !isLinked { try checkSite(head) }
            return nil
        }
        if origins.contains(origin) {
            if head.method == "OPTIONS" { throw preflight(head) }
            return origin
        }
        let isOwn = head.value("host").map { "http://\($0)" == origin } ?? false
        guard isOwn || (proof == .bearer && head.method != "OPTIONS") else {
            let shown = origin.isEmpty ? "''" : "'\(origin.prefix(100))'"
            throw Refusal(
                403,
                "Origin \(shown) is not allowed; for another page start with --allow-origin")
        }
        return nil
    }

    /// Browsers say whether a request without an origin comes from another site's page.
    private func checkSite(_ head: Head) throws {
        guard let site = head.value("sec-fetch-site"), site != "none", site != "same-origin" else {
            return
        }
        let opensPage =
            head.method == "GET" && head.path == "/" && site == "cross-site"
            && head.value("sec-fetch-mode") == "navigate"
            && head.value("sec-fetch-dest") == "document"
        guard opensPage else { throw Refusal(403, "Requests from other sites are not allowed") }
    }

    private func preflight(_ head: Head) -> Refusal {
        // OpenAI's client sends several of its own.
        let asked = head.values("access-control-request-headers")
            .flatMap { $0.split(separator: ",") }
            .map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
            .filter { name in
                name.hasPrefix("x-stainless-")
                    && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
            }
        let usual = ["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID"]
        return Refusal(
            204, "",
            [
                ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE"),
                ("Access-Control-Allow-Headers", (usual + asked).joined(separator: ", ")),
                ("Access-Control-Max-Age", "600"),
            ])
    }

    /// The origin of a request, where it is a listed one.
    func listedOrigin(of head: Head) -> String? {
        let values = head.values("origin")
        guard values.count == 1, origins.contains(values[0]) else { return nil }
        return values[0]
    }

    /// What a browser needs to hand an answer to a listed page, and what a cache has to know.
    func sharing(with origin: String?) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        if let origin { fields.append((name: "Access-Control-Allow-Origin", value: origin)) }
        if !origins.isEmpty { fields.append((name: "Vary", value: "Origin")) }
        return fields
    }

    private func checkLogin(_ head: Head, _ proof: Login.Proof) throws {
        guard let login, proof == .none else { return }
        if head.path == "/", let token = Query(head.target)["token"] {
            guard login.matches(token: token) else { throw unauthorized(isWrong: true) }
            throw Refusal(303, "", [("Location", "/" + ServerConfiguration.fragment(of: token))])
        }
        guard Self.isOpen(head.path), head.method == "GET" || head.method == "HEAD" else {
            throw unauthorized(isWrong: head.value("authorization") != nil)
        }
    }

    /// The page's own files hold no secret; all they show comes from behind the login.
    private static func isOpen(_ path: String) -> Bool {
        path == "/" || path.hasPrefix("/page/") || path == "/internal/ping" || path == "/healthz"
    }

    /// - Parameter isWrong: whether something was shown, which may be a guess.
    private func unauthorized(isWrong: Bool) -> Refusal {
        var refusal = Refusal(
            401, "Incorrect username or password",
            [
                ("WWW-Authenticate", "Basic realm=\"gesso\", charset=\"UTF-8\""),
                ("WWW-Authenticate", "Bearer"),
            ])
        refusal.isWrongLogin = isWrong
        return refusal
    }

    private func checkPath(_ head: Head) throws {
        guard let path = percentDecoded(head.path), !path.contains("\0") else {
            throw Refusal(400, "The address is not valid UTF-8")
        }
        if path.split(separator: "/").contains("..") { throw Refusal(404, "Not Found") }
    }

    /// The most bytes the body may have, after its type and length are checked.
    private func checkedBody(_ head: Head) throws -> Int {
        let rule = BodyRule(of: head.path)
        let limit = rule.hasPictures ? bodyLimit : min(Self.smallBodyLimit, bodyLimit)
        let length = head.value("content-length").flatMap { Int($0) } ?? 0
        guard length <= limit else {
            throw Refusal(413, "The body is longer than \(limit) bytes")
        }
        let hasBody = length > 0 || head.value("transfer-encoding") != nil
        guard ["POST", "PUT", "PATCH"].contains(head.method) else { return limit }
        guard let type = head.value("content-type") else {
            let isBrowser = !head.values("origin").isEmpty || head.value("sec-fetch-site") != nil
            guard !isBrowser || !hasBody || !isKnown(head.path) else {
                throw Refusal(415, rule.message)
            }
            return limit
        }
        let bare = type.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        // Where nothing is, the answer is that.
        guard rule.accepts(bare) || !isKnown(head.path) else { throw Refusal(415, rule.message) }
        return limit
    }
}

/// What a body may be on a path.
struct BodyRule {
    let hasPictures: Bool
    private let types: [String]

    init(of path: String) {
        let path = "/" + path.split(separator: "/").joined(separator: "/")
        switch path {
        case "/v1/images/edits": (hasPictures, types) = (true, ["multipart/form-data"])
        case "/api/v1/pictures":
            (hasPictures, types) = (
                true,
                ImageFormat.allCases.map(\.mediaType) + [
                    "image/heif", "application/octet-stream", "multipart/form-data",
                ]
            )
        default:
            hasPictures =
                ["/sdapi/", "/api/v1/", "/v1/", "/controlnet/"].contains(where: path.hasPrefix)
            types = ["application/json"]
        }
    }

    func accepts(_ type: String) -> Bool { types.contains(type) }

    var message: String { "Content-Type must be \(types.joined(separator: " or "))" }
}
