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
    /// An inpainting without a mask.
    case noMask
    /// A mask of the picture's transparency, which has none; `at` is where the mask was given.
    case noTransparency(at: String)
    /// A shape that is outside of the picture; `at` is where it was given.
    case shapeOutside(at: String, width: Int, height: Int)
    /// A mask of a colour that the picture has nowhere; `at` is where it was given.
    case colorNowhere(String, at: String)
    /// A mask falls into more parts than are painted one by one.
    case tooManyParts(Int, most: Int)
    /// The checkpoint's safety checker refuses the picture.
    case refused(model: String)
    /// A control names a network that the model was not loaded with.
    case noControlNet(String, model: String)
    /// A control reads the picture, and there is none.
    case nothingToControlBy(String)
    /// The name of a ControlNet does not say what it reads, and nothing else does.
    case nothingToRead(String)
    /// A kind of map has numbers that it cannot have.
    case badMapNumbers(String)
    /// A stage produced a number that is not finite.
    case notFinite(stage: String)

    /// One line: what, where, what to do.
    public var description: String {
        advice.map { reason + ": " + $0 } ?? reason
    }

    /// What happened, and where.
    public var reason: String {
        switch self {
        case .memory(let needed, let available):
            "the picture needs about \(Self.gigabytes(needed)) of memory and "
                + "\(Self.gigabytes(available)) is free"
        case .unknownFamily(let path, let reason):
            "unknown kind of checkpoint: \(path): \(reason)"
        case .inpaintingOnly(let model):
            "\(model) is for inpainting and outpainting only: its UNet expects a mask beside the picture"
        case .instructionsOnly(let model):
            "\(model) follows instructions only: its UNet expects the picture beside the noise"
        case .noInstructions(let model): "\(model) follows no instructions"
        case .noTokenizer(let file): "\(file) comes without a tokenizer"
        case .decoderOnly(let path):
            "\(path): is the decoder of a VAE only, and a picture must be encoded first"
        case .noMask: "no mask: inpaint"
        case .noTransparency(let place): "the picture has no transparency: \(place)"
        case .shapeOutside(let place, let width, let height):
            "no pixel of \(width)x\(height) is inside: \(place)"
        case .colorNowhere(let color, let place): "no pixel has the colour \(color): \(place)"
        case .tooManyParts(let count, let most):
            "the mask falls into \(count) parts, more than \(most)"
        case .refused(let model):
            "the safety checker of \(model) refuses the picture, nothing was written"
        case .noControlNet(let name, let model):
            "\(model) was loaded without a ControlNet named '\(name)'"
        case .nothingToControlBy(let name):
            "the ControlNet '\(name)' reads the picture that is edited, and there is none"
        case .nothingToRead(let name): "the name of '\(name)' does not say what it reads"
        case .badMapNumbers(let text):
            "'\(text)' has other numbers than that kind of map takes"
        case .notFinite(let stage):
            "the \(stage) gave numbers that are not finite"
        }
    }

    /// What to do about it, whatever the front end; nil where `reason` says it.
    public var advice: String? {
        switch self {
        case .memory: "use a smaller picture"
        case .unknownFamily: nil
        case .inpaintingOnly, .instructionsOnly: "use another checkpoint"
        case .noInstructions: "use an InstructPix2Pix checkpoint"
        case .noTokenizer: "name a folder with vocab.json and merges.txt"
        case .decoderOnly: "use a whole VAE, or put the encoder's file beside it"
        case .noMask: "give one"
        case .noTransparency: "give a picture with an alpha channel, or another mask"
        case .shapeOutside: "count pixels from the top left of the upright picture"
        case .colorNowhere: "give another colour, or more behind the ~"
        case .tooManyParts: "paint them at once, or grow the mask until they touch"
        case .refused: "try another prompt or seed"
        case .noControlNet: nil
        case .nothingToControlBy: "give it a map"
        case .nothingToRead: "give =canny, =picture or a map"
        case .badMapNumbers: "give the kind alone, or all of its numbers, as in canny(100,200)"
        case .notFinite: "the checkpoint may be damaged"
        }
    }

    private static func gigabytes(_ bytes: Int) -> String {
        let tenths = (bytes + 50_000_000) / 100_000_000
        return "\(tenths / 10).\(tenths % 10) GB"
    }
}
