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
