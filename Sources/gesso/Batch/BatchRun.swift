import Editing
import Files
import Foundation
import Imaging
import Recipes

/// A batch at work: every picture that is not there yet is made, named and written down.
final class BatchRun {
    /// A picture to be made.
    struct Job {
        let item: BatchList.Item
        /// Name in the output folder.
        let output: String
        let seed: UInt64
        let format: ImageFormat
        let chain: EditChain
    }

    /// How a batch goes on.
    struct Manner {
        var overwrites = false
        var skipsExisting = false
        var failsFast = false
        var quiet = false
        var verbose = false
        var json = false
        var receipts = false
        var quality: Int?

        /// Where a job's picture goes.
        func output(of job: Job, _ file: URL, draftTag: String = "") -> Output {
            Output(
                file: file, format: job.format, quality: quality, overwrites: overwrites,
                draftTag: draftTag)
        }
    }

    /// What became of a picture.
    struct Outcome {
        enum Status: String {
            case made, kept, skipped, failed
        }

        let job: Job
        let status: Status
        var seconds: Double?
        var error: String?
    }

    private let jobs: [Job]
    private let folder: BatchFolder
    private let manner: Manner
    private var toldNotes: Set<String> = []
    /// In the order of the jobs.
    private(set) var outcomes: [Outcome] = []
    /// How many pictures there are.
    var count: Int { jobs.count }
    /// Whether some picture could not be made.
    var hasFailures: Bool { outcomes.contains { $0.status == .failed } }

    init(_ jobs: [Job], in folder: BatchFolder, _ manner: Manner) {
        (self.jobs, self.folder, self.manner) = (jobs, folder, manner)
    }

    /// Makes what is not there.
    ///
    /// - Throws: what would end every other picture, too; where the first failure ends all, that.
    func run() throws {
        Interruption.expectResumption()
        let kept = jobs.map { folder.holds($0.output, withReceipt: manner.receipts) }
        if !manner.overwrites, !manner.skipsExisting { try checkPlaces(kept) }
        if let first = zip(jobs, kept).first(where: { !$1 })?.0 {
            try first.chain.loadModel(for: output(of: first))
        }
        let total = kept.count { !$0 }
        var meter = ProgressMeter(isQuiet: manner.quiet, counting: .picture)
        defer { meter.clear() }
        let start = ContinuousClock.now
        for (job, isKept) in zip(jobs, kept) {
            try Interruption.check()
            let outcome = try isKept ? Outcome(job: job, status: .kept) : outcome(of: job)
            outcomes.append(outcome)
            try tell(outcome)
            guard !isKept else { continue }
            let count = outcomes.count { $0.status != .kept }
            meter.tellPictures(count, of: total, at: start.duration(to: .now) / .seconds(1))
        }
        try folder.journal.noteEnd()
        meter.clear()
        say(summary)
    }

    private func outcome(of job: Job) throws -> Outcome {
        let file = folder.url(job.output)
        if manner.skipsExisting, FileManager.default.fileExists(atPath: file.path) {
            return Outcome(job: job, status: .skipped)
        }
        do {
            return try make(job)
        } catch {
            let failure = Failure(error, in: "batch")
            let isTaken = if case FileError.outputExists = error { true } else { false }
            guard failure.isOfOnePicture || isTaken else { throw error }
            let reason = failure.reason(of: job.item.input)
            try folder.journal.note(
                Journal.Entry(
                    input: job.item.input, output: job.output, seed: job.seed, seconds: 0,
                    sha256: nil, error: reason))
            let outcome = Outcome(job: job, status: .failed, error: reason)
            if manner.failsFast {
                outcomes.append(outcome)
                throw error
            }
            Console.line("gesso: \(reason)".asLine())
            return outcome
        }
    }

    private func output(of job: Job) -> Output {
        manner.output(of: job, folder.url(job.output), draftTag: folder.draftTag)
    }

    private func make(_ job: Job) throws -> Outcome {
        let start = ContinuousClock.now
        let file = folder.url(job.output)
        let output = self.output(of: job)
        guard let made = try job.chain.make(job.item.input, for: output) else {
            return Outcome(job: job, status: .skipped)
        }
        let seconds = start.duration(to: .now) / .seconds(1)
        let digest = Digest.sha256(made.picture.data)
        tell(made)
        try folder.makeParent(of: job.output)
        try Interruption.whileWriting {
            try folder.journal.note(
                Journal.Entry(
                    input: job.item.input, output: job.output, seed: job.seed, seconds: seconds,
                    sha256: digest, error: nil))
            // The picture comes last: with it all is done.
            try writeReceipt(of: made, job)
            do {
                try output.place(made.picture.data, as: file)
            } catch FileError.outputExists(let path) {
                // Another batch on the folder may have made the same picture meanwhile.
                guard (try? Digest.sha256(file: file)) == digest else {
                    throw FileError.outputExists(path: path)
                }
            }
        }
        return Outcome(job: job, status: .made, seconds: seconds)
    }

    /// A batch that replaced its own sources could not go on where it was ended.
    static func check(_ jobs: [Job], in folder: URL) throws {
        let sources = Set(jobs.map { FilePath.resolved(URL(filePath: $0.item.input)) })
        for job in jobs {
            let file = folder.appending(path: job.output)
            guard sources.contains(FilePath.resolved(file)) else { continue }
            throw Failure(
                .usage, "\(job.output) would replace a picture of the batch",
                at: "--output-dir", do: "give another folder, or another --name")
        }
    }

    private func writeReceipt(of made: EditChain.Made, _ job: Job) throws {
        guard manner.receipts else { return }
        let receipt = try job.chain.receipt(
            of: made, as: output(of: job),
            in: folder.url(job.output).deletingLastPathComponent())
        try writeAtomically(
            receipt.document, to: folder.receipt(of: job.output), overwrite: true,
            draftTag: folder.draftTag)
    }

    /// What is there and is not this batch's must not be in the way.
    private func checkPlaces(_ kept: [Bool]) throws {
        for (job, isKept) in zip(jobs, kept) where !isKept {
            let files =
                [folder.url(job.output)]
                + (manner.receipts ? [folder.receipt(of: job.output)] : [])
            guard
                let file = files.first(where: {
                    FileManager.default.fileExists(atPath: $0.path)
                }), !folder.isMadeByNow(job.output)
            else { continue }
            throw Failure(
                .cannotCreate, "the output exists", at: file.relativePath,
                do: "give --skip-existing, --overwrite or another --output-dir")
        }
    }

    private func tell(_ outcome: Outcome) throws {
        let path = folder.url(outcome.job.output).relativePath
        if manner.json {
            try Console.result(JSON.line(BatchDocument(outcome, output: path)))
        } else if outcome.status == .made {
            try Console.result(path.escapingControls())
        }
        if manner.verbose, let seconds = outcome.seconds {
            say("\(outcome.job.output) took \(String(format: "%.2f", seconds)) s")
        }
    }

    /// Remarks on a picture, each once in a batch.
    private func tell(_ made: EditChain.Made) {
        for note in made.reports.flatMap(\.notes) where toldNotes.insert(note).inserted {
            say("note: \(note)")
        }
    }

    private var summary: String {
        func count(_ status: Outcome.Status) -> Int { outcomes.count { $0.status == status } }
        var parts = ["\(count(.made)) made"]
        if count(.kept) > 0 { parts.append("\(count(.kept)) there already") }
        if count(.skipped) > 0 { parts.append("\(count(.skipped)) skipped") }
        if count(.failed) > 0 { parts.append("\(count(.failed)) failed") }
        return parts.joined(separator: ", ")
    }

    private func say(_ text: String) {
        if !manner.quiet { Console.line(("gesso: " + text).asLine()) }
    }
}

/// A picture of a batch, as `--json` prints it on a line.
private struct BatchDocument: Encodable {
    private let schema = "gesso.batch/1"
    private let input: String
    private let output: String
    private let status: String
    private let seed: UInt64
    private let seconds: Double?
    private let error: String?

    init(_ outcome: BatchRun.Outcome, output: String) {
        input = outcome.job.item.input
        self.output = output
        status = outcome.status.rawValue
        seed = outcome.job.seed
        seconds = outcome.seconds
        error = outcome.error
    }
}
