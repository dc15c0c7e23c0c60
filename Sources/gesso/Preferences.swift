import Foundation
import Gesso
import Terminal

/// What the environment and the configuration files say: a variable goes before the project's file,
/// and that before the user's.
struct Preferences {
    /// Where a value comes from.
    enum Origin: CustomStringConvertible {
        case variable(String)
        case file(Recipes.Origin)
        case standard

        var description: String {
            switch self {
            case .variable(let name): "environment: $\(name)"
            case .file(let origin): "file: \(origin)"
            case .standard: "default"
            }
        }
    }

    /// A value and where it comes from.
    struct Choice {
        let value: String
        let origin: Origin
    }

    /// What has been chosen, in the order of `Preference.all`.
    let chosen: [(preference: Preference, choice: Choice)]

    /// - Throws: `Failure` for a value that is none, `RecipeError` for a file that is no list of
    ///   settings.
    init(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        folder: String = FileManager.default.currentDirectoryPath
    ) throws {
        var found: [String: Choice] = [:]
        if let path = Self.userFile(environment) {
            found = try Self.choices(in: path, ofProject: false)
        }
        if let path = Self.projectFile(folder, home: environment["HOME"]) {
            found.merge(try Self.choices(in: path, ofProject: true)) { _, nearer in nearer }
        }
        for preference in Preference.all {
            guard let value = environment[preference.variable], !value.isEmpty else { continue }
            guard preference.accepts(value) else {
                throw Failure(
                    .usage, "\(preference.name) is '\(value.prefix(40))'",
                    at: "$" + preference.variable, do: "give \(preference.expected)")
            }
            found[preference.name] = Choice(value: value, origin: .variable(preference.variable))
            // What a file says of its opposite is farther away.
            for rival in preference.rivals {
                if case .file? = found[rival]?.origin { found[rival] = nil }
            }
        }
        chosen = Preference.all.compactMap { preference in
            found[preference.name].map { (preference, $0) }
        }
    }

    /// The user's file: `gesso/config.yaml` in `$XDG_CONFIG_HOME`, else in `~/.config`.
    static func userFile(_ environment: [String: String]) -> String? {
        let folder =
            environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
            ?? environment["HOME"].map { $0 + "/.config" }
        return folder.map { $0 + "/gesso/config.yaml" }.flatMap(existing)
    }

    /// The project's file: `.gesso.yaml` in the current folder or the nearest above it, up to the
    /// user's home.
    static func projectFile(_ folder: String, home: String?) -> String? {
        var url = URL(filePath: folder, directoryHint: .isDirectory)
        for _ in 0..<64 {
            let path = url.path(percentEncoded: false)
            let file = url.appending(path: ".gesso.yaml").path(percentEncoded: false)
            if let file = existing(file) { return file }
            if path == "/" || path == home || path == home.map({ $0 + "/" }) { return nil }
            url.deleteLastPathComponent()
        }
        return nil
    }

    private static func existing(_ path: String) -> String? {
        FileManager.default.fileExists(atPath: path) ? path : nil
    }

    private static func settings(in path: String) throws -> [Setting] {
        do {
            return try Setting.list(inFile: path)
        } catch RecipeError.unreadable(_, let reason) {
            throw Failure(
                .cannotRead, "cannot read the configuration, \(reason)", at: path,
                do: "make it a list of `key: value` that you may read")
        }
    }

    private static func choices(in path: String, ofProject: Bool) throws -> [String: Choice] {
        var choices: [String: Choice] = [:]
        for setting in try settings(in: path) {
            guard let preference = Preference.all.first(where: { $0.name == setting.key }) else {
                let meant = nearMiss(setting.key, among: Preference.all.map(\.name))
                throw RecipeError.malformed(
                    "unknown setting '\(setting.key.prefix(40))'", at: setting.keyOrigin,
                    remedy: meant.map { "did you mean '\($0)'?" }
                        ?? "`gesso config show` lists all settings")
            }
            guard preference.isForProjects || !ofProject else {
                throw RecipeError.malformed(
                    "\(setting.key) cannot be set for a project", at: setting.keyOrigin,
                    remedy: "set it in ~/.config/gesso/config.yaml or $\(preference.variable)")
            }
            guard preference.accepts(setting.value) else {
                throw RecipeError.badValue(
                    key: setting.key, value: setting.value, at: setting.origin,
                    expected: preference.expected)
            }
            let folder = URL(filePath: path).deletingLastPathComponent()
            let value =
                ofProject
                ? Places.setting(setting.key, setting.value, from: folder) : setting.value
            choices[setting.key] = Choice(value: value, origin: .file(setting.origin))
        }
        return choices
    }
}
