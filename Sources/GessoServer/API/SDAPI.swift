import Foundation
import Gesso
import HTTPTypes
import Hummingbird
import Logging

extension GessoServer {
    /// AUTOMATIC1111's interface, as the programs around it use it.
    var sdapiRoutes: [Route] {
        sdapiWork + sdapiControl + sdapiTools + sdapiLists + controlNetRoutes
    }

    private var sdapiWork: [Route] {
        [
            Route(
                .post, "/sdapi/v1/txt2img", "Pictures from words", body: Self.anyObject
            ) { try await generate($0, isImageToImage: false) },
            Route(
                .post, "/sdapi/v1/img2img", "Repaint a picture or the white part of a mask",
                body: Self.anyObject
            ) { try await generate($0, isImageToImage: true) },
        ]
    }

    static var anyObject: JSONValue { ["type": "object"] }

    private func generate(_ call: Call, isImageToImage: Bool) async throws -> Response {
        var reader = PictureRequestReader(
            try await call.fields(), try await chosenOptions(), isImageToImage: isImageToImage)
        var request = try reader.read(engine.names, styles)
        var order = request.order
        let maps = reader.maps
        var size = (order.settings["width"], order.settings["height"])
        if let pictures = reader.pictures {
            let asked = order
            let length = WorkLength(
                decoding: [pictures.source, pictures.mask].compactMap(\.self),
                width: pictures.width, height: pictures.height)
            let prepared = try await call.offPool(length) {
                try PreparedPictures(pictures, asked)
            }
            order = try await kept(prepared)
            request.warnings += prepared.warnings
            size = ("\(prepared.source.width)", "\(prepared.source.height)")
        }
        if !maps.isEmpty {
            let (width, height) = (size.0.flatMap(Int.init) ?? 512, size.1.flatMap(Int.init) ?? 512)
            order = try await kept(
                call.offPool { try ControlMaps(maps, width: width, height: height) }, of: order)
        }
        do {
            try engine.check(order)
        } catch let complaint as Complaint {
            if complaint.status == 404 { throw CheckpointTitle.unknown(order.model ?? "") }
            var theirs = complaint
            theirs.field = PictureRequestReader.field(of: complaint.field)
            throw theirs
        }
        for warning in request.warnings { logger.notice("\(call.request.uri.path): \(warning)") }
        if let kept = request.keptOptions { try await set(try Fields(kept)) }
        request.order = order
        // Named first: whoever sees the job can end it.
        let id = JobRow.newID()
        if let task = request.taskID ?? call.query["genkey"] { tasks.name(id, task) }
        let row = try await queue.submit(order, from: .sdapi, id: id)
        do {
            let finished = try await wait(for: row, call)
            let answer = try await answer(finished, request, reader.detected)
            if !request.isKept { await discardResults(of: row) }
            return answer
        } catch {
            if !request.isKept { await discardResults(of: row) }
            throw error
        }
    }

    /// Removes what a job has made: its client has it, and does not want it kept.
    private func discardResults(of row: JobRow) async {
        // Also where the client has left, and a cancelled job may still make one.
        await Task { [queue, store, logger] in
            _ = try? await queue.wait(for: row.id)
            do {
                try await store.removeResults(of: row.id)
            } catch {
                logger.warning("The results of job \(row.id) could not be removed: \(error)")
            }
        }.value
    }

    private func answer(
        _ finished: JobRow, _ request: PictureRequest, _ detected: [DetectedMap]
    ) async throws -> Response {
        guard finished.state != .failed else { throw Self.failure(finished) }
        let order = request.order
        // What is made larger by tiles has a map for each of them, which nobody sees.
        let shown = order.verb == "upscale" || !request.sendsImages ? [] : detected
        return try await answer(finished, request, try await encoded(shown, of: order))
    }

    /// Waits for a job, which is cancelled when its client leaves.
    private func wait(for row: JobRow, _ call: Call) async throws -> JobRow {
        do {
            return try await call.whileConnected { try await queue.wait(for: row.id) }
        } catch is CancellationError {
            try await queue.cancel(row.id)
            throw CancellationError()
        }
    }

    /// Keeps an img2img's pictures and names them in its order.
    private func kept(_ prepared: PreparedPictures) async throws -> Order {
        var order = prepared.order
        let source = prepared.source
        if let origin = prepared.origin {
            order.origin = try await store.keep(
                origin.data, type: origin.type, width: origin.width, height: origin.height,
                hasAlpha: false
            ).sha
        }
        order.source = try await store.keep(
            source.data, type: "image/png", width: source.width, height: source.height,
            hasAlpha: false
        ).sha
        if let mask = prepared.mask {
            order.mask = try await store.keep(
                mask.data, type: "image/png", width: mask.width, height: mask.height,
                hasAlpha: false
            ).sha
        }
        return order
    }

    /// Keeps the maps of ControlNets and names them in an order.
    private func kept(_ maps: ControlMaps, of order: Order) async throws -> Order {
        var order = order
        order.maps = [:]
        for (name, map) in maps.files {
            order.maps?[name] = try await store.keep(
                map.data, type: "image/png", width: map.width, height: map.height, hasAlpha: false
            ).sha
        }
        return order
    }

    static func failure(_ row: JobRow) -> Complaint {
        let message = row.error ?? "the job failed"
        if row.errorKind == GessoError.Kind.usage.rawValue || row.errorKind == "422" {
            return Complaint(422, message)
        }
        var complaint = Complaint(500, message)
        let isMemory = row.errorKind == GessoError.Kind.resources.rawValue
        complaint.name = isMemory ? "OutOfMemoryError" : "RuntimeError"
        return complaint
    }

    /// - Parameter maps: pictures that are sent behind the results.
    private func answer(
        _ row: JobRow, _ request: PictureRequest, _ maps: [Data]
    ) async throws -> Response {
        let results = request.order.shown(try await store.results(of: row.id))
        let made = try results.map { try store.data(of: $0.picture) }
        var warnings: [String] = []
        let grid = try await grid(of: made, results, request, &warnings)
        let images = [grid].compactMap(\.self) + made + maps
        var parameters = request.parameters
        if request.isImageToImage, parameters["include_init_images"] != .bool(true) {
            // The echo leaves pictures out unless they are asked for.
            parameters["init_images"] = .null
            parameters["mask"] = .null
        }
        let info = try await PictureInfo(
            row, results, hasGrid: grid != nil, maps: maps.count, request, store, warnings,
            hash: engine.names.hash(ofModel:)
        ).value
        return .json([
            "images": .array(
                request.sendsImages ? images.map { .string($0.base64EncodedString()) } : []),
            "parameters": .object(parameters), "info": .string(info.text),
        ])
    }

    /// The styles that requests may name; none where the file cannot be read.
    var styles: [StyleBook.Style] {
        configuration.styles.flatMap { try? StyleBook(inFile: $0).styles } ?? []
    }

    /// Options that clients have set, over the standard ones; of the checkpoint there is only a chosen one.
    private func chosenOptions() async throws -> [String: JSONValue] {
        let own = try await store.setting("sdapi-options")?.object ?? [:]
        return Self.standardOptions.merging(own) { $1 }
    }

    /// All options. Where no checkpoint was chosen, the first is named, for clients need one.
    func sdapiOptions() async throws -> [String: JSONValue] {
        let first = JSONValue.string(engine.names.models.first ?? "")
        return ["sd_model_checkpoint": first].merging(try await chosenOptions()) { $1 }
    }

    /// Sets those options that there are; others are ignored.
    ///
    /// - Throws: `InvalidFields` for values that no request could be carried out with; nothing is set then.
    private func set(_ fields: Fields) async throws {
        var fields = fields
        let known = try await sdapiOptions()
        var changed: [String: JSONValue?] = [:]
        for name in fields.names where known[name] != nil {
            guard let value = fields[name] else { continue }
            if name == "sd_model_checkpoint", value == "" {
                changed.updateValue(nil, forKey: name)
            } else if name == "sd_model_checkpoint", value == known[name], fields.names.count > 1 {
                // Clients that send all options back have not chosen what was there.
                continue
            } else if name == "sd_model_checkpoint" {
                guard let title = value.string,
                    let model = CheckpointTitle.name(of: title, on: engine.names)
                else { throw CheckpointTitle.unknown(value.string ?? "") }
                changed.updateValue(.string(model), forKey: name)
            } else if value != known[name] {
                fields.checkOption(name)
                changed.updateValue(value, forKey: name)
            }
        }
        try fields.check()
        if !changed.isEmpty { try await store.change("sdapi-options", changed) }
    }

    private static let standardOptions: [String: JSONValue] = [
        "sd_checkpoint_hash": "", "sd_vae": "Automatic", "samples_format": "png",
        "CLIP_stop_at_last_layers": 1, "eta_noise_seed_delta": 0, "inpainting_mask_weight": 1.0,
        "img2img_color_correction": false, "img2img_background_color": "#ffffff",
        "initial_noise_multiplier": 1.0, "return_grid": false, "show_progress_every_n_steps": 10,
        "live_previews_enable": true, "jpeg_quality": 80, "samples_save": true,
        "enable_pnginfo": true, "sd_lora": "None",
    ]

    private var sdapiControl: [Route] {
        [
            Route(
                .get, "/sdapi/v1/progress", "How far the running job has come",
                query: [("skip_current_image", "boolean")]
            ) { call in
                let skips = ["1", "true", "True"].contains(
                    call.query["skip_current_image"] ?? "")
                return .json(await progress(withPicture: !skips))
            },
            Route(.post, "/sdapi/v1/interrupt", "End the running job") { call in
                if let job = try await meant(call) { try await queue.interrupt(job) }
                return .json([:])
            },
            Route(.post, "/sdapi/v1/skip", "Go on with the job's next picture") { call in
                if let job = try await meant(call) { await queue.skip(job) }
                return .json(.null)
            },
            Route(.get, "/sdapi/v1/options", "All options") { _ in
                .json(.object(try await sdapiOptions()))
            },
            Route(
                .post, "/sdapi/v1/options", "Set some options", body: Self.anyObject
            ) { call in
                try await set(try await call.fields())
                return .json(.null)
            },
            Route(.post, "/internal/progress", "How far a named job has come", body: Self.anyObject)
            { call in
                var fields = try await call.fields()
                let task = fields.string("id_task", limit: 200) ?? ""
                let last = fields.integer("id_live_preview") ?? -1
                let wantsPicture = fields.bool("live_preview") ?? true
                try fields.check()
                return .json(
                    try await progress(ofTask: task, after: last, withPicture: wantsPicture))
            },
            Route(.get, "/internal/pending-tasks", "Names of waiting jobs") { _ in
                let waiting = try await store.activeJobs().filter { $0.state == .queued }
                let names = waiting.compactMap { tasks.task(of: $0.id) }
                return .json([
                    "size": .integer(Int64(names.count)),
                    "tasks": .array(names.map { .string($0) }),
                ])
            },
            Route(.get, "/internal/ping", "Whether the server answers") { _ in .json([:]) },
        ]
    }

    /// The job that is to end or to go on, one of this interface, never the page's: the one that is named,
    /// else the running one, else the only one that waits.
    private func meant(_ call: Call) async throws -> String? {
        let fields = try await call.fields()
        let names = [
            fields["task_id"]?.string, fields["genkey"]?.string, call.query["task_id"],
            call.query["genkey"],
        ]
        if let name = names.compactMap(\.self).first(where: { !$0.isEmpty }) {
            return tasks.job(of: name)
        }
        let active = try await store.activeJobs().filter { $0.source == .sdapi }
        if let now = await queue.current, now.job.source == .sdapi { return now.job.id }
        // One that waits behind the page's is its client's only one; of several it is not known whose is meant.
        return active.count == 1 ? active[0].id : nil
    }

    private func progress(withPicture: Bool) async -> JSONValue {
        let now = await queue.current.flatMap { $0.job.source == .sdapi ? $0 : nil }
        let waiting = ((try? await store.activeJobs()) ?? []).filter { $0.source == .sdapi }.count
        guard let now else {
            // A client waits for its own as if it ran: idle is when there is none.
            return [
                "progress": waiting > 0 ? 0.01 : 0.0, "eta_relative": 0.0,
                "state": Self.state(nil, waiting), "current_image": .null,
                "textinfo": waiting > 0 ? "In queue" : .null,
            ]
        }
        let (fraction, left) = await queue.progress(of: now)
        return [
            "progress": .number(max(fraction, 0.01)), "eta_relative": .number(left ?? 0),
            "state": Self.state(now, waiting),
            "current_image": withPicture
                ? now.preview.map { .string($0.base64EncodedString()) } ?? .null : .null,
            "textinfo": .null,
        ]
    }

    private static func state(_ now: Queue.Current?, _ waiting: Int) -> JSONValue {
        let time = Date(timeIntervalSince1970: now?.job.started ?? Date.now.timeIntervalSince1970)
        let isSkipped = now?.isSkipped ?? false
        let isInterrupted = now.map { $0.flag.isSet || $0.flag.isFinishing } ?? false
        return [
            "skipped": .bool(isSkipped), "interrupted": .bool(isInterrupted && !isSkipped),
            "stopping_generation": false,
            "job": .string(
                now.map { "job \($0.number + 1) of \($0.job.pictures)" }
                    ?? (waiting > 0 ? "waiting" : "")),
            "job_count": .integer(Int64(now?.job.pictures ?? waiting)),
            "job_timestamp": .string(now == nil ? "0" : PictureInfo.stamp(time)),
            "job_no": .integer(Int64(now?.number ?? 0)),
            "sampling_step": .integer(Int64(now?.step ?? 0)),
            "sampling_steps": .integer(Int64(now?.steps ?? 0)),
        ]
    }

    private func progress(
        ofTask task: String, after last: Int, withPicture: Bool
    ) async throws -> JSONValue {
        guard let id = tasks.job(of: task), let row = try await store.job(id) else {
            return [
                "active": false, "queued": false, "completed": false, "progress": .null,
                "eta": .null, "live_preview": .null, "id_live_preview": -1,
                "textinfo": "Waiting...",
            ]
        }
        let active = try await store.activeJobs()
        let place = active.firstIndex { $0.id == id }.map { $0 + 1 } ?? 0
        let now = await queue.current.flatMap { $0.job.id == id ? $0 : nil }
        let state = if let now { await queue.progress(of: now) } else { (0.0, nil as Double?) }
        var picture: JSONValue = .null
        if withPicture, let now, now.previewNumber > last, let data = now.preview {
            picture = .string("data:image/jpeg;base64," + data.base64EncodedString())
        }
        return [
            "active": .bool(row.state == .running), "queued": .bool(row.state == .queued),
            "completed": .bool(row.state.isFinal), "progress": .number(state.0),
            "eta": state.1.map { .number($0) } ?? .null, "live_preview": picture,
            "id_live_preview": .integer(Int64(now?.previewNumber ?? -1)),
            "textinfo": .string(
                row.state == .queued ? "In queue: \(place)/\(active.count)" : ""),
        ]
    }
}
