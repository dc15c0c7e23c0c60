import Foundation
import Gesso

/// What AUTOMATIC1111 tells beside pictures, as the text `info` of its answer.
struct PictureInfo {
    let value: JSONValue

    /// - Parameters:
    ///   - hasGrid: whether a picture of all results comes before them; its text is the first one's.
    ///   - maps: how many pictures without a text of their own follow the results.
    ///   - warnings: more of them.
    init(
        _ row: JobRow, _ results: [ResultRow], hasGrid: Bool, maps: Int,
        _ request: PictureRequest, _ store: Store, _ warnings: [String],
        hash: (String) -> String?
    ) async throws {
        let order = request.order
        let settings = order.settings
        let negative = settings["negative_prompt"] ?? ""
        var numbers = results.map(\.number)
        if numbers.isEmpty { numbers = Array(0..<max(order.pictures, 1)) }
        let shown = numbers.map { JSONValue(order.seed(of: $0)) }
        let varied = numbers.map { JSONValue(order.variationSeed(of: $0)) }
        let (seed, subseed) = (shown.first ?? .null, varied.first ?? .null)
        var size: (Int, Int)?
        if let first = results.first, let picture = try await store.picture(first.picture) {
            size = (picture.width, picture.height)
        }
        let parameters = request.parameters
        func echoed(_ name: String) -> JSONValue { parameters[name] ?? .null }
        func repeated(_ text: String) -> JSONValue {
            .array(shown.map { _ in .string(text) })
        }
        // The model that ran, where none was named.
        let receipt = results.first.flatMap { try? JSONValue(reading: Data($0.receipt.utf8)) }
        let model = order.model ?? receipt?["model"]?.string ?? ""
        let sampler = Samplers.listed.first { $0.scheduler == settings["scheduler"] }?.name
        let skip = Int64(settings["clip_skip"] ?? "1") ?? 1
        value = [
            "prompt": .string(order.prompt), "all_prompts": repeated(order.prompt),
            "negative_prompt": .string(negative), "all_negative_prompts": repeated(negative),
            "seed": seed, "all_seeds": .array(shown),
            "subseed": subseed, "all_subseeds": .array(varied),
            "subseed_strength": .number(
                settings["variation_strength"].flatMap { Double($0) } ?? 0),
            "width": size.map { .integer(Int64($0.0)) } ?? echoed("width"),
            "height": size.map { .integer(Int64($0.1)) } ?? echoed("height"),
            "sampler_name": .string(sampler ?? settings["scheduler"] ?? ""),
            "cfg_scale": .number(Double(settings["guidance_scale"] ?? "7") ?? 7),
            "steps": .integer(Int64(settings["steps"] ?? "50") ?? 50),
            "batch_size": .integer(Int64(request.batchSize)), "restore_faces": false,
            "face_restoration_model": .null, "sd_model_name": .string(model),
            "sd_model_hash": .string(String((hash(model) ?? "").prefix(10))), "sd_vae_name": .null,
            "sd_vae_hash": .null,
            "seed_resize_from_w": echoed("seed_resize_from_w"),
            "seed_resize_from_h": echoed("seed_resize_from_h"),
            "denoising_strength": settings["strength"].flatMap { Double($0) }.map { .number($0) }
                ?? .null,
            "extra_generation_params": [:], "index_of_first_image": hasGrid ? 1 : 0,
            "infotexts": .array(
                (results.prefix(hasGrid ? 1 : 0) + results).map { .string($0.infotext) }
                    + Array(repeating: "", count: maps)),
            "styles": parameters["styles"]?.array == nil ? [] : echoed("styles"),
            "job_timestamp": .string(
                Self.stamp(Date(timeIntervalSince1970: row.started ?? row.created))),
            "clip_skip": .integer(skip),
            "is_using_inpainting_conditioning": .bool(order.verb == "inpaint"),
            "version": .string(Program.name),
            "extra_warnings": .array(
                (request.warnings + warnings).map { .string($0) }
                    + (receipt?["notes"]?.array ?? [])),
        ]
    }

    /// A time as `YYYYMMDDhhmmss`.
    static func stamp(_ time: Date) -> String {
        let calendar = Calendar(identifier: .gregorian)
        let parts = calendar.dateComponents(
            [.year, .month, .day, .hour, .minute, .second], from: time)
        let numbers = [parts.month, parts.day, parts.hour, parts.minute, parts.second]
        return "\(parts.year ?? 0)"
            + numbers.map { ($0 ?? 0) < 10 ? "0\($0 ?? 0)" : "\($0 ?? 0)" }.joined()
    }
}

/// The names that clients give to jobs, for the last 200 of them.
final class TaskNames: @unchecked Sendable {
    // Guarded by the lock.
    private let lock = NSLock()
    private var names: [(job: String, task: String)] = []

    func name(_ job: String, _ task: String) {
        lock.withLock { names = names.suffix(199) + [(job, task)] }
    }

    func job(of task: String) -> String? {
        lock.withLock { names.last { $0.task == task }?.job }
    }

    func task(of job: String) -> String? {
        lock.withLock { names.last { $0.job == job }?.task }
    }
}
