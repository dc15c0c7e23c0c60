import Imaging
import Recipes

/// What is written down while an edit goes its way: stages, seconds, remarks.
struct EditLog {
    /// The scheduler that ran.
    var scheduler = "none"
    /// How often it had the UNet run.
    var evaluations = 0
    /// Remarks for the user.
    var notes: [String] = []
    /// Told of every stage as it begins; what it throws ends the edit.
    let progress: (Progress) throws -> Void
    private let clock = ContinuousClock()
    private let began = ContinuousClock.now
    private var seconds: [String: Double] = [:]

    init(_ progress: @escaping (Progress) throws -> Void) {
        self.progress = progress
    }

    /// Does a piece of work and notes its time under the name of its stage.
    mutating func measured<Result>(
        _ stage: Progress.Stage, _ work: () throws -> Result
    ) throws -> Result {
        try tell(stage)
        let start = clock.now
        let result = try work()
        seconds[stage.name] = (clock.now - start) / .seconds(1)
        return result
    }

    /// Tells of a stage.
    func tell(_ stage: Progress.Stage) throws {
        try progress(Progress(stage: stage, seconds: (clock.now - began) / .seconds(1)))
    }

    /// The picture with its report.
    func result(
        _ image: Image, of edit: Edit, by model: Model, seed: UInt64, _ latents: Latents
    ) -> EditResult {
        EditResult(
            image: image,
            report: EditReport(
                model: model.name, seed: seed, scheduler: scheduler, evaluations: evaluations,
                width: image.width, height: image.height, paddedWidth: latents.paddedWidth,
                paddedHeight: latents.paddedHeight, repaintedFraction: edit.repaintedFraction,
                seconds: seconds, notes: edit.notes + notes))
    }
}

extension Progress.Stage {
    /// What it is called in reports.
    public var name: String {
        switch self {
        case .encodingPrompt: "prompt"
        case .encodingImage: "encode"
        case .denoising: "denoise"
        case .decoding: "decode"
        }
    }
}
