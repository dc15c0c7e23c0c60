/// A scheduler and, where the name says so, how its sigmas are spaced: "DPM++ 2M Karras".
public struct SchedulerChoice: Sendable, Equatable {
    /// The scheduler.
    public var scheduler: SchedulerName
    /// The spacing in the name; nil where the name leaves it open.
    public var sigmas: SigmaSpacing?

    /// Reads a scheduler's own name, its diffusers class or what A1111, ComfyUI, InvokeAI and
    /// stable-diffusion.cpp call it, with a spacing of sigmas behind it or not; case, spaces, dashes and
    /// underscores do not count.
    /// - Throws: `SamplingError.unknownScheduler`, with the nearest name where one is near.
    public init(alias: String) throws {
        guard alias.utf8.count <= Self.longestAlias else {
            throw SamplingError.unknownScheduler(name: alias, suggestion: nil)
        }
        let words = Self.words(of: alias)
        if let whole = Self.scheduler(words) {
            // DDIM with evenly spaced timesteps, the last one in front.
            (scheduler, sigmas) = (whole, words == ["ddim", "trailing"] ? .simple : nil)
            return
        }
        // The longest spacing first: "SGM Uniform" before "Uniform".
        for count in (1..<max(words.count, 1)).reversed() {
            guard let spacing = SigmaSpacing(words: words.suffix(count)),
                let match = Self.scheduler(words.dropLast(count))
            else { continue }
            (scheduler, sigmas) = (match, spacing)
            return
        }
        let bare =
            words.last.flatMap { SigmaSpacing(words: [$0]) } == nil ? words : words.dropLast()
        let key = bare.joined()
        throw SamplingError.unknownScheduler(name: alias, suggestion: nearest(to: key))
    }

    /// Reads a sampler and a schedule type as A1111's infotext and ComfyUI's nodes name them.
    ///
    /// - Parameter scheduleType: "Karras", "SGM Uniform" and so on; nil and "Automatic" mean what
    ///   A1111 takes for the sampler: Karras for DPM++ 2M and its like, exponential for the SDE kinds,
    ///   uniform for the others. A spacing in the sampler's own name goes before "Automatic".
    /// - Throws: `SamplingError.unknownScheduler` or `.unknownSpacing`.
    public init(sampler: String, scheduleType: String?) throws {
        self = try SchedulerChoice(alias: sampler)
        let type = scheduleType.map(Self.words) ?? []
        if type.isEmpty || type == ["automatic"] {
            sigmas = sigmas ?? scheduler.traits.automatic
        } else if !scheduler.traits.stepsInSigma {
            // A1111 names a schedule type beside samplers that have none, too.
            sigmas = nil
        } else {
            guard let spacing = SigmaSpacing(words: type) else {
                throw SamplingError.unknownSpacing(name: scheduleType ?? "")
            }
            sigmas = spacing
        }
    }

    /// The most bytes of a name: each of its words may be the first of a spacing.
    private static let longestAlias = 256

    /// Lower-case words; "+" is read as "p".
    fileprivate static func words(of text: String) -> [String] {
        text.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "+") }
            .map { String($0.map { $0 == "+" ? "p" : $0 }) }
    }

    /// The scheduler of some words; those of k-diffusion may begin with "k".
    private static func scheduler(_ words: some Collection<String>) -> SchedulerName? {
        aliases[words.joined()]
            ?? (words.first == "k" ? aliases[words.dropFirst().joined()] : nil)
    }
}

extension SchedulerName {
    /// The scheduler that a name of another program means; see `SchedulerChoice` for the spacing
    /// of sigmas such a name may also hold.
    public init?(alias: String) {
        guard let choice = try? SchedulerChoice(alias: alias) else { return nil }
        self = choice.scheduler
    }
}

extension SigmaSpacing {
    /// The spacing of one of its names here or in another program; case and separators do not count.
    /// - Throws: `SamplingError.unknownSpacing`.
    public init(alias: String) throws {
        guard let match = SigmaSpacing(words: SchedulerChoice.words(of: alias)) else {
            throw SamplingError.unknownSpacing(name: alias)
        }
        self = match
    }

    fileprivate init?(words: some Collection<String>) {
        let key = words.joined()
        let match = Self.allCases.first { spacing in
            ([spacing.rawValue] + spacing.aliases).contains {
                SchedulerChoice.words(of: $0).joined() == key
            }
        }
        guard let match, match != .default else { return nil }
        self = match
    }
}

/// Names without separators, "+" read as "p".
private let aliases: [String: SchedulerName] = {
    var table: [String: SchedulerName] = [:]
    for name in SchedulerName.allCases {
        let traits = name.traits
        let own = [traits.name, traits.diffusersClassName, traits.nameInA1111].compactMap(\.self)
        for alias in own + traits.aliases {
            let key = SchedulerChoice.words(of: alias).joined()
            if table[key] == nil { table[key] = name }
        }
    }
    return table
}()

/// The scheduler whose alias is fewest edits away, if that is a third of the name or less.
private func nearest(to key: String) -> String? {
    let ranked = aliases.map { (distance: editDistance(key, $0.key), name: $0.value.rawValue) }
    guard let best = ranked.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }) else {
        return nil
    }
    return best.distance <= max(1, key.count / 3) ? best.name : nil
}

/// Insertions, deletions and replacements from one word to the other (Levenshtein 1966).
private func editDistance(_ a: String, _ b: String) -> Int {
    let b = Array(b)
    var row = Array(0...b.count)
    for (i, letter) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for j in b.indices {
            let replaced = diagonal + (letter == b[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
        }
    }
    return row[b.count]
}
