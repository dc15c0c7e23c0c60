import Foundation
import Sampling

/// The settings of another program's JSON, on their way to the keys of recipes.
///
/// Each value is taken under the name that the program gives it; what is left in the end has no
/// counterpart here.
struct OtherSettings {
    /// The program's name.
    let program: String
    /// Settings found so far, by the keys of recipes.
    private(set) var found: [(key: String, value: String)] = []
    /// What was done; nil as long as nothing tells.
    var verb: Verb?
    /// Name of the checkpoint.
    var model: String?
    /// What is different about the text of the prompt, a sentence each.
    var remarks: [String] = []
    private var rest: [String: Any]

    init(_ program: String, _ object: [String: Any]) {
        self.program = program
        rest = object
    }

    /// Reads a JSON object; nil for anything else.
    ///
    /// Python writes NaN and Infinity, which JSON does not have: they count as null.
    static func object(_ text: String) -> [String: Any]? {
        func parsed(_ text: Data) -> [String: Any]? {
            try? JSONSerialization.jsonObject(with: text) as? [String: Any]
        }
        guard text.utf8.count <= longestJSON, text.trimmed.hasPrefix("{"),
            JSONSize.isSmall(text)
        else {
            return nil
        }
        return parsed(Data(text.utf8))
            ?? PythonNumbers.replaced(in: Array(text.utf8)) { _ in "null" }
            .flatMap { parsed(Data($0)) }
    }

    /// An object within another one, or one written as text in it.
    static func inner(_ value: Any) -> [String: Any]? {
        (value as? [String: Any]) ?? (value as? String).flatMap(object)
    }

    /// The most bytes of JSON that are read of a picture.
    static let longestJSON = 4 << 20

    /// Takes a value out, whatever it is.
    mutating func take(_ name: String) -> Any? { rest.removeValue(forKey: name) }

    /// Takes a list out; what is none stays, to be named as left out.
    mutating func list<Item>(_ name: String) -> [Item] {
        guard let items = rest[name] as? [Item] else { return [] }
        rest[name] = nil
        return items
    }

    /// Takes a text or number out, as text; nil if there is none.
    mutating func text(_ name: String) -> String? {
        guard let text = rest[name].flatMap(Self.text) else { return nil }
        rest[name] = nil
        return text
    }

    /// A text, or a number as text.
    static func text(_ value: Any) -> String? {
        (value as? String) ?? (value as? NSNumber)?.stringValue
    }

    /// Gives a key the value of a name, if there is one.
    mutating func set(_ key: String, from name: String) {
        if let value = text(name) { set(key, value) }
    }

    /// Gives a key a value.
    mutating func set(_ key: String, _ value: String?) {
        if let value { found.append((key, value)) }
    }

    /// Changes the prompts that were found.
    mutating func changePrompts(_ change: (String) -> String) {
        for index in found.indices where found[index].key.hasSuffix("prompt") {
            found[index].value = change(found[index].value)
        }
    }

    /// Names what has no counterpart here, if it says something.
    mutating func leaveOut(_ name: String, _ value: Any?) {
        if let value { rest[name] = value }
    }

    /// Whether a key has a value.
    func has(_ key: String) -> Bool { found.contains { $0.key == key } }

    /// Takes out what changes nothing of the picture.
    mutating func ignore(_ names: String...) {
        for name in names { rest[name] = nil }
    }

    /// Sets `lora` from paths with weights; files by their names alone, each once.
    mutating func setLoRAs(_ loras: [(path: String, weight: String)]) {
        var taken: [(path: String, name: String, weight: String)] = []
        var (places, twin): ([String: Int], String?) = ([:], nil)
        for (path, weight) in loras where !path.isEmpty && path != "None" {
            let name = Self.fileName(path)
            guard let place = places[name] else {
                places[name] = taken.count
                taken.append((path, name, weight))
                continue
            }
            if taken[place].path == path,
                let sum = LoRAChoice.added(taken[place].weight, weight)
            {
                taken[place].weight = sum
            } else {
                twin = twin ?? name
            }
        }
        if let twin {
            remarks.append(
                "of several LoRAs of one name the first is taken, as of '\(twin.prefix(40))'")
        }
        if taken.isEmpty { return }
        set("lora", taken.map { "\($0.name):\($0.weight)" }.joined(separator: ";"))
    }

    /// The name of a file without its folders and ending.
    static func fileName(_ path: String) -> String {
        let name = path.split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? path
        for ending in [".safetensors", ".ckpt", ".pt"] where name.hasSuffix(ending) {
            return String(name.dropLast(ending.count))
        }
        return name
    }

    /// A scheduler by the pair of names that ComfyUI gives it, and programs that build on it.
    mutating func setScheduler(_ sampler: String?, _ spacing: String?) {
        guard let sampler else { return }
        let spacing = spacing ?? ""
        let name = sampler.hasSuffix("_gpu") ? String(sampler.dropLast(4)) : sampler
        // Fooocus has some samplers' names for their spacing, too.
        var isPlain = ["", "native", "none", name].contains(spacing)
        if spacing == "normal" {
            // Left out, it would be the checkpoint's; samplers that step in no sigmas have none.
            isPlain = (try? SchedulerChoice(sampler: name, scheduleType: spacing))?.sigmas == nil
        }
        set("scheduler", isPlain ? name : name + " " + spacing)
    }

    /// Names with values that were not taken and say something.
    var leftOut: [Infotext.Entry] {
        rest.filter { !Self.saysNothing($0.value) }.sorted { $0.key < $1.key }.map {
            Infotext.Entry(name: $0.key, value: Self.text($0.value) ?? "")
        }
    }

    private static func saysNothing(_ value: Any) -> Bool {
        switch value {
        case is NSNull: true
        case let text as String: ["", "None", "none", "[]", "False", "false"].contains(text)
        case let list as [Any]: list.isEmpty
        case let object as [String: Any]: object.isEmpty
        case let number as NSNumber: number.doubleValue == 0
        default: false
        }
    }
}
