import Foundation
import GessoHub

/// A download as `gesso model get --json` prints it. Keys are only ever added within a schema's number.
struct DownloadDocument: Encodable {
    private let schema = "gesso.download/1"
    private let repository: String
    private let revision: String
    private let commit: String
    private let license: String?
    /// The snapshot's folder; absent in a dry run.
    private let path: String?
    private let bytes: Int
    private let missingBytes: Int
    private let files: [File]

    private struct File: Encodable {
        let path: String
        let bytes: Int
        let sha256: String?
        let isHere: Bool
    }

    init(_ plan: Download.Plan, _ download: Download, license: String?, path: String?) {
        (repository, revision) = (plan.repository.name, plan.repository.revision)
        (commit, self.license, self.path) = (plan.commit, license, path)
        bytes = plan.files.reduce(0) { $0 + $1.size }
        missingBytes = download.missingBytes(plan)
        files = plan.files.map { file in
            File(
                path: file.path, bytes: file.size, sha256: file.isLarge ? file.blob : nil,
                isHere: download.has(file, of: plan))
        }
    }
}
