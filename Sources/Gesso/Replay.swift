import Files
public import Foundation
import Imaging
import Recipes

extension Receipt {
    /// The request that makes the picture again, with the files where the receipt has them.
    ///
    /// - Parameters:
    ///   - folder: the receipt's, from which its paths lead.
    ///   - pictures: those that are elsewhere by now, by their names in the request.
    ///   - model: the checkpoint, if it is elsewhere by now.
    /// - Throws: `GessoError` for a picture whose place nobody knows.
    public func request(
        in folder: URL, pictures given: [String: Picture] = [:], model: String? = nil
    ) throws -> Request {
        var request = request
        // A receipt holds every setting: what follows from others was never asked for.
        for index in request.edits.indices {
            request.edits[index].recipe = request.edits[index].recipe.withoutImplied
        }
        for (name, recorded) in request.pictures {
            if let picture = given[name] {
                request.pictures[name] = picture
            } else if let path = recorded.path {
                request.pictures[name] = .file(Self.path(path, from: folder))
            } else if recorded.data == nil {
                throw GessoError(
                    .usage, "it was standard input", remedy: .namePicture(name))
            }
        }
        request.model =
            model
            ?? checkpoint.map { checkpoint in
                let path = Self.path(checkpoint.path, from: folder)
                return FileManager.default.fileExists(atPath: path) ? path : checkpoint.name
            }
        for addOn in addOns {
            let files = addOn.files.compactMap { file in
                file.path.map { URL(filePath: Self.path($0, from: folder)) }
            }
            guard let place = Self.place(of: files),
                FileManager.default.fileExists(atPath: place.path(percentEncoded: false))
            else { continue }
            request.addOnFiles["\(addOn.key):\(addOn.name)"] = place
        }
        return request
    }

    /// The one file of an add-on, or the folder that all of its files are in; nil for other layouts.
    private static func place(of files: [URL]) -> URL? {
        guard files.count > 1 else { return files.first }
        let folders = Set(files.map { $0.deletingLastPathComponent() })
        return folders.count == 1 ? folders.first : nil
    }

    /// A path of a receipt in a folder.
    private static func path(_ path: String, from folder: URL) -> String {
        path.hasPrefix("/")
            ? path
            : folder.resolvingSymlinksInPath().appending(path: path).standardizedFileURL
                .path(percentEncoded: false)
    }

    /// Whether a picture that was made again has the very pixels, compared in the format of the first
    /// one whatever its own.
    public func isSame(_ outcome: Outcome) throws -> Bool {
        let format = format
        guard outcome.request.format != format else { return isSame(try outcome.written) }
        return isSame(
            try Image(
                decoding: outcome.image.encoded(as: format, quality: request.quality),
                name: "the result"))
    }

    /// Of the first picture's file.
    private var format: ImageFormat { ImageFormat(written: result.format) ?? request.format }

    private func isSame(_ image: Image) -> Bool {
        image.width == result.width && image.height == result.height
            && image.channels == result.channels && image.depth == result.depth
            && Digest.of(pixels: image) == result.pixelsSha256
    }

    /// What is no longer as the receipt has it, a sentence each: an input, the model, an add-on, the
    /// version, the instruction set, the format.
    ///
    /// - Parameter outcome: what came of the receipt's request.
    public func drift(of outcome: Outcome, in folder: URL) throws -> [String] {
        let now = try outcome.receipt(as: nil, in: folder)
        let (first, second) = (format, outcome.request.format)
        let keepsPixels = try first == second || isSame(outcome.written)
        return drift(ofPictures: now) + drift(ofModel: now) + drift(ofAddOns: now)
            + (keepsPixels
                ? [] : ["the file has other pixels, for it is a \(second), not a \(first)"])
    }

    private func drift(ofPictures now: Receipt) -> [String] {
        let masks = request.maskPictures.map { ("the mask", $0) }
        return ([("the source", Request.source)] + masks).compactMap { what, name in
            let (old, new) = (request.pictures[name]?.sha256, now.request.pictures[name]?.sha256)
            return old == new ? nil : "\(what) is another file: sha256 \(new ?? "none")"
        }
    }

    private func drift(ofModel now: Receipt) -> [String] {
        var drift: [String] = []
        let (known, files) = (checkpoint?.files ?? [], now.checkpoint?.files ?? [])
        for file in known where !files.contains(file) {
            drift.append("the model's \(file.path ?? "") is another file, or missing")
        }
        for file in files where !known.contains(where: { $0.path == file.path }) {
            drift.append("the model's \(file.path ?? "") is new")
        }
        if version != now.version {
            drift.append("the version is \(now.version), was \(version)")
        }
        if kernels != now.kernels {
            drift.append("the instruction set is \(now.kernels), was \(kernels)")
        } else if let (old, new) = zip(edits, now.edits).first(where: {
            $0.kernels != nil && $0.kernels != $1.kernels
        }) {
            func names(_ edit: Edit) -> String { (edit.kernels ?? []).joined(separator: ", ") }
            drift.append("products are computed by \(names(new)), were by \(names(old))")
        }
        return drift
    }

    private func drift(ofAddOns now: Receipt) -> [String] {
        addOns.compactMap { old in
            let found = now.addOns.first { $0.key == old.key && $0.name == old.name }
            return found?.files.map(\.sha256) == old.files.map(\.sha256)
                ? nil : "the \(old.key) \(old.name) is another file, or missing"
        }
    }
}
