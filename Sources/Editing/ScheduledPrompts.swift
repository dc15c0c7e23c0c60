import Models
import Recipes
import Sampling
import Tensors

/// A recipe's prompts at each evaluation of the model: the negative one, and the parts of the other.
struct ScheduledPrompts {
    /// The texts of an evaluation.
    struct Texts: Hashable {
        /// What the picture should not show.
        let negative: String
        /// What it should show.
        let parts: [String]
    }

    /// How much the estimate of each part counts.
    let weights: [Float]
    private let prompt: PromptSchedule
    private let negative: PromptSchedule
    private let steps: Int
    /// Evaluations of a first run, where this is a second.
    private let earlier: Int

    /// The most prompts that `AND` may join: each is a row of every call of the backbone.
    static let mostParts = 16

    /// - Parameter model: one that guides itself, or follows instructions, takes no prompts apart.
    init(_ recipe: Recipe, for model: Model) {
        let isDivided =
            recipe.promptSyntax == .weighted && !model.hasGuidanceEmbedding
            && model.kind != .instruction
        func schedule(_ text: String, isDivided: Bool) -> PromptSchedule {
            recipe.promptSyntax == .plain
                ? PromptSchedule(plain: text) : PromptSchedule(text, isDivided: isDivided)
        }
        prompt = schedule(recipe.prompt, isDivided: isDivided)
        negative = schedule(recipe.negativePrompt, isDivided: false)
        // AUTOMATIC1111 counts evaluations, of which some methods make two a step.
        func evaluations(_ steps: Int, _ scheduler: SchedulerName?) -> Int {
            let name = scheduler ?? model.schedulerNameByDefault
            return steps * (name?.traits.evaluationsPerStep ?? 1)
        }
        steps = evaluations(recipe.steps, recipe.scheduler)
        earlier = recipe.firstRun.map { evaluations($0.steps, $0.scheduler) } ?? 0
        weights = prompt.parts(at: 0, of: steps, upTo: Self.mostParts).map { Float($0.weight) }
    }

    /// Whether the prompt is more than one, or its estimate has a weight.
    var isComposed: Bool { weights != [1] }

    /// Remarks on what has no meaning for the model.
    func notes(_ recipe: Recipe, _ model: Model) -> [String] {
        var notes: [String] = []
        let count = recipe.promptSyntax == .plain ? 1 : PromptSchedule(recipe.prompt).count
        if count > Self.mostParts, isComposed {
            notes.append("AND joins \(count) prompts: those behind \(Self.mostParts) are left out")
        } else if count > 1, !isComposed {
            notes.append("AND is a word like others with \(model.name)")
        }
        return notes
    }

    /// The texts of an evaluation, counted from 0.
    func texts(at index: Int) -> Texts {
        let parts = prompt.parts(at: index, of: steps, after: earlier, upTo: Self.mostParts)
        let negative = negative.parts(at: index, of: steps, after: earlier).map(\.text).joined()
        return Texts(negative: negative, parts: parts.map(\.text))
    }

    /// All texts of a run, each once.
    ///
    /// - Parameter count: of evaluations.
    func all(_ count: Int) -> [Texts] {
        guard !prompt.isPlain || !negative.isPlain else { return [texts(at: 0)] }
        var seen: Set<Texts> = []
        return (0..<max(count, 1)).map(texts).filter { seen.insert($0).inserted }
    }
}
