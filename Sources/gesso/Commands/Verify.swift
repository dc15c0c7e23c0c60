import ArgumentParser
import Gesso

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that nothing outside a mask has changed.",
        usage: "gesso verify <source> <result> --mask <mask> [<options>]",
        discussion: """
            Example:
              gesso verify photo.png edited.png --mask mask.png

            Outside is where the mask is black, value 0. It is given as for `inpaint`; one that was
            grown or blurred can be written with `gesso mask`. Samples are compared exactly,
            16-bit ones and alpha too. Exits with 0 if all are the same, with 1 if any differs.

            A JPEG that was written over its source keeps the blocks that the mask does not
            touch: these are compared, and the pixels beyond the others.
            """)

    @Argument(help: "The picture before the edit; - is standard input.", completion: .file())
    var source: String

    @Argument(help: "The picture after it.", completion: .file())
    var result: String

    @Option(
        name: .customLong("mask"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "The mask of the edit: a file or what else `inpaint` takes; may be repeated.",
            valueName: "mask"),
        completion: .file())
    var masks: [String]

    @Flag(help: "Outside is where the mask is white, as for an edit with --invert-mask.")
    var invertMask = false

    @Flag(help: "Print a JSON document.")
    var json = false

    @OptionGroup var messages: MessageOptions

    mutating func validate() throws {
        try MaskOptions.checkPaths([source, result], masks)
    }

    private struct Document: Encodable {
        let schema = "gesso.verify/1"
        let verified: Bool
        let outside: MaskProof
    }

    func run() throws { try Editor.withThreads(nil, work) }

    private func work() throws {
        let pair = try PicturePair(source, result)
        let shape = try pair.mask(masks)
        let proof = try MaskProof(
            pair.first, pair.second, data: pair.secondData,
            outside: invertMask ? shape.inverted : shape)
        try Console.result(
            json ? JSON.text(Document(verified: proof.holds, outside: proof)) : proof.line)
        guard proof.holds else { throw Verdict.different }
    }
}
