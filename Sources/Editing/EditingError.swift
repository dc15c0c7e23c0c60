/// What can go wrong between a loaded model and a finished picture.
public enum EditingError: Error, Equatable, CustomStringConvertible {
    /// The run needs more memory than there is, both in bytes.
    case memory(needed: Int, available: Int)
    /// The checkpoint belongs to no family known here.
    case unknownFamily(path: String, reason: String)
    /// The checkpoint is made for another kind of edit than the one asked for.
    case inpaintingOnly(model: String)
    /// The checkpoint follows instructions, and none was asked for.
    case instructionsOnly(model: String)
    /// An instruction for a checkpoint that follows none.
    case noInstructions(model: String)
    /// A single file without a tokenizer, and none was found.
    case noTokenizer(file: String)
    /// The autoencoder cannot encode the picture that an edit begins with; the path is that of its file.
    case decoderOnly(path: String)
    /// A mask falls into more parts than are painted one by one.
    case tooManyParts(Int, most: Int)
    /// The checkpoint's safety checker refuses the picture.
    case refused(model: String)
    /// A control names a network that the model was not loaded with.
    case noControlNet(String, model: String)
    /// A control reads the picture, and there is none.
    case nothingToControlBy(String)
    /// A stage produced a number that is not finite.
    case notFinite(stage: String)

    /// One line: what, where, what to do.
    public var description: String {
        switch self {
        case .memory(let needed, let available):
            "the picture needs about \(Self.gigabytes(needed)) of memory and "
                + "\(Self.gigabytes(available)) is free: use a smaller picture"
        case .unknownFamily(let path, let reason):
            "unknown kind of checkpoint: \(path): \(reason)"
        case .inpaintingOnly(let model):
            "\(model) is for inpainting and outpainting only: its UNet wants a mask beside the "
                + "picture; name another checkpoint with --model"
        case .instructionsOnly(let model):
            "\(model) follows instructions only: its UNet wants the picture beside the noise; use "
                + "`gesso instruct`, or name another checkpoint with --model"
        case .noInstructions(let model):
            "\(model) follows no instructions: name an InstructPix2Pix checkpoint with --model, or "
                + "use `gesso img2img`"
        case .noTokenizer(let file):
            "\(file) comes without a tokenizer: give --tokenizer FOLDER, or get one with "
                + "`hf download openai/clip-vit-large-patch14 vocab.json merges.txt`"
        case .decoderOnly(let path):
            "\(path): is the decoder of a VAE only, and a picture must be encoded first: lay the "
                + "encoder's file beside it, or give a whole VAE with --vae"
        case .tooManyParts(let count, let most):
            "the mask falls into \(count) parts, more than \(most): --per-component: leave it out, or "
                + "join them with --mask-grow"
        case .refused(let model):
            "the safety checker of \(model) refuses the picture, nothing was written: "
                + "try another prompt or seed, or --safety off"
        case .noControlNet(let name, let model):
            "\(model) was loaded without a ControlNet named '\(name)'"
        case .nothingToControlBy(let name):
            "the ControlNet '\(name)' reads the picture, and there is none: give it a map"
        case .notFinite(let stage):
            "the \(stage) gave numbers that are not finite: the checkpoint may be damaged"
        }
    }

    private static func gigabytes(_ bytes: Int) -> String {
        let tenths = (bytes + 50_000_000) / 100_000_000
        return "\(tenths / 10).\(tenths % 10) GB"
    }
}
