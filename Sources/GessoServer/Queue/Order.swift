import Foundation

/// What a job is to make, as the queue keeps it: settings by their keys, pictures by their digest.
package struct Order: Codable, Sendable, Equatable {
    /// Of this form; a later one is refused.
    package var version = 1
    /// What is done: `img2img`, `inpaint`, `outpaint`, `txt2img`, `instruct` or `upscale`.
    package var verb: String
    /// Name of a checkpoint; nil is the one that fits.
    package var model: String?
    /// Names of presets, applied in order before the settings.
    package var presets: [String] = []
    /// Values by the keys of recipes. The seed is drawn before a job is queued, so that a job that is
    /// begun again gives the same pictures.
    package var settings: [String: String] = [:]
    /// The picture that is edited.
    package var source: String?
    /// The file that the picture was made of, where it has credentials that go on into the result's.
    package var origin: String?
    /// A grey picture, white where it is repainted.
    package var mask: String?
    /// Maps and masks for ControlNets, by the names that the setting `control` has for them; nil is none.
    package var maps: [String: String]?
    /// How many pictures; each has the seed after the one before.
    package var pictures = 1
    /// `png`, `jpeg`, `webp`, `avif` or `tiff`.
    package var format = "png"
    /// 1...100 of a JPEG or of a lossy WebP or AVIF.
    package var quality: Int?

    package init(_ verb: String) { self.verb = verb }

    package var prompt: String { settings["prompt"] ?? "" }

    /// Whether a second noise is blended in; then the pictures differ by its seed alone.
    var isVaried: Bool {
        (settings["variation_strength"].flatMap { Double($0) } ?? 0) > 0
            && settings["variation_seed"] != nil
    }

    /// The seed of a picture.
    package func seed(of number: Int) -> UInt64 {
        let first = settings["seed"].flatMap { UInt64($0) } ?? 0
        return isVaried ? first : first &+ UInt64(number)
    }

    /// The seed of a picture's second noise; without one, that of its only noise.
    func variationSeed(of number: Int) -> UInt64 {
        guard isVaried else { return seed(of: number) }
        return (settings["variation_seed"].flatMap { UInt64($0) } ?? 0) &+ UInt64(number)
    }

    /// Digests of the pictures it needs.
    var inputs: [String] {
        [source, origin, mask].compactMap(\.self) + (maps ?? [:]).values.sorted()
    }

    /// The order with a seed, below 2³² so that every client's language can hold it.
    package func drawingSeed() -> Order {
        var drawn = self
        if drawn.settings["seed"] == nil {
            drawn.settings["seed"] = "\(UInt32.random(in: .min ... .max))"
        }
        let share = settings["variation_strength"].flatMap { Double($0) } ?? 0
        if share > 0, drawn.settings["variation_seed"] == nil {
            drawn.settings["variation_seed"] = "\(UInt32.random(in: .min ... .max))"
        }
        return drawn
    }
}
