import ArgumentParser
import Foundation
import Gesso
import Terminal

struct ControlCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "control",
        abstract: "Make the map of a picture that a ControlNet reads.",
        usage: "gesso control <picture> --kind <kind> --output <file> [<options>]",
        discussion: """
            Examples:
              gesso control photo.jpg --kind canny -o edges.png
              gesso control photo.jpg --kind canny --low 50 --high 150 -o edges.png

            canny gives the pixels that OpenCV's Canny gives. soft-edge (Sobel's
            gradient), line-art and scribble (differences of Gaussians) are classical
            filters, not the networks of these names.
            """)

    @Argument(help: "The picture; - is standard input.", completion: .file())
    var picture: String

    @Option(
        help: ArgumentHelp(
            "What to make: " + ControlMap.names.joined(separator: ", ") + ".", valueName: "kind"),
        completion: .list(ControlMap.names))
    var kind: String

    @Option(
        help: ArgumentHelp(
            "For canny: the gradient from which an edge is continued.", valueName: "level"))
    var low: Double?

    @Option(
        help: ArgumentHelp(
            "For canny: the gradient from which an edge begins.", valueName: "level"))
    var high: Double?

    @OptionGroup var result: PictureOutputOptions

    private struct Document: Encodable {
        let schema = "gesso.control/1"
        let output: String
        let kind: String
        let width: Int
        let height: Int
    }

    mutating func validate() throws {
        if kind != "canny", low != nil || high != nil {
            throw ValidationError("--low and --high are for --kind canny only")
        }
        for level in [low, high].compactMap(\.self) where !(0...2040).contains(level) {
            throw ValidationError("a level is \(level), not 0 to 2040")
        }
    }

    func run() throws {
        guard var map = ControlMap(named: kind) else {
            throw Failure(
                .usage, "kind is '\(kind.prefix(20))'", at: "--kind",
                do: "give one of " + ControlMap.names.joined(separator: ", "))
        }
        if case .canny(let usualLow, let usualHigh) = map {
            map = .canny(low: low ?? usualLow, high: high ?? usualHigh)
        }
        try result.write(from: [picture]) {
            try Input.image(picture).controlMap(map)
        } _: { path, image in
            Document(output: path, kind: kind, width: image.width, height: image.height)
        }
    }
}
