import Models
import Recipes
import Sampling
import Tensors

/// How fast a model runs on this machine, with the threads in use: measured on small pictures.
public struct ModelSpeed: Codable, Sendable, Equatable {
    /// Seconds that one call of the backbone takes beside its arithmetic.
    let callSeconds: Double
    /// Seconds of a multiplication in the backbone.
    let operationSeconds: Double
    /// Seconds of the autoencoder for a pixel.
    let encodingSeconds: Double
    /// Likewise.
    let decodingSeconds: Double

    /// Whether a machine can be so fast or slow: a file of speeds may have any numbers.
    public var isPossible: Bool {
        (0...86_400).contains(callSeconds)
            && [operationSeconds, encodingSeconds, decodingSeconds].allSatisfy((0...1).contains)
    }
}

extension Editor {
    /// Sides of the pictures that a measurement is made with, in pixels.
    private static let sides = (small: 128, large: 256)
    /// Tokens of a prompt of one chunk.
    private static let tokens = 77

    /// Measures the model: a call of the backbone at each of two sizes, which separates its arithmetic from
    /// what every call costs; encoding and decoding of one picture.
    ///
    /// - Throws: what `EditingError` the prompt's encoding may end with.
    public func speed() throws -> ModelSpeed {
        let recipe = Recipe(.imageToImage)
        let small = try evaluation(Self.sides.small, recipe)
        // The first call of all touches every weight for the first time.
        _ = try small.seconds()
        let few = try small.seconds()
        let many = try evaluation(Self.sides.large, recipe)
        let seconds = try min(many.seconds(), many.seconds())
        let rate = max(seconds - few, 0) / (many.operations - small.operations)
        // Where the machine was busy and the small picture took no less, all is arithmetic.
        let slope = rate > 0 ? rate : seconds / many.operations
        let side = Self.sides.large
        let pixels = Double(side * side)
        let picture = Tensor(zeros: [1, side, side, 3])
        let latents = Tensor(zeros: shape(side, model.vae.latentChannels))
        return ModelSpeed(
            callSeconds: max(seconds - slope * many.operations, 0), operationSeconds: slope,
            encodingSeconds: elapsed {
                _ = model.vae.latents(of: picture, tiled: false) { latents }
            } / pixels,
            decodingSeconds: elapsed { _ = model.vae.decode(latents, tiled: false) } / pixels)
    }

    private func shape(_ side: Int, _ channels: Int) -> [Int] {
        [1, side / model.vae.factor, side / model.vae.factor, channels]
    }

    /// One call of the backbone with one row, at a size.
    private struct Evaluation {
        let denoiser: BackboneDenoiser
        let latents: Tensor
        let operations: Double

        func seconds() throws -> Double {
            let start = ContinuousClock.now
            _ = try denoiser(latents, at: NoiseLevel(sigma: 1, timestep: 500))
            return start.duration(to: .now) / .seconds(1)
        }
    }

    private func evaluation(_ side: Int, _ recipe: Recipe) throws -> Evaluation {
        var recipe = recipe
        recipe.guidanceScale = 1
        let latents = Tensor(zeros: shape(side, model.vae.latentChannels))
        let more = model.backbone.configuration.inputChannels - model.vae.latentChannels
        return Evaluation(
            denoiser: try BackboneDenoiser(model, recipe, width: side, height: side)
                .seeing(more > 0 ? Tensor(zeros: shape(side, more)) : nil),
            latents: latents,
            operations: model.backbone.configuration.operations(
                width: latents.shape[2], height: latents.shape[1], tokens: Self.tokens,
                merging: 0, isShallow: false, share: 1))
    }

    private func elapsed(_ work: () -> Void) -> Double {
        work()
        let start = ContinuousClock.now
        work()
        return start.duration(to: .now) / .seconds(1)
    }
}

/// Seconds of an edit that is not made yet, by its stages.
public struct EstimatedSeconds: Sendable, Equatable, Encodable {
    /// Pictures become latents.
    public let encode: Double
    /// The backbone runs.
    public let denoise: Double
    /// Latents become pictures.
    public let decode: Double

    /// All of them.
    public var total: Double { encode + denoise + decode }
}

extension Editor {
    /// The seconds that an edit would take at a speed.
    func seconds(of outline: Outline, _ edit: Edit, at speed: ModelSpeed)
        -> EstimatedSeconds
    {
        guard outline.scheduler != nil else {
            return EstimatedSeconds(encode: 0, denoise: 0, decode: 0)
        }
        func pixels(_ run: Outline.Run) -> Double {
            let size = run.latents
            // Tiles overlap by a quarter each way.
            return Double(size.paddedWidth * size.paddedHeight) * (size.isTiled ? 16.0 / 9 : 1)
        }
        let runs = outline.runs
        return EstimatedSeconds(
            encode: runs.reduce(0) { $0 + Double($1.encoded) * pixels($1) }
                * speed.encodingSeconds,
            denoise: runs.reduce(0) {
                $0 + denoising($1, edit.controls(inSecondRun: $1.isSecond), at: speed)
            },
            decode: runs.reduce(0) { $0 + ($1.isDecoded ? pixels($1) : 0) }
                * speed.decodingSeconds)
    }

    /// All evaluations at one size.
    private func denoising(
        _ run: Outline.Run, _ controls: [Control], at speed: ModelSpeed
    ) -> Double {
        let (size, recipe) = (run.latents, run.recipe)
        func operations(isShallow: Bool, share: Double = 1) -> Double {
            model.backbone.configuration.operations(
                width: size.paddedWidth / model.vae.factor,
                height: size.paddedHeight / model.vae.factor, tokens: Self.tokens,
                merging: recipe.tokenMerging, isShallow: isShallow, share: share)
        }
        let (whole, shallow) = (operations(isShallow: false), operations(isShallow: true))
        let partial = operations(isShallow: false, share: run.areas?.share ?? 1)
        let calls = run.calls(model)
        return calls.reduce(0.0) { sum, call in
            let rows = call.rows
            let isDeep = call.evaluation.isMultiple(of: recipe.deepCache)
            let steering = controls.reduce(0.0) { sum, control in
                guard control.works(inStep: call.evaluation, of: run.levels.count),
                    let network = model.controlNets[control.network]
                else { return sum }
                let rows = network.configuration.steersPromptOnly(control.mode) ? 1 : rows
                return sum + Double(rows)
                    * network.configuration.operations(
                        width: size.paddedWidth / model.vae.factor,
                        height: size.paddedHeight / model.vae.factor, tokens: Self.tokens)
            }
            let own = !isDeep ? shallow : call.isWhole ? whole : partial
            let work = Double(rows) * own + steering
            return sum + speed.callSeconds + work * speed.operationSeconds
        }
    }
}

extension Model {
    /// Whether guidance counts at a level; 0 of the schedule is its noisiest end.
    func guides(_ recipe: Recipe, at level: NoiseLevel) -> Bool {
        let place = 1 - Double(level.timestep + 1) / Double(trainTimesteps)
        return place >= recipe.guidanceStart && place <= recipe.guidanceEnd
    }
}
