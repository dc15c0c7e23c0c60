import Foundation
import Gesso
package import Logging

/// Carries out jobs one after the other, tells of them, and keeps what they make.
package actor Queue {
    let store: Store
    let engine: Engine
    let hub: EventHub
    let logger: Logger
    private(set) var isPaused = false
    /// Why it paused by itself, such as a full disk.
    private(set) var pauseReason: String?
    private(set) var isStopping = false
    private(set) var current: Current?
    /// Whether a job is being taken, which runs by its row and is not yet the current one.
    private var isTaking = false
    /// Jobs that were cancelled while they were taken.
    private var cancelledEarly: Set<String> = []
    private var isResuming = false
    private var lastDoor: Door?
    /// When the last job ended whose models may still be loaded.
    private var idleSince: ContinuousClock.Instant?
    private var waiters: [String: [UUID: CheckedContinuation<Void, Never>]] = [:]
    private let wakeUps: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// The job that runs.
    struct Current: Sendable {
        let job: JobRow
        let flag: CancelFlag
        /// Which of its pictures, from 0.
        var number = 0
        /// `loading`, `prompt`, `encode`, `denoise` or `decode`.
        var stage = "loading"
        /// UNet runs that are done, and all there are, of all passes of the picture.
        var step = 0
        var steps = 0
        /// The pass that was last denoised.
        var pass: PassProgress?
        var began = Date.now
        /// When the first step of the picture began.
        var denoisingBegan: Date?
        /// A JPEG of what is under way, and how many there were before it.
        var preview: Data?
        var previewNumber = 0
        var isSkipped = false
        var lastTold = Date.distantPast
    }

    package init(_ store: Store, _ engine: Engine, _ hub: EventHub, _ logger: Logger) {
        (self.store, self.engine, self.hub, self.logger) = (store, engine, hub, logger)
        (wakeUps, wake) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes a job in. See ``Store/add(_:from:id:key:priority:retryOf:)``.
    package func submit(
        _ order: Order, from door: Door, id: String = JobRow.newID(), key: String? = nil,
        priority: Int = 0, retryOf: String? = nil
    ) async throws -> JobRow {
        guard !isStopping else { throw Self.stopping }
        if let free = store.freeBytes(), free < 16 << 20 {
            throw Complaint(507, "\(ServerError.diskFull(path: "the data folder"))")
        }
        let row = try await store.add(
            order, from: door, id: id, key: key, priority: priority, retryOf: retryOf)
        await tell(row)
        wake.yield()
        return row
    }

    /// Works until the task is cancelled or ``stop()`` is called.
    package func run() async {
        wake.yield()
        for await _ in wakeUps {
            while !isPaused, !isStopping, !Task.isCancelled {
                isTaking = true
                defer { isTaking = false }
                do {
                    guard let job = try await store.takeNext(after: lastDoor) else { break }
                    lastDoor = job.source
                    await perform(job)
                } catch {
                    logger.error("The queue's database fails: \(error)")
                    await pause(because: "the database cannot be written")
                }
            }
            if isStopping || Task.isCancelled { return }
        }
    }

    private func perform(_ job: JobRow) async {
        let flag = CancelFlag()
        current = Current(job: job, flag: flag)
        isTaking = false
        if cancelledEarly.remove(job.id) != nil { flag.set() }
        await tell(job)
        do {
            let order = try job.order()
            let done = try await store.results(of: job.id).map(\.number)
            for number in 0..<order.pictures where !done.contains(number) {
                let made = order.loop == nil ? [] : try await store.results(of: job.id)
                try await paint(order.turn(number, after: made), number, job, flag)
                if current?.isSkipped == true {
                    flag.reset()
                    current?.isSkipped = false
                }
                if flag.isFinishing { throw CancellationError() }
            }
            // Where all pictures were there already, only the state is missing.
            await finished(try await store.finish(job.id, as: .done))
        } catch is CancellationError {
            if isStopping {
                try? await store.putBack(job.id)
            } else {
                await finished(try? await store.finish(job.id, as: .cancelled))
            }
        } catch {
            let full = store.fullDisk(error)
            if full != nil { store.releaseSpace() }
            let message = Engine.message(for: full ?? error)
            logger.warning("Job \(job.id) failed: \(Engine.words(for: full ?? error))")
            await finished(
                try? await store.finish(
                    job.id, as: .failed, error: message, kind: Engine.kind(of: error)))
            if full != nil { await pause(because: message) }
        }
        current = nil
        idleSince = .now
        wakeWaiters(of: job.id)
        await tellQueue()
    }

    private func paint(_ order: Order, _ number: Int, _ job: JobRow, _ flag: CancelFlag)
        async throws
    {
        if flag.isSet { throw CancellationError() }
        current?.number = number
        current?.stage = "loading"
        current?.step = 0
        current?.pass = nil
        current?.denoisingBegan = nil
        current?.preview = nil
        let painted: Engine.Painted
        do {
            painted = try await engine.paint(order, number, from: store, flag) { news in
                await self.take(news, of: job.id)
            }
        } catch is CancellationError where current?.isSkipped == true && !isStopping {
            return
        }
        let picture = try store.writeFile(
            painted.data, type: painted.type, width: painted.width, height: painted.height,
            hasAlpha: painted.hasAlpha)
        let result = ResultRow(
            id: nil, job: job.id, number: number, picture: picture.sha,
            seed: Int64(bitPattern: painted.seed), infotext: painted.infotext,
            receipt: painted.receipt, created: Date.now.timeIntervalSince1970, star: false,
            deleted: nil)
        let kept = try await store.add(
            result, picture, isLast: number == order.pictures - 1 && !flag.isFinishing)
        if let kept {
            await tell(kept.job)
            try await store.enforceQuota(sparing: job.id)
        }
    }

    /// Takes news of a picture under way, and passes on at most four a second.
    private func take(_ news: Engine.News, of job: String) async {
        guard current?.job.id == job, var now = current else { return }
        switch news {
        case .stage(let stage, let step, let steps, let pass):
            now.stage = stage
            if steps > 0 { (now.step, now.steps, now.pass) = (step, steps, pass) }
            if stage == "denoise", now.denoisingBegan == nil { now.denoisingBegan = .now }
        case .preview(let data):
            now.preview = data
            now.previewNumber += 1
        }
        let isDue = Date.now.timeIntervalSince(now.lastTold) >= 0.25
        if isDue { now.lastTold = .now }
        current = now
        if isDue {
            await hub.send(
                Event(id: nil, name: "progress", data: progressDocument(now), job: job))
        }
    }

    private func finished(_ row: JobRow?) async {
        if let row { await tell(row) }
    }

    /// Frees the models once no job has run for some time.
    func unloadModels(after time: Duration) {
        guard current == nil, let idleSince, .now - idleSince >= time else { return }
        engine.library.unloadModels()
        self.idleSince = nil
        logger.info("The models are freed until the next job")
    }

    // MARK: - What clients may ask

    /// Ends a job: one that waits at once, one that runs within one call of the network.
    ///
    /// - Returns: whether it was waiting or running.
    @discardableResult
    package func cancel(_ id: String) async throws -> Bool {
        if cancelRunning(id) { return true }
        guard let row = try await store.cancelWaiting(id) else {
            // It may have been taken meanwhile.
            if cancelRunning(id) { return true }
            guard isTaking, try await store.job(id)?.state == .running else { return false }
            if !cancelRunning(id) { cancelledEarly.insert(id) }
            return true
        }
        await tell(row)
        wakeWaiters(of: id)
        return true
    }

    /// - Returns: whether it is the one that runs.
    private func cancelRunning(_ id: String) -> Bool {
        guard current?.job.id == id else { return false }
        // A skip before it goes on with the next picture no more.
        current?.isSkipped = false
        current?.flag.set()
        return true
    }

    /// Ends a job with the picture under way, which is made of what there is.
    func interrupt(_ id: String) async throws {
        guard current?.job.id == id else {
            try await cancel(id)
            return
        }
        current?.isSkipped = false
        finishPicture()
    }

    /// Ends a running job's picture, which is made of what there is, and goes on with the next of the job.
    func skip(_ id: String) {
        // What is to end anyway has no next one.
        guard let now = current, now.job.id == id, !now.flag.isSet, !now.flag.isFinishing else {
            return
        }
        current?.isSkipped = true
        finishPicture()
    }

    /// Has the running picture made of what there is; where no step has been made, there is nothing.
    private func finishPicture() {
        guard let now = current else { return }
        let isUnderWay = now.step > 0 && (now.stage == "denoise" || now.stage == "decode")
        isUnderWay ? now.flag.finish() : now.flag.set()
    }

    func pause(because reason: String? = nil) async {
        (isPaused, pauseReason) = (true, reason)
        await tellQueue()
    }

    func resume() async {
        guard !isResuming else { return }
        isResuming = true
        defer { isResuming = false }
        store.reserveSpace()
        // Nothing is taken before the pause is over, so what runs by its row does not.
        if isPaused, current == nil, !isTaking { try? await store.finishLost() }
        (isPaused, pauseReason) = (false, nil)
        wake.yield()
        await tellQueue()
    }

    /// Waits until a job is finished. A cancelled wait ends at once.
    package func wait(for id: String) async throws -> JobRow {
        while true {
            try Task.checkCancellation()
            guard let row = try await store.job(id) else {
                throw Complaint(404, "There is no job \(id.prefix(40))")
            }
            if row.state.isFinal { return row }
            if isStopping { throw Self.stopping }
            let key = UUID()
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    // A job may have been finished while its row was read.
                    if current?.job.id != id, finishedSinceRead(row) || Task.isCancelled {
                        continuation.resume()
                    } else {
                        waiters[id, default: [:]][key] = continuation
                    }
                }
            } onCancel: {
                Task { await self.wakeWaiter(key, of: id) }
            }
        }
    }

    private var lastFinished: [String] = []

    private func finishedSinceRead(_ row: JobRow) -> Bool { lastFinished.contains(row.id) }

    private func wakeWaiters(of id: String) {
        lastFinished = lastFinished.suffix(99) + [id]
        for continuation in (waiters.removeValue(forKey: id) ?? [:]).values {
            continuation.resume()
        }
    }

    private func wakeWaiter(_ key: UUID, of id: String) {
        waiters[id]?.removeValue(forKey: key)?.resume()
    }

    /// Stops taking jobs, and puts the running one back into the queue.
    package func stop() async {
        isStopping = true
        current?.isSkipped = false
        current?.flag.set()
        wake.yield()
        for (id, _) in waiters { wakeWaiters(of: id) }
        await hub.close()
    }

    private static var stopping: Complaint {
        var complaint = Complaint(503, "The server is shutting down; try again later")
        complaint.retryAfter = 10
        complaint.recurs = false
        return complaint
    }

    // MARK: - Telling

    func tell(_ row: JobRow) async {
        let results = (try? await store.results(of: row.id)) ?? []
        await hub.send(
            Event(
                id: row.seq, name: "job", data: JobDocument(row, results).value, job: row.id))
    }

    func tellQueue() async {
        await hub.send(Event(id: nil, name: "queue", data: await queueDocument(), job: nil))
    }

    func queueDocument() async -> JSONValue {
        let active = (try? await store.activeJobs()) ?? []
        return [
            "paused": .bool(isPaused), "reason": pauseReason.map { .string($0) } ?? .null,
            "jobs": .array(active.map { JobDocument($0, []).value }),
            "progress": current.map(progressDocument) ?? .null,
        ]
    }

    /// How far the running job has come, 0...1, and the seconds left if that can be estimated.
    func progress(of now: Current) -> (fraction: Double, left: Double?) {
        let ofPicture =
            switch now.stage {
            case "decode": 0.97
            case "denoise" where now.steps > 0: 0.03 + 0.93 * Double(now.step) / Double(now.steps)
            case "loading": 0.01
            default: 0.02
            }
        let total = Double(max(now.job.pictures, 1))
        let fraction = (Double(now.number) + ofPicture) / total
        guard let began = now.denoisingBegan, now.step > 0 else { return (fraction, nil) }
        let perStep = Date.now.timeIntervalSince(began) / Double(now.step)
        let ofRest = Double(now.steps - now.step) * perStep
        let ofOthers = (total - Double(now.number) - 1) * Double(now.steps) * perStep
        return (fraction, ofRest + ofOthers)
    }

    func progressDocument(_ now: Current) -> JSONValue {
        let (fraction, left) = progress(of: now)
        return [
            "job": .string(now.job.id), "stage": .string(now.stage),
            "step": .integer(Int64(now.step)), "steps": .integer(Int64(now.steps)),
            "pass": .integer(Int64(now.pass?.number ?? 0)),
            "passes": .integer(Int64(now.pass?.count ?? 0)),
            "passStep": .integer(Int64(now.pass?.step ?? 0)),
            "passSteps": .integer(Int64(now.pass?.steps ?? 0)),
            "picture": .integer(Int64(now.number)), "pictures": .integer(Int64(now.job.pictures)),
            "fraction": .number((fraction * 1000).rounded() / 1000),
            "secondsLeft": left.map { .number(($0 * 10).rounded() / 10) } ?? .null,
            "preview": now.preview == nil
                ? .null
                : .string("/api/v1/jobs/\(now.job.id)/preview/\(now.previewNumber)"),
        ]
    }
}
