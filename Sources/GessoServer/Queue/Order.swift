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
    /// The strengths by which each picture is made of the one before it, from the source anew after the last
    /// of them; nil makes every picture of the source.
    package var loop: [Double]?
    /// `png`, `jpeg`, `webp`, `avif` or `tiff`.
    package var format = "png"
    /// 1...100 of a JPEG or of a lossy WebP or AVIF.
    package var quality: Int?

    /// The longest side that a request may ask for; what memory allows may be less.
    static let mostSide = 8192

    /// The most pictures of a job.
    package static let mostPictures = 64

    package init(_ verb: String) { self.verb = verb }

    package var prompt: String { settings["prompt"] ?? "" }

    /// Whether a second noise is blended in; then the pictures differ by its seed alone.
    var isVaried: Bool {
        (settings["variation_strength"].flatMap { Double($0) } ?? 0) > 0
            && settings["variation_seed"] != nil
    }

    /// The settings that are seeds.
    static let seedKeys = ["seed", "variation_seed"]

    /// Refuses seeds that are none.
    ///
    /// - Throws: `Complaint` with 422 that names the field.
    func checkSeeds() throws {
        for key in Self.seedKeys {
            guard let text = settings[key], UInt64(text) == nil else { continue }
            throw Complaint.invalid(
                "settings.\(key)", "give a whole number from 0 to \(UInt64.max), or -1 to draw one")
        }
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

    /// The order of one of its pictures, with what it is made of.
    ///
    /// - Parameter made: the pictures there are by now.
    func turn(_ number: Int, after made: [ResultRow]) -> Order {
        guard let loop, !loop.isEmpty else { return self }
        var turn = self
        let place = number % loop.count
        turn.settings["strength"] = "\(loop[place])"
        let round = made.filter { (number - place..<number).contains($0.number) }
        if let last = round.max(by: { $0.number < $1.number }) {
            (turn.source, turn.origin) = (last.picture, nil)
            // A fill is for what was there at first.
            if verb == "inpaint" { turn.settings["fill"] = "original" }
        }
        return turn
    }

    /// The pictures to answer with: of a loop that is run several times, the last of each.
    func shown(_ made: [ResultRow]) -> [ResultRow] {
        guard let loop, !loop.isEmpty, pictures > loop.count else { return made }
        let rounds = Dictionary(made.map { ($0.number / loop.count, $0) }) { $1 }
        return rounds.sorted { $0.key < $1.key }.map(\.value)
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

    /// The order without the seeds that were drawn for it.
    func undrawn(_ isAsked: (_ key: String) -> Bool) -> Order {
        var bare = self
        for key in Self.seedKeys where !isAsked(key) { bare.settings[key] = nil }
        return bare
    }

    /// Whether this is `asked`, with seeds drawn where it names none.
    func isDrawn(from asked: Order) -> Bool { undrawn { asked.settings[$0] != nil } == asked }
}
