import Editing
import Foundation

/// What can be named, as `gesso model list --json` prints it. Keys are only ever added within a schema's
/// number.
package struct ModelListDocument: Encodable {
    private let schema = "gesso.models/1"
    private let models: [Model]
    private let addOns: [AddOn]
    private let available: [Available]?

    private struct Model: Encodable {
        let name: String
        let path: String
        let family: String?
        let nativeSize: Int?
        let purpose: String?
        let distillation: String?
        let standIn: Bool?
        let bytes: Int?
        /// Why it would not load; absent where it would.
        let error: String?
    }

    private struct AddOn: Encodable {
        let option: String
        let name: String
        let path: String
        let kind: String?
        let bytes: Int
        /// Why it cannot be used; absent where it can.
        let error: String?
    }

    private struct Available: Encodable {
        let name: String
        let repository: String
        let kind: String
        let family: String
        let license: String
        let licenseUrl: String
        let bytes: Int
        let memoryBytes: Int?
        let goodFor: String
        let isHere: Bool
    }

    /// - Parameters:
    ///   - showsAvailable: whether the models that can be fetched are listed, too.
    ///   - words: an error in the words of a front end.
    package init(
        of library: Library, showsAvailable: Bool, words: (any Error) -> String
    ) {
        let tokenizers = (try? library.tokenizers(nil)) ?? TokenizerPlaces()
        let loadable = library.checkpoints.map { name, url in
            let path = url.path(percentEncoded: false)
            do {
                let model = try ModelSummary(url, tokenizers: tokenizers)
                return Model(
                    name: name, path: path, family: model.family, nativeSize: model.nativeSize,
                    purpose: model.purpose, distillation: model.distillation,
                    standIn: model.isStandIn, bytes: model.bytes, error: nil)
            } catch {
                return Model(
                    name: name, path: path, family: nil, nativeSize: nil, purpose: nil,
                    distillation: nil, standIn: nil, bytes: nil, error: words(error))
            }
        }
        let pickles = library.shelf.items().filter { $0.sort == .pickle }.map { file in
            Model(
                name: file.path, path: file.url.path(percentEncoded: false), family: nil,
                nativeSize: nil, purpose: nil, distillation: nil, standIn: nil, bytes: nil,
                error: FolderSearch.whyNoPickles)
        }
        models = loadable + pickles
        addOns = ModelKind.addOns.flatMap { option, kind in
            library.addOns(kind).map { name, url in
                var (guess, fault): (String?, String?) = (nil, nil)
                do { guess = try OtherFile(url)?.guess } catch { fault = words(error) }
                return AddOn(
                    option: option, name: name, path: url.path(percentEncoded: false),
                    kind: guess, bytes: url.weightBytes, error: fault)
            }
        }
        available =
            showsAvailable
            ? Catalogue.shipped.entries.map { entry in
                Available(
                    name: entry.name, repository: entry.repository, kind: entry.kind.rawValue,
                    family: entry.family, license: entry.license, licenseUrl: entry.licenseUrl,
                    bytes: entry.megabytes * 1_000_000,
                    memoryBytes: entry.memoryMegabytes.map { $0 * 1_000_000 },
                    goodFor: entry.goodFor, isHere: library.has(entry))
            } : nil
    }

    /// The same for people.
    package var lines: [String] {
        var lines = models.map { model in
            guard let family = model.family else { return "\(model.name): \(model.error ?? "")" }
            var facts = [family, "\(model.nativeSize ?? 0)x\(model.nativeSize ?? 0)"]
            facts += [model.purpose, model.distillation].compactMap(\.self)
            facts.append((model.bytes ?? 0).inBytes)
            if model.standIn == true { facts.append("knows drawn landscapes only") }
            return "\(model.name): \(facts.joined(separator: ", "))"
        }
        lines += addOns.map { addOn in
            if let error = addOn.error { return "--\(addOn.option) \(addOn.name): \(error)" }
            let kind = addOn.kind.map { $0 + ", " } ?? ""
            return "--\(addOn.option) \(addOn.name): \(kind)\(addOn.bytes.inBytes)"
        }
        guard let available else { return lines }
        if !lines.isEmpty { lines.append("") }
        lines += ["Download with `gesso model get NAME`:"]
        return lines
            + available.map { entry in
                let memory = entry.memoryBytes.map { ", \($0.inBytes) of memory" } ?? ""
                let mark = entry.isHere ? " (here)" : ""
                return "\(entry.name)\(mark): \(entry.family), \(entry.goodFor); "
                    + "\(entry.bytes.inBytes) to download\(memory), \(entry.license)"
            }
    }
}

extension URL {
    /// Bytes of a file, or of the files in a folder.
    fileprivate var weightBytes: Int {
        let files =
            FolderSearch.isFolder(self)
            ? FolderSearch.items(in: self).filter { $0.sort == .file }.map(\.url) : [self]
        return files.reduce(0) { sum, file in
            let path = file.resolvingSymlinksInPath().path(percentEncoded: false)
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return sum + (attributes?[.size] as? Int ?? 0)
        }
    }
}

extension Int {
    /// In megabytes or gigabytes.
    fileprivate var inBytes: String {
        self < 1_000_000_000
            ? "\(Swift.max((self + 500_000) / 1_000_000, 1)) MB"
            : String(format: "%.1f GB", Double(self) / 1e9)
    }
}
