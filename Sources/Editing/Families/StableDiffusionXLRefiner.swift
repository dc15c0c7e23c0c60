import Checkpoints
import Models

extension ModelFamily {
    /// The refiner of Stable Diffusion XL (Podell et al. 2023, section 2.5), which finishes pictures at low
    /// strength: OpenCLIP's text encoder alone, and an aesthetic score in place of the size to make.
    static let stableDiffusionXLRefiner = {
        var family = ModelFamily(
            name: "Stable Diffusion XL refiner", backbone: .unet, textEncoders: ["text_encoder_2"],
            objection: { source in
                guard source.contains("text_encoder_2"), !source.contains("text_encoder") else {
                    return "its text encoders are not the refiner's of Stable Diffusion XL"
                }
                let unet = try BackboneArchitecture.unet.configuration(of: source)
                let text = try PromptEncoder.configuration(of: source, "text_encoder_2")
                return unet.objection(toContextWidth: text.hiddenSize)
                    ?? unet.objection(toPooledWidth: text.projectionSize, sizes: 5)
            },
            textSide: { source, tokenizers, embeddings in
                try PromptEncoder(
                    source, tokenizers, embeddings, encoder: "text_encoder_2",
                    states: .penultimate)
            })
        // Height and width of the picture as trained on, top left corner of the crop, aesthetic score.
        family.sizes = { facts in
            [Float(facts.height), Float(facts.width), 0, 0, facts.isNegative ? 2.5 : 6]
        }
        family.correctsSchedulers = false
        family.latentColors = .stableDiffusionXL
        return family
    }()
}
