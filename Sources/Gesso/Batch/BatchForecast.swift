import Editing
import Files
import Foundation

/// What a batch would do, found out without doing any of it: no folder is made, no journal begun.
package struct BatchForecast {
    /// What would become of a picture.
    package struct Entry: PlainDocument {
        let schema = "gesso.batchplan/1"
        let input: String
        /// Absent where it has no name.
        let output: String?
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

        package var lines: [String] { [line] }

        private var line: String {
            let output = output ?? input
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
    package struct Totals: PlainDocument {
        let schema = "gesso.batchplan/1"
        let pictures: Int
        let make: Int
        let keep: Int
        let skip: Int
        package let fail: Int
        /// That of the first picture; absent where it is drawn when the batch begins.
        let seed: UInt64?
        let evaluations: Int
        let weightBytes: Int
        /// Of the picture that needs most.
        let workBytes: Int
        let estimatedSeconds: Double
        /// What is written beside the pictures.
        let files: [String]

        package var lines: [String] {
            let memory = String(
                format: "%.2f GB of weights and %.2f GB of work", Double(weightBytes) / 1e9,
                Double(workBytes) / 1e9)
            return [
                "pictures: \(make) to make, \(keep) there already, \(skip) skipped, "
                    + "\(fail) cannot be made",
                "seed: " + (seed.map { "\($0)" } ?? "drawn when the batch begins"),
                "UNet calls: \(evaluations)", "memory: \(memory)",
                "time: about \(estimatedSeconds.asDuration) in the model",
                "files: " + (files.isEmpty ? "the pictures" : files.joined(separator: ", ")),
            ]
        }
    }

    private let items: [Batch.Item]
    private let folder: BatchGlance
    private let options: Batch.Options
    private let library: Library
    private let words: (Remedy) -> String

    /// - Parameters:
    ///   - items: the pictures of this share.
    ///   - folder: what is there already.
    ///   - words: the front end's words for what would help.
    package init(
        _ items: [Batch.Item], in folder: BatchGlance, with library: Library,
        _ options: Batch.Options, words: @escaping (Remedy) -> String
    ) {
        (self.items, self.folder, self.options) = (items, folder, options)
        (self.library, self.words) = (library, words)
    }

    /// Looks at every picture.
    ///
    /// - Parameters:
    ///   - files: what is written beside the pictures.
    ///   - report: is given what would become of each.
    /// - Throws: what would end the batch.
    package func run(
        files: [String], _ report: (Entry) throws -> Void
    ) async throws -> Totals {
        var plans: [EditPlan] = []
        var loading = 0.0
        var entries: [Entry] = []
        for item in items {
            try Task.checkCancellation()
            let (entry, planned) = try await entry(of: item)
            plans += planned.map(\.plan)
            loading = max(loading, planned.map(\.loading).max() ?? 0)
            entries.append(entry)
            try report(entry)
        }
        func count(_ action: Entry.Action) -> Int { entries.count { $0.action == action } }
        return Totals(
            pictures: items.count, make: count(.make), keep: count(.keep), skip: count(.skip),
            fail: count(.fail), seed: folder.seed,
            evaluations: plans.reduce(0) { $0 + $1.evaluations },
            weightBytes: plans.map(\.weightBytes).max() ?? 0,
            workBytes: plans.map(\.workBytes).max() ?? 0,
            estimatedSeconds: plans.reduce(loading) { $0 + ($1.seconds?.total ?? 0) },
            files: files)
    }

    private func entry(
        of item: Batch.Item
    ) async throws -> (entry: Entry, planned: [PlannedEdit]) {
        let file = folder.url.appending(path: item.output)
        let output = file.relativePath
        func entry(
            _ action: Entry.Action, _ reason: String? = nil
        ) -> (entry: Entry, planned: [PlannedEdit]) {
            let name = item.fault == nil ? output : nil
            return (Entry(input: item.input, output: name, action: action, reason: reason), [])
        }
        if folder.holds(item, withReceipt: options.receipts) { return entry(.keep) }
        if item.fault == nil, FileManager.default.fileExists(atPath: file.path),
            !options.overwrites
        {
            if options.skipsExisting { return entry(.skip) }
            if !folder.knows(item) {
                return entry(.fail, "a file is there: " + words(.skipOrReplaceIt))
            }
        }
        do {
            try Batch.checkAlone(item)
            var jobOptions = Job.Options()
            jobOptions.threads = options.threads
            jobOptions.credentials = options.credentials
            let planned = try await library.plan(item.request, jobOptions)
            var made = entry(.make).entry
            (made.width, made.height) = (planned.last?.plan.width, planned.last?.plan.height)
            made.evaluations = planned.reduce(0) { $0 + $1.plan.evaluations }
            let seconds = planned.compactMap { $0.plan.seconds?.total }
            made.estimatedSeconds = seconds.isEmpty ? nil : seconds.reduce(0, +)
            return (made, planned)
        } catch {
            let failure = GessoError(error)
            if failure.isNeedless { return entry(.skip, failure.naming(item.input).text(words)) }
            guard failure.isOfOnePicture else { throw error }
            return entry(.fail, failure.naming(item.input).text(words))
        }
    }
}
