package import Recipes
import Sampling
package import Tensors

/// How a prompt is to be read.
struct PromptReading: Hashable, Sendable {
    let syntax: PromptSyntax
    /// Layers of the text encoder that are left out at its end.
    let skippedLayers: Int
    /// The same for the negative prompt, of which diffusers skips none.
    var ofNegative: PromptReading { PromptReading(syntax, skipsInNegative ? skippedLayers : 0) }

    private var skipsInNegative = true

    private init(_ syntax: PromptSyntax, _ skippedLayers: Int) {
        (self.syntax, self.skippedLayers) = (syntax, skippedLayers)
    }

    init(_ recipe: Recipe) {
        syntax = recipe.promptSyntax
        skippedLayers = recipe.clipSkip - 1
        skipsInNegative = recipe.compatibility.skipsLayersOfNegative
    }
}

extension Model {
    /// A recipe's prompt as token embeddings, [1,77n,C].
    package func hiddenStates(of recipe: Recipe) throws -> Tensor {
        try encoded(recipe.prompt, PromptReading(recipe)).hiddenStates
    }
}
