package import ArgumentParser
import Gesso

/// What `gesso model get` takes, which checks it, and `gesso-hub`, which does it.
package struct DownloadOptions: ParsableArguments {
    /// What the parser knows of a command that takes them.
    package static func configuration(_ name: String) -> CommandConfiguration {
        CommandConfiguration(
            commandName: name,
            abstract: "Download a model into the cache of Hugging Face's tools.",
            usage: "gesso model get <name> [<options>]",
            discussion: """
                Examples:
                  gesso model get sd15
                  gesso model get stable-diffusion-v1-5/stable-diffusion-v1-5 --dry-run
                  gesso model get org/name@revision --file model.safetensors

                A name is one that `gesso model list --available` shows, or org/name of a
                repository. Only the files that Gesso needs are downloaded; an interrupted
                download is resumed, and the hash of every file is checked. HF_ENDPOINT,
                HF_TOKEN, HF_HOME, HF_HUB_CACHE and the variables of proxies are used;
                GESSO_OFFLINE=1 forbids any download. Starts gesso-hub, which `swift build`
                puts beside gesso.
                """,
            version: Program.name)
    }

    @Argument(help: ArgumentHelp("A name of the list, or org/name[@revision].", valueName: "name"))
    package var name: String

    @Option(
        name: .customLong("file"), parsing: .singleValue,
        help: ArgumentHelp(
            "File of the repository to download instead of Gesso's choice; repeatable.",
            valueName: "path"))
    package var files: [String] = []

    @Option(
        help: ArgumentHelp(
            "Variant of the weights, such as fp16 (the default where there is one) or none.",
            valueName: "name"))
    package var variant: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Download the model's safety checker or not; a terminal asks, else it is downloaded.")
    package var safetyChecker: Bool?

    @Flag(help: "Accept the licence without being asked.")
    package var acceptLicense = false

    @Flag(help: "List the files and their sizes, and download nothing.")
    package var dryRun = false

    @Flag(help: "Print a JSON document.")
    package var json = false

    @Flag(name: .shortAndLong, help: "Print errors and the result only.")
    package var quiet = false

    package init() {}
}
