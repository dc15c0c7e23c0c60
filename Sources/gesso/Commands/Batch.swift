import ArgumentParser
import Foundation
import Gesso
import Terminal

struct BatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "Edit many pictures; an interrupted run can be resumed.",
        usage: "gesso batch <inputs> ... --output-dir <folder> [<options>]",
        discussion: """
            Examples:
              gesso batch photos --preset watercolor --output-dir painted
              gesso batch 'shots/*.jpg' --masks masks --fill patch --steps 0 \\
                --output-dir clean
              gesso batch photos --verb outpaint --set aspect=16:9 \\
                --prompt "a beach" --output-dir wide --report wide.html
              gesso batch list.jsonl --output-dir out --shard 1/4

            An input is a folder, a file, a pattern or a list. A .jsonl list (or .ndjson)
            has a line {"input": "photo.jpg", "mask": "mask.png", "prompt": "..."} for each
            picture, with any key of `gesso preset keys`; a .txt list has one path a line.
            The model is loaded once. The seed of each picture is the first seed plus the
            picture's place in the list, counted from 0.

            A journal in the output folder records what is done: run the same command
            again to make what is missing. A picture that cannot be made is reported and
            skipped; the exit code is then 3. In a Slurm array or an indexed job of
            Kubernetes each task takes its share.
            """)

    @Argument(
        help: "Folders, files, patterns, and .jsonl, .ndjson or .txt lists.", completion: .file())
    var inputs: [String]

    @OptionGroup var options: BatchOptions

    @Flag(help: "Search subfolders, too; results go to subfolders of the same names.")
    var recursive = false

    @Option(
        help: ArgumentHelp(
            "Every n-th picture only, from the i-th on; off makes all, in a cluster too.",
            valueName: "i/n"))
    var shard: String?

    @Flag(help: "Skip pictures whose result exists, whatever made it.")
    var skipExisting = false

    @Flag(help: "Replace existing results; a finished batch is made again.")
    var overwrite = false

    @Flag(help: "Stop at the first picture that cannot be made.")
    var failFast = false

    @Flag(help: "Skip pictures that cannot be made and continue, as by default.")
    var keepGoing = false

    @Option(
        help: ArgumentHelp(
            "Write a page with all pictures before and after, and what failed.",
            valueName: "file.html"), completion: .file(extensions: ["html"]))
    var report: String?

    @Option(
        help: ArgumentHelp("Write one picture with all results side by side.", valueName: "file"),
        completion: .file())
    var contactSheet: String?

    @Flag(help: "Write a receipt beside each result, NAME.json, for `gesso replay`.")
    var receipt = false

    @Flag(help: "List what would be made, kept and refused, and estimate the time.")
    var dryRun = false

    @Flag(help: "Print a JSON document for each picture, one a line.")
    var json = false

    @OptionGroup var progress: ProgressOptions
    @OptionGroup var messages: MessageOptions

    mutating func validate() throws {
        if failFast, keepGoing {
            throw ValidationError("--fail-fast and --keep-going cannot both be given")
        }
        if contactSheet == "-" { throw ValidationError("--contact-sheet takes a file only") }
        if skipExisting, overwrite {
            throw ValidationError("--skip-existing and --overwrite cannot both be given")
        }
    }

    func run() async throws {
        let source = try options.source()
        var planOptions = try options.planOptions(isQuiet: progress.quiet)
        let url = URL(filePath: FilePath.literal(options.outputDir), directoryHint: .isDirectory)
        let (given, sheets) = try BatchList(inputs, recursive: recursive, without: url)
            .withoutResults(in: url, and: [report, contactSheet].compactMap(\.self))
        planOptions.masksAreListed = given.namesMasks
        let plan = try BatchPlan(source, planOptions, with: Workplace.library)
        RecipeOptions.note(source.presets, for: plan.verbs, quiet: progress.quiet)
        let share = try chosenShard()
        let (list, masks) = plan.withoutMasks(given)
        for (paths, reason) in [
            (masks, "they are masks"),
            (sheets, "they tell of the whole batch"),
            (list.unread, "they are not named as pictures that are read"),
        ] {
            let note = BatchList.note(leavingOut: paths, for: reason)
            if let note, !progress.quiet { Console.line("gesso: note: \(note)".asLine()) }
        }
        let all = try plan.items(list, seed: plan.seed)
        try Batch.check(all, in: url)
        for (path, option) in [(report, "--report"), (contactSheet, "--contact-sheet")] {
            try path.map { path in
                try Output.check(path, at: option, keeping: all.map(\.request))
                try Output.checkDistinct(
                    [(path, option)]
                        + all.filter { $0.fault == nil }.map {
                            (url.appending(path: $0.output).relativePath, option)
                        })
            }
        }
        let pages = try BatchPages(report: report, sheet: contactSheet, folder: url)
        func items(_ seed: UInt64?) throws -> [Batch.Item] {
            try plan.items(list, seed: seed).enumerated().filter { share.holds($0.offset) }
                .map(\.element)
        }
        if dryRun {
            let glance = try BatchGlance(
                url, share, fingerprint: plan.fingerprint, seed: plan.seed, overwrites: overwrite)
            return try await forecast(items(glance.seed), in: glance)
        }
        let folder = try BatchFolder(
            url, share, fingerprint: plan.fingerprint, seed: plan.seed, overwrites: overwrite)
        let batch = try Batch(
            items(folder.seed), in: folder, with: Workplace.library, batchOptions)
        if !progress.quiet {
            let which = share.count > 1 ? "shard \(share), " : ""
            let count = batch.items.count
            Console.line(
                "gesso: \(which)\(count) picture\(count == 1 ? "" : "s"), seed \(folder.seed)")
        }
        let printer = BatchPrinter(folder, progress, isJSON: json)
        let outcomes = try await printer.follow(batch)
        for path in try pages.write(outcomes, folder, plan.verb) {
            if json {
                Console.line("gesso: written: \(path)".asLine(), isQuiet: progress.quiet)
            } else {
                try Console.result(path.escapingControls())
            }
        }
        guard let failure = outcomes.first(where: { $0.status == .failed })?.error else { return }
        if failFast { throw failure }
        throw Verdict.someFailed
    }

    /// Reports what would become of each picture, and of all.
    private func forecast(_ items: [Batch.Item], in glance: BatchGlance) async throws {
        func print(_ document: some PlainDocument) throws {
            if json { return try Console.result(JSON.line(document)) }
            for line in document.lines { try Console.result(line.escapingControls()) }
        }
        let forecast = BatchForecast(
            items, in: glance, with: Workplace.library, batchOptions, words: \.inFlags)
        let totals = try await forecast.run(
            files: [report, contactSheet].compactMap(\.self)
        ) { entry in
            try Interruption.check()
            try print(entry)
        }
        try print(totals)
        if totals.fail > 0 { throw Verdict.someFailed }
    }

    private var batchOptions: Batch.Options {
        var options = Batch.Options()
        (options.overwrites, options.skipsExisting) = (overwrite, skipExisting)
        (options.failsFast, options.receipts) = (failFast, receipt)
        options.threads = self.options.engine.threads
        options.credentials = self.options.engine.credentials.choice
        options.whileWriting = { try Interruption.whileWriting($0) }
        return options
    }

    /// The share that is asked for, else the cluster's, which is printed.
    private func chosenShard() throws -> Shard {
        if let shard { return try Shard(shard) }
        let environment = Workplace.environment
        guard let (share, source) = try Shard.ofCluster(environment) else { return .whole }
        if !progress.quiet {
            Console.line("gesso: shard \(share), by \(source); --shard off takes all pictures")
        }
        return share
    }
}
