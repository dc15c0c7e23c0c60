import Foundation
import Gesso

/// What a batch would do, found out without doing any of it: no folder is made, no journal begun.
struct BatchForecast {
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

    private let items: [Batch.Item]
    private let folder: BatchGlance
    private let options: Batch.Options
    private let isJSON: Bool

    /// - Parameters:
    ///   - items: the pictures of this share.
    ///   - folder: what is there already.
    init(_ items: [Batch.Item], in folder: BatchGlance, _ options: Batch.Options, isJSON: Bool) {
        (self.items, self.folder, self.options) = (items, folder, options)
        self.isJSON = isJSON
    }

    /// Looks at every picture and reports.
    ///
    /// - Parameter files: what is written beside the pictures.
    /// - Throws: `Verdict.someFailed` when some cannot be made, and what would end the batch.
    func report(files: [String]) async throws {
        var plans: [EditPlan] = []
        var loading = 0.0
        var entries: [Entry] = []
        for item in items {
            try Interruption.check()
            let (entry, planned) = try await entry(of: item)
            plans += planned.map(\.plan)
            loading = max(loading, planned.map(\.loading).max() ?? 0)
            entries.append(entry)
            try Console.result(isJSON ? JSON.line(entry) : entry.line.escapingControls())
        }
        func count(_ action: Entry.Action) -> Int { entries.count { $0.action == action } }
        let totals = Totals(
            pictures: items.count, make: count(.make), keep: count(.keep), skip: count(.skip),
            fail: count(.fail), seed: folder.seed,
            evaluations: plans.reduce(0) { $0 + $1.evaluations },
            weightBytes: plans.map(\.weightBytes).max() ?? 0,
            workBytes: plans.map(\.workBytes).max() ?? 0,
            estimatedSeconds: plans.reduce(loading) { $0 + ($1.seconds?.total ?? 0) },
            files: files)
        if isJSON {
            try Console.result(JSON.line(totals))
        } else {
            for line in totals.lines { try Console.result(line.escapingControls()) }
        }
        if totals.fail > 0 { throw Verdict.someFailed }
    }

    private func entry(
        of item: Batch.Item
    ) async throws -> (entry: Entry, planned: [PlannedEdit]) {
        let file = folder.url.appending(path: item.output)
        let output = file.relativePath
        func entry(
            _ action: Entry.Action, _ reason: String? = nil
        ) -> (entry: Entry, planned: [PlannedEdit]) {
            (Entry(input: item.input, output: output, action: action, reason: reason), [])
        }
        if folder.holds(item.output, withReceipt: options.receipts) { return entry(.keep) }
        if FileManager.default.fileExists(atPath: file.path), !options.overwrites {
            if options.skipsExisting { return entry(.skip) }
            if !folder.knows(item.output) {
                return entry(.fail, "a file is there: give --skip-existing or --overwrite")
            }
        }
        do {
            var jobOptions = Job.Options()
            jobOptions.threads = options.threads
            let planned = try await Workplace.library.plan(item.request, jobOptions)
            var made = entry(.make).entry
            (made.width, made.height) = (planned.last?.plan.width, planned.last?.plan.height)
            made.evaluations = planned.reduce(0) { $0 + $1.plan.evaluations }
            let seconds = planned.compactMap { $0.plan.seconds?.total }
            made.estimatedSeconds = seconds.isEmpty ? nil : seconds.reduce(0, +)
            return (made, planned)
        } catch {
            let failure = GessoError(error)
            guard failure.isOfOnePicture else { throw error }
            return entry(.fail, failure.naming(item.input).text(\.inFlags))
        }
    }
}
