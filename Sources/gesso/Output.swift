import Foundation
import Imaging

/// Where the result goes, known to be possible before any work is done.
struct Output {
    /// The path as given; `-` is standard output.
    let path: String
    let format: ImageFormat
    private let overwrites: Bool
    private let quality: Int?

    /// Whether the picture goes to standard output.
    var isStandardOutput: Bool { path == "-" }

    /// Checks all that can be checked now: the format, the folder, and what is there already.
    init(_ path: String, format: String?, quality: Int?, overwrites: Bool) throws {
        self.path = path
        self.overwrites = overwrites
        self.quality = quality
        if path != "-" { try Self.checkPlace(path, overwrites: overwrites) }
        self.format = try Self.format(of: path, named: format)
        if let quality, !(1...100).contains(quality) {
            throw Failure(.usage, "quality is \(quality)", at: "--quality", do: "give 1 to 100")
        }
        guard path != "-" || isatty(STDOUT_FILENO) == 0 else {
            throw Failure(
                .usage, "a terminal shows no pictures", at: "-o -", do: "redirect it to a file")
        }
    }

    /// Encodes the picture and puts it in its place, whole or not at all.
    func write(_ image: Image) throws {
        let data = try image.encoded(as: format, quality: quality)
        if isStandardOutput { return try Console.result(bytes: data) }
        try Interruption.whileWriting {
            try writeAtomically(data, to: URL(filePath: path), overwrite: overwrites)
        }
    }

    private static func format(of path: String, named name: String?) throws -> ImageFormat {
        let ending = name ?? (path == "-" ? "png" : URL(filePath: path).pathExtension)
        guard let format = ImageFormat(pathExtension: ending) else {
            throw Failure(
                .usage,
                ending.isEmpty ? "no picture format" : "unknown format '\(ending.prefix(20))'",
                at: name == nil ? path : "--format", do: "give a name that ends in .png or .jpg")
        }
        return format
    }

    private static func checkPlace(_ path: String, overwrites: Bool) throws {
        do {
            try checkWritable(URL(filePath: path), overwrite: overwrites)
        } catch ImagingError.outputExists {
            throw Failure(
                .cannotCreate, "the output exists", at: path,
                do: "give another name or --overwrite")
        }
    }
}
