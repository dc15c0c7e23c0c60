/// Brackets that are no weights in the program that a prompt comes from, and would be here.
extension OtherSettings {
    /// A prompt with `\` before some signs, which are text in its program; a sign that has one stays.
    static func escaped(_ prompt: String, _ signs: String) -> String {
        let signs = Set(signs.unicodeScalars)
        var (text, isEscaped) = (String.UnicodeScalarView(), false)
        for scalar in prompt.unicodeScalars {
            if signs.contains(scalar), !isEscaped { text.append("\\") }
            text.append(scalar)
            isEscaped = scalar == "\\" && !isEscaped
        }
        return String(text)
    }

    /// A prompt with `\` before its braces where some would be choices here, which are text in its program.
    static func escapedChoices(_ prompt: String) -> String {
        guard prompt.contains("{"), prompt.contains("|") || prompt.contains("$$") else {
            return prompt
        }
        return escaped(prompt, "{}")
    }

    /// A prompt with `AND` and `BREAK` in small letters, which are words to its program; CLIP reads small letters
    /// alone.
    static func withoutOperators(_ prompt: String) -> String {
        let words = ["AND", "BREAK"].map { Array($0.unicodeScalars) }
        var scalars = Array(prompt.unicodeScalars)
        for place in scalars.indices where place == 0 || !scalars[place - 1].isOfWord {
            for word in words where scalars[place...].starts(with: word) {
                let end = place + word.count
                guard end == scalars.count || !scalars[end].isOfWord else { continue }
                scalars.replaceSubrange(
                    place..<end, with: word.map { Unicode.Scalar(UInt8($0.value) | 0x20) })
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// A prompt of InvokeAI without the round brackets that have no weight behind them, as it takes them
    /// out, too. One without its other half is text there; where functions have brackets, all stay.
    static func ungrouped(_ prompt: String) -> String {
        let functions = [".and(", ".blend(", ".swap(", ".attend(", "withLora("]
        guard prompt.contains(where: { "()".contains($0) }),
            !functions.contains(where: { prompt.contains($0) })
        else { return prompt }
        let scalars = Array(prompt.unicodeScalars)
        var (open, grouping, lone) = ([Int](), Set<Int>(), Set<Int>())
        var place = 0
        while place < scalars.count {
            switch scalars[place] {
            case "\\": place += 1
            case "(": open.append(place)
            case ")":
                guard let start = open.popLast() else {
                    lone.insert(place)
                    break
                }
                let next = place + 1 < scalars.count ? scalars[place + 1] : " "
                if !"+-0123456789".unicodeScalars.contains(next) {
                    grouping.formUnion([start, place])
                }
            default: break
            }
            place += 1
        }
        lone.formUnion(open)
        var text = String.UnicodeScalarView()
        for (place, scalar) in scalars.enumerated() where !grouping.contains(place) {
            if lone.contains(place) { text.append("\\") }
            text.append(scalar)
        }
        return String(text)
    }
}
