import Sampling

/// A type of value: what it is called, and the ways between it and text.
struct Kind<T>: Sendable {
    /// In words, to stand behind "give".
    let expected: String
    /// The words it takes, if these can be listed.
    var choices: [String] = []
    /// The same for editors.
    var form = Key.Form.text
    /// Nil if the text is not a value of this kind.
    let parse: @Sendable (String) -> T?
    let value: @Sendable (T) -> Key.Value?

    /// A kind or the word `default`, which leaves the choice to the model or to Gesso.
    static func orDefault<W>(_ kind: Kind<W>) -> Kind where T == W? {
        Kind(
            expected: kind.expected + " or default",
            choices: kind.choices + ["default"], form: .orDefault(kind.form),
            parse: { text in
                text == "default" ? .some(nil) : kind.parse(text).map(Optional.some)
            },
            value: { $0.flatMap(kind.value) })
    }

    static func oneOf(_ type: T.Type) -> Kind
    where T: RawRepresentable<String> & CaseIterable & Sendable {
        Kind(
            expected: Recipes.oneOf(T.allCases.map(\.rawValue)),
            choices: T.allCases.map(\.rawValue), form: .choice(T.allCases.map(\.rawValue)),
            parse: { T(rawValue: $0) },
            value: { .text($0.rawValue) })
    }
}

extension Kind<String> {
    static var text: Kind {
        Kind(
            expected: "text of \(Recipe.longestText / 1024) KiB at most",
            parse: { $0.utf8.count <= Recipe.longestText ? $0 : nil }, value: { .text($0) })
    }
}

extension Kind<Bool> {
    static var flag: Kind {
        let words = [
            "true": true, "yes": true, "on": true, "false": false, "no": false, "off": false,
        ]
        return Kind(
            expected: "true or false", form: .flag, parse: { words[$0] }, value: { .flag($0) })
    }
}

extension Kind<Double> {
    static func number(_ range: ClosedRange<Int>) -> Kind {
        Kind(
            expected: "a number from \(range.lowerBound) to \(range.upperBound)",
            form: .number(range),
            parse: { text in
                decimal(text).flatMap {
                    (Double(range.lowerBound)...Double(range.upperBound)).contains($0) ? $0 : nil
                }
            },
            value: { .number($0) })
    }
}

extension Kind<Int> {
    static func count(_ range: ClosedRange<Int>) -> Kind {
        Kind(
            expected: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            form: .whole(range),
            parse: { text in wholeNumber(text).flatMap { range.contains($0) ? $0 : nil } },
            value: { $0 < 0 ? .number(Double($0)) : .integer(UInt64($0)) })
    }
}

extension Kind<Int> {
    /// 0 is taken, too, but not offered: it goes only with some fills.
    static var steps: Kind {
        let count = count(0...1000)
        return Kind(
            expected: "a whole number from 1 to 1000", form: count.form, parse: count.parse,
            value: count.value)
    }
}

extension Kind<UInt64?> {
    /// `random` and A1111's -1 leave the seed to be drawn.
    static var seed: Kind {
        Kind(
            expected: "a whole number from 0 to \(UInt64.max), or random", form: .seed,
            parse: { text in
                if Recipe.drawsSeed(text) { return .some(nil) }
                guard text.utf8.allSatisfy(isDigit) else { return nil }
                return UInt64(text).map(Optional.some)
            },
            value: { $0.map { .integer($0) } })
    }
}

extension Kind<SchedulerChoice> {
    /// Our names and other programs'; an A1111 name may hold the spread of the sigmas as well.
    static var scheduler: Kind {
        Kind(
            expected: Recipes.oneOf(SchedulerName.allCases.map(\.rawValue)),
            choices: SchedulerName.allCases.map(\.rawValue),
            parse: { try? SchedulerChoice(alias: $0) },
            value: { .text($0.scheduler.rawValue) })
    }

    /// The same, with the spread of the sigmas behind the scheduler's name: `dpmpp-2m karras`.
    static var spacedScheduler: Kind {
        let names = scheduler
        return Kind(
            expected: names.expected, choices: names.choices, parse: names.parse,
            value: { choice in
                let words = [choice.scheduler.rawValue, choice.sigmas?.rawValue]
                return .text(words.compactMap(\.self).joined(separator: " "))
            })
    }
}

extension Kind<Extent> {
    static func extent(_ pixels: ClosedRange<Int>) -> Kind {
        Kind(
            expected: "pixels up to \(pixels.upperBound) or a share up to 400%",
            parse: { text in
                if text.hasSuffix("%") {
                    return decimal(String(text.dropLast())).flatMap {
                        (0...400).contains($0) ? .percent($0) : nil
                    }
                }
                return wholeNumber(text).flatMap { pixels.contains($0) ? .pixels($0) : nil }
            },
            value: { .text("\($0)") })
    }
}

extension Kind<Proportion?> {
    /// Width and height joined by `:`, as 16:9; each a number from 0.01 to 10000.
    static var aspect: Kind {
        Kind(
            expected: "width:height, such as 16:9",
            parse: { text in
                pair(text, separators: [":"], decimal).flatMap { width, height in
                    let allowed = 0.01...10000.0
                    guard allowed.contains(width), allowed.contains(height) else { return nil }
                    return .some(Proportion(width: width, height: height))
                }
            },
            value: { $0.map { .text("\($0)") } })
    }
}

extension Kind<Size?> {
    /// Width and height joined by `x`, as 768x512.
    static func size(_ side: ClosedRange<Int>) -> Kind {
        Kind(
            expected: "WIDTHxHEIGHT, each from \(side.lowerBound) to \(side.upperBound)",
            parse: { text in
                pair(text, separators: ["x", "X", "×"], wholeNumber).flatMap { width, height in
                    guard side.contains(width), side.contains(height) else { return nil }
                    return .some(Size(width: width, height: height))
                }
            },
            value: { $0.map { .text("\($0)") } })
    }
}

private func oneOf(_ names: [String]) -> String {
    "one of " + names.joined(separator: ", ")
}

/// A finite decimal number; hexadecimal, `nan` and `inf`, which `Double` would read, are none.
func decimal(_ text: String) -> Double? {
    let allowed = text.utf8.allSatisfy { isDigit($0) || "+-.eE".utf8.contains($0) }
    guard allowed, let number = Double(text), number.isFinite else { return nil }
    return number
}

private func wholeNumber(_ text: String) -> Int? {
    text.utf8.allSatisfy { isDigit($0) || $0 == UInt8(ascii: "-") } ? Int(text) : nil
}

private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

private func pair<N>(
    _ text: String, separators: [Character], _ number: (String) -> N?
) -> (N, N)? {
    let parts = text.split(omittingEmptySubsequences: false) { separators.contains($0) }
    guard parts.count == 2, let first = number(String(parts[0])),
        let second = number(String(parts[1]))
    else { return nil }
    return (first, second)
}
