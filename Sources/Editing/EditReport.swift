public import Imaging
public import Recipes

/// What an edit came to: the picture and how it was made.
public struct EditResult: Sendable {
    /// The picture, at the size the edit asked for, with the original's metadata.
    public let image: Image
    /// What was asked for, with what the model brings where nothing was said.
    public let recipe: Recipe
    /// How it was made.
    public var report: EditReport
    /// Whether a text was put into it as a watermark.
    public internal(set) var isWatermarked = false

    /// Size in pixels of the first run: the result's, where there is no second.
    public var firstSize: Size {
        guard recipe.hires.isOn, let first = report.passes.first else {
            return Size(width: report.width, height: report.height)
        }
        return Size(width: first.width, height: first.height)
    }
}

/// How a picture was made: what came of the recipe, its seed and its scheduler.
public struct EditReport: Sendable, Equatable, Encodable {
    /// Name of the model.
    public var model: String
    /// The numbers that its products were computed in: `exact`, `bf16` or `int8`.
    public var precision = ModelPrecision.exact.rawValue
    /// The kernel set, and the units that computed such numbers.
    public var kernels: [String] = []
    /// The seed, drawn or given.
    public var seed: UInt64
    /// Name of the scheduler that ran.
    public var scheduler: String
    /// How many times the UNet ran; with guidance each run holds two branches.
    public var evaluations: Int
    /// Size of the result in pixels.
    public var width: Int
    /// Size of the result in pixels.
    public var height: Int
    /// Size the model worked at, of the largest pass, padded to the model's multiple.
    public var paddedWidth: Int
    /// Size the model worked at, of the largest pass, padded to the model's multiple.
    public var paddedHeight: Int
    /// Share of the pixels that could change, in 0...1.
    public var repaintedFraction: Double
    /// Wall-clock seconds by stage.
    public var seconds: [String: Double]
    /// Remarks on settings, known before the work: what the model brings, and what has no effect.
    public var settingNotes: [String] = []
    /// Remarks on the work, for the user.
    public var notes: [String]
    /// What was worked on at once, in order.
    public var passes: [PassReport] = []
    /// The border of what was painted; nil where there is none.
    public var seams: SeamReport?

    /// All remarks, those on settings first.
    public var allNotes: [String] { settingNotes + notes }

    /// All but the border, which has a document of its own.
    private enum CodingKeys: String, CodingKey {
        case model, precision, kernels, seed, scheduler, evaluations, width, height, paddedWidth,
            paddedHeight
        case repaintedFraction, seconds, notes, passes
    }

    /// Remarks are one list.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(model, forKey: .model)
        try container.encode(precision, forKey: .precision)
        try container.encode(kernels, forKey: .kernels)
        try container.encode(seed, forKey: .seed)
        try container.encode(scheduler, forKey: .scheduler)
        try container.encode(evaluations, forKey: .evaluations)
        try container.encode(width, forKey: .width)
        try container.encode(height, forKey: .height)
        try container.encode(paddedWidth, forKey: .paddedWidth)
        try container.encode(paddedHeight, forKey: .paddedHeight)
        try container.encode(repaintedFraction, forKey: .repaintedFraction)
        try container.encode(seconds, forKey: .seconds)
        try container.encode(allNotes, forKey: .notes)
        try container.encode(passes, forKey: .passes)
    }
}

/// How far the pass under way is; the second run of high-resolution repair is a pass of its own.
public struct PassProgress: Sendable, Equatable {
    /// Which it is, from 1.
    public let number: Int
    /// How many there are.
    public let count: Int
    /// How many of its UNet runs are done.
    public let step: Int
    /// How many UNet runs it has.
    public let steps: Int
}

/// How far an edit is; given to the caller between any two pieces of work.
public struct Progress: Sendable, Equatable {
    /// The pieces of work, in their order.
    public enum Stage: Sendable, Equatable {
        /// That share of a hole, in 0...1, is filled from what is around it.
        case filling(Double)
        /// The prompts go through the tokenizer and text encoder.
        case encodingPrompt
        /// The picture goes through the VAE's encoder.
        case encodingImage
        /// `step` of `steps` UNet runs are done, of all passes.
        case denoising(step: Int, steps: Int)
        /// The latents go through the VAE's decoder.
        case decoding
    }

    /// What comes next.
    public let stage: Stage
    /// Wall-clock seconds since the edit began.
    public let seconds: Double
    /// The pass that is denoised; nil at other stages.
    public var pass: PassProgress?

    /// What a fill calls with the share that is done, so that `progress` is called.
    static func filling(
        _ progress: @escaping (Progress) throws -> Void
    ) -> (_ share: Double) throws -> Void {
        let (clock, began) = (ContinuousClock(), ContinuousClock.now)
        return { share in
            try progress(
                Progress(stage: .filling(share), seconds: (clock.now - began) / .seconds(1)))
        }
    }
}
