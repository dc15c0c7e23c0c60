/// Names of one layout translated to another, as data: a list of rules, each for the names below a scope.
struct KeyMap {
    /// `scope.part.rest` becomes `target.name.rest`, `name` being what `parts` has for `part`;
    /// without parts `scope.rest` becomes `target.rest`. An empty target leaves no trace.
    struct Rule {
        let scope: String
        let target: String
        var parts: [String: String] = [:]
        /// More names for parts, which the map back does not use.
        var aliases: [String: String] = [:]
    }

    private let rules: [String: Rule]

    init(_ rules: [Rule]) {
        self.rules = Dictionary(rules.map { ($0.scope, $0) }) { _, last in last }
    }

    /// The map back, for maps whose targets are not empty.
    var inverse: KeyMap {
        KeyMap(
            rules.values.map { rule in
                let parts = rule.parts.map { ($0.value, $0.key) }
                return Rule(
                    scope: rule.target, target: rule.scope,
                    parts: Dictionary(parts) { first, _ in first })
            })
    }

    /// The other layout's word for a name, by the rule with the longest scope; nil where none fits.
    func callAsFunction(_ name: String) -> String? { ranked(name)?.name }

    /// The same with a rank: 0, or 1 for a name that is an alias.
    func ranked(_ name: String) -> (name: String, rank: Int)? {
        let dots = name.indices.filter { name[$0] == "." }
        for dot in dots.reversed() {
            guard let rule = rules[String(name[..<dot])] else { continue }
            let rest = String(name[name.index(after: dot)...])
            let own = rule.parts.isEmpty ? rest : Self.replaced(rest, rule.parts)
            guard let mapped = own ?? Self.replaced(rest, rule.aliases) else { return nil }
            return (
                rule.target.isEmpty ? mapped : rule.target + "." + mapped, own == nil ? 1 : 0
            )
        }
        return nil
    }

    private static func replaced(_ rest: String, _ parts: [String: String]) -> String? {
        parts.first { rest.hasPrefix($0.key + ".") }
            .map { $0.value + rest.dropFirst($0.key.count) }
    }
}

extension [String: Safetensors.Entry] {
    /// The same under other names. Of tensors that come to one name the one of the least rank counts, and of
    /// these the first.
    func renamed(_ rename: (String, Value) -> (name: String, rank: Int)) -> Self {
        let named = map { (old: $0.key, new: rename($0.key, $0.value), entry: $0.value) }
            .sorted { ($0.new.rank, $0.old) < ($1.new.rank, $1.old) }
        return Dictionary(named.map { ($0.new.name, $0.entry) }) { first, _ in first }
    }
}
