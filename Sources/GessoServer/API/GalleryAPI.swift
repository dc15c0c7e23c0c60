import Foundation
import Gesso
import HTTPTypes
import Hummingbird

extension GessoServer {
    /// The gallery, what can be chosen, and looks ahead of a job.
    var galleryRoutes: [Route] {
        [
            Route(
                .get, "/api/v1/gallery", "Results, newest first",
                query: [
                    ("before", "integer"), ("limit", "integer"), ("q", "string"),
                    ("star", "boolean"),
                ],
                success: .init(schema: Schemas.list(of: Schemas.result))
            ) { call in
                let rows = try await store.gallery(
                    before: call.query.integer("before").map { Int64($0) },
                    search: call.query["q"].map { String($0.prefix(200)) },
                    starred: call.query.bool("star") ?? false,
                    limit: min(max(call.query.integer("limit") ?? 50, 1), 200))
                var items: [JSONValue] = []
                for (row, picture, order) in rows {
                    var item = JobDocument.result(row).object ?? [:]
                    item["width"] = .integer(Int64(picture.width))
                    item["height"] = .integer(Int64(picture.height))
                    item["job"] = .string(row.job)
                    if let order { item["request"] = JobDocument.request(order) }
                    items.append(.object(item))
                }
                return .json(["items": .array(items)])
            },
            Route(
                .patch, "/api/v1/gallery/{id}", "Star a result, or take it back from the trash",
                body: Schemas.change, success: .init(schema: Schemas.result)
            ) { call in
                var fields = try await call.fields()
                let star = fields.bool("star")
                let isDeleted = fields.bool("deleted")
                try fields.check()
                return .json(
                    JobDocument.result(
                        try await changed(call, star: star, isDeleted: isDeleted)))
            },
            Route(
                .delete, "/api/v1/gallery/{id}", "Move a result to the trash, for a day",
                success: .init(schema: Schemas.result)
            ) { call in
                .json(
                    JobDocument.result(try await changed(call, star: nil, isDeleted: true)))
            },
            Route(
                .get, "/api/v1/models", "Checkpoints that can be named, with what they cannot do",
                success: .init(schema: Schemas.list(of: Schemas.model))
            ) { _ in
                let models = try await offPool(.short) { engine.names.summaries() }
                return .json(["items": .array(models.map(Self.document))])
            },
            Route(
                .get, "/api/v1/presets", "Presets that can be named, with their settings",
                success: .init(schema: Schemas.list(of: ["type": "object"]))
            ) { _ in
                .json([
                    "items": .array(
                        try engine.names.presets().map { name, preset in
                            [
                                "name": .string(name), "summary": .string(preset.summary),
                                "verbs": .array(preset.verbs.map { .string($0.rawValue) }),
                                "settings": .object(
                                    Dictionary(
                                        preset.settings.map { ($0.key, .string($0.value)) }
                                    ) { $1 }),
                            ]
                        })
                ])
            },
            Route(
                .get, "/api/v1/keys", "Settings, with the verbs they are for and their defaults",
                success: .init(schema: Schemas.list(of: ["type": "object"]))
            ) { _ in .json(["items": .array(Recipe.keys.map(Self.document))]) },
            Route(
                .get, "/api/v1/pictures/{sha}/mask",
                "A picture as a mask of a size: a byte for each pixel, rows from the top",
                query: [("from", "string"), ("width", "integer"), ("height", "integer")],
                success: .init(
                    type: "application/octet-stream",
                    schema: ["type": "string", "format": "binary"])
            ) { try await maskBytes($0) },
            Route(
                .post, "/api/v1/plan", "What a job would do and need", body: Schemas.order,
                success: .init(schema: ["type": "object"])
            ) { try await plan($0) },
            Route(
                .post, "/api/v1/mask/preview", "The mask as a job would use it, as a grey PNG",
                body: Schemas.order,
                success: .init(type: "image/png", schema: ["type": "string", "format": "binary"])
            ) { .bytes(try await usedMask($0).image.encoded(as: .png), type: "image/png") },
            Route(
                .post, "/api/v1/mask/used",
                "The mask as a job would use it: a byte for each pixel, by rows",
                body: Schemas.order,
                success: .init(
                    type: "application/octet-stream",
                    schema: ["type": "string", "format": "binary"])
            ) { .bytes(Data(try await usedMask($0).values), type: "application/octet-stream") },
            Route(
                .post, "/api/v1/mask/select",
                "What a box holds, strokes mark or a colour fills: a byte for each pixel, by rows",
                body: Schemas.selection,
                success: .init(
                    type: "application/octet-stream",
                    schema: ["type": "string", "format": "binary"])
            ) { try await select($0) },
            Route(
                .post, "/api/v1/verify", "Count the pixels outside a mask that a result changed",
                body: Schemas.verify, success: .init(schema: ["type": "object"])
            ) { try await verify($0) },
        ]
    }

    private func changed(_ call: Call, star: Bool?, isDeleted: Bool?) async throws -> ResultRow {
        guard let id = Int64(try call.parameter("id")),
            let row = try await store.change(result: id, star: star, isDeleted: isDeleted)
        else { throw Complaint(404, "There is no such result") }
        return row
    }

    private static func document(_ name: String, _ model: ModelSummary?) -> JSONValue {
        let refusals = Verb.allCases.compactMap { verb in
            model?.refusal(of: verb, by: name).map { (verb.rawValue, JSONValue.string($0)) }
        }
        return [
            "name": .string(name), "family": model.map { .string($0.family) } ?? .null,
            "guidanceScale": model?.guidanceScale.map { .number($0) } ?? .null,
            "cannot": .object(Dictionary(refusals) { $1 }),
        ]
    }

    private static func document(_ key: Key) -> JSONValue {
        var defaults: [String: JSONValue] = [:]
        for verb in Verb.allCases where key.verbs.contains(verb) {
            defaults[verb.rawValue] =
                key.value(in: Recipe(verb)).map { .string("\($0)") } ?? .null
        }
        return [
            "name": .string(key.name), "help": .string(key.help),
            "expected": .string(key.expected),
            "choices": .array(key.choices.map { .string($0) }), "defaults": .object(defaults),
        ]
    }

    /// White is the luma, what is opaque, or what is transparent.
    private func maskBytes(_ call: Call) async throws -> Response {
        let row = try await picture(call.parameter("sha"))
        let size = (try call.query.integer("width"), try call.query.integer("height"))
        let (width, height) = (size.0 ?? row.width, size.1 ?? row.height)
        guard width > 0, height > 0, width <= ImageLimits.side, height <= ImageLimits.side,
            width * height <= ImageLimits.pixels
        else { throw Complaint.invalid("width", "the mask would be too large") }
        let from = call.query["from"] ?? "luma"
        let data = try store.data(of: row.sha)
        let values = try await call.offPool {
            let picture = try decoded(data, field: "picture")
            let mask =
                switch from {
                case "transparency": Mask(transparencyOf: picture)
                case "opaque": Mask(transparencyOf: picture).inverted
                case "luma": Mask(picture)
                default: throw Complaint.invalid("from", "give luma, opaque or transparency")
                }
            let isFitting = mask.width == width && mask.height == height
            return isFitting ? mask.values : mask.resized(width: width, height: height).values
        }
        return .bytes(Data(values), type: "application/octet-stream")
    }

    private func plan(_ call: Call) async throws -> Response {
        var fields = try await call.fields()
        let order = try Order(own: &fields).drawingSeed()
        try engine.check(order)
        let request = try engine.request(order, 0, from: store)
        let planned: [PlannedEdit]
        do {
            planned = try await engine.library.plan(request)
        } catch let error as CancellationError {
            throw error
        } catch {
            var complaint = Complaint(422, Engine.message(for: error))
            if GessoError(error).kind == .resources { complaint.type = "insufficient_memory" }
            throw complaint
        }
        guard let plan = planned.first?.plan else { throw Complaint(422, "there is nothing to do") }
        return .json(try JSONValue(reading: JSONEncoder().encode(plan)))
    }

    private func usedMask(_ call: Call) async throws -> Mask {
        var fields = try await call.fields()
        var order = try Order(own: &fields)
        order.verb = "inpaint"
        let inputs = (order.source, order.mask)
        guard let source = inputs.0, let mask = inputs.1 else {
            throw Complaint.invalid("mask", "a source and a mask are needed")
        }
        let recipe = try engine.edit(of: order, number: 0).recipe
        return try await call.offPool {
            let edit = try Edit.inpaint(
                try decoded(store.data(of: source), field: "source"),
                Mask(try decoded(store.data(of: mask), field: "mask")), recipe)
            guard let mask = edit.mask else { throw Complaint.invalid("mask", "it is empty") }
            return mask
        }
    }

    private func select(_ call: Call) async throws -> Response {
        var fields = try await call.fields()
        let source = fields.string("source", limit: 64)
        func numbers(_ value: JSONValue?, of name: String) throws -> [Double] {
            guard let value else { return [] }
            guard let parts = value.array, parts.allSatisfy({ $0.double != nil }) else {
                throw Complaint.invalid(name, "give a list of numbers")
            }
            return parts.compactMap(\.double)
        }
        let box = try numbers(fields["box"], of: "box")
        let place = try numbers(fields["fill"], of: "fill")
        let tolerance = fields.integer("tolerance", in: 0...255) ?? 24
        let margin = fields.integer("margin", in: 0...1000)
        try fields.check()
        guard let source else { throw Complaint.invalid("source", "field required") }
        let row = try await picture(source)
        if !place.isEmpty {
            guard place.count == 2, 0..<Double(row.width) ~= place[0],
                0..<Double(row.height) ~= place[1]
            else { throw Complaint.invalid("fill", "give x and y of a pixel of the picture") }
            let data = try store.data(of: row.sha)
            let length = WorkLength(width: row.width, height: row.height)
            let values = try await call.offPool(length) {
                try decoded(data, field: "source")
                    .flooded(from: Int(place[0]), Int(place[1]), tolerance: tolerance)
            }
            return .bytes(Data(values), type: "application/octet-stream")
        }
        func strokes(_ name: String) throws -> [[Selection.Point]] {
            try (fields[name]?.array ?? []).prefix(100).map { stroke in
                let places = Array(try numbers(stroke, of: name).prefix(2000))
                return stride(from: 0, to: places.count - 1, by: 2).map {
                    Selection.Point(
                        x: min(max(places[$0], 0), Double(row.width)),
                        y: min(max(places[$0 + 1], 0), Double(row.height)))
                }
            }
        }
        var selection = Selection(
            keep: try strokes("keep"), drop: try strokes("drop"), margin: margin)
        if !box.isEmpty {
            guard box.count == 4, box.allSatisfy({ abs($0) < 1e6 }) else {
                throw Complaint.invalid("box", "give x, y, width and height")
            }
            let left = max(0, Int(box[0])), top = max(0, Int(box[1]))
            let right = min(row.width, Int(box[0] + box[2]))
            let bottom = min(row.height, Int(box[1] + box[3]))
            guard left < right, top < bottom else {
                throw Complaint.invalid("box", "it is outside of the picture")
            }
            selection.box = Box(x: left, y: top, width: right - left, height: bottom - top)
        }
        guard !selection.isEmpty else {
            throw Complaint.invalid("box", "a box or strokes to keep are needed")
        }
        let (data, asked) = (try store.data(of: row.sha), selection)
        let values = try await call.offPool {
            try decoded(data, field: "source").mask(of: asked).values
        }
        return .bytes(Data(values), type: "application/octet-stream")
    }

    private func verify(_ call: Call) async throws -> Response {
        var fields = try await call.fields()
        let names = ["original", "result", "mask"]
        let given = names.map { fields.string($0, limit: 64) }
        try fields.check()
        var pictures: [Data] = []
        for (name, sha) in zip(names, given) {
            guard let sha else { throw Complaint.invalid(name, "field required") }
            pictures.append(try store.data(of: sha))
        }
        let parts = pictures
        let comparison = try await call.offPool {
            do {
                return try Comparison(
                    decoded(parts[0], field: "original"), decoded(parts[1], field: "result"),
                    outside: Mask(decoded(parts[2], field: "mask")))
            } catch let error as ImagingError {
                throw Complaint.invalid("mask", "\(error)")
            }
        }
        return .json([
            "pixels": .integer(Int64(comparison.pixels)),
            "changed": .integer(Int64(comparison.differing)),
            "largestDifference": .integer(Int64(comparison.largestDifference)),
        ])
    }
}
