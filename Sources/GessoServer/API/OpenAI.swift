import Foundation
import Gesso
import HTTPTypes
import Hummingbird
import NIOCore

extension GessoServer {
    /// OpenAI's interface for images.
    var openAIRoutes: [Route] {
        [
            Route(.get, "/v1/models", "Checkpoints") { _ in
                .json(["object": "list", "data": .array(engine.names.models.map(Self.model))])
            },
            Route(.get, "/v1/models/{id}", "A checkpoint") { call in
                let name = try call.parameter("id")
                guard engine.names.models.contains(name) else {
                    throw Complaint(404, "The model '\(name)' does not exist", field: "model")
                }
                return .json(Self.model(name))
            },
            Route(
                .post, "/v1/images/generations", "Pictures from words",
                body: Self.anyObject
            ) { call in
                var fields = try await call.fields()
                let asked = try ImageRequest(&fields, engine.names.models)
                return try await create(asked, asked.order, call, "image_generation")
            },
            Route(
                .post, "/v1/images/edits", "Edit a picture: a form with image and mask",
                body: ["type": "object"], bodyTypes: ["multipart/form-data"]
            ) { try await edit($0) },
        ]
    }

    private static func model(_ name: String) -> JSONValue {
        ["id": .string(name), "object": "model", "created": 0, "owned_by": "gesso"]
    }

    private func edit(_ call: Call) async throws -> Response {
        let parts = try await call.form()
        let imageNames = ["image", "image[]"]
        func files(_ names: [String]) -> [Data] {
            parts.filter { names.contains($0.name) && !$0.content.isEmpty }
                .map { Data($0.content) }
        }
        var members: [String: JSONValue] = [:]
        for part in parts where !(imageNames + ["mask"]).contains(part.name) {
            guard let text = String(validating: part.content, as: UTF8.self) else {
                throw Complaint(
                    400, "'\(part.name.prefix(40))' is not valid UTF-8", field: part.name)
            }
            members[part.name] = .string(text)
        }
        let images = files(imageNames)
        guard let image = images.first else {
            throw Complaint(400, "image: a picture is needed", field: "image")
        }
        if images.count > 1 {
            throw Complaint(
                400, "image: \(images.count) pictures were sent; one picture is edited at a time",
                field: "image")
        }
        // A form without a chosen file has a part without a name.
        let hasEmptyMask = parts.contains {
            $0.name == "mask" && $0.content.isEmpty && $0.fileName?.isEmpty == false
        }
        if hasEmptyMask { throw Complaint(400, "mask: the file is empty", field: "mask") }
        let mask = files(["mask"]).first
        var fields = try Fields(.object(members))
        let isWhite = fields.string("mask_mode") == "white"
        let asked = try ImageRequest(&fields, engine.names.models)
        let length = [image, mask].compactMap(\.self).map(WorkLength.init(decoding:))
        let prepared = try await call.offPool(length.contains(.long) ? .long : .short) {
            try PreparedEdit(image, mask, isWhite: isWhite, asked)
        }
        var order = prepared.order
        order.source = try await keep(upload: prepared.source, field: "image").sha
        if let mask = prepared.mask {
            order.mask = try await keep(upload: mask, field: "mask").sha
        }
        return try await create(asked, order, call, "image_edit")
    }

    /// Queues, waits, answers. A client that repeats a request whose answer it missed gets the job of
    /// the first one.
    private func create(
        _ asked: ImageRequest, _ order: Order, _ call: Call, _ name: String
    ) async throws -> Response {
        let repeats =
            HTTPField.Name("x-stainless-retry-count")
            .flatMap { call.request.headers[$0] }.flatMap { Int($0) } ?? 0
        // Before the job is there: where no stream is to be had, nothing is made.
        let events = asked.streams ? try await hub.listen() : nil
        let print = Repeats.print(of: order, seedIsDrawn: !asked.hasSeed)
        let row: JobRow
        if repeats > 0, let known = self.repeats.job(print),
            let earlier = try await store.job(known),
            earlier.state != .failed, earlier.state != .cancelled
        {
            row = earlier
        } else {
            try engine.check(order)
            // Noted first: whoever sees the job can repeat its request.
            let id = JobRow.newID()
            self.repeats.note(print, id)
            row = try await queue.submit(order, from: .openai, id: id)
        }
        guard let events else {
            let finished = try await openAIWait(row, call)
            let document = try await document(finished, asked, call)
            self.repeats.forget(row.id)
            return .json(document)
        }
        return try await stream(events, row, asked, call, name)
    }

    private func openAIWait(_ row: JobRow, _ call: Call) async throws -> JobRow {
        do {
            let finished = try await call.whileConnected { try await queue.wait(for: row.id) }
            guard finished.state == .done else { throw Self.openAIFailure(finished) }
            return finished
        } catch is CancellationError {
            // The client may come back for it.
            Task { [weak queue, repeats] in
                try await Task.sleep(for: .seconds(30))
                if !repeats.isAwaited(row.id) { try await queue?.cancel(row.id) }
            }
            throw CancellationError()
        }
    }

    private static func openAIFailure(_ row: JobRow) -> Complaint {
        let kind = row.errorKind.flatMap { GessoError.Kind(rawValue: $0) }
        let isTheirs = [.usage, .badData, .resources, .wrongModel, .refused].contains(kind)
        return Complaint(isTheirs ? 400 : 500, row.error ?? "the job was \(row.state.rawValue)")
    }

    private func document(
        _ row: JobRow, _ asked: ImageRequest, _ call: Call
    ) async throws -> JSONValue {
        let results = try await store.results(of: row.id)
        var size: (width: Int, height: Int)?
        if let first = results.first, let picture = try await store.picture(first.picture) {
            size = (picture.width, picture.height)
        }
        let receipt = results.first.flatMap { try? JSONValue(reading: Data($0.receipt.utf8)) }
        let data = try results.map { result -> JSONValue in
            let seed = JSONValue(UInt64(bitPattern: result.seed))
            if asked.wantsAddress {
                let address = call.address(of: links.target(of: result.picture))
                return ["url": .string(address), "seed": seed]
            }
            let text = try store.data(of: result.picture).base64EncodedString()
            return ["b64_json": .string(text), "seed": seed]
        }
        let own: [String: JSONValue] = [
            "created": .integer(Int64(row.created)), "data": .array(data),
            "model": receipt?["model"] ?? .null, "usage": ImageRequest.noUsage,
        ]
        return .object(
            asked.shared(row, size: size, format: asked.order.format).merging(own) { $1 })
    }

    private func stream(
        _ stream: AsyncStream<Event>, _ row: JobRow, _ asked: ImageRequest, _ call: Call,
        _ name: String
    ) async throws -> Response {
        // Of what ended before there was anyone to hear it, no event comes.
        let isOver = try await store.job(row.id)?.state.isFinal ?? true
        let events = AsyncStream<Event> { continuation in
            let task = Task {
                var sent = 0
                let heard = isOver ? AsyncStream { $0.finish() } : stream
                for await event in heard where event.job == row.id {
                    if event.name == "progress", sent < asked.partials,
                        let now = await queue.current, now.job.id == row.id,
                        let picture = now.preview
                    {
                        continuation.yield(
                            Self.event(
                                name + ".partial_image",
                                asked.shared(row, size: asked.size, format: "jpeg").merging([
                                    "b64_json": .string(picture.base64EncodedString()),
                                    "partial_image_index": .integer(Int64(sent)),
                                ]) { $1 }))
                        sent += 1
                    }
                    if event.name == "job", event.data["state"] != "queued",
                        event.data["state"] != "running"
                    {
                        break
                    }
                }
                if let finished = try? await queue.wait(for: row.id) {
                    if finished.state == .done,
                        let document = try? await document(finished, asked, call)
                    {
                        self.repeats.forget(row.id)
                        let shared = document.object?.filter { $0.key != "data" } ?? [:]
                        for item in document["data"]?.array ?? [] {
                            continuation.yield(
                                Self.event(
                                    name + ".completed",
                                    shared.merging(item.object ?? [:]) { $1 }))
                        }
                    } else {
                        let message = finished.error ?? "the job was \(finished.state.rawValue)"
                        continuation.yield(
                            Self.event("error", ["error": ["message": .string(message)]]))
                    }
                }
                continuation.finish()
            }
            continuation.onTermination = { end in
                task.cancel()
                if case .cancelled = end, !self.repeats.isAwaited(row.id) {
                    Task { try await queue.cancel(row.id) }
                }
            }
        }
        return .events(events)
    }

    private static func event(_ name: String, _ members: [String: JSONValue]) -> Event {
        Event(
            id: nil, name: name, data: .object(members.merging(["type": .string(name)]) { $1 }))
    }
}

/// The fields of a request for images.
struct ImageRequest: Sendable {
    private(set) var order: Order
    let size: (width: Int, height: Int)?
    let streams: Bool
    let partials: Int
    let wantsAddress: Bool
    let hasSeed: Bool
    let hasStrength: Bool

    init(_ fields: inout Fields, _ models: [String]) throws {
        var order = Order("txt2img")
        guard let prompt = fields.string("prompt", limit: 32_000) else {
            throw Complaint(
                400, "prompt: a text of at most 32000 bytes is needed", field: "prompt")
        }
        order.settings["prompt"] = prompt
        order.pictures = fields.integer("n", in: 1...10) ?? 1
        order.format = fields.string("output_format") ?? "png"
        if order.format != "png" {
            order.quality = fields.integer("output_compression", in: 0...100).map { max($0, 1) }
        }
        if let name = fields.string("model"), !name.isEmpty, !Self.isOpenAIs(name) {
            guard models.contains(name) else {
                throw Complaint(
                    404, "The model '\(name.prefix(200))' does not exist", field: "model")
            }
            order.model = name
        }
        if fields.string("background") == "transparent" {
            throw Complaint(
                400, "background: transparent is not offered; give auto or opaque",
                field: "background")
        }
        let strength = fields.double("strength", in: 0...1)
        if let strength { order.settings["strength"] = "\(strength)" }
        hasStrength = strength != nil
        if let steps = fields.integer("steps", in: 1...1000) {
            order.settings["steps"] = "\(steps)"
        }
        if let negative = fields.string("negative_prompt") {
            order.settings["negative_prompt"] = negative
        }
        let seed = fields.integer("seed", in: 0...Int(UInt32.max))
        if let seed { order.settings["seed"] = "\(seed)" }
        hasSeed = seed != nil
        size = try Self.size(fields.string("size"))
        if let size {
            order.settings["width"] = "\(size.width)"
            order.settings["height"] = "\(size.height)"
        }
        streams = fields.bool("stream") ?? false
        partials = fields.integer("partial_images", in: 0...3) ?? 0
        let form = fields.string("response_format") ?? "b64_json"
        guard ["b64_json", "url"].contains(form) else {
            throw Complaint(400, "response_format: give b64_json or url", field: "response_format")
        }
        wantsAddress = form == "url"
        if let complaint = fields.complaints.first {
            throw Complaint(
                400, "\(complaint.field ?? ""): \(complaint.message)", field: complaint.field)
        }
        guard ImageFormat(written: order.format) != nil else {
            throw Complaint(
                400, "output_format: give png, jpeg, webp, avif or tiff", field: "output_format")
        }
        self.order = order.drawingSeed()
    }

    /// Whether a name is of a model of OpenAI's own: programs send it unasked.
    private static func isOpenAIs(_ name: String) -> Bool {
        ["gpt-image", "dall-e", "chatgpt-image"].contains(where: name.hasPrefix)
    }

    /// What answers and events have in common.
    func shared(
        _ row: JobRow, size: (width: Int, height: Int)?, format: String
    ) -> [String: JSONValue] {
        [
            "created_at": .integer(Int64(row.created)), "output_format": .string(format),
            "size": .string(size.map { "\($0.width)x\($0.height)" } ?? "auto"),
            "quality": "auto", "background": "opaque", "job": .string(row.id),
        ]
    }

    /// Nothing is counted in tokens here.
    static let noUsage: JSONValue = [
        "input_tokens": 0, "output_tokens": 0, "total_tokens": 0,
        "input_tokens_details": ["image_tokens": 0, "text_tokens": 0],
    ]

    private static func size(_ text: String?) throws -> (width: Int, height: Int)? {
        guard let text, !text.isEmpty, text != "auto" else { return nil }
        let sides = 8...Recipe.maximumSide
        let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let width = parts[0], let height = parts[1],
            sides.contains(width), sides.contains(height)
        else {
            throw Complaint(
                400,
                "size: give auto, or WIDTHxHEIGHT with sides from 8 to \(Recipe.maximumSide)",
                field: "size")
        }
        return (width, height)
    }
}

/// The pictures of an edit: a mask is transparent where it is repainted, or the image itself is.
struct PreparedEdit: Sendable {
    let order: Order
    let source: Data
    private(set) var mask: Data?

    init(_ source: Data, _ mask: Data?, isWhite: Bool, _ asked: ImageRequest) throws {
        var order = asked.order
        order.settings["width"] = nil
        order.settings["height"] = nil
        var image = try Self.picture(source, "image")
        var area: Mask?
        if let mask {
            var picture = try Self.picture(mask, "mask")
            guard picture.width == image.width, picture.height == image.height else {
                throw Complaint(
                    400,
                    "mask: it is \(picture.width)x\(picture.height), the image "
                        + "\(image.width)x\(image.height); give one of the same size",
                    field: "mask")
            }
            if let size = asked.size { picture = picture.fitted(to: size) }
            guard isWhite || picture.hasAlpha else {
                throw Complaint(
                    400, "mask: it has no alpha channel; make transparent what is to be edited",
                    field: "mask")
            }
            area = isWhite ? Mask(picture.onWhite) : Mask(transparencyOf: picture)
            guard area?.values.contains(where: { $0 > 0 }) == true else {
                throw Complaint(
                    400,
                    "mask: it marks nothing; make \(isWhite ? "white" : "transparent") what is to be edited",
                    field: "mask")
            }
        }
        let fitted = asked.size.map(image.fitted) ?? image
        let isFitted = fitted.width != image.width || fitted.height != image.height
        image = fitted
        if mask == nil, image.isTransparent { area = Mask(transparencyOf: image) }
        // What is painted anew is opaque, so the picture under it has to be.
        self.source =
            image.isTransparent
            ? try image.rgb8.encoded(as: .png) : isFitted ? try image.encoded(as: .png) : source
        order.verb = area == nil ? "img2img" : "inpaint"
        self.order = order
        self.mask = try area.map { try $0.image.encoded(as: .png) }
    }

    private static func picture(_ data: Data, _ field: String) throws -> Image {
        do {
            return try Image(decoding: data, name: field)
        } catch {
            throw Complaint(400, "\(error)", field: field)
        }
    }
}

extension Image {
    /// The picture at a size that it covers, cropped along its middle.
    fileprivate func fitted(to size: (width: Int, height: Int)) -> Image {
        size == (width, height) ? self : covering(width: size.width, height: size.height)
    }
}

/// Jobs whose clients have no answer yet, by what was asked for, so that a repeated request finds the first one's.
final class Repeats: @unchecked Sendable {
    // Guarded by the lock.
    private let lock = NSLock()
    private var jobs: [(print: String, job: String, asked: Int)] = []

    /// What makes two requests the same.
    static func print(of order: Order, seedIsDrawn: Bool) -> String {
        let order = order.undrawn { _ in !seedIsDrawn }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(order)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    func note(_ print: String, _ job: String) {
        lock.withLock { jobs = jobs.suffix(99) + [(print, job, 1)] }
    }

    func job(_ print: String) -> String? {
        lock.withLock {
            guard let index = jobs.lastIndex(where: { $0.print == print }) else { return nil }
            jobs[index].asked += 1
            return jobs[index].job
        }
    }

    /// Drops a job that was answered: who asks the same again means another picture.
    func forget(_ job: String) { lock.withLock { jobs.removeAll { $0.job == job } } }

    /// Whether a request for a job has come again since one of its clients left. A job that nobody waits for is
    /// dropped.
    func isAwaited(_ job: String) -> Bool {
        lock.withLock {
            guard let index = jobs.lastIndex(where: { $0.job == job }) else { return false }
            jobs[index].asked -= 1
            if jobs[index].asked > 0 { return true }
            jobs.remove(at: index)
            return false
        }
    }
}
