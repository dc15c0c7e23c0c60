import Editing
import Foundation
import Imaging

/// What a batch would do, found out without doing any of it: no folder is made, no journal begun.
struct BatchOutlook {
    /// What would become of a picture.
    private struct Entry: Encodable {
        let schema = "gesso.batchplan/1"
        let input: String
        let output: String
        let action: Action
        /// Why it cannot be made.
        var reason: String?
        var width: Int?
        var height: Int?
        var evaluations: Int?
        var estimatedSeconds: Double?

        enum Action: String, Encodable {
            case make, keep, skip, fail
        }

        var line: String {
            switch action {
            case .make:
                let work = (evaluations ?? 0) > 0 ? "\(evaluations ?? 0) UNet calls" : "no model"
                let time = estimatedSeconds.map { ", about \($0.asDuration)" } ?? ""
                return "make \(output): \(width ?? 0)x\(height ?? 0), \(work)\(time)"
            case .keep: return "keep \(output): it is there already"
            case .skip: return "skip \(output): a file is there"
            case .fail: return "fail \(output): \(reason ?? "")"
            }
        }
    }

    /// All of it.
    private struct Totals: Encodable {
        let schema = "gesso.batchplan/1"
        let pictures: Int
        let make: Int
        let keep: Int
        let skip: Int
        let fail: Int
        /// That of the first picture; absent where it is drawn when the batch begins.
        let seed: UInt64?
        let evaluations: Int
        let weightBytes: Int
        /// Of the picture that needs most.
        let workBytes: Int
        let estimatedSeconds: Double
        /// What is written beside the pictures.
        let files: [String]

        var lines: [String] {
            let memory = String(
                format: "%.2f GB of weights and %.2f GB of work", Double(weightBytes) / 1e9,
                Double(workBytes) / 1e9)
            return [
                "pictures: \(make) to make, \(keep) there already, \(skip) skipped, "
                    + "\(fail) cannot be made",
                "seed: " + (seed.map { "\($0)" } ?? "drawn when the batch begins"),
                "UNet calls: \(evaluations)", "memory: \(memory)",
                "time: about \(estimatedSeconds.asDuration)",
                "files: " + (files.isEmpty ? "the pictures" : files.joined(separator: ", ")),
            ]
        }
    }

    private let jobs: [BatchRun.Job]
    private let folder: BatchGlance
    private let manner: BatchRun.Manner

    /// - Parameters:
    ///   - jobs: the pictures of this share.
    ///   - folder: what is there already.
    init(_ jobs: [BatchRun.Job], in folder: BatchGlance, _ manner: BatchRun.Manner) {
        (self.jobs, self.folder, self.manner) = (jobs, folder, manner)
    }

    /// Looks at every picture and tells.
    ///
    /// - Parameter files: what is written beside the pictures.
    /// - Throws: `SomeFailed` when some cannot be made, and what would end the batch.
    func tell(files: [String]) throws {
        var plans: [EditRun.Planned] = []
        var entries: [Entry] = []
        for job in jobs {
            try Interruption.check()
            let entry = try entry(of: job, &plans)
            entries.append(entry)
            try Console.result(
                manner.json ? JSON.line(entry) : entry.line.escapingControls())
        }
        func count(_ action: Entry.Action) -> Int { entries.count { $0.action == action } }
        let loading = plans.map(\.loading).max() ?? 0
        let totals = Totals(
            pictures: jobs.count, make: count(.make), keep: count(.keep), skip: count(.skip),
            fail: count(.fail), seed: folder.seed,
            evaluations: plans.reduce(0) { $0 + $1.plan.evaluations },
            weightBytes: plans.map(\.plan.weightBytes).max() ?? 0,
            workBytes: plans.map(\.plan.workBytes).max() ?? 0,
            estimatedSeconds: plans.reduce(loading) { $0 + ($1.plan.seconds?.total ?? 0) },
            files: files)
        if manner.json {
            try Console.result(JSON.line(totals))
        } else {
            for line in totals.lines { try Console.result(line.escapingControls()) }
        }
        if totals.fail > 0 { throw SomeFailed() }
    }

    private func entry(of job: BatchRun.Job, _ plans: inout [EditRun.Planned]) throws -> Entry {
        let file = folder.url.appending(path: job.output)
        let output = file.relativePath
        func entry(_ action: Entry.Action, _ reason: String? = nil) -> Entry {
            Entry(input: job.item.input, output: output, action: action, reason: reason)
        }
        if folder.holds(job, withReceipt: manner.receipts) { return entry(.keep) }
        if FileManager.default.fileExists(atPath: file.path), !manner.overwrites {
            if manner.skipsExisting { return entry(.skip) }
            if !folder.knows(job) {
                return entry(.fail, "a file is there: give --skip-existing or --overwrite")
            }
        }
        do {
            let planned = try job.chain.plan(job.item.input, for: manner.output(of: job, file))
            plans += planned
            var made = entry(.make)
            (made.width, made.height) = (planned.last?.plan.width, planned.last?.plan.height)
            made.evaluations = planned.reduce(0) { $0 + $1.plan.evaluations }
            let seconds = planned.compactMap { $0.plan.seconds?.total }
            made.estimatedSeconds = seconds.isEmpty ? nil : seconds.reduce(0, +)
            return made
        } catch {
            let failure = Failure(error, in: "batch")
            guard failure.isOfOnePicture else { throw error }
            return entry(.fail, failure.reason(of: job.item.input))
        }
    }
}

/// What an output folder holds of a batch, looked at without touching it.
struct BatchGlance {
    let url: URL
    /// The seed of the first picture; nil where it is drawn when the batch begins.
    let seed: UInt64?
    private let entries: [String: Journal.Entry]

    /// - Throws: `Failure` when the folder holds a batch of other settings.
    init(
        _ url: URL, _ shard: Shard, fingerprint: String, seed: UInt64?, overwrites: Bool
    ) throws {
        self.url = url
        func isSame(_ header: Journal.Header) -> Bool {
            header.fingerprint == fingerprint && seed ?? header.seed == header.seed
        }
        let own = Journal.look(at: url.appending(path: Journal.name(of: shard)))
        if let header = own.header, !isSame(header), !overwrites {
            throw BatchFolder.otherSettings(url)
        }
        let looks = Journal.names(in: url).map { Journal.look(at: url.appending(path: $0)) }
            .filter { $0.header.map(isSame) ?? false }
        let isAnew = overwrites && (own.isFinished || own.header.map { !isSame($0) } ?? false)
        entries = Dictionary(
            isAnew ? [] : looks.flatMap { $0.entries.map { ($0.output, $0) } }
        ) { _, later in later }
        self.seed =
            seed ?? looks.first?.header?.seed
            ?? (shard.count > 1 ? BatchFolder.sharedSeed(fingerprint) : nil)
    }

    /// Whether the batch has made that picture, or was about to.
    func knows(_ job: BatchRun.Job) -> Bool { entries[job.output]?.sha256 != nil }

    /// Whether the picture is there and is the batch's, and its receipt where one is wanted.
    func holds(_ job: BatchRun.Job, withReceipt: Bool) -> Bool {
        let file = url.appending(path: job.output)
        return knows(job) && FileManager.default.fileExists(atPath: file.path)
            && (!withReceipt || FileManager.default.fileExists(atPath: file.path + ".json"))
    }
}
