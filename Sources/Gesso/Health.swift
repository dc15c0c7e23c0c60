import Editing
import Files
import Foundation
import Imaging
import Recipes

/// What the machine, the models and the presets of a library are like.
package struct Health {
    private let library: Library

    package init(of library: Library) { self.library = library }

    /// All that there is to say.
    ///
    /// - Parameter words: an error in the words of a front end.
    package func findings(_ words: (any Error) -> String) -> [Finding] {
        Machine.findings + folders(words) + models(words) + addOns(words) + pickles
            + [vocabulary, presets(words)]
    }

    /// What keeps the value of a setting of the tool from being used; nil for nothing.
    package func fault(of setting: String, _ value: String) -> (any Error)? {
        do {
            switch setting {
            case "model": _ = try library.checkpoint(value)
            case "tokenizer": _ = try library.tokenizers(value)
            case "credentials":
                _ = try library.places.credentials.signer(CredentialsChoice.use(value))
            default: break
            }
            return nil
        } catch {
            return error
        }
    }

    private func folders(_ words: (any Error) -> String) -> [Finding] {
        let places = library.places
        var findings = places.models.prefix(places.namedModels).map { folder in
            if let fault = places.fault(of: folder) {
                return Finding("models folder", .broken, fault)
            }
            let path = folder.path(percentEncoded: false)
            if FolderSearch.sort(ofFolder: folder) == .model {
                let advice = "name the folder above it in \(places.modelsOrigin)"
                return Finding(
                    "models folder", .warning, "\(path): is a model itself: \(advice)")
            }
            let program = ModelRoot(folder).program.map { ", the folder of \($0)" } ?? ""
            return Finding("models folder", .fine, path + program)
        }
        let inside = ModelKind.allCases.flatMap { kind in
            library.shelf.roots.flatMap { $0.places(kind) }.map(\.url)
        }
        let named = Set(places.models.map { $0.path(percentEncoded: false) })
        for path in Set(inside.map { $0.path(percentEncoded: false) }).subtracting(named).sorted() {
            guard let fault = FolderSearch.fault(of: URL(filePath: path)) else { continue }
            findings.append(Finding("models folder", .warning, "\(path): \(fault)"))
        }
        do {
            for folder in try ModelKind.allCases.flatMap({ try library.shelf.extraFolders($0) }) {
                guard let fault = FolderSearch.fault(of: folder) else { continue }
                let path = folder.path(percentEncoded: false)
                findings.append(
                    Finding(
                        "models folder", .warning,
                        "\(path): \(fault), though extra_model_paths.yaml names it"))
            }
        } catch {
            findings.append(Finding("models folder", .broken, words(error)))
        }
        return findings
    }

    private func models(_ words: (any Error) -> String) -> [Finding] {
        let checkpoints = library.checkpoints
        guard !checkpoints.isEmpty else {
            return [
                Finding(
                    "model", .warning, "none found: set GESSO_MODELS to a folder of checkpoints")
            ]
        }
        let tokenizers = (try? library.tokenizers(nil)) ?? TokenizerPlaces()
        return checkpoints.map { name, url in
            do {
                let model = try ModelSummary(url, tokenizers: tokenizers)
                return Finding("model", .fine, "\(name): family: \(model.family)")
            } catch {
                let text = words(error)
                return Finding(
                    "model", .warning, text.contains(name) ? text : "\(name): \(text)")
            }
        }
    }

    /// Add-ons that cannot be used; the others may be thousands.
    private func addOns(_ words: (any Error) -> String) -> [Finding] {
        var findings: [Finding] = []
        for (key, kind) in ModelKind.addOns {
            for (_, url) in library.addOns(kind) {
                do { _ = try OtherFile(url) } catch {
                    findings.append(Finding(key, .warning, words(error)))
                }
            }
        }
        return findings
    }

    /// Files that other programs load and Gesso does not, the first of them by name.
    private var pickles: [Finding] {
        let models = library.shelf.items().filter { $0.sort == .pickle }.map(\.path)
        var found = models.map { (what: "model", path: $0) }
        for (key, kind) in ModelKind.addOns {
            found += library.pickles(kind).map { (what: key, path: $0) }
        }
        let most = 10
        let named = found.prefix(most).map {
            Finding($0.what, .warning, "\($0.path): \(FolderSearch.whyNoPickles)")
        }
        let rest = found.count - most
        return named
            + (rest > 0 ? [Finding("model", .warning, "\(rest) more pickles are not read")] : [])
    }

    private var vocabulary: Finding {
        let isHere = library.shelf.vocabularies.contains {
            FolderSearch.exists($0.appending(path: "merges.txt"))
        }
        return isHere
            ? Finding("tokenizer", .fine, "CLIP's, for checkpoints without one")
            : Finding(
                "tokenizer", .warning,
                "CLIP's is not here: single files need --tokenizer; install Gesso's folder Models")
    }

    private func presets(_ words: (any Error) -> String) -> Finding {
        do {
            let (presets, broken) = try library.places.presets.all()
            guard let first = broken.first else {
                return Finding("presets", .fine, "\(presets.count)")
            }
            return Finding("presets", .broken, words(first))
        } catch {
            return Finding("presets", .broken, words(error))
        }
    }
}

extension Library {
    /// What is wrong with the file that names other programs' folders of models; nil for nothing.
    package var modelPathsFault: (any Error)? {
        do {
            _ = try shelf.extraPaths()
            return nil
        } catch {
            return error
        }
    }

    /// What is wrong with folders that were asked for.
    package var folderFaults: [String] {
        places.models.prefix(places.namedModels).compactMap { places.fault(of: $0) }
    }
}

extension Places {
    /// Why a folder that was asked for cannot be searched, and what to do; nil where it can.
    fileprivate func fault(of folder: URL) -> String? {
        FolderSearch.fault(of: folder).map {
            "\(folder.path(percentEncoded: false)): \($0): correct \(modelsOrigin)"
        }
    }
}

/// One thing that was looked at.
package struct Finding: Encodable {
    package let what: String
    package let state: State
    package let value: String

    package enum State: String, Encodable {
        case fine, warning, broken
    }

    package init(_ what: String, _ state: State, _ value: String) {
        (self.what, self.state, self.value) = (what, state, value)
    }

    package var line: String {
        let mark = state == .fine ? "" : state.rawValue + ": "
        return "\(what): \(mark)\(value)".escapingControls()
    }
}

/// What the machine has.
private enum Machine {
    package static var findings: [Finding] {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let total = gigabytes(Int(clamping: ProcessInfo.processInfo.physicalMemory))
        let free = availableMemory().map { gigabytes($0) + " free of " } ?? ""
        let libraries = Image.libraries.values.sorted().joined(separator: ", ")
        let memory: Finding.State = (availableMemory() ?? .max) < 1 << 30 ? .warning : .fine
        return [
            Finding("version", .fine, Program.version),
            Finding("processor", .fine, Processor.name),
            Finding("features", .fine, Processor.features),
            Finding(
                "kernels", Program.kernels == "portable" ? .warning : .fine,
                Program.kernels),
            precisions,
            Finding("cores", .fine, "\(cores)"),
            Finding("graphics", .fine, "none is used, nor needed"),
            Finding("memory", memory, free + total),
            Finding("libraries", .fine, libraries),
            Finding(
                "formats", Image.missingCodecs.isEmpty ? .fine : .warning,
                Image.missingCodecs.isEmpty
                    ? "none is missing" : Image.missingCodecs.joined(separator: "; ")),
        ]
    }

    private static func gigabytes(_ bytes: Int) -> String {
        String(format: "%.1f GB", Double(bytes) / 1e9)
    }

    /// What computes in each precision.
    private static var precisions: Finding {
        let each = ModelPrecision.allCases.map { precision in
            let units = precision.units.joined(separator: " or ")
            return switch (precision, units.isEmpty) {
            case (.exact, true): "exact by \(Program.kernels)"
            case (_, true): "\(precision.rawValue) has no unit, exact is used"
            case (_, false): "\(precision.rawValue) by \(units) where faster"
            }
        }
        return Finding("precision", .fine, each.joined(separator: "; "))
    }
}
