import Recipes
import Sampling

/// Which of a run's calls of the backbone compute all of the latents and which the areas near the mask alone (`Reuse`).
///
/// After the first evaluation, and at some of the later ones, a whole call is made ahead: at the noise of an evaluation
/// to come, of latents as the estimate of now has them there. The evaluations until then are between two whole calls.
package struct ReuseSchedule: Equatable {
    /// The calls of one evaluation of the model.
    package struct Evaluation: Equatable {
        /// Whether all of the latents are computed: nothing is known of the rest.
        package var isWhole = false
        /// Whether the branch without a prompt is left out.
        package var isOfPromptAlone = false
        /// At which evaluation's noise a whole call is made afterwards; nil for none.
        package var ahead: Int?
    }

    /// One entry for each evaluation.
    package let evaluations: [Evaluation]

    /// - Parameters:
    ///   - interval: one of so many evaluations in the middle of a schedule has a whole call (`gap`).
    ///   - timesteps: of the evaluations.
    ///   - begins: whether an evaluation is of other prompts or rows than the one before, so that nothing is known of
    ///     what is around the areas; the first one is.
    ///   - sparesBranch: whether the branch without a prompt is left out in every second evaluation, after two that
    ///     have it: most changes where there is most noise.
    package init(
        interval: Int, timesteps: [Float], begins: [Bool], sparesBranch: (Int) -> Bool
    ) {
        var evaluations = Array(repeating: Evaluation(), count: timesteps.count)
        var start = 0
        while start < timesteps.count {
            let end = begins[(start + 1)...].firstIndex(of: true) ?? timesteps.count
            evaluations[start].isWhole = true
            for index in start..<end where sparesBranch(index) {
                let place = index - start
                evaluations[index].isOfPromptAlone = place > 0 && place.isMultiple(of: 2)
            }
            var index = start
            while case let next = index + Self.gap(interval, after: timesteps[index]), next < end {
                evaluations[index].ahead = next
                index = next
            }
            start = end
        }
        self.evaluations = evaluations
    }

    /// - Parameter levels: of the run's evaluations.
    init(_ recipe: Recipe, _ levels: [NoiseLevel], for model: Model) {
        let prompts = ScheduledPrompts(recipe, for: model)
        let texts = levels.indices.map { prompts.texts(at: $0) }
        let guides = levels.map { model.guides(recipe, at: $0) }
        let sparesBranch = model.sparesBranch(recipe)
        self.init(
            interval: recipe.reuse, timesteps: levels.map(\.timestep),
            begins: levels.indices.map {
                $0 == 0 || guides[$0] != guides[$0 - 1] || texts[$0] != texts[$0 - 1]
            }, sparesBranch: { sparesBranch && guides[$0] })
    }

    /// How many evaluations after one with a whole call the next is: fewer where there is most noise and a picture
    /// takes its shape, and more where its details are decided.
    ///
    /// - Parameters:
    ///   - interval: in the middle of a schedule.
    ///   - timestep: 0...999.
    package static func gap(_ interval: Int, after timestep: Float) -> Int {
        max(Int((Float(interval) * (1.5 - timestep / 1000)).rounded()), 1)
    }
}
