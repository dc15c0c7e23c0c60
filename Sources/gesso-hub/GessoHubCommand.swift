import ArgumentParser
import Foundation
import Gesso
import GessoHub
import Terminal

@main
struct GessoHubCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gesso model get",
        abstract: "Download a model into the cache of Hugging Face's tools.",
        discussion: """
            Examples:
              gesso model get sd15
              gesso model get stable-diffusion-v1-5/stable-diffusion-v1-5 --dry-run
              gesso model get org/name@revision --file model.safetensors

            A name is one that `gesso model list --available` shows, or org/name of a
            repository. Only the files that Gesso needs are downloaded; an interrupted
            download is resumed, and the hash of every file is checked. HF_ENDPOINT,
            HF_TOKEN, HF_HOME, HF_HUB_CACHE and the variables of proxies are used;
            GESSO_OFFLINE=1 forbids any download.
            """,
        version: Program.version)

    @Argument(help: ArgumentHelp("A name of the list, or org/name[@revision].", valueName: "name"))
    var name: String

    @Option(
        name: .customLong("file"), parsing: .singleValue,
        help: ArgumentHelp(
            "File of the repository to download instead of Gesso's choice; repeatable.",
            valueName: "path"))
    var files: [String] = []

    @Option(
        help: ArgumentHelp(
            "Variant of the weights, such as fp16 (the default where there is one) or none.",
            valueName: "name"))
    var variant: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Download the model's safety checker, too (asked for on a terminal).")
    var safetyChecker: Bool?

    @Flag(help: "Accept the licence without being asked.")
    var acceptLicense = false

    @Flag(help: "List the files and their sizes, and download nothing.")
    var dryRun = false

    @Flag(help: "Print a JSON document.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print errors and the result only.")
    var quiet = false

    /// Runs the program on the process's arguments and ends the process.
    static func main() async {
        ProcessStart.prepare()
        Interruption.watch()
        Interruption.expectResumption()
        do {
            let words = CommandLine.arguments.dropFirst()
            if words.first == TimeStampCommand.name {
                try await TimeStampCommand.run(Array(words.dropFirst()))
            } else {
                let command = try parse()
                try await command.run()
            }
        } catch let error as HubError {
            Console.line("\(error)", .error)
            Foundation.exit(error.exitCode)
        } catch let failure as Failure {
            Console.line(failure.message, .error)
            Foundation.exit(failure.status.rawValue)
        } catch {
            exit(withError: error)
        }
    }

    func run() async throws {
        do {
            try await get()
        } catch {
            guard let failure = failure(error) else { throw error }
            if json { try? Console.result(failure.document()) }
            throw failure
        }
    }

    /// The error as one of the program's; nil for one of the parser's.
    private func failure(_ error: any Error) -> Failure? {
        switch error {
        case let error as HubError:
            Failure(ExitStatus(rawValue: error.exitCode) ?? .unexpected, "\(error)")
        case is CancellationError: Interruption.failure
        default: error as? Failure
        }
    }

    private func get() async throws {
        let environment = ProcessInfo.processInfo.environment
        let settings = try HubSettings(environment: environment)
        let entry = Catalogue.shipped[name]
        let repository = try Repository(
            entry?.cacheName ?? name, meant: Catalogue.shipped.nearest(to: name))
        let download = Download(settings)
        var choice = FileChoice()
        choice.files = files
        if let variant {
            (choice.variant, choice.requiresVariant) =
                variant == "none" ? (nil, false) : (variant, true)
        }
        choice.includesSafetyChecker = safetyChecker ?? true
        if isatty(STDERR_FILENO) != 0 {
            say("asking \(settings.endpoint.host() ?? "the hub") for the list of files")
        }
        var plan = try await download.plan(repository, choice)
        let size = choice.safetyCheckerSize(plan.listing)
        if safetyChecker == nil, size > 0, !dryRun,
            Question.ask("Download the safety checker, too (\(bytes(size)))? [Y/n] ", usually: true)
                == false
        {
            choice.includesSafetyChecker = false
            plan.files = try choice.chosen(from: plan.listing, of: repository.name)
        }
        let license = entry.map { "\($0.license), \($0.licenseUrl)" } ?? plan.license
        if dryRun { return try report(plan, download, license: license, snapshot: nil) }
        try download.checkRoom(plan)
        try accept(license, of: plan, environment)
        let bar = DownloadBar(isQuiet: quiet)
        let snapshot = try await download.run(plan) { bar.show($0, of: $1) }
        bar.finish()
        say("the licence: \(license ?? "none is stated; see the repository")")
        say(
            "use it with --\(entry.map { $0.kind.option } ?? "model") \(entry?.name ?? "\(repository)")"
        )
        try report(plan, download, license: license, snapshot: snapshot)
    }

    private func accept(
        _ license: String?, of plan: Download.Plan, _ environment: [String: String]
    ) throws {
        let folder =
            environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
            ?? environment["HOME"].map { $0 + "/.config" }
        let book = LicenseBook(folder: folder.map { URL(filePath: $0).appending(path: "gesso") })
        let key = plan.license ?? license ?? "unknown"
        guard book.asks(for: key, of: plan.repository) else { return }
        let shown = license ?? "not stated; see the repository's page"
        if !acceptLicense {
            say("licence of \(plan.repository): \(shown)", always: true)
            switch Question.ask("Do you accept it? [y/N] ", usually: false) {
            case true?: break
            case false?: throw HubError.licenseNotAccepted(shown, canAsk: true)
            case nil: throw HubError.licenseNotAccepted(shown, canAsk: false)
            }
        }
        book.accept(key, of: plan.repository)
    }

    private func report(
        _ plan: Download.Plan, _ download: Download, license: String?, snapshot: URL?
    ) throws {
        let path = snapshot?.path(percentEncoded: false)
        if json {
            let document = DownloadDocument(plan, download, license: license, path: path)
            return try Console.result(JSON.text(document))
        }
        if let path { return try Console.result(path) }
        for file in plan.files {
            let mark = download.has(file, of: plan) ? " (here)" : ""
            try Console.result(
                "\(bytes(file.size).padded(to: 9))  \(file.path)\(mark)".escapingControls())
        }
        let total = plan.files.reduce(0) { $0 + $1.size }
        try Console.result(
            "\(bytes(total).padded(to: 9))  in all, \(bytes(download.missingBytes(plan))) to come")
    }

    private func say(_ line: String, always: Bool = false) {
        Console.line("gesso: " + line, isQuiet: quiet && !always)
    }
}

extension Catalogue.Kind {
    /// The option that takes it.
    fileprivate var option: String {
        switch self {
        case .checkpoint: "model"
        case .vae: "vae"
        case .lora: "lora"
        case .control: "control"
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        String(repeating: " ", count: max(width - count, 0)) + self
    }
}
