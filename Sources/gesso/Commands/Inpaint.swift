import ArgumentParser
import Gesso

struct InpaintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: Verb.inpaint.rawValue,
        abstract: "Repaint the white part of a mask; the rest of the picture stays as it is.",
        discussion: """
            Examples:
              gesso inpaint room.png --mask sofa.png -o new.png --prompt "a red armchair"
              gesso inpaint beach.jpg --mask person.png -o empty.jpg --preset remove-object
              gesso inpaint wall.jpg --mask spot.png -o clean.jpg --fill patch --steps 0
              gesso inpaint a.jpg --mask car.png --avoid men.png --fill patch --steps 0 \\
                -o b.jpg
              gesso inpaint big.jpg --mask eye.png --region mask -o new.jpg \\
                --prompt "an eye"
              gesso inpaint shop.png --mask rect:40,60,200,80 -o sign.png --prompt "a sign"
            """)

    @OptionGroup var picture: PictureOptions

    @OptionGroup var masks: MaskOptions

    @Option(help: help("region", "what"), completion: .list(key("region").choices))
    var region: String?

    @Option(
        name: [.customLong("padding"), .customLong("mask-padding")], parsing: .unconditional,
        help: help("mask_padding", "pixels"))
    var maskPadding: String?

    @Flag(help: help("per_component", ""))
    var perComponent = false

    @Option(
        name: .customLong("avoid"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "What the fill patch takes nothing from, given as for --mask; may be repeated.",
            valueName: "mask"),
        completion: .file())
    var avoided: [String] = []

    @OptionGroup var joining: JoiningOptions

    @OptionGroup var added: AddedModelOptions

    @OptionGroup var work: WorkSizeOptions

    @OptionGroup var options: EditOptions

    mutating func validate() throws {
        try masks.validate(with: picture.input)
    }

    func run() async throws {
        let plan = try masks.shape.plan()
        let own = [
            setting("region", region), setting("mask_padding", maskPadding),
            setting("per_component", perComponent),
            setting("avoid", avoided.isEmpty ? nil : avoided.joined(separator: ";")),
        ]
        let settings =
            picture.settings + masks.settings + joining.settings + added.settings + work.settings
            + own.compactMap(\.self)
        try await JobRunner(
            .inpaint, options, settings, of: picture.input, mask: plan
        ).perform()
    }
}
