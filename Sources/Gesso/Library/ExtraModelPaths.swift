import Files
import Foundation

/// ComfyUI's `extra_model_paths.yaml`: where ComfyUI and AUTOMATIC1111 keep their models.
///
/// Sections of any name, each with a `base_path` that the others lead from, and for each type of model
/// a folder, or several as a `|` or `>` block. Sections with `is_default: true` come first. Of YAML only this
/// much is read; anything else is an error with its line.
struct ExtraModelPaths {
    private struct Section {
        var base = ""
        var isDefault = false
        var paths: [String: [String]] = [:]
    }

    private var sections: [Section] = []
    private let folder: URL
    private let variables: [String: String]

    /// - Parameter variables: those of the environment that paths may have.
    /// - Throws: `GessoError` with `cannotRead` for a file that cannot be read, `usage` for one that is not
    ///   understood.
    init(contentsOf file: URL, variables: [String: String]) throws {
        self.variables = variables
        let path = file.path(percentEncoded: false)
        folder = file.standardizedFileURL.deletingLastPathComponent()
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: file.resolvingSymlinksInPath().path(percentEncoded: false))
        guard attributes?[.type] as? FileAttributeType == .typeRegular,
            (attributes?[.size] as? Int ?? .max) <= 256 << 10,
            let text = try? String(contentsOf: file, encoding: .utf8)
        else {
            throw GessoError(
                .cannotRead, "cannot read the model paths", at: path,
                do: "give a text file in UTF-8, up to 256 KiB")
        }
        try read(text, path)
    }

    /// The folders of a type, those of default sections first.
    func folders(_ kind: ModelKind) -> [URL] {
        let ordered = sections.filter(\.isDefault) + sections.filter { !$0.isDefault }
        return ordered.flatMap { section in
            kind.keys.flatMap { section.paths[$0] ?? [] }.map { path in
                let base = section.base.isEmpty ? folder : url(section.base, from: folder)
                return url(path, from: base)
            }
        }
    }

    /// What stands behind a key whose values are in the lines below, a folder in each; Stability Matrix folds
    /// them, with empty lines between.
    private static let blocks: Set = ["|", "|-", "|+", ">", ">-", ">+"]

    private func url(_ path: String, from folder: URL) -> URL {
        // As Python does it, a variable that is not set stays.
        let path = expandingHome(path, variables).replacing(#/\$(?:(\w+)|\{(\w+)\})/#) {
            variables[String($0.1 ?? $0.2 ?? "")] ?? String($0.0)
        }
        return path.hasPrefix("/")
            ? URL(filePath: path, directoryHint: .isDirectory)
            : folder.appending(path: path, directoryHint: .isDirectory)
    }

    private mutating func read(_ text: String, _ path: String) throws {
        /// The key whose block is being read, and how far in it stands.
        var block: (key: String, indent: Int)?
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        for (number, line) in lines.enumerated() {
            let content = line.trimmingCharacters(in: .whitespaces)
            if content.isEmpty || content.hasPrefix("#") { continue }
            if content == "---", sections.isEmpty { continue }
            let indent = line.prefix { $0 == " " }.count
            if let open = block, indent > open.indent {
                sections[sections.count - 1].paths[open.key, default: []].append(content)
                continue
            }
            block = nil
            guard let (key, value) = Self.pair(content), line.dropFirst(indent).first != "\t" else {
                throw Self.misunderstood(path, number)
            }
            if indent == 0 {
                guard value.isEmpty else { throw Self.misunderstood(path, number) }
                sections.append(Section())
            } else if sections.isEmpty {
                throw Self.misunderstood(path, number)
            } else if Self.blocks.contains(value) {
                block = (key, indent)
            } else {
                set(key, value)
            }
        }
    }

    private mutating func set(_ key: String, _ value: String) {
        let last = sections.count - 1
        switch key {
        case "base_path": sections[last].base = value
        case "is_default":
            sections[last].isDefault = ["true", "yes", "on"].contains(value.lowercased())
        default: if !value.isEmpty { sections[last].paths[key] = [value] }
        }
    }

    /// A key and its value, without quotes and comment; nil for any other line.
    private static func pair(_ line: String) -> (key: String, value: String)? {
        guard let colon = line.firstIndex(of: ":") else { return nil }
        let rest = line[line.index(after: colon)...]
        guard rest.isEmpty || rest.first == " " else { return nil }
        var key = line[..<colon].trimmingCharacters(in: .whitespaces)
        if let quote = key.first, "\"'".contains(quote), key.count > 2, key.last == quote {
            key = String(key.dropFirst().dropLast())
        }
        guard !key.isEmpty, !key.contains(where: { " \"'&*!{[-".contains($0) }) else { return nil }
        var value = rest.trimmingCharacters(in: .whitespaces)
        if let quote = value.first, "\"'".contains(quote) {
            guard let end = value.dropFirst().firstIndex(of: quote) else { return nil }
            value = String(value[value.index(after: value.startIndex)..<end])
        } else if value.hasPrefix("#") {
            value = ""
        } else if let comment = value.range(of: " #") {
            value = value[..<comment.lowerBound].trimmingCharacters(in: .whitespaces)
        }
        return value.first.map { "&*!{[".contains($0) } == true ? nil : (key, value)
    }

    private static func misunderstood(_ path: String, _ number: Int) -> GessoError {
        GessoError(
            .usage, "not understood as model paths", at: "\(path):\(number + 1)",
            do: "write sections of `type: folder` as ComfyUI's example does")
    }
}
