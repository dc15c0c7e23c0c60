import ArgumentParser
import Gesso

/// The size at which a large picture is worked on.
struct WorkSizeOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: help("work_size", "size"))
    var workSize: String?

    @Option(help: help("detail", "how"), completion: .list(key("detail").choices))
    var detail: String?

    var settings: [Setting] {
        [setting("work_size", workSize), setting("detail", detail)].compactMap(\.self)
    }
}
