import Foundation
import Gesso
import Synchronization

/// What the commands of this process work with: the environment, completed by the configuration, and the
/// library of the places that it names.
enum Workplace {
    private static let variables = Mutex(ProcessInfo.processInfo.environment)

    /// The environment, in which the configuration has set what was not set.
    static var environment: [String: String] { variables.withLock { $0 } }

    /// Notes what the configuration says of places and keys, so that the server has it, too; before `library`
    /// is used.
    static func note(_ preferences: Preferences) {
        variables.withLock { variables in
            for (preference, choice) in preferences.chosen
            where ["models", "credentials", "timestamp_url"].contains(preference.name) {
                if (variables[preference.variable] ?? "").isEmpty {
                    variables[preference.variable] = choice.value
                }
            }
        }
    }

    /// The models and presets that commands find.
    static let library = Library(Places(environment: environment))
}
