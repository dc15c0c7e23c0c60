import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// What a request is answered from.
struct Call: Sendable {
    let request: Request
    let context: ServerContext
    let query: Query
    let dialect: Dialect

    init(_ request: Request, _ context: ServerContext) {
        (self.request, self.context) = (request, context)
        query = Query(request.head.path ?? "/")
        dialect = Dialect(of: request.uri.path)
    }

    /// A part of the path.
    func parameter(_ name: String) throws -> String {
        guard let text = context.parameters.get(name).flatMap({ percentDecoded($0) }),
            text.utf8.count <= 200, !text.contains("/")
        else { throw Complaint(404, "Not Found") }
        return text
    }

    /// The address of a path by the name that the client calls the server by; a proxy that speaks HTTPS to the
    /// client says so.
    func address(of path: String) -> String {
        let proxied = HTTPField.Name("X-Forwarded-Proto").flatMap { request.headers[$0] }
        let scheme = proxied?.lowercased() == "https" ? "https" : "http"
        return request.head.authority.map { "\(scheme)://\($0)\(path)" } ?? path
    }

    /// The whole body; the gate has bounded it.
    func data() async throws -> Data {
        let bytes = try await request.body.collect(upTo: .max)
        return Data(bytes.readableBytesView)
    }

    /// The fields of a JSON body; none where there is no body.
    func fields() async throws -> Fields {
        let data = try await data()
        return try Fields(data.isEmpty ? .null : JSONValue(reading: data))
    }

    /// The parts of a form's body, read as they arrive.
    func form() async throws -> [MultipartReader.Part] {
        do {
            var reader = try MultipartReader(
                contentType: request.headers[.contentType] ?? "")
            for try await bytes in request.body { try reader.read(bytes.readableBytesView) }
            return try reader.finished()
        } catch let failure as MultipartReader.Failure {
            throw Complaint(400, "The multipart body is not valid: \(failure.words)")
        }
    }

    /// Does work that ends early when the client leaves.
    func whileConnected<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let channel = context.channel
        let gone = try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.handler(type: GateHandler.self).gone.futureResult
        }.get()
        let task = Task { try await work() }
        gone.whenComplete { _ in task.cancel() }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}

extension MultipartReader.Failure {
    var words: String {
        switch self {
        case .noBoundary: "its type names no boundary"
        case .malformed: "a part is malformed"
        case .tooManyParts: "more than \(MultipartReader.partLimit) parts"
        case .headTooLong: "a part's head is longer than \(MultipartReader.headLimit) bytes"
        case .truncated: "it ends too early"
        }
    }
}

/// What Hummingbird keeps for a request; the connection beside it.
struct ServerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// A way to be asked: the one list that routing, wrong methods and the OpenAPI document come from.
struct Route: Sendable {
    let method: HTTPRequest.Method
    /// With `{name}` for a part that varies.
    let path: String
    let summary: String
    /// A JSON schema of the body; nil where there is none.
    let body: JSONValue?
    /// Names of fields of the query, with their types.
    let query: [(name: String, type: String)]
    /// Media types of the body.
    let bodyTypes: [String]
    /// What a success is: its status, its media type and a schema.
    let success: Success
    let handle: @Sendable (Call) async throws -> Response

    struct Success: Sendable {
        var status = 200
        var type = "application/json"
        var schema: JSONValue = [:]
    }

    init(
        _ method: HTTPRequest.Method, _ path: String, _ summary: String, body: JSONValue? = nil,
        bodyTypes: [String] = ["application/json"], query: [(name: String, type: String)] = [],
        success: Success = Success(),
        _ handle: @escaping @Sendable (Call) async throws -> Response
    ) {
        (self.method, self.path, self.summary) = (method, path, summary)
        (self.body, self.bodyTypes, self.query) = (body, bodyTypes, query)
        (self.success, self.handle) = (success, handle)
    }
}

extension Router where Context == ServerContext {
    /// Adds routes, and for every other method of their paths the answer that it is not allowed.
    func add(_ routes: [Route]) {
        let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
        for (path, group) in Dictionary(grouping: routes, by: \.path) {
            var allowed = group.map(\.method)
            if allowed.contains(.get) { allowed.append(.head) }
            for route in group {
                on(RouterPath(path), method: route.method) { request, context in
                    try await route.handle(Call(request, context))
                }
            }
            let names = methods.filter(allowed.contains).map(\.rawValue) + ["OPTIONS"]
            let list = names.joined(separator: ", ")
            for method in methods where !allowed.contains(method) {
                on(RouterPath(path), method: method) { request, _ in
                    if request.method == .options {
                        return Response(status: .noContent, headers: [.allow: list])
                    }
                    var response = Complaint(405, "Method Not Allowed").response(
                        Dialect(of: request.uri.path))
                    response.headers[.allow] = list
                    return response
                }
            }
        }
    }
}

/// Turns every error into an answer of the path's dialect, and adds what every answer carries.
struct AnswerMiddleware: RouterMiddleware {
    let links: PictureLinks

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let began = ContinuousClock.now
        let dialect = Dialect(of: request.uri.path)
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = Self.response(to: error, dialect, context)
        }
        response.headers[.xContentTypeOptions] = "nosniff"
        Self.set("Referrer-Policy", "same-origin", &response)
        Self.set("Cross-Origin-Opener-Policy", "same-origin", &response)
        let isLinked = links.allows(request.head.path ?? "/")
        let policyOfUse = isLinked ? "cross-origin" : "same-origin"
        Self.set("Cross-Origin-Resource-Policy", policyOfUse, &response)
        let policy =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
            + "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
            + "form-action 'self'; frame-ancestors 'none'"
        response.headers[.contentSecurityPolicy] = policy
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        Self.set("X-Process-Time", "\((seconds * 10000).rounded() / 10000)", &response)
        return response
    }

    private static func set(_ name: String, _ value: String, _ response: inout Response) {
        if let name = HTTPField.Name(name) { response.headers[name] = value }
    }

    private static func response(
        to error: any Error, _ dialect: Dialect, _ context: ServerContext
    ) -> Response {
        switch error {
        case let complaint as Complaint: return complaint.response(dialect)
        case let invalid as InvalidFields: return invalid.response(dialect)
        case let error as HTTPError where error.status == .notFound:
            guard dialect == .sdapi || dialect == .page else {
                return Complaint(404, "Not Found").response(dialect)
            }
            return .json(["detail": "Not Found"], status: .notFound)
        case let error as HTTPError:
            return Complaint(error.status.code, error.body ?? error.status.reasonPhrase)
                .response(dialect)
        case ServerError.diskFull:
            return Complaint(507, "The disk is full; free some space and try again")
                .response(dialect)
        case is CancellationError:
            return Complaint(499, "The client has left").response(dialect)
        default:
            context.logger.error("\(context.id): \(type(of: error)): \(error)")
            var complaint = Complaint(500, Engine.message(for: error))
            complaint.name = "\(type(of: error))"
            return complaint.response(dialect)
        }
    }
}
