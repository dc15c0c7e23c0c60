import Imaging
import Recipes
import Sampling

/// What is written down while an edit goes its way: stages, seconds, remarks.
struct EditLog {
    /// The scheduler that ran.
    private(set) var scheduler = "none"
    /// How often it had the UNet run.
    private(set) var evaluations = 0
    /// How often the UNet will run in each pass.
    var passSteps: [Int] = []
    /// How many passes are done.
    private var passesDone = 0
    /// Remarks for the user.
    private(set) var notes: [String] = []
    /// Called with every stage as it begins; what it throws ends the edit.
    let progress: (Progress) throws -> Void
    /// Whether what there is after this step is to be the result.
    let isEnough: () -> Bool
    /// Is shown what is under way.
    private let preview: Preview?
    private let clock = ContinuousClock()
    private let began = ContinuousClock.now
    private var seconds: [String: Double] = [:]

    init(
        _ progress: @escaping (Progress) throws -> Void, _ preview: Preview? = nil,
        isEnough: @escaping () -> Bool = { false }
    ) {
        (self.progress, self.preview, self.isEnough) = (progress, preview, isEnough)
    }

    /// How often the UNet will run in all.
    private var total: Int { passSteps.reduce(0, +) }

    /// A denoiser whose estimates are shown, if anyone looks.
    func watched(_ denoiser: some Denoiser, _ model: Model) -> any Denoiser {
        guard let preview else { return denoiser }
        var step = evaluations
        return Watched(denoiser) { [total] latents in
            step += 1
            try preview.look(at: latents, model, step: step, of: total)
        }
    }

    /// Does a piece of work and notes its time under the name of its stage.
    mutating func measured<Result>(
        _ stage: Progress.Stage, _ work: () throws -> Result
    ) throws -> Result {
        try tell(stage)
        let start = clock.now
        let result = try work()
        seconds[stage.name, default: 0] += (clock.now - start) / .seconds(1)
        return result
    }

    /// A stage of denoising, counted over all passes.
    func denoising(step: Int) -> Progress.Stage {
        .denoising(step: evaluations + step, steps: total)
    }

    /// Counts a run that is done; the scheduler is that of the first.
    mutating func count(evaluations more: Int, of name: SchedulerName) {
        if evaluations == 0 { scheduler = name.rawValue }
        evaluations += more
        passesDone += 1
    }

    /// Adds remarks, each once.
    mutating func note(_ remarks: [String]) {
        for remark in remarks where !notes.contains(remark) { notes.append(remark) }
    }

    /// Tells of a stage.
    func tell(_ stage: Progress.Stage) throws {
        var now = Progress(stage: stage, seconds: (clock.now - began) / .seconds(1))
        if case .denoising(let step, _) = stage, passSteps.indices.contains(passesDone) {
            now.pass = PassProgress(
                number: passesDone + 1, count: passSteps.count, step: step - evaluations,
                steps: passSteps[passesDone])
        }
        try progress(now)
    }

    /// The picture with its report.
    func result(
        _ image: Image, of edit: Edit, by outline: Outline, seams: SeamReport?
    ) -> EditResult {
        EditResult(
            image: image, recipe: outline.recipe.recipe,
            report: EditReport(
                model: outline.model, precision: outline.precision.rawValue,
                kernels: outline.kernels, seed: outline.recipe.seed, scheduler: scheduler,
                evaluations: evaluations,
                width: image.width, height: image.height,
                paddedWidth: outline.largest.paddedWidth,
                paddedHeight: outline.largest.paddedHeight,
                repaintedFraction: edit.repaintedFraction, seconds: seconds,
                settingNotes: outline.notes, notes: edit.notes + notes, passes: outline.reported,
                seams: seams))
    }
}

extension Progress.Stage {
    /// What it is called in reports.
    public var name: String {
        switch self {
        case .filling: "fill"
        case .encodingPrompt: "prompt"
        case .encodingImage: "encode"
        case .denoising: "denoise"
        case .decoding: "decode"
        }
    }
}
