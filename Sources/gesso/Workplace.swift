import Foundation
import Gesso
import Synchronization

/// What the commands of this process work with: the environment, completed by the configuration, and the
/// library of the places that it names.
enum Workplace {
    private static let variables = Mutex(ProcessInfo.processInfo.environment)
    /// The place in a file that names the folders of models; nil for the variable.
    private static let modelsOrigin = Mutex<String?>(nil)

    /// The environment, in which the configuration has set what was not set.
    static var environment: [String: String] { variables.withLock { $0 } }

    /// Notes what the configuration says of places and keys, so that the server has it, too; before `library`
    /// is used.
    static func note(_ preferences: Preferences) {
        variables.withLock { variables in
            for (preference, choice) in preferences.chosen
            where ["models", "model", "credentials", "timestamp_url"].contains(preference.name) {
                if (variables[preference.variable] ?? "").isEmpty {
                    variables[preference.variable] = choice.value
                    if preference.name == "models", case .file(let place) = choice.origin {
                        modelsOrigin.withLock { $0 = "\(place)" }
                    }
                }
            }
        }
    }

    /// The checkpoint that the configuration names; nil for none.
    static var model: String? { environment["GESSO_MODEL"].flatMap { $0.isEmpty ? nil : $0 } }

    private static let given = Mutex<[String]>([])

    /// The words behind those that name the command, with what the configuration adds.
    static var words: [String] {
        get { given.withLock { $0 } }
        set { given.withLock { $0 = newValue } }
    }

    /// The models and presets that commands find.
    static let library: Library = {
        var places = Places(environment: environment)
        if let origin = modelsOrigin.withLock({ $0 }) { places.modelsOrigin = origin }
        return Library(places)
    }()
}
