package import Gesso

/// Prints what happens while a job goes on.
package struct EventPrinter {
    private let request: Request
    private var notes: NotePrinter
    private let isQuiet: Bool
    private let see: (Preview.Frame) throws -> Void

    /// - Parameter see: is given each preview.
    package init(
        _ request: Request, isQuiet: Bool, see: @escaping (Preview.Frame) throws -> Void = { _ in }
    ) {
        (self.request, self.isQuiet, self.see) = (request, isQuiet, see)
        notes = NotePrinter(isQuiet: isQuiet)
    }

    /// Follows a job to its end, and ends it where the process is to end.
    package func follow(_ job: Job) async throws -> Outcome {
        var (meter, printer) = (ProgressMeter(isQuiet: isQuiet), self)
        defer { meter.clear() }
        return try await job.follow { event in
            try Interruption.check()
            try printer.print(event, &meter)
        }
    }

    private mutating func print(_ event: Job.Event, _ meter: inout ProgressMeter) throws {
        switch event {
        case .edit(let number, of: let count, let verb):
            say("edit \(number) of \(count): \(verb.rawValue)")
        case .note(let note): notes.tell(note)
        case .plan(let plan, index: let index): announce(plan, index)
        case .progress(let progress): meter.tell(progress)
        case .preview(let frame): try see(frame)
        }
    }

    private mutating func announce(_ plan: EditPlan, _ index: Int) {
        plan.notes.forEach { notes.tell($0) }
        let verb = request.edits[index].verb
        if verb == .inpaint || verb == .outpaint { say(coverage(of: plan.repaintedFraction)) }
        notes.tellSeed(of: plan)
        notes.tellStandIn(of: plan)
    }

    private func say(_ text: String) {
        Console.line(("gesso: " + text).asLine(), isQuiet: isQuiet)
    }
}

/// Prints what jobs remark on, each text once.
package struct NotePrinter {
    private let isQuiet: Bool
    private var said: Set<String> = []

    package init(isQuiet: Bool) { self.isQuiet = isQuiet }

    /// Prints a note.
    package mutating func tell(_ note: String) { say("note: " + note) }

    /// Prints the seed of an edit that draws random numbers.
    package mutating func tellSeed(of plan: EditPlan) {
        if plan.scheduler != nil { say("seed \(plan.seed)") }
    }

    /// Prints what the model knows, where it is a small one that comes with Gesso.
    package mutating func tellStandIn(of plan: EditPlan) {
        guard plan.isStandIn, plan.scheduler != nil else { return }
        say(
            "\(plan.model) is a small model that knows drawn landscapes only: "
                + "for all else name a checkpoint with --model")
    }

    private mutating func say(_ text: String) {
        guard said.insert(text).inserted else { return }
        Console.line(("gesso: " + text).asLine(), isQuiet: isQuiet)
    }
}

/// How much of a picture may change, as a sentence.
///
/// - Parameter fraction: share of its pixels, in 0...1.
package func coverage(of fraction: Double) -> String {
    fraction.asPercent + " of the picture will be repainted"
}
