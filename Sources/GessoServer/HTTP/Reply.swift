import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Which program's manner of errors a path answers in.
enum Dialect: Sendable {
    /// AUTOMATIC1111's API, which is FastAPI's.
    case sdapi
    /// OpenAI's.
    case openAI
    /// Gesso's own.
    case own
    /// The page's files.
    case page

    init(of path: String) {
        let first = path.split(separator: "/").first ?? ""
        self =
            switch first {
            case "sdapi", "internal", "controlnet": .sdapi
            case "v1": .openAI
            case "api": .own
            default: .page
            }
    }

    /// The body of an answer that says no.
    func refusal(_ status: Int, _ message: String) -> String {
        let value: JSONValue =
            switch self {
            case .sdapi, .page: ["detail": .string(message)]
            case .openAI:
                [
                    "error": [
                        "message": .string(message),
                        "type": status < 500 ? "invalid_request_error" : "server_error",
                        "param": .null, "code": .null,
                    ]
                ]
            case .own:
                [
                    "error": [
                        "code": .string(Self.code(status)), "message": .string(message),
                        "field": .null, "hint": .null,
                    ]
                ]
            }
        return value.text
    }

    static func code(_ status: Int) -> String {
        switch status {
        case 400: "bad_request"
        case 401: "unauthorized"
        case 403: "forbidden"
        case 404: "not_found"
        case 405: "method_not_allowed"
        case 409: "conflict"
        case 413: "too_large"
        case 415: "unsupported_type"
        case 422: "invalid"
        case 429: "queue_full"
        case 503: "unavailable"
        case 507: "disk_full"
        default: status < 500 ? "error" : "internal"
        }
    }
}

/// An answer that is not what was asked for, in any dialect.
struct Complaint: Error {
    var status: Int
    var message: String
    /// The field it is about.
    var field: String?
    /// What kind of value was expected, as pydantic names it.
    var type = "value_error"
    /// AUTOMATIC1111's name for the kind of failure.
    var name = "HTTPException"
    /// Whether the same request would fail again.
    var recurs = true
    var retryAfter: Int?

    init(_ status: Int, _ message: String, field: String? = nil) {
        (self.status, self.message, self.field) = (status, message, field)
    }

    /// A value of the wrong type or out of its range.
    static func invalid(_ field: String, _ message: String, type: String = "value_error") -> Self {
        var complaint = Self(422, message, field: field)
        complaint.type = type
        return complaint
    }
}

/// Several fields that are wrong.
struct InvalidFields: Error, CustomStringConvertible {
    var complaints: [Complaint]

    /// Where they are, and what is wrong with the first.
    var description: String {
        let fields = complaints.map { $0.field ?? "body" }.prefix(8).joined(separator: ", ")
        return "\(fields.prefix(200)): \(complaints.first?.message ?? "")"
    }
}

extension Response {
    /// A JSON answer.
    static func json(
        _ value: JSONValue, status: HTTPResponse.Status = .ok, fields: HTTPFields = [:]
    ) -> Response {
        var headers = fields
        headers[.contentType] = "application/json"
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: value.bytes)))
    }

    /// Bytes of a type.
    static func bytes(
        _ data: Data, type: String, status: HTTPResponse.Status = .ok, fields: HTTPFields = [:]
    ) -> Response {
        var headers = fields
        headers[.contentType] = type
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }
}

extension Complaint {
    /// The answer in a dialect.
    func response(_ dialect: Dialect) -> Response {
        var fields: HTTPFields = [:]
        if let retryAfter { fields[.retryAfter] = "\(retryAfter)" }
        if dialect == .openAI, recurs, let name = HTTPField.Name("x-should-retry") {
            fields[name] = "false"
        }
        // OpenAI's interface has one number for all that is wrong with a request.
        let code = dialect == .openAI && status == 422 ? 400 : status
        return .json(body(dialect), status: HTTPResponse.Status(code: code), fields: fields)
    }

    private func body(_ dialect: Dialect) -> JSONValue {
        switch dialect {
        case .sdapi where status == 422 && field != nil:
            ["detail": [detail]]
        case .sdapi where status == 405: ["detail": .string(message)]
        case .sdapi:
            [
                "error": .string(name), "detail": .string(message), "body": "",
                "errors": .string(message),
            ]
        case .openAI:
            [
                "error": [
                    "message": .string(message),
                    "type": status < 500 ? "invalid_request_error" : "server_error",
                    "param": field.map { .string($0) } ?? .null, "code": .null,
                ]
            ]
        case .own:
            [
                "error": [
                    "code": .string(Dialect.code(status)), "message": .string(message),
                    "field": field.map { .string($0) } ?? .null, "hint": .null,
                ]
            ]
        case .page: ["detail": .string(message)]
        }
    }

    /// As FastAPI lists what is wrong.
    var detail: JSONValue {
        [
            "loc": .array(
                ["body"] + (field ?? "").split(separator: ".").map { .string(String($0)) }),
            "msg": .string(message), "type": .string(type),
        ]
    }
}

extension InvalidFields {
    func response(_ dialect: Dialect) -> Response {
        guard dialect == .sdapi || complaints.count == 1, let first = complaints.first else {
            return (complaints.first ?? Complaint(422, "Invalid request")).response(dialect)
        }
        guard dialect == .sdapi else { return first.response(dialect) }
        return .json(
            ["detail": .array(complaints.map(\.detail))], status: .unprocessableContent)
    }
}
