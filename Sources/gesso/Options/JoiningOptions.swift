import ArgumentParser
import Gesso

/// How what was painted is joined to the rest of the picture.
struct JoiningOptions: ParsableArguments {
    @Option(help: help("fill", "fill"), completion: .list(key("fill").choices))
    var fill: String?

    @Option(help: help("match_color", "how"), completion: .list(key("match_color").choices))
    var matchColor: String?

    @Option(help: help("blend", "how"), completion: .list(key("blend").choices))
    var blend: String?

    var settings: [Setting] {
        [setting("fill", fill), setting("match_color", matchColor), setting("blend", blend)]
            .compactMap(\.self)
    }
}
