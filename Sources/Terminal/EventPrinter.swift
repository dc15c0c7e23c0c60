package import Gesso

/// Prints what happens while a job goes on.
package struct EventPrinter {
    private let request: Request
    private let isQuiet: Bool
    private let see: (Preview.Frame) throws -> Void

    /// - Parameter see: is given each preview.
    package init(
        _ request: Request, isQuiet: Bool, see: @escaping (Preview.Frame) throws -> Void = { _ in }
    ) {
        (self.request, self.isQuiet, self.see) = (request, isQuiet, see)
    }

    /// Follows a job to its end, and ends it where the process is to end.
    package func follow(_ job: Job) async throws -> Outcome {
        var meter = ProgressMeter(isQuiet: isQuiet)
        defer { meter.clear() }
        return try await job.follow { event in
            try Interruption.check()
            try print(event, &meter)
        }
    }

    private func print(_ event: Job.Event, _ meter: inout ProgressMeter) throws {
        switch event {
        case .edit(let number, of: let count, let verb):
            say("edit \(number) of \(count): \(verb.rawValue)")
        case .note(let note): say("note: " + note)
        case .plan(let plan, index: let index): announce(plan, index)
        case .progress(let progress): meter.tell(progress)
        case .preview(let frame): try see(frame)
        }
    }

    private func announce(_ plan: EditPlan, _ index: Int) {
        for note in plan.notes { say("note: " + note) }
        let verb = request.edits[index].verb
        if verb == .inpaint || verb == .outpaint { say(coverage(of: plan.repaintedFraction)) }
        guard plan.scheduler != nil else { return }
        say("seed \(plan.seed)")
        if index == 0, let line = plan.standInLine { say(line) }
    }

    private func say(_ text: String) {
        Console.line(("gesso: " + text).asLine(), isQuiet: isQuiet)
    }
}

/// Prints what several jobs remark on, each text once.
package struct NotePrinter {
    private let isQuiet: Bool
    private var said: Set<String> = []

    package init(isQuiet: Bool) { self.isQuiet = isQuiet }

    /// Prints the notes of an event, if it has any.
    package mutating func tell(_ event: Job.Event) {
        switch event {
        case .note(let note): say("note: " + note)
        case .plan(let plan, index: _):
            for note in plan.notes { say("note: " + note) }
            if let line = plan.standInLine { say(line) }
        default: break
        }
    }

    private mutating func say(_ text: String) {
        guard said.insert(text).inserted else { return }
        Console.line(("gesso: " + text).asLine(), isQuiet: isQuiet)
    }
}

extension EditPlan {
    /// What the model knows, where it is a small one that comes with Gesso.
    package var standInLine: String? {
        guard isStandIn, scheduler != nil else { return nil }
        return "\(model) is a small model that knows drawn landscapes only: "
            + "for all else name a checkpoint with --model"
    }
}

/// How much of a picture may change, as a sentence.
///
/// - Parameter fraction: share of its pixels, in 0...1.
package func coverage(of fraction: Double) -> String {
    fraction.asPercent + " of the picture will be repainted"
}
