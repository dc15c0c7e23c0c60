public import Sampling

/// What will be done: a recipe in which nothing is left open. Made once for each edit, by the model
/// that carries it out; every other setting is read from the recipe.
@dynamicMemberLookup
public struct ResolvedRecipe: Sendable, Equatable {
    /// The recipe with all that follows filled in.
    public private(set) var recipe: Recipe
    /// The seed that all noise comes from.
    public private(set) var seed: UInt64
    /// The scheduler that runs.
    public let scheduler: SchedulerName
    /// Steps of the whole schedule.
    public let steps: Int
    /// How far each step is pushed from the negative prompt to the prompt.
    public let guidanceScale: Double
    /// Pixels a side at which regions and tiles are worked on.
    public let regionSize: Int
    /// Width of the result in pixels.
    public let width: Int
    /// Height of the result in pixels.
    public let height: Int

    /// A recipe with what it leaves open.
    ///
    /// - Parameters:
    ///   - seed: that of the edit.
    ///   - nativeSize: pixels a side that the model was trained on.
    ///   - width: of the result in pixels.
    ///   - height: likewise.
    public init(
        _ recipe: Recipe, seed: UInt64, scheduler: SchedulerName, nativeSize: Int, width: Int,
        height: Int
    ) {
        (self.recipe, self.seed) = (recipe, seed)
        self.scheduler = scheduler
        (steps, guidanceScale) = (recipe.steps, recipe.guidanceScale)
        regionSize = recipe.regionSize ?? nativeSize
        (self.width, self.height) = (width, height)
    }

    /// The same for pass number `index`, from 0: with a seed and perhaps a prompt of its own.
    ///
    /// - Parameter refines: whether it goes on from what earlier passes painted, so that no fill applies.
    public func ofPass(_ index: Int, prompt: String?, refines: Bool = false) -> ResolvedRecipe {
        var own = self
        own.seed = seed &+ UInt64(index)
        own.recipe.seed = own.seed
        own.recipe.prompt = prompt ?? recipe.prompt
        if refines { own.recipe.fill = .original }
        return own
    }

    /// Any setting of the recipe.
    public subscript<Value>(dynamicMember setting: KeyPath<Recipe, Value>) -> Value {
        recipe[keyPath: setting]
    }
}

extension Recipe {
    /// The recipe with what was left open as it was carried out, so that it is the same for any model
    /// and any later version.
    ///
    /// - Parameters:
    ///   - scheduler: the one that ran; nil where none did.
    ///   - size: that of a picture made from words alone, in its first run.
    public func settled(
        scheduler: SchedulerName?, size: Size?, for verb: Verb
    ) -> Recipe {
        var settled = self
        settled.scheduler = scheduler ?? self.scheduler
        (settled.steps, settled.guidanceScale) = (steps, guidanceScale)
        settled.strength = strength
        settled.noise.chosenGenerator = generator
        if verb == .inpaint || verb == .outpaint { settled.chosenMaskLatent = maskLatent }
        if let size, verb == .textToImage {
            (settled.width, settled.height) = (size.width, size.height)
        }
        return settled
    }
}
