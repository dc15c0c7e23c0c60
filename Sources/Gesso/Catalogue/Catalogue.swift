import Foundation
import Recipes

/// The models that can be fetched by a short name (`gesso model get sd15`): the entries of
/// `catalogue.json`.
public struct Catalogue: Sendable {
    /// A model of the catalogue.
    public struct Entry: Sendable, Codable, Equatable {
        /// The short name, which also finds the model once it is here.
        public let name: String
        /// The repository, `org/name`.
        public let repository: String
        /// The branch, tag or commit; nil is `main`.
        public let revision: String?
        /// What it is.
        public let kind: Kind
        /// Name of the family that it belongs to or is made for.
        public let family: String
        /// Name of its licence.
        public let license: String
        /// Where the licence is to be read.
        public let licenseUrl: String
        /// What is downloaded, in millions of bytes, about.
        public let megabytes: Int
        /// Memory that a picture of its own size takes, in millions of bytes, about; nil for add-ons.
        public let memoryMegabytes: Int?
        /// What it is good for, in one line.
        public let goodFor: String

        /// The name that finds it in the Hugging Face cache.
        public var cacheName: String { repository + (revision.map { "@" + $0 } ?? "") }
    }

    /// What an entry is.
    public enum Kind: String, Sendable, Codable {
        /// A whole model, for `--model`.
        case checkpoint
        /// An add-on, for the option of that name.
        case vae, lora, control
    }

    /// The entries, in the order in which they are shown.
    public let entries: [Entry]

    /// The catalogue that comes with the program.
    public static let shipped = Catalogue(json: Data(PackageResources.catalogue_json))

    /// Reads a catalogue; one that is damaged is empty, which the tests rule out for the shipped one.
    init(json: Data) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        entries = (try? decoder.decode([Entry].self, from: json)) ?? []
    }

    /// The entry of a name, if there is one.
    public subscript(name: String) -> Entry? { entries.first { $0.name == name } }

    /// The name that is likely meant by one that no entry has: it differs in case, dots and dashes, or is the
    /// end of a repository's name, or has a slip; nil where none is near.
    public func nearest(to name: String) -> String? {
        func plain(_ text: some StringProtocol) -> String {
            text.lowercased().filter { $0.isLetter || $0.isNumber }
        }
        let meant = plain(name)
        let entry = entries.first { entry in
            plain(entry.name) == meant
                || plain(entry.repository.split(separator: "/").last ?? "") == meant
        }
        return entry?.name ?? nearMiss(name.lowercased(), among: entries.map(\.name))
    }
}
