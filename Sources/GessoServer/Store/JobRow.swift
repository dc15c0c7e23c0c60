import Foundation
import GRDB

/// What has become of a job.
package enum JobState: String, Codable, Sendable, CaseIterable {
    case queued, running, done, failed, cancelled

    /// Whether nothing more happens to it.
    var isFinal: Bool { self == .done || self == .failed || self == .cancelled }
}

/// Through which door a job came in.
package enum Door: String, Codable, Sendable {
    case page, sdapi, openai, api
}

/// A job as the queue keeps it.
package struct JobRow: Codable, Sendable, FetchableRecord, PersistableRecord {
    package static let databaseTableName = "job"

    /// A name that no other job has.
    package static func newID() -> String { UUID().uuidString.lowercased() }

    package var id: String
    package var state: JobState
    package var priority: Int
    package var position: Int64
    package var attempts: Int
    package var source: Door
    /// An `Order` as JSON.
    var request: String
    package var prompt: String
    /// How many pictures it makes.
    package var pictures: Int
    package var error: String?
    /// The class of the failure, as the library names it.
    var errorKind: String?
    var idempotencyKey: String?
    package var retryOf: String?
    package var created: Double
    package var started: Double?
    package var finished: Double?
    /// Rises with every change of state, over all jobs.
    package var seq: Int64

    /// What is to be made.
    package func order() throws -> Order {
        try JSONDecoder().decode(Order.self, from: Data(request.utf8))
    }
}

/// A picture that a job made.
package struct ResultRow: Codable, Sendable, FetchableRecord, PersistableRecord {
    package static let databaseTableName = "result"

    package var id: Int64?
    package var job: String
    /// Which of the job's pictures, from 0.
    package var number: Int
    /// SHA-256 of its file.
    package var picture: String
    /// The bits of the seed: SQLite has no larger numbers.
    package var seed: Int64
    package var infotext: String
    /// JSON.
    package var receipt: String
    package var created: Double
    package var star: Bool
    package var deleted: Double?
}

/// A picture file that the store keeps.
package struct PictureRow: Codable, Sendable, FetchableRecord, PersistableRecord {
    package static let databaseTableName = "picture"

    package var sha: String
    /// Its media type.
    package var type: String
    package var bytes: Int
    /// Upright, in pixels.
    package var width: Int
    package var height: Int
    package var hasAlpha: Bool
    package var used: Double
}
