/// What is done: the five things a recipe can be for. Raw values are the tool's subcommands.
public enum Verb: String, CaseIterable, Sendable {
    /// The whole picture is repainted, more or less strongly.
    case imageToImage = "img2img"
    /// The white part of a mask is repainted.
    case inpaint
    /// The canvas is extended and the new part painted.
    case outpaint
    /// The whole picture is changed as an instruction says.
    case instruct
    /// A picture from words alone.
    case textToImage = "txt2img"
}
