import Foundation
import Gesso
import Terminal

/// Prints what happens while a batch runs, and its results.
struct BatchPrinter {
    private let folder: BatchFolder
    private let options: ProgressOptions
    private let isJSON: Bool

    init(_ folder: BatchFolder, _ options: ProgressOptions, isJSON: Bool) {
        (self.folder, self.options, self.isJSON) = (folder, options, isJSON)
    }

    /// Follows a batch to its end; a run that is interrupted can be started again.
    func follow(_ batch: Batch) async throws -> [Batch.Outcome] {
        Interruption.expectResumption()
        var meter = ProgressMeter(isQuiet: options.quiet, counting: .picture)
        defer { meter.clear() }
        let total = batch.missing.count
        let start = ContinuousClock.now
        var done = 0
        var notes = NotePrinter(isQuiet: options.quiet)
        let outcomes = try await batch.run { event in
            try Interruption.check()
            switch event {
            case .note(let note): notes.tell(note)
            case .job(let item, .progress(let progress)):
                meter.tell(
                    progress, of: item.input, after: done, of: total,
                    at: start.duration(to: .now) / .seconds(1))
            case .job(_, .plan(let plan, index: 0)): notes.tellStandIn(of: plan)
            case .job: break
            case .outcome(let outcome): try print(outcome, endsBatch: batch.options.failsFast)
            case .progress(let count, of: let total, let seconds):
                done = count
                meter.tellPictures(count, of: total, at: seconds)
            }
        }
        meter.clear()
        if !batch.options.failsFast || !outcomes.contains(where: { $0.status == .failed }) {
            say(summary(outcomes))
        }
        return outcomes
    }

    private func print(_ outcome: Batch.Outcome, endsBatch: Bool) throws {
        let path = folder.url(outcome.item.output).relativePath
        let reason = outcome.error?.text(\.inFlags)
        // The failure that ends a batch is printed as the error of the command.
        let isToCome = endsBatch && outcome.status == .failed
        if let reason, !isToCome { Console.line("gesso: \(reason)".asLine()) }
        if isJSON {
            try Console.result(JSON.line(BatchDocument(outcome, output: path, error: reason)))
        } else if outcome.status == .made {
            try Console.result(path.escapingControls())
        }
        if options.verbose > 0, let seconds = outcome.seconds {
            say("\(outcome.item.output) took \(String(format: "%.2f", seconds)) s")
        }
    }

    private func summary(_ outcomes: [Batch.Outcome]) -> String {
        func count(_ status: Batch.Outcome.Status) -> Int { outcomes.count { $0.status == status } }
        var parts = ["\(count(.made)) made"]
        if count(.kept) > 0 { parts.append("\(count(.kept)) there already") }
        if count(.skipped) > 0 { parts.append("\(count(.skipped)) skipped") }
        if count(.failed) > 0 { parts.append("\(count(.failed)) failed") }
        return parts.joined(separator: ", ")
    }

    private func say(_ text: String) {
        if !options.quiet { Console.line(("gesso: " + text).asLine()) }
    }
}

/// A picture of a batch, as `--json` prints it on a line.
private struct BatchDocument: Encodable {
    private let schema = "gesso.batch/1"
    private let input: String
    private let output: String?
    private let status: String
    private let seed: UInt64?
    private let seconds: Double?
    private let error: String?

    init(_ outcome: Batch.Outcome, output: String, error: String?) {
        input = outcome.item.input
        (self.output, self.error) = (outcome.item.fault == nil ? output : nil, error)
        status = outcome.status.rawValue
        seed = outcome.item.request.edits.first?.recipe.seed
        seconds = outcome.seconds
    }
}
