import ArgumentParser
import Gesso

/// The checkpoints that make a model of four channels one for inpainting.
struct AddedModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Nine-channel inpainting checkpoint that makes a checkpoint of four channels one for "
                + "inpainting: its weights + (--model's - --inpaint-delta's).",
            valueName: "folder or file"), completion: CompletionValues.models)
    var inpaintBase: String?

    @Option(
        help: ArgumentHelp(
            "Four-channel checkpoint that --inpaint-base was made from.",
            valueName: "folder or file"), completion: CompletionValues.models)
    var inpaintDelta: String?

    var settings: [Setting] {
        [setting("inpaint_base", inpaintBase), setting("inpaint_delta", inpaintDelta)]
            .compactMap(\.self)
    }
}
