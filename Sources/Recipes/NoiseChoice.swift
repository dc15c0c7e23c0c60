public import Sampling

/// What the noise of a picture grows from beside its seed, as AUTOMATIC1111 sets it.
public struct NoiseChoice: Sendable, Equatable {
    /// What draws the numbers, where it is chosen; see `Recipe.generator`.
    public var chosenGenerator: RandomGenerator?
    /// The seed of a second noise that is blended in; nil is one to be drawn.
    public var variationSeed: UInt64?
    /// The second noise's share, in 0...1; at 0 there is none.
    public var variationStrength = 0.0
    /// The size in pixels of the picture whose composition is kept; nil is the picture's own.
    public var resizedFrom: Size?
    /// Added to the seed for all noise after the first; 0 goes on with the same numbers.
    public var seedDelta = 0

    /// The seed's own noise.
    public init() {}
}

extension Recipe {
    /// What draws the random numbers: as chosen, else as the program that `compat` names does.
    public var generator: RandomGenerator { noise.chosenGenerator ?? compatibility.generator }

    /// What the noise of one picture grows from.
    ///
    /// - Parameter factor: pixels per latent, each way.
    public func noiseSettings(factor: Int) -> NoiseSettings {
        var settings = NoiseSettings()
        settings.generator = generator
        settings.variationSeed = noise.variationSeed ?? 0
        settings.variationStrength = noise.variationStrength
        settings.resizedFrom = noise.resizedFrom.map {
            NoiseSize(height: max($0.height / factor, 1), width: max($0.width / factor, 1))
        }
        settings.seedDelta = UInt64(bitPattern: Int64(noise.seedDelta))
        return settings
    }
}
