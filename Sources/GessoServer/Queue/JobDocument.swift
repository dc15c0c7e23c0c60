import Foundation

/// A job as Gesso's own API and the page see it.
struct JobDocument {
    let value: JSONValue

    init(_ row: JobRow, _ results: [ResultRow]) {
        let order = try? row.order()
        var members: [String: JSONValue] = [
            "id": .string(row.id), "state": .string(row.state.rawValue),
            "priority": .integer(Int64(row.priority)), "attempts": .integer(Int64(row.attempts)),
            "source": .string(row.source.rawValue), "prompt": .string(row.prompt),
            "pictures": .integer(Int64(row.pictures)),
            "error": row.error.map { .string($0) } ?? .null,
            "retryOf": row.retryOf.map { .string($0) } ?? .null,
            "created": .number(row.created),
            "started": row.started.map { .number($0) } ?? .null,
            "finished": row.finished.map { .number($0) } ?? .null, "seq": .integer(row.seq),
            "results": .array(results.map { Self.result($0) }),
        ]
        if let order { members["request"] = Self.request(order) }
        value = .object(members)
    }

    static func request(_ order: Order) -> JSONValue {
        [
            "verb": .string(order.verb), "model": order.model.map { .string($0) } ?? .null,
            "presets": .array(order.presets.map { .string($0) }),
            "settings": .object(order.settings.mapValues { .string($0) }),
            "source": order.source.map { .string($0) } ?? .null,
            "mask": order.mask.map { .string($0) } ?? .null,
            "pictures": .integer(Int64(order.pictures)), "format": .string(order.format),
            "quality": order.quality.map { .integer(Int64($0)) } ?? .null,
        ]
    }

    static func result(_ row: ResultRow) -> JSONValue {
        [
            "id": .integer(row.id ?? 0), "number": .integer(Int64(row.number)),
            "picture": .string(row.picture), "url": .string("/api/v1/pictures/\(row.picture)"),
            "seed": JSONValue(UInt64(bitPattern: row.seed)), "infotext": .string(row.infotext),
            "star": .bool(row.star), "created": .number(row.created),
            "receipt": (try? JSONValue(reading: Data(row.receipt.utf8))) ?? .null,
        ]
    }
}
