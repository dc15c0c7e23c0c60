import ArgumentParser
import Foundation
import Gesso
import GessoHub
import Terminal

@main
struct GessoHubCommand: AsyncParsableCommand {
    static let configuration = DownloadOptions.configuration("gesso model get")

    @OptionGroup var options: DownloadOptions

    /// Runs the program on the process's arguments and ends the process.
    static func main() async {
        ProcessStart.prepare()
        Interruption.watch()
        Interruption.expectResumption()
        Foundation.exit(await status(Array(CommandLine.arguments.dropFirst())).rawValue)
    }

    private static func status(_ words: [String]) async -> ExitStatus {
        do {
            if words.first == TimeStampCommand.name {
                try await TimeStampCommand.run(Array(words.dropFirst()))
            } else {
                let command = try parse(words)
                try await command.run()
            }
            return .success
        } catch let error as HubError {
            // Why there is no time stamp, in the words of the program that asks for one.
            Console.line("\(error)", .error)
            return ExitStatus(rawValue: error.exitCode) ?? .unexpected
        } catch {
            return end(with: error, in: "model get", printsJSON: words.contains("--json"))
        }
    }

    func run() async throws {
        do {
            try await get()
        } catch let error as HubError {
            throw Failure(ExitStatus(rawValue: error.exitCode) ?? .unexpected, "\(error)")
        }
    }

    private func get() async throws {
        let environment = ProcessInfo.processInfo.environment
        let settings = try HubSettings(environment: environment)
        let entry = Catalogue.shipped[options.name]
        let repository = try Repository(
            entry?.cacheName ?? options.name,
            meant: Catalogue.shipped.nearest(to: options.name))
        let download = Download(settings)
        var choice = FileChoice()
        choice.files = options.files
        if let variant = options.variant {
            (choice.variant, choice.requiresVariant) =
                variant == "none" ? (nil, false) : (variant, true)
        }
        choice.includesSafetyChecker = options.safetyChecker ?? true
        if isatty(STDERR_FILENO) != 0 {
            say("asking \(settings.endpoint.host() ?? "the hub") for the list of files")
        }
        var plan = try await download.plan(repository, choice)
        let size = choice.safetyCheckerSize(plan.listing)
        if options.safetyChecker == nil, size > 0, !options.dryRun,
            Question.ask("Download the safety checker, too (\(bytes(size)))? [Y/n] ", usually: true)
                == false
        {
            choice.includesSafetyChecker = false
            plan.files = try choice.chosen(from: plan.listing, of: repository.name)
        }
        let license = entry.map { "\($0.license), \($0.licenseUrl)" } ?? plan.license
        if options.dryRun { return try report(plan, download, license: license, snapshot: nil) }
        try download.checkRoom(plan)
        try accept(license, of: plan, environment)
        let bar = DownloadBar(isQuiet: options.quiet)
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
        if !options.acceptLicense {
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
        if options.json {
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
        Console.line("gesso: " + line, isQuiet: options.quiet && !always)
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
