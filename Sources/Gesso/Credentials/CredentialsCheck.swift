import Credentials
package import Foundation
import Imaging

/// The Content Credentials of a picture's file, checked, for people and programs to read.
package struct CredentialsCheck {
    /// What the file has.
    package enum Finding {
        /// No credentials.
        case none
        /// Credentials that cannot be read.
        case broken
        /// Credentials, and what came of checking them.
        case report(CredentialsReport)
    }

    /// What the file has.
    package let finding: Finding
    private let hasAnchors: Bool

    /// - Parameter anchors: the certificates that are trusted; nil leaves open who signed.
    package init(_ data: Data, anchors: [Certificate]? = nil) {
        hasAnchors = anchors != nil
        guard let embedded = EmbeddedManifest(in: data) else {
            finding = .none
            return
        }
        finding =
            ManifestStore(decoding: embedded.store).map {
                .report($0.validated(in: data, at: embedded.blocks, trusting: anchors ?? []))
            } ?? .broken
    }

    /// Whether there are credentials, and all in them is in order; the signer, too, where it is given who
    /// is trusted.
    package var holds: Bool {
        guard case .report(let report) = finding else { return false }
        return hasAnchors ? report.state == .trusted : report.state != .invalid
    }

    /// The verdict in words.
    package var verdict: String {
        switch finding {
        case .none: "none"
        case .broken: "broken: they cannot be read"
        case .report(let report):
            switch report.state {
            case .trusted: "valid, by a signer that is trusted"
            case .valid:
                hasAnchors
                    ? "by a signer that is not trusted"
                    : "valid; the signer was not checked (give --trust root.pem)"
            case .invalid: "not valid"
            }
        }
    }

    /// The verdict and the history, a line each.
    package var lines: [String] {
        guard case .report(let report) = finding else { return [verdict] }
        var lines = [verdict]
        var listed: Set<String> = []
        for chapter in report.history {
            let indent = String(repeating: "  ", count: chapter.depth)
            if chapter.depth > 0 {
                let word = chapter.relationship == "parentOf" ? "made from" : "made with"
                let rest = chapter.manifest == nil ? ", which has no credentials" : ""
                lines.append("\(indent)\(word) \(chapter.title ?? "a picture")\(rest)")
            }
            let by = [
                chapter.signer.map { "signed by \($0)" }, chapter.program.map { "with \($0)" },
            ].compactMap(\.self)
            if !by.isEmpty { lines.append("\(indent)  " + by.joined(separator: " ")) }
            if let time = chapter.time, let authority = chapter.timeAuthority {
                lines.append("\(indent)  time stamp: \(time) by \(authority)" + trust(in: chapter))
            }
            lines +=
                (chapter.actions + chapter.faults.map { "WRONG: " + $0 }
                + chapter.remarks.map { "NOTE: " + $0 })
                .map { "\(indent)  \($0)" }
            listed.formUnion(chapter.faults)
        }
        // What is about no manifest that is in the history.
        for fault in report.failures.map(\.sentence) where listed.insert(fault).inserted {
            lines.append("  WRONG: " + fault)
        }
        return lines
    }

    /// Whether the one who stamped the time is trusted, where that was asked.
    private func trust(in chapter: CredentialsReport.Chapter) -> String {
        hasAnchors && chapter.isTimeTrusted == false ? ", who is not trusted" : ""
    }

    /// The name of the manifest that a mark leads to; nil where it leads to none in the file.
    func manifest(of mark: PictureMark) -> String? {
        guard case .report(let report) = finding else { return nil }
        return report.manifest(named: Data(mark.name), by: PictureMark.algorithm)
    }

    /// Whether the file has any, valid or not.
    package var areThere: Bool {
        if case .none = finding { false } else { true }
    }

    /// The same as JSON.
    package var document: Document { Document(self) }

    /// The same as JSON. Keys are only ever added within a schema's number.
    package struct Document: Encodable {
        private let schema = "gesso.credentials-check/1"
        private let state: String
        private let manifest: String?
        private let history: [CredentialsReport.Chapter]?
        private let failures: [CredentialsReport.Status]?

        fileprivate init(_ check: CredentialsCheck) {
            guard case .report(let report) = check.finding else {
                state = check.areThere ? "broken" : "none"
                (manifest, history, failures) = (nil, nil, nil)
                return
            }
            state = report.state.rawValue
            manifest = report.label
            (history, failures) = (report.history, report.failures)
        }
    }
}
