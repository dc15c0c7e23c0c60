package import Credentials
import Foundation

/// A key that pictures can be signed with, for people and programs to read.
package struct KeyEntry: Encodable {
    private let profile: String
    /// Whose it is.
    package let name: String
    private let algorithm: String
    private let lastDay: String
    private let root: String

    /// The key of a profile.
    package init(_ profile: CredentialsFolder.Profile) {
        self.profile = profile.name
        name = profile.certificate.holder
        algorithm = profile.algorithm.rawValue
        lastDay = profile.certificate.lastDay
        root = profile.root.path(percentEncoded: false)
    }

    /// The same in words.
    package var lines: [String] {
        ["\(profile): \(name), \(algorithm), until \(lastDay)", "  root certificate: \(root)"]
    }
}
