import Foundation
import Gesso
import HTTPTypes
import Hummingbird

extension GessoServer {
    /// Gesso's own interface: pictures are uploaded once and named by their digest, jobs are queued
    /// and watched.
    var ownRoutes: [Route] {
        [
            Route(
                .post, "/api/v1/pictures", "Upload a picture: its bytes, or a form with one file",
                body: ["type": "string", "format": "binary"],
                bodyTypes: ["application/octet-stream"] + ImageFormat.allCases.map(\.mediaType),
                success: .init(status: 201, schema: Schemas.picture)
            ) { try await upload($0) },
            Route(
                .get, "/api/v1/pictures/{sha}", "A picture, or a smaller view of it",
                query: [("max", "integer"), ("download", "string")],
                success: .init(type: "image/png", schema: ["type": "string", "format": "binary"])
            ) { try await sendPicture($0) },
            Route(
                .get, "/api/v1/pictures/{sha}/info", "Size of a picture and the text in it",
                success: .init(schema: Schemas.picture)
            ) { call in
                let row = try await picture(call.parameter("sha"))
                try await store.noteUse(of: [row.sha])
                let data = try store.data(of: row.sha)
                let text = try await offPool {
                    try decoded(data, field: "picture").metadata.parameters
                }
                var document = Self.document(row)
                document["parameters"] = text.map { .string($0) } ?? .null
                return .json(.object(document))
            },
            Route(
                .post, "/api/v1/jobs", "Queue a job", body: Schemas.order,
                success: .init(status: 202, schema: Schemas.job)
            ) { try await submit($0) },
            Route(
                .get, "/api/v1/jobs", "Jobs, newest change first",
                query: [("state", "string"), ("before", "integer"), ("limit", "integer")],
                success: .init(schema: Schemas.list(of: Schemas.job))
            ) { call in
                let state = try call.query["state"].map { text in
                    guard let state = JobState(rawValue: text) else {
                        throw Complaint.invalid("state", "there is no state '\(text.prefix(40))'")
                    }
                    return state
                }
                let limit = min(max(try call.query.integer("limit") ?? 50, 1), 200)
                let before = try call.query.integer("before").map { Int64($0) }
                let rows = try await store.jobs(state: state, before: before, limit: limit)
                let results = try await store.results(ofAll: rows.map(\.id))
                return .json([
                    "items": .array(rows.map { JobDocument($0, results[$0.id] ?? []).value })
                ])
            },
            Route(
                .get, "/api/v1/jobs/{id}", "A job with its results",
                success: .init(schema: Schemas.job)
            ) { call in
                let row = try await job(call.parameter("id"))
                return .json(JobDocument(row, try await store.results(of: row.id)).value)
            },
            Route(
                .patch, "/api/v1/jobs/{id}", "Move a waiting job, or give it a priority",
                body: Schemas.move, success: .init(schema: Schemas.job)
            ) { call in
                var fields = try await call.fields()
                let before = fields.string("before", limit: 64)
                let priority = fields.integer("priority", in: -100...100)
                if let odd = fields.names.first(where: { !["before", "priority"].contains($0) }) {
                    fields.complain(odd, "there is no such field")
                } else if priority == nil, !fields.names.contains("before") {
                    fields.complain("before", "give before or priority")
                } else if priority != nil, before != nil {
                    fields.complain(
                        "priority", "it is that of the job which it is put before; give one of both"
                    )
                }
                try fields.check()
                let row = try await job(call.parameter("id"))
                if let before, try await store.job(before) == nil {
                    throw Complaint.invalid("before", "there is no job '\(before)'")
                }
                guard
                    let moved = try await store.move(row.id, before: before, priority: priority)
                else { throw Complaint(409, "Only waiting jobs can be moved") }
                await queue.tell(moved)
                await queue.tellQueue()
                return .json(JobDocument(moved, []).value)
            },
            Route(
                .delete, "/api/v1/jobs/{id}", "Cancel a job", success: .init(schema: Schemas.job)
            ) { call in
                let row = try await job(call.parameter("id"))
                guard try await queue.cancel(row.id) else {
                    throw Complaint(409, "The job is \(row.state.rawValue) already")
                }
                return .json(JobDocument(try await job(row.id), []).value)
            },
            Route(
                .post, "/api/v1/jobs/{id}/finish",
                "End a job with the picture under way, which is made of what there is",
                success: .init(schema: Schemas.job)
            ) { call in
                let row = try await job(call.parameter("id"))
                guard !row.state.isFinal else {
                    throw Complaint(409, "The job is \(row.state.rawValue) already")
                }
                try await queue.interrupt(row.id)
                return .json(JobDocument(try await job(row.id), []).value)
            },
            Route(
                .post, "/api/v1/jobs/{id}/retry", "Queue a failed or cancelled job again",
                success: .init(status: 202, schema: Schemas.job)
            ) { call in
                let row = try await job(call.parameter("id"))
                guard row.state.isFinal else { throw Complaint(409, "The job is not finished") }
                let again = try await queue.submit(
                    row.order(), from: row.source == .page ? .page : .api, retryOf: row.id)
                return .json(JobDocument(again, []).value, status: .accepted)
            },
            Route(
                .get, "/api/v1/jobs/{id}/preview/{number}", "What the running job looks like",
                success: .init(type: "image/jpeg", schema: ["type": "string", "format": "binary"])
            ) { call in
                let id = try call.parameter("id")
                guard let number = Int(try call.parameter("number")),
                    let now = await queue.current, now.job.id == id,
                    (1...max(now.previewNumber, 1)).contains(number), let data = now.preview
                else { throw Complaint(404, "There is no preview of it now") }
                return .bytes(data, type: "image/jpeg")
            },
            Route(
                .get, "/api/v1/events", "Changes as they happen, as server-sent events",
                query: [("after", "integer")],
                success: .init(type: "text/event-stream", schema: ["type": "string"])
            ) { try await events($0, of: nil) },
            Route(
                .get, "/api/v1/jobs/{id}/events", "Changes of one job, until it is finished",
                success: .init(type: "text/event-stream", schema: ["type": "string"])
            ) { try await events($0, of: try await job($0.parameter("id")).id) },
            Route(
                .get, "/api/v1/queue", "The waiting and running jobs",
                success: .init(schema: ["type": "object"])
            ) { _ in .json(await queue.queueDocument()) },
            Route(
                .post, "/api/v1/queue/{action}", "`pause`, `resume`, `clear` or `prune` the queue",
                success: .init(schema: ["type": "object"])
            ) { call in
                switch try call.parameter("action") {
                case "pause": await queue.pause(because: "it was paused")
                case "resume": await queue.resume()
                case "clear":
                    for row in try await store.activeJobs() where row.state == .queued {
                        try await queue.cancel(row.id)
                    }
                    await queue.tellQueue()
                case "prune": _ = try await store.prune()
                default: throw Complaint(404, "Not Found")
                }
                return .json(await queue.queueDocument())
            },
        ]
    }

    func job(_ id: String) async throws -> JobRow {
        guard let row = try await store.job(id) else {
            throw Complaint(404, "There is no job '\(id.prefix(64))'")
        }
        return row
    }

    func picture(_ sha: String) async throws -> PictureRow {
        guard let row = try await store.picture(sha) else {
            throw Complaint(404, "There is no picture '\(sha.prefix(64))'")
        }
        return row
    }

    static func document(_ row: PictureRow) -> [String: JSONValue] {
        [
            "id": .string(row.sha), "type": .string(row.type), "bytes": .integer(Int64(row.bytes)),
            "width": .integer(Int64(row.width)), "height": .integer(Int64(row.height)),
            "hasAlpha": .bool(row.hasAlpha), "url": .string("/api/v1/pictures/\(row.sha)"),
        ]
    }

    private func upload(_ call: Call) async throws -> Response {
        let type = call.request.headers[.contentType] ?? ""
        var data: Data
        if type.lowercased().hasPrefix("multipart/") {
            let parts = try await call.form().filter { $0.fileName != nil }
            guard parts.count == 1 else { throw Complaint(400, "Send one file") }
            data = Data(parts[0].content)
        } else {
            data = try await call.data()
        }
        let row = try await keep(upload: data, field: "picture")
        return .json(.object(Self.document(row)), status: .created)
    }

    /// Keeps a picture that a client sent, after it has been decoded once.
    func keep(upload data: Data, field: String) async throws -> PictureRow {
        let image = try await offPool(WorkLength(decoding: data)) {
            try decoded(data, field: field)
        }
        guard let format = ImageFormat(sniffing: data) else {
            throw Complaint.invalid(field, "it is no picture that is read")
        }
        return try await store.keep(
            data, type: format.mediaType, width: image.width, height: image.height,
            hasAlpha: image.isTransparent)
    }

    private func sendPicture(_ call: Call) async throws -> Response {
        let row = try await picture(call.parameter("sha"))
        var fields: HTTPFields = [
            .cacheControl: "private, max-age=31536000, immutable", .eTag: "\"\(row.sha)\"",
        ]
        if call.request.headers[.ifNoneMatch] == "\"\(row.sha)\"" {
            return Response(status: .notModified, headers: fields)
        }
        if let side = try call.query.integer("max") {
            fields[.eTag] = nil
            let side = Store.viewSides.first { $0 >= side } ?? 2048
            let length = WorkLength(width: row.width, height: row.height)
            let data = try await offPool(length) {
                try store.thumbnail(of: row.sha, side: side) { try view(of: $0, side: side) }
            }
            return .bytes(data, type: "image/jpeg", fields: fields)
        }
        if call.query["download"] != nil {
            let ending = row.type.split(separator: "/").last ?? "png"
            fields[.contentDisposition] =
                "attachment; filename=\"gesso-\(row.sha.prefix(12)).\(ending)\""
        }
        let data = try await offPool(.short) { try store.data(of: row.sha) }
        return .bytes(data, type: row.type, fields: fields)
    }

    private func submit(_ call: Call) async throws -> Response {
        var fields = try await call.fields()
        let asked = try Order(own: &fields)
        let order = asked.drawingSeed()
        let priority = fields.integer("priority", in: -100...100) ?? 0
        let isPage = fields.bool("page") ?? false
        try fields.check()
        try engine.check(order)
        for sha in order.inputs {
            let name = sha == order.source ? "source" : sha == order.mask ? "mask" : "maps"
            guard try await store.picture(sha) != nil else {
                throw Complaint.invalid(name, "there is no picture '\(sha.prefix(64))'; upload it")
            }
        }
        let key = HTTPField.Name("Idempotency-Key").flatMap { call.request.headers[$0] }
            .flatMap { $0.isEmpty ? nil : $0 }
        if let key, key.utf8.count > 200 {
            throw Complaint(400, "The Idempotency-Key is longer than 200 bytes")
        }
        let row = try await queue.submit(
            order, from: isPage ? .page : .api, key: key, priority: priority)
        guard key == nil || (try? row.order().isDrawn(from: asked)) == true else {
            throw Complaint(
                422,
                "The Idempotency-Key was sent with another request before; give each request its own"
            )
        }
        return .json(JobDocument(row, []).value, status: .accepted)
    }

    /// Sends the state of things, then what a client has missed, then what happens.
    private func events(_ call: Call, of job: String?) async throws -> Response {
        let last =
            try HTTPField.Name("Last-Event-ID").flatMap { call.request.headers[$0] }
            .flatMap { Int64($0) } ?? call.query.integer("after").map { Int64($0) }
        let stream = try await hub.listen()
        var first: [Event] = []
        var isCut = false
        if let job {
            let row = try await self.job(job)
            if row.seq > last ?? -1 {
                first.append(try await event(of: row))
            } else if row.state.isFinal {
                // A browser that comes back after the end does not come again.
                return Response(status: .noContent)
            }
        } else {
            first.append(Event(id: nil, name: "queue", data: await queue.queueDocument()))
            if let last {
                let rows = try await store.jobs(after: last)
                for row in rows { first.append(try await event(of: row)) }
                isCut = rows.count == Store.mostMissed
            }
        }
        let (begins, endsEarly) = (first, isCut)
        let events = AsyncStream<Event> { continuation in
            let task = Task {
                var seen: Int64 = 0
                for event in begins {
                    continuation.yield(event)
                    seen = max(seen, event.id ?? 0)
                    if job != nil, event.isFinal { return continuation.finish() }
                }
                // The client comes back for the rest.
                if endsEarly { return continuation.finish() }
                for await event in stream {
                    if let id = event.id, id <= seen { continue }
                    if let job, event.job != job { continue }
                    continuation.yield(event)
                    if job != nil, event.isFinal { break }
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
        return .events(events)
    }

    private func event(of row: JobRow) async throws -> Event {
        let results = try await store.results(of: row.id)
        return Event(id: row.seq, name: "job", data: JobDocument(row, results).value, job: row.id)
    }
}

extension Event {
    /// Whether it says that its job is finished.
    fileprivate var isFinal: Bool {
        name == "job" && JobState(rawValue: data["state"]?.string ?? "")?.isFinal == true
    }
}

extension Order {
    /// Reads the body of Gesso's own interface.
    init(own fields: inout Fields) throws {
        self.init(fields.string("verb", limit: 20) ?? "img2img")
        model = fields.string("model", limit: 300)
        presets = fields.strings("presets") ?? []
        source = fields.string("source", limit: 64)
        mask = fields.string("mask", limit: 64)
        maps = fields.object("maps")?.compactMapValues(\.string)
        if (maps ?? [:]).keys.contains(where: { ["source", "mask"].contains($0) }) {
            fields.complain("maps", "source and mask have fields of their own")
        }
        pictures = fields.integer("pictures", in: 1...Order.mostPictures) ?? 1
        format = fields.string("format", limit: 8) ?? "png"
        quality = fields.integer("quality", in: 1...100)
        for (key, value) in fields.object("settings") ?? [:] {
            switch value {
            case .null: continue
            case .string(let text): settings[key] = text
            case .bool(let flag): settings[key] = flag ? "true" : "false"
            case .integer(let number): settings[key] = "\(number)"
            case .unsigned(let number): settings[key] = "\(number)"
            case .number(let number):
                let whole = Int64(exactly: number)
                settings[key] = whole.map { "\($0)" } ?? "\(number)"
            default: fields.complain("settings.\(key)", "give a text, number or truth value")
            }
        }
        for key in Self.seedKeys where settings[key] == "-1" { settings[key] = nil }
        let names: Set<String> = [
            "verb", "model", "presets", "settings", "source", "mask", "maps", "pictures", "format",
            "quality", "priority", "page",
        ]
        if let odd = fields.names.first(where: { !names.contains($0) }) {
            fields.complain(odd, "there is no such field")
        }
        try fields.check()
    }
}

/// A picture that a client sent.
///
/// - Throws: `Complaint` with 422 for what is no picture or too large.
func decoded(_ data: Data, field: String) throws -> Image {
    do {
        return try Image(decoding: data, name: field)
    } catch {
        throw Complaint.invalid(field, "\(error)")
    }
}

/// A JPEG of at most `side` pixels a side, on white where it is transparent.
func view(of data: Data, side: Int) throws -> Data {
    let image = try decoded(data, field: "picture").onWhite
    let scale = min(1, Double(side) / Double(max(image.width, image.height)))
    var small = image.resized(
        width: max(1, Int((Double(image.width) * scale).rounded())),
        height: max(1, Int((Double(image.height) * scale).rounded())), filter: .bilinear)
    small.metadata = ImageMetadata()
    small.metadata.iccProfile = image.metadata.iccProfile
    return try small.encoded(as: .jpeg, quality: 88)
}

extension Image {
    /// 8-bit RGB on white paper.
    var onWhite: Image { flattened(on: (255, 255, 255)) }

    /// 8-bit RGB on paper of a colour.
    func flattened(on paper: (UInt16, UInt16, UInt16)) -> Image {
        guard isTransparent else { return rgb8 }
        let rgba = converted(channels: 4, depth: 8)
        let colors = [paper.0, paper.1, paper.2]
        let rgb = rgb8
        var samples = rgb.samples
        for pixel in 0..<width * height {
            let alpha = UInt32(rgba.samples[4 * pixel + 3])
            if alpha == 255 { continue }
            for channel in 0..<3 {
                let over = UInt32(rgba.samples[4 * pixel + channel]) * alpha
                let under = UInt32(colors[channel]) * (255 - alpha)
                samples[3 * pixel + channel] = UInt16((over + under + 127) / 255)
            }
        }
        return Image(
            width: width, height: height, channels: 3, samples: samples, metadata: rgb.metadata)
    }
}
