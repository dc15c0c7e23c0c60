import Files
public import Foundation
import Imaging
public import Recipes
import Sampling

/// Many requests whose results go to one folder, with a journal in it: ended at any moment, the same
/// batch goes on where it stopped.
public struct Batch {
    /// One of its pictures.
    public struct Item: Sendable {
        /// The path of the picture that it begins with.
        public let input: String
        /// The name of the result in the folder; it may lead into folders inside.
        public let output: String
        /// What is carried out.
        public let request: Request
        /// Settings of this picture alone, for the report.
        public let settings: [Setting]
        /// A hash of what is asked for this picture alone; nil where nothing is.
        let own: String?
        /// Why it cannot be made, where that is known before anything is done: its line of a list is wrong.
        public let fault: GessoError?

        /// A picture of a batch.
        public init(
            input: String, output: String, request: Request, settings: [Setting] = [],
            mask: String? = nil, fault: GessoError? = nil
        ) {
            (self.input, self.output) = (input, output)
            (self.request, self.settings, self.fault) = (request, settings, fault)
            own = mask == nil && settings.isEmpty ? nil : Self.hash(settings, mask)
        }

        private static func hash(_ settings: [Setting], _ mask: String?) -> String {
            let facts = settings.map { $0.key + "=" + $0.value } + ["mask=" + (mask ?? "")]
            return Digest.sha256(Data(facts.joined(separator: "\0").utf8))
        }

        /// Whether the model is loaded with something of its own for this picture, which may not fit it.
        var bringsAddOns: Bool {
            settings.contains { setting in
                ["lora", "embedding", "control", "vae", "unet", "inpaint_base", "inpaint_delta"]
                    .contains(setting.key)
                    || setting.key.hasSuffix("prompt") && setting.value.contains("<")
            }
        }

        /// The seed of its first edit.
        public var seed: UInt64 { request.edits.first?.recipe.seed ?? 0 }
    }

    /// How it goes on.
    public struct Options: Sendable {
        /// Whether files that are there are replaced.
        public var overwrites = false
        /// Whether pictures are left out whose file is there, whoever made it.
        public var skipsExisting = false
        /// Whether the first failure ends it.
        public var failsFast = false
        /// Whether a receipt is written beside each picture.
        public var receipts = false
        /// Threads to compute with; nil is one for each core.
        public var threads: Int?
        /// Whether the files are signed, and with what.
        public var credentials = CredentialsChoice()
        /// Guards the moment in which files take their names: calls what it is given, and throws to leave
        /// it undone.
        public var whileWriting: @Sendable (() throws -> Void) throws -> Void = { try $0() }

        /// Nothing is replaced, and failures are reported and skipped.
        public init() {}
    }

    /// What became of a picture.
    public struct Outcome: Sendable {
        /// What may become of one.
        public enum Status: String, Sendable, Codable {
            /// It was made now.
            case made
            /// An earlier run of the batch made it.
            case kept
            /// A file of its name is there, or the picture has the aspect or size that is asked for.
            case skipped
            /// It could not be made.
            case failed
        }

        /// The picture.
        public let item: Item
        /// What became of it.
        public let status: Status
        /// Seconds that making it took.
        public var seconds: Double?
        /// Why it could not be made, or was skipped though no file of its name is there.
        public var error: GessoError?
    }

    /// What happens while a batch runs.
    public enum Event: Sendable {
        /// A remark; each comes once in a batch.
        case note(String)
        /// Something happens in the work on a picture.
        case job(Item, Job.Event)
        /// A picture is done with.
        case outcome(Outcome)
        /// So many of the pictures that are not there yet are done, after so many seconds.
        case progress(Int, of: Int, seconds: Double)
    }

    /// The pictures, in their order.
    public let items: [Item]
    /// How it goes on.
    public let options: Options
    private let folder: BatchFolder
    private let library: Library

    /// A batch in a folder that was opened for it.
    ///
    /// - Throws: `GessoError` where a result would replace a picture of the batch.
    public init(
        _ items: [Item], in folder: BatchFolder, with library: Library,
        _ options: Options = Options()
    ) throws {
        try Self.check(items, in: folder.url)
        (self.items, self.folder, self.library, self.options) = (items, folder, library, options)
    }

    /// The pictures that are not there yet.
    package var missing: [Item] {
        items.filter { !folder.holds($0, withReceipt: options.receipts) }
    }

    /// Makes what is not there.
    ///
    /// - Parameter report: is given what happens.
    /// - Returns: what became of the pictures, in their order; with `failsFast` up to the first failure.
    /// - Throws: what would end every other picture, too, and `CancellationError`.
    public func run(_ report: (Event) throws -> Void) async throws -> [Outcome] {
        let kept = items.map { folder.holds($0, withReceipt: options.receipts) }
        if !options.overwrites, !options.skipsExisting { try checkPlaces(kept) }
        if let note = noteOnOutdated(kept) { try report(.note(note)) }
        let first = zip(items, kept).first { $0.fault == nil && !$1 && !$0.bringsAddOns }?.0
        if let first {
            try await library.load(for: first.request)
        }
        let total = kept.count { !$0 }
        let start = ContinuousClock.now
        var notes: Set<String> = []
        var (outcomes, done) = ([Outcome](), 0)
        for (item, isKept) in zip(items, kept) {
            try Task.checkCancellation()
            let outcome =
                isKept
                ? Outcome(item: item, status: .kept)
                : try await outcome(of: item) { event in
                    if case .note(let note) = event, !notes.insert(note).inserted { return }
                    try report(event)
                }
            outcomes.append(outcome)
            if outcome.status != .kept { done += 1 }
            try report(.outcome(outcome))
            if outcome.status == .failed, options.failsFast { return outcomes }
            guard !isKept else { continue }
            try report(
                .progress(
                    done, of: total, seconds: start.duration(to: .now) / .seconds(1)))
        }
        try folder.journal.noteEnd()
        return outcomes
    }

    /// A note on results that are kept though their pictures or masks were changed later.
    private func noteOnOutdated(_ kept: [Bool]) -> String? {
        func date(_ path: String) -> Date? {
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return attributes?[.modificationDate] as? Date
        }
        let outdated = zip(items, kept).filter { item, isKept in
            guard isKept, let made = date(folder.url(item.output).path) else { return false }
            return item.request.files.contains { date($0).map { $0 > made } ?? false }
        }
        guard let first = outdated.first?.0 else { return nil }
        let isOne = outdated.count == 1
        return first.output
            + (isOne
                ? " is older than what it was made from: remove it to have it made again"
                : " and \(outdated.count - 1) more are older than what they were made from: remove them to "
                    + "have them made again")
    }

    private func outcome(
        of item: Item, report: (Event) throws -> Void
    ) async throws -> Outcome {
        if let fault = item.fault {
            return Outcome(item: item, status: .failed, error: fault.naming(item.input))
        }
        let file = folder.url(item.output)
        if options.skipsExisting, FileManager.default.fileExists(atPath: file.path) {
            return Outcome(item: item, status: .skipped)
        }
        do {
            try Self.checkAlone(item)
            try checkOwnPlaces(item)
            return try await make(item, report)
        } catch let error where !(error is CancellationError) {
            let failure = GessoError(error)
            if failure.isNeedless {
                return Outcome(item: item, status: .skipped, error: failure.naming(item.input))
            }
            let isTaken = if case FileError.outputExists = error { true } else { false }
            let isOwn = failure.kind == .wrongModel && item.bringsAddOns
            guard failure.isOfOnePicture && !isOfAll(error) || isTaken || isOwn else {
                throw error
            }
            let named = failure.naming(item.input)
            // What is said of a picture that is there still holds.
            if !folder.hasFile(of: item.output) {
                try folder.journal.note(
                    Journal.Entry(
                        input: item.input, output: item.output, seed: item.seed, seconds: 0,
                        sha256: nil, error: named.description))
            }
            return Outcome(item: item, status: .failed, error: named)
        }
    }

    /// Whether an error is one of settings that all pictures have.
    private func isOfAll(_ error: any Error) -> Bool {
        guard let error = error as? SamplingError, items.allSatisfy(\.settings.isEmpty) else {
            return false
        }
        return if case .notFinite = error { false } else { true }
    }

    private func make(_ item: Item, _ report: (Event) throws -> Void) async throws -> Outcome {
        let start = ContinuousClock.now
        var options = Job.Options()
        options.threads = self.options.threads
        options.credentials = self.options.credentials
        let made = try await library.start(item.request, options).follow { event in
            if case .note(let note) = event { return try report(.note(note)) }
            try report(.job(item, event))
        }
        let seconds = start.duration(to: .now) / .seconds(1)
        for remark in made.works.flatMap(\.report.allNotes) { try report(.note(remark)) }
        try folder.makeParent(of: item.output)
        let source = try? Digest.sha256(file: URL(filePath: item.input))
        try self.options.whileWriting {
            let digest = Digest.sha256(made.data)
            let file = folder.url(item.output)
            if !self.options.overwrites, let known = try? Digest.sha256(file: file),
                known != digest
            {
                throw FileError.outputExists(path: file.path)
            }
            let hasReceipt =
                self.options.receipts
                && FileManager.default.fileExists(atPath: folder.receipt(of: item.output).path)
                && folder.isMadeByNow(item)
            try folder.journal.note(
                Journal.Entry(
                    input: item.input, output: item.output, seed: item.seed, seconds: seconds,
                    sha256: digest, error: nil, source: source, own: item.own))
            // The picture comes last: with it all is done.
            try writeReceipt(of: made, item, overwrites: self.options.overwrites || hasReceipt)
            do {
                try writeAtomically(
                    made.data, to: file, overwrite: self.options.overwrites,
                    draftTag: folder.draftTag)
            } catch FileError.outputExists(let path) {
                // Another batch on the folder may have made the same picture meanwhile.
                guard (try? Digest.sha256(file: file)) == digest else {
                    throw FileError.outputExists(path: path)
                }
            }
        }
        return Outcome(item: item, status: .made, seconds: seconds)
    }

    private func writeReceipt(
        of made: Gesso.Outcome, _ item: Item, overwrites: Bool
    ) throws {
        guard options.receipts else { return }
        let file = folder.url(item.output)
        let receipt = try made.receipt(
            as: file, in: file.standardizedFileURL.deletingLastPathComponent())
        try writeAtomically(
            receipt.document(), to: folder.receipt(of: item.output), overwrite: overwrites,
            draftTag: folder.draftTag)
    }

    /// What has a result's name and is no file is in the way of that picture alone.
    private func checkOwnPlaces(_ item: Item) throws {
        let receipts = options.receipts ? [folder.receipt(of: item.output)] : []
        for file in [folder.url(item.output)] + receipts {
            do {
                try checkReplaceable(file)
            } catch FileError.cannotCreate(_, let reason) {
                throw GessoError(
                    .usage, "its result cannot be written, \(reason)", at: file.relativePath,
                    remedy: .otherFolderOrName)
            }
        }
    }

    /// Most bytes of a file's name on Linux.
    private static let longestName = 255

    /// A line of a list that is wrong, or a name that is too long for a file, ends only its own picture.
    static func checkAlone(_ item: Item) throws {
        if let fault = item.fault { throw fault }
        let name = item.output.folderAndName.name
        guard name.utf8.count > longestName else { return }
        throw GessoError(
            .usage, "its result's name is \(name.utf8.count) bytes long, \(longestName) at most",
            at: item.input, remedy: .part("name", "leave something out"))
    }

    /// A batch that replaced its own sources could not go on where it was ended.
    public static func check(_ items: [Item], in folder: URL) throws {
        let sources = items.reduce(into: Set<String>()) { sources, item in
            sources.insert(FilePath.resolved(URL(filePath: item.input)))
            sources.formUnion(item.request.files)
        }
        for item in items where item.fault == nil {
            let file = folder.appending(path: item.output)
            guard sources.contains(FilePath.resolved(file)) else { continue }
            throw GessoError(
                .usage, "\(item.output) would replace a picture of the batch",
                remedy: .otherFolderOrName)
        }
    }

    /// What is there and is not this batch's must not be in the way.
    private func checkPlaces(_ kept: [Bool]) throws {
        for (item, isKept) in zip(items, kept) where !isKept && item.fault == nil {
            let files =
                [folder.url(item.output)]
                + (options.receipts ? [folder.receipt(of: item.output)] : [])
            guard
                let file = files.first(where: { FileManager.default.fileExists(atPath: $0.path) }),
                !folder.isMadeByNow(item)
            else { continue }
            throw GessoError(
                .cannotCreate, "the output exists", at: file.relativePath, remedy: .skipOrReplace)
        }
    }
}

extension GessoError {
    /// The same error with a picture's name before it, if it is not in it already.
    package func naming(_ picture: String) -> GessoError {
        guard !description.contains(picture) else { return self }
        return GessoError(kind, "\(picture): \(what)", at: place, remedy: remedy)
    }
}
