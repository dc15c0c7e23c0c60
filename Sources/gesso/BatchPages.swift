import Foundation
import Gesso

/// What is written when a batch is done, to be looked at: a page and a contact sheet.
struct BatchPages {
    /// The most pictures on one sheet.
    private static let sheetLimit = 400

    private let report: URL?
    private let sheet: Output?

    /// Takes the places; whatever is there is replaced, for both tell of what the folder holds now.
    ///
    /// - Parameter folder: the outputs', which may not be there yet.
    init(report: String?, sheet: String?, folder: URL) throws {
        self.report = try report.map { path in
            let file = try Output.page(path, at: "--report")
            if !Self.willHold(file, folder) { try checkWritable(file, overwrite: true) }
            return file
        }
        self.sheet = try sheet.map { path in
            let file = try FilePath.file(path, orFailWith: .cannotCreate)
            return Self.willHold(file, folder)
                ? Output(
                    file: file, format: try Output.format(of: path, named: nil), quality: nil,
                    overwrites: true, draftTag: "")
                : try Output(path, format: nil, quality: nil, overwrites: true)
        }
    }

    /// Whether a file is to lie in a folder that is yet to be made.
    private static func willHold(_ file: URL, _ folder: URL) -> Bool {
        let parent = file.deletingLastPathComponent()
        return FilePath.resolved(parent) == FilePath.resolved(folder)
            && !FileManager.default.fileExists(atPath: parent.path(percentEncoded: false))
    }

    /// Writes them.
    ///
    /// - Returns: the paths of what was written.
    func write(
        _ outcomes: [Batch.Outcome], _ folder: BatchFolder, _ verb: Verb
    ) throws -> [String] {
        var written: [String] = []
        if let report {
            let page = BatchReport(outcomes, folder, verb)
            try writeAtomically(Data(page.html.utf8), to: report, overwrite: true)
            written.append(report.relativePath)
        }
        if let sheet, !outcomes.isEmpty {
            let cells = outcomes.prefix(Self.sheetLimit).map { outcome in
                let name = outcome.item.output
                let isThere = outcome.item.fault == nil
                return (isThere ? BatchReport.thumbnail(folder.url(name), side: 256) : nil)
                    .map { (name, $0) } ?? ("failed: " + name, .crossedOut)
            }
            try sheet.write(Image.contactSheet(cells))
            written.append(sheet.path)
        }
        return written
    }
}
