package import Gesso

/// Prints what happens while the pictures of a grid are made.
package struct GridPrinter {
    private let total: Int
    private let start = ContinuousClock.now
    private var notes: NotePrinter
    private var meter: ProgressMeter
    /// The picture under way, and how many are done.
    private var (label, done) = ("", 0)

    /// - Parameter total: how many pictures there are.
    package init(of total: Int, isQuiet: Bool) {
        self.total = total
        notes = NotePrinter(isQuiet: isQuiet)
        meter = ProgressMeter(isQuiet: isQuiet, counting: .picture)
    }

    private var seconds: Double { start.duration(to: .now) / .seconds(1) }

    /// A picture begins, and so the one before is done.
    package mutating func begin(_ label: String, after count: Int) {
        tellPictures(count)
        (self.label, done) = (label, count)
    }

    /// Something happened to the picture under way. What several remark on is printed once.
    package mutating func tell(_ event: Job.Event) {
        switch event {
        case .note(let note): notes.tell(note)
        case .plan(let plan, index: _):
            plan.notes.forEach { notes.tell($0) }
            // Those of the others are the same, or in their labels.
            if done == 0 { notes.tellSeed(of: plan) }
            notes.tellStandIn(of: plan)
        case .progress(let progress):
            meter.tell(progress, of: label, after: done, of: total, at: seconds)
        case .edit, .preview: break
        }
    }

    /// All pictures are done.
    package mutating func end() { tellPictures(total) }

    /// Takes the bar away.
    package func clear() { meter.clear() }

    private mutating func tellPictures(_ count: Int) {
        if count > 0 { meter.tellPictures(count, of: total, named: label, at: seconds) }
    }
}
