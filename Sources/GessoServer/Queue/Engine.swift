import Foundation
package import Gesso

/// Makes pictures with the library; its jobs have a thread of their own, so that the kernels never take
/// the threads that answer requests.
package final class Engine: Sendable {
    /// How far a picture is.
    enum News: Sendable {
        /// `steps` is 0 outside of denoising, and there is no pass.
        case stage(String, step: Int, steps: Int, pass: PassProgress?)
        /// A JPEG of what is under way.
        case preview(Data)
    }

    /// A picture as it is kept and sent.
    struct Painted: Sendable {
        let data: Data
        let type: String
        let width: Int
        let height: Int
        let hasAlpha: Bool
        let seed: UInt64
        let infotext: String
        /// JSON.
        let receipt: String
    }

    let library: Library
    let names: Shelf

    package init(_ library: Library) {
        self.library = library
        names = Shelf(library)
    }

    /// Checks an order as far as that takes no picture and no model.
    ///
    /// - Throws: `Complaint` with 422 that names the field, or 404 for an unknown model.
    package func check(_ order: Order) throws {
        _ = try edit(of: order, number: 0)
        if order.verb != Verb.textToImage.rawValue, order.source == nil {
            throw Complaint.invalid("source", "a picture is needed")
        }
        if order.verb == Verb.inpaint.rawValue, order.mask == nil {
            throw Complaint.invalid("mask", "a mask is needed")
        }
        if let model = order.model { try names.check(model: model) }
        guard (1...Order.mostPictures).contains(order.pictures) else {
            throw Complaint.invalid(
                "pictures", "ensure this value is from 1 to \(Order.mostPictures)")
        }
        guard ImageFormat(written: order.format) != nil else {
            throw Complaint.invalid("format", "give png, jpeg, webp, avif or tiff")
        }
    }

    /// The edit of an order's picture.
    func edit(of order: Order, number: Int) throws -> Request.Edit {
        guard order.version == 1, let verb = Verb(rawValue: order.verb) else {
            throw Complaint.invalid(
                "verb", "give one of " + Verb.allCases.map(\.rawValue).joined(separator: ", "))
        }
        let presets = try order.presets.map { try names.preset($0) }
        try order.checkSeeds()
        try names.check(addOnsIn: order.settings, maps: Set((order.maps ?? [:]).keys))
        var values = order.settings
        values["seed"] = "\(order.seed(of: number))"
        if order.isVaried { values["variation_seed"] = "\(order.variationSeed(of: number))" }
        if presets.isEmpty, values["prompt"] == nil { values["prompt"] = "" }
        let settings = values.sorted { $0.key < $1.key }.map {
            Setting($0.key, $0.value, at: .argument($0.key))
        }
        let recipe: Recipe
        do {
            recipe = try Recipe(verb, presets: presets, settings: settings)
        } catch {
            let error = error as any Error
            let key = (error as? RecipeError)?.setting
            throw Complaint.invalid(
                key.map { "settings.\($0)" } ?? "settings", Self.message(for: error))
        }
        var mask: MaskPlan?
        if verb == .inpaint {
            mask = MaskPlan(parts: [.init(.picture("mask"), at: .argument("mask"))])
        }
        return Request.Edit(verb, recipe, mask: mask)
    }

    /// The library's form of an order's picture.
    func request(_ order: Order, _ number: Int, from store: Store) throws -> Request {
        var request = Request([try edit(of: order, number: number)])
        request.model = order.model
        request.format = ImageFormat(written: order.format) ?? .png
        request.quality = order.quality
        let maps = (order.maps ?? [:]).map { ($0.key, String?.some($0.value)) }
        for (name, sha) in [(Request.source, order.source), ("mask", order.mask)] + maps {
            guard let sha else { continue }
            request.pictures[name] = .data(try store.data(of: sha), name: name)
        }
        if let origin = order.origin {
            request.pictures[Request.source]?.origin = try store.data(of: origin)
        }
        return request
    }

    /// Makes one picture of an order.
    ///
    /// - Throws: `CancellationError` once `flag` is set, within one call of the network.
    func paint(
        _ order: Order, _ number: Int, from store: Store, _ flag: CancelFlag,
        _ tell: @Sendable (News) async -> Void
    ) async throws -> Painted {
        let request = try request(order, number, from: store)
        var options = Job.Options()
        options.previewInterval = 1
        let job = library.start(request, options)
        flag.onSet { job.cancel() }
        flag.onFinish { job.finishEarly() }
        var notes: [String] = []
        for await event in job {
            switch event {
            case .note(let note): notes.append(note)
            case .progress(let progress):
                if case .denoising(let step, let steps) = progress.stage {
                    await tell(
                        .stage("denoise", step: step, steps: steps, pass: progress.pass))
                } else {
                    await tell(.stage(progress.stage.name, step: 0, steps: 0, pass: nil))
                }
            case .preview(let frame):
                if let data = try? frame.image.encoded(as: .jpeg, quality: 80) {
                    await tell(.preview(data))
                }
            default: break
            }
        }
        return painted(try await job.result, notes)
    }

    private func painted(_ outcome: Outcome, _ notes: [String]) -> Painted {
        let report = outcome.report
        let receipt: JSONValue = [
            "model": .string(report.model), "scheduler": .string(report.scheduler),
            "seed": JSONValue(report.seed),
            "evaluations": .integer(Int64(outcome.evaluations)),
            "width": .integer(Int64(outcome.image.width)),
            "height": .integer(Int64(outcome.image.height)),
            "repaintedFraction": .number(report.repaintedFraction),
            "changedOutside": outcome.proof.map { .integer(Int64($0.changed)) } ?? .null,
            "seconds": .object(report.seconds.mapValues { .number(($0 * 1000).rounded() / 1000) }),
            "notes": .array((notes + report.notes).map { .string($0) }),
        ]
        return Painted(
            data: outcome.data, type: outcome.request.format.mediaType,
            width: outcome.image.width, height: outcome.image.height,
            hasAlpha: outcome.image.isTransparent, seed: report.seed,
            infotext: outcome.image.metadata.parameters ?? "", receipt: receipt.text)
    }

    /// The class of a failure.
    static func kind(of error: any Error) -> String {
        if let complaint = error as? Complaint { return "\(complaint.status)" }
        return GessoError(error).kind.rawValue
    }

    /// One line for a failure, for clients: files by their names, without the folders that they are in.
    static func message(for error: any Error) -> String {
        let words = words(for: error).split(separator: " ", omittingEmptySubsequences: false)
        var shown: [Substring] = []
        var index = 0
        while index < words.count {
            let (word, end) = (words[index], endOfPath(in: words, from: index))
            let place = word.drop(while: isInFrontOfPath)
            let rest = end == index ? place : words[end]
            index = end + 1
            if place.hasPrefix("/"), let name = rest.split(separator: "/").last {
                shown.append(word.prefix(word.count - place.count) + name)
            } else {
                shown.append(word)
            }
        }
        return shown.joined(separator: " ")
    }

    private static func isInFrontOfPath(_ letter: Character) -> Bool { "'\"(=".contains(letter) }

    /// The last of the words that a path is of which begins with one; names of folders may have blanks.
    private static func endOfPath(in words: [Substring], from start: Int) -> Int {
        guard words[start].drop(while: isInFrontOfPath).hasPrefix("/") else { return start }
        func isEnd(_ end: Int) -> Bool {
            guard words[end].contains("/") else { return false }
            let path = words[start...end].joined(separator: " ").drop(while: isInFrontOfPath)
            return FileManager.default.fileExists(
                atPath: path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 })
        }
        return (start + 1..<min(start + 16, words.count)).last(where: isEnd) ?? start
    }

    /// One line for a failure, for the log.
    static func words(for error: any Error) -> String {
        switch error {
        case let complaint as Complaint: complaint.message
        case ServerError.folder(_, let reason): "the data folder: \(reason)"
        case let error as ServerError: "\(error)"
        default: "\(GessoError(error))"
        }
    }
}

extension RecipeError {
    /// The setting that it is about; nil where that is none of a request's.
    fileprivate var setting: String? {
        switch self {
        case .longPrompt(at: .argument(let key)): key
        case .unknownKey(let key, _, _): key
        case .badValue(let key, _, _, _): key
        case .unused(let key, _, _, _): key
        case .conflict(let key, _, _): key
        case .exclusive(let key, _, _, _): key
        case .missing(let key, _): key
        default: nil
        }
    }
}
