import Foundation
import Gesso
import Synchronization

/// What the commands of this process work with: the environment, completed by the configuration, and the
/// library of the places that it names.
enum Workplace {
    private static let variables = Mutex(ProcessInfo.processInfo.environment)

    /// The environment, in which the configuration has set what was not set.
    static var environment: [String: String] { variables.withLock { $0 } }

    /// Notes what the configuration says of places; before `library` is used.
    static func note(_ preferences: Preferences) {
        guard
            let choice = preferences.chosen.first(where: { $0.preference.name == "models" })?.choice
        else { return }
        variables.withLock { variables in
            if (variables["GESSO_MODELS"] ?? "").isEmpty {
                variables["GESSO_MODELS"] = choice.value
            }
        }
    }

    /// The models and presets that commands find.
    static let library = Library(Places(environment: environment))
}
