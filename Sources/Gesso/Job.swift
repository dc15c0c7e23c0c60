public import Editing
public import Foundation
public import Recipes
import Synchronization

/// A request that is being carried out.
///
/// It is the sequence of what happens on the way, which may be iterated once or not at all; `result` is
/// what comes of it. Cancelling the task that iterates or awaits the job cancels the job, which then ends
/// before its next step with `CancellationError`; so does `cancel()`.
///
///     let job = library.start(request)
///     for await event in job { print(event) }
///     try await job.result.data.write(to: file)
public final class Job: AsyncSequence, Sendable {
    /// What happens while a request is carried out, in this order.
    public enum Event: Sendable {
        /// An edit of a chain begins, counted from 1; left out where there is only one.
        case edit(Int, of: Int, Verb)
        /// A remark on what was asked for or read.
        case note(String)
        /// All of an edit is checked, and its work begins; `index` counts from 0.
        case plan(EditPlan, index: Int)
        /// The next piece of work begins.
        case progress(Editing.Progress)
        /// A picture of what is under way; only if previews are asked for.
        case preview(Preview.Frame)
    }

    /// What does not change the picture.
    public struct Options: Sendable {
        /// Threads to compute with; nil is one for each core. Results do not depend on it.
        public var threads: Int?
        /// Steps from one preview to the next, 1 or more; nil is no previews.
        public var previewInterval: Int?
        /// An autoencoder for previews, such as TAESD; nil makes each latent a pixel of about its
        /// colour.
        public var previewDecoder: URL?
        /// Whether the file is signed, and with what. Its pixels do not depend on it.
        public var credentials = CredentialsChoice()

        /// All cores, no previews, signed once there is a key.
        public init() {}
    }

    /// What is carried out: the request with its seeds.
    public let request: Request
    private let events: AsyncStream<Event>
    private let task: Task<Outcome, any Error>
    private let isEnough = Enough()

    /// The wish that the picture be made of what there is.
    final class Enough: Sendable {
        private let state = Atomic(false)

        var isSet: Bool { state.load(ordering: .relaxed) }

        func set() { state.store(true, ordering: .relaxed) }
    }

    init(
        _ request: Request,
        _ work: @escaping @Sendable (Enough, @escaping @Sendable (Event) -> Void) throws -> Outcome
    ) {
        self.request = request
        let isEnough = isEnough
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let task = Task(executorPreference: JobThread()) {
            defer { continuation.finish() }
            return try work(isEnough) { continuation.yield($0) }
        }
        continuation.onTermination = { termination in
            if case .cancelled = termination { task.cancel() }
        }
        (self.events, self.task) = (events, task)
    }

    /// The events, from the first one on.
    public func makeAsyncIterator() -> AsyncStream<Event>.AsyncIterator {
        events.makeAsyncIterator()
    }

    /// Ends the job before its next step.
    public func cancel() { task.cancel() }

    /// Ends the denoising with the step under way; the picture is made of what the model takes for the clean
    /// picture by then, and the report has a note of it. Each later run of the request makes one step.
    public func finishEarly() { isEnough.set() }

    /// Gives every event to `each` and waits for the end; what `each` throws cancels the job, and is thrown
    /// once that has ended.
    public func follow(_ each: (Event) throws -> Void) async throws -> Outcome {
        for await event in self {
            do {
                try each(event)
            } catch {
                cancel()
                _ = try? await result
                throw error
            }
        }
        return try await result
    }

    /// What came of the request.
    ///
    /// - Throws: what ended it, which `GessoError.init(_:)` makes one kind of; `CancellationError` if it
    ///   was cancelled.
    public var result: Outcome {
        get async throws {
            try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        }
    }
}

extension Library {
    /// Begins to carry out a request, on a thread of its own.
    public func start(_ request: Request, _ options: Job.Options = Job.Options()) -> Job {
        let request = request.drawingSeeds()
        return Job(request) { isEnough, send in
            try Editor.withThreads(options.threads) {
                try JobWork(request, self, options, isEnough, send).outcome()
            }
        }
    }

    /// Loads what the first edit of a request needs, so that what is wrong with the model shows before any
    /// picture is read.
    public func load(for request: Request) async throws {
        try await onThread {
            try Editor.withThreads(nil) {
                try JobWork(request, self, Job.Options()) { _ in }.load()
            }
        }
    }

    /// What a request would do and need, edit by edit, without doing it.
    ///
    /// - Parameter note: is given each remark on what was asked for or read.
    /// - Throws: what carrying it out would throw before the work begins.
    public func plan(
        _ request: Request, _ options: Job.Options = Job.Options(),
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> [PlannedEdit] {
        let request = request.drawingSeeds()
        return try await onThread {
            try Editor.withThreads(options.threads) {
                try JobWork(request, self, options) { event in
                    if case .note(let text) = event { note(text) }
                }.plan()
            }
        }
    }

    private func onThread<Result: Sendable>(
        _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        let task = Task(executorPreference: JobThread()) { try work() }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}

/// A thread for a job: its work never waits, so it must not occupy one of the threads that all tasks
/// share.
private final class JobThread: TaskExecutor {
    private let queue = DispatchQueue(label: "gesso.job")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
