import ArgumentParser
import Foundation
import Gesso
import Terminal

struct MaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mask",
        abstract: "Draw the mask that inpaint would use, to check it before a long run.",
        usage: """
            gesso mask <input> (--mask <mask> | --select <box> | --keep <points>)
                -o <file> [<options>]
            """,
        discussion: """
            Examples:
              gesso mask room.png --mask sofa.png --mask-grow 8 -o mask.png
              gesso mask room.png --mask rect:40,60,200,120 --mask -color:#ffffff~30 \\
                -o mask.png --overlay look.png
              gesso mask room.png --select box:40,60,200,120 --drop 50,70,80,70 \\
                --mask-grow 6 -o mask.png

            The mask that is written has hard edges unless --mask-feather or
            --mask-blur is given, because inpaint feathers the mask that it gets.
            """)

    @Argument(help: "The picture; - is standard input.", completion: .file())
    var input: String

    @OptionGroup var masks: MaskOptions

    @OptionGroup var selected: SelectionOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "File for the mask, .png, .jpg, .webp, .avif or .tif; - is standard output.",
            valueName: "file"),
        completion: .file())
    var output: String

    @Option(
        help: ArgumentHelp(
            "File for the picture with the repainted part in red.", valueName: "file"),
        completion: .file())
    var overlay: String?

    @Option(
        name: .customLong("preset"),
        help: ArgumentHelp(
            "Settings of the mask from a preset or a recipe file.", valueName: "name or file"),
        completion: CompletionValues.presets)
    var presets: [String] = []

    @Flag(help: "Replace existing output files.")
    var overwrite = false

    @Flag(help: "Print a JSON document.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    @OptionGroup var messages: MessageOptions

    private struct Document: Encodable {
        let schema = "gesso.mask/1"
        let output: String
        let overlay: String?
        let width: Int
        let height: Int
        let repaintedFraction: Double
    }

    mutating func validate() throws {
        try masks.shape.checkPaths(beside: input)
        if overlay == "-" { throw ValidationError("--overlay takes a file only") }
        if overlay == output {
            throw ValidationError("--output and --overlay are the same")
        }
        if json, output == "-" {
            throw ValidationError("--json and -o - would both write to standard output")
        }
    }

    func run() throws { try Editor.withThreads(nil, work) }

    private func work() throws {
        let selection = try selected.selection()
        if selection == nil, masks.shape.masks.isEmpty {
            throw Failure(.usage, "no mask", at: "mask", do: "give --mask, --select or --keep")
        }
        var plan = try masks.shape.plan(afterSelection: selection != nil)
        if selection != nil {
            plan.parts.insert(
                .init(.picture(SelectionOptions.name), at: .argument("--select")), at: 0)
        }
        let shelf = Workplace.library.places.presets
        let presets = try presets.map { try shelf.preset($0) }
        var settings = masks.settings + [Setting("prompt", "", at: .argument("--prompt"))]
        // `inpaint` feathers the mask that it is given: one that is written is feathered only if asked.
        if !(settings + presets.flatMap(\.settings)).contains(where: { $0.key == "mask_feather" }) {
            settings.append(Setting("mask_feather", "0", at: .argument("--mask-feather")))
        }
        let recipe = try Recipe(.inpaint, presets: presets, settings: settings)
        try Output.checkDistinct([(output, "-o"), (overlay, "--overlay")])
        let output = try Output(output, format: nil, quality: nil, overwrites: overwrite)
        let second = try overlay.map {
            try Output($0, format: nil, quality: nil, overwrites: overwrite)
        }
        let request = Request(
            reading: [input] + plan.pictures.filter { $0 != SelectionOptions.name })
        try Output.check(self.output, at: "-o", keeping: [request])
        try overlay.map { try Output.check($0, at: "--overlay", keeping: [request]) }
        let image = try Input.image(input)
        var doubts: [String] = []
        let edit = try Edit.inpaint(image, plan, recipe) { name in
            guard let selection, name == SelectionOptions.name else {
                let mask = try Input.image(name)
                let doubt = mask.doubt(asMaskOf: recipe, forSize: (image.width, image.height))
                for note in mask.metadata.warnings + [doubt].compactMap(\.self) {
                    doubts.append("\(Input.name(name)): \(note)")
                }
                return mask
            }
            let found = image.mask(of: selection)
            guard !found.isEmpty else {
                let hasBox = selection.box != nil
                throw Failure(
                    .badData, "nothing of the picture is selected",
                    at: hasBox ? "--select" : "--keep",
                    do: hasBox
                        ? "draw the box around the whole object, or add --keep"
                        : "count pixels from the top left of the upright picture")
            }
            if let doubt = selection.doubt(found) { doubts.append(doubt) }
            return found.image
        }
        guard let mask = edit.drawnMask else { return }
        try output.write(mask.image)
        do {
            try second?.write(image.tinted(by: mask))
        } catch {
            output.takeBack()
            throw error
        }
        for note in image.metadata.warnings + edit.notes + doubts {
            Console.line("gesso: note: \(note)".asLine(), isQuiet: quiet)
        }
        Console.line("gesso: " + coverage(of: edit.repaintedFraction), isQuiet: quiet)
        if json {
            return try Console.result(
                JSON.text(
                    Document(
                        output: self.output, overlay: overlay, width: mask.width,
                        height: mask.height, repaintedFraction: edit.repaintedFraction)))
        }
        for output in [output, second].compactMap(\.self) where !output.isStandardOutput {
            try Console.result(output.path)
        }
    }
}
