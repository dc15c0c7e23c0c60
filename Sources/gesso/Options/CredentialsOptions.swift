import ArgumentParser
import Gesso

/// Whether results are signed.
struct CredentialsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Sign results with Content Credentials (default: on once there is a key): on, off, or "
                + "a name from `gesso credentials list`.", valueName: "on|off|name"),
        completion: .list(["on", "off"]))
    var credentials: String?

    @Flag(help: "Write the prompts into them, too.")
    var credentialsPrompt = false

    @Option(
        name: .customLong("timestamp-url"),
        help: ArgumentHelp(
            "Have the signature's time confirmed by an RFC 3161 authority; uses the network.",
            valueName: "url"))
    var timeStamps: String?

    /// What is asked for.
    var choice: CredentialsChoice {
        var choice = CredentialsChoice()
        choice.use = CredentialsChoice.use(credentials)
        choice.tellsPrompts = credentialsPrompt
        choice.timeStamps = timeStamps
        return choice
    }
}
