/// A scheduler and, where the name says so, how its sigmas are spaced: "DPM++ 2M Karras".
public struct SchedulerChoice: Sendable, Equatable {
    /// The scheduler.
    public var scheduler: SchedulerName
    /// The spacing in the name; nil where the name leaves it open.
    public var sigmas: SigmaSpacing?

    /// Reads a scheduler's own name, its diffusers class or what A1111, ComfyUI, InvokeAI and
    /// stable-diffusion.cpp call it; case, spaces, dashes and underscores do not count.
    /// - Throws: `SamplingError.unknownScheduler`, with the nearest name where one is near.
    public init(alias: String) throws {
        var words = alias.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "+") }
        switch words.last {
        case "karras", "k": sigmas = .karras
        case "exponential": sigmas = .exponential
        default: sigmas = nil
        }
        if sigmas != nil { words.removeLast() }
        if words.first == "k", words.count > 1 { words.removeFirst() }
        let key = words.joined().map { $0 == "+" ? "p" : String($0) }.joined()
        guard let match = aliases[key] else {
            throw SamplingError.unknownScheduler(name: alias, suggestion: nearest(to: key))
        }
        scheduler = match
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

/// Names without separators, "+" read as "p".
private let aliases: [String: SchedulerName] = {
    var table: [String: SchedulerName] = [
        "eulera": .eulerAncestral, "eulerancestral": .eulerAncestral,
        "dpmpp2m": .dpmppMultistep, "dpmpp": .dpmppMultistep,
        "dpmsolverpp": .dpmppMultistep, "dpmsolvermultistep": .dpmppMultistep,
        "lmsdiscrete": .lms, "plms": .pndm, "unipcmultistep": .unipc,
        "eulerdiscrete": .euler, "heundiscrete": .heun,
    ]
    for name in SchedulerName.allCases {
        table[name.rawValue.filter { $0 != "-" }] = name
        table[name.diffusersClassName.lowercased()] = name
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
