import Foundation
import Gesso
import TestSupport
import Testing

/// Requests that are carried out within one process.
@Suite struct JobTests {
    private let library = Library(Places(environment: [:]), keptModels: 2)

    private func source(_ width: Int = 64, _ height: Int = 48) throws -> Picture {
        .data(try Drawing.picture(width, height).encoded(as: .png), name: "the picture")
    }

    private func repaint(_ seed: Int, steps: Int = 4) throws -> Request {
        var request = try Request(
            .imageToImage,
            [
                "prompt": "a hill", "steps": "\(steps)", "strength": "0.8", "seed": "\(seed)",
                "scheduler": "euler",
            ],
            of: source())
        request.model = "gesso-builtin"
        return request
    }

    private func inpaint(_ seed: Int) throws -> Request {
        var request = try Request(
            .inpaint, ["prompt": "a lake", "steps": "5", "seed": "\(seed)", "mask_padding": "9"],
            of: source(96, 64), mask: "rect:8,8,40,30")
        request.model = "gesso-builtin-inpaint"
        return request
    }

    /// What a job reports, without its times.
    private func followed(_ job: Job) async throws -> (data: Data, events: [String]) {
        var events: [String] = []
        let outcome = try await job.follow { event in
            switch event {
            case .plan(let plan, _): events.append("\(plan.model) \(plan.seed) \(plan.notes)")
            case .progress(let progress): events.append("\(progress.stage)")
            case .note(let note): events.append(note)
            case .edit, .preview: break
            }
        }
        return (outcome.data, events)
    }

    private func options(threads: Int) -> Job.Options {
        var options = Job.Options()
        options.threads = threads
        return options
    }

    @Test func jobsAtTheSameTimeGiveWhatEachGivesAlone() async throws {
        let requests = try [repaint(3), inpaint(4), repaint(5)]
        let threads = [1, 2, 3]
        var alone: [(data: Data, events: [String])] = []
        for (request, count) in zip(requests, threads) {
            alone.append(try await followed(library.start(request, options(threads: count))))
        }
        for _ in 0..<3 {
            let jobs = zip(requests, threads).map {
                library.start($0, options(threads: $1))
            }
            async let first = followed(jobs[0])
            async let second = followed(jobs[1])
            async let third = followed(jobs[2])
            let together = try await [first, second, third]
            for (one, other) in zip(alone, together) {
                #expect(one.data == other.data)
                #expect(one.events == other.events)
            }
        }
        #expect(alone[0].events != alone[1].events && alone[0].data != alone[2].data)
    }

    /// A thread of a test's own: other tests block those that tasks share, and a job that nobody
    /// watches comes to its end.
    private final class TestThread: TaskExecutor {
        private let queue = DispatchQueue(label: "test")

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    @Test func cancellingTheTaskThatWaitsEndsTheJob() async throws {
        let job = library.start(try repaint(1, steps: 1000))
        let waiting = Task(executorPreference: TestThread()) { try await job.result }
        await withTaskExecutorPreference(TestThread()) {
            for await case .progress(let progress) in job {
                if case .denoising = progress.stage { waiting.cancel() }
            }
        }
        let end = await waiting.result
        #expect(throws: CancellationError.self) { _ = try end.get().data }
    }

    @Test func cancellingTheTaskThatIteratesEndsTheJob() async throws {
        let job = library.start(try repaint(1, steps: 1000))
        let iterating = Task(executorPreference: TestThread()) {
            for await case .progress(let progress) in job {
                if case .denoising = progress.stage { withUnsafeCurrentTask { $0?.cancel() } }
            }
        }
        await iterating.value
        await #expect(throws: CancellationError.self) { _ = try await job.result.data }
    }

    @Test func whatAFrontEndThrowsEndsTheJob() async throws {
        struct Enough: Error {}
        let job = library.start(try repaint(1, steps: 1000))
        await #expect(throws: Enough.self) { _ = try await job.follow { _ in throw Enough() }.data }
    }

    /// A checkpoint whose file is replaced is read again, and what a receipt says of it is true.
    @Test func aReplacedCheckpointIsReadAgain() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.copyItem(
            at: Fixtures.parity.appending(path: "models/tiny-f32"), to: folder)
        let weights = folder.appending(path: "unet/diffusion_pytorch_model.safetensors")
        var request = try Request(
            .textToImage,
            ["prompt": "a hill", "steps": "1", "seed": "1", "width": "64", "height": "64"])
        request.model = folder.path
        func made() async throws -> (pixels: String, hash: String?) {
            let outcome = try await library.start(request).result
            let files = try outcome.receipt(as: nil, in: folder).checkpoint?.files
            return (
                Digest.of(pixels: outcome.image),
                files?.first { $0.path == "unet/diffusion_pytorch_model.safetensors" }?.sha256
            )
        }
        let first = try await made()
        var data = try Data(contentsOf: weights)
        #expect(first.hash == Digest.sha256(data))
        let end = data.count - 4096..<data.count
        data.replaceSubrange(end, with: Data(count: end.count))
        try data.write(to: weights, options: .atomic)
        let second = try await made()
        #expect(first.pixels != second.pixels)
        #expect(second.hash == Digest.sha256(data))
    }

    @Test func previewsAreEvents() async throws {
        var options = Job.Options()
        options.previewInterval = 2
        var request = try repaint(2)
        request.edits[0].recipe.strength = 1
        var steps: [Int] = []
        for await case .preview(let frame) in library.start(request, options) {
            steps.append(frame.step)
        }
        #expect(steps == [2, 4])
    }

    @Test func aRequestIsTheSameAfterJSON() throws {
        let request = try inpaint(9).drawingSeeds()
        let again = try JSONDecoder().decode(Request.self, from: JSONEncoder().encode(request))
        #expect(again.edits.map(\.recipe) == request.edits.map(\.recipe))
        #expect(
            again.edits[0].mask?.parts.map(\.source) == request.edits[0].mask?.parts.map(\.source))
        #expect(again.pictures["source"]?.data == request.pictures["source"]?.data)
        #expect(again.model == request.model && again.format == request.format)
    }

    @Test(arguments: [
        #"{"edits": [{"verb": "paint"}]}"#,
        #"{"edits": [{"verb": "inpaint", "settings": {"steps": 0.5}}]}"#,
        #"{"edits": [{"verb": "inpaint", "settings": {"prompt": "x", "colour": "red"}}]}"#,
        #"{"edits": [{"verb": "inpaint", "settings": {"prompt": "x"}, "mask": {"parts": [{"shape": "rect:1"}]}}]}"#,
        #"{"pictures": {}}"#,
    ])
    func whatIsNoRequestIsRefused(_ text: String) {
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(Request.self, from: Data(text.utf8))
        }
    }

    @Test func aMissingPictureIsNamed() async throws {
        var request = try inpaint(1)
        request.pictures = [:]
        let error = await #expect(throws: GessoError.self) {
            _ = try await library.start(request).result.data
        }
        #expect(error?.kind == .usage && error?.remedy == .namePicture("source"))
    }

    /// A result does not take the place of its source once another program has written to that.
    @Test func whatAnotherProgramWroteToTheSourceStays() async throws {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "gesso-source-\(UUID().uuidString).png")
        defer { try? FileManager.default.removeItem(at: file) }
        try Drawing.picture(64, 48).encoded(as: .png).write(to: file)
        let request = try Request(
            .inpaint, ["prompt": "", "steps": "0", "fill": "color:#336699"],
            of: .file(file.path(percentEncoded: false)), mask: "rect:8,8,20,20")
        let late = try await library.start(request).result
        let other = try Drawing.picture(40, 40).encoded(as: .png)
        try other.write(to: file)
        let error = #expect(throws: GessoError.self) {
            try late.write(to: file, replacing: true)
        }
        #expect(error?.kind == .inputOutput)
        #expect(try Data(contentsOf: file) == other)
        let again = try await library.start(request).result
        try again.write(to: file, replacing: true)
        #expect(try Data(contentsOf: file) == again.data)
    }

    @Test func aPlanTellsWhatTheJobDoes() async throws {
        let request = try inpaint(4)
        let plan = try #require(try await library.plan(request).first?.plan)
        let report = try await library.start(request).result.report
        #expect(plan.evaluations == report.evaluations && plan.passes == report.passes)
        #expect(plan.notes == report.settingNotes)
        #expect(plan.notes == ["region is whole: mask_padding has no effect"])
    }

    @Test func aJobThatFinishesEarlyKeepsWhatIsOutsideTheMask() async throws {
        let whole = try await library.start(inpaint(4)).result
        let job = try library.start(inpaint(4))
        job.finishEarly()
        let early = try await job.result
        #expect(early.evaluations == 1 && whole.evaluations > 1)
        #expect(early.report.notes.contains("ended early, after 1 of \(whole.evaluations) steps"))
        #expect(early.proof?.holds == true)
        #expect(early.data != whole.data)
    }
}
