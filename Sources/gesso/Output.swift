import Foundation
import Gesso
import Terminal

/// Where the result goes, known to be possible before any work is done.
struct Output {
    /// The path as given; `-` is standard output.
    let path: String
    let format: ImageFormat
    /// Quality of a JPEG, WebP or AVIF, if one is asked for.
    let quality: Int?
    /// The file; nil for standard output.
    let file: URL?
    private let overwrites: Bool
    /// Marks the file until it is whole.
    private let draftTag: String

    /// Whether the picture goes to standard output.
    var isStandardOutput: Bool { path == "-" }

    /// Checks all that can be checked now: the format, the folder, and what is there already.
    init(_ path: String, format: String?, quality: Int?, overwrites: Bool) throws {
        self.path = path
        self.overwrites = overwrites
        self.quality = quality
        draftTag = ""
        file = try path == "-" ? nil : FilePath.file(path, orFailWith: .cannotCreate)
        if let file, (try? file.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true {
            throw Failure(
                .cannotCreate, "a folder", at: path,
                do: "end it with / to keep the picture's name: -o \(path)/")
        }
        if let file { try Self.checkPlace(file, path, overwrites: overwrites) }
        self.format = try Self.format(of: path, named: format)
        try Self.check(quality, for: self.format)
        guard path == "-" else { return }
        let advice = "redirect it to a file"
        if isatty(STDOUT_FILENO) != 0 {
            throw Failure(.usage, "a terminal shows no pictures", at: "-o -", do: advice)
        }
        if ProcessStart.isOutputClosed {
            throw Failure(.cannotCreate, "standard output is closed", at: "-o -", do: advice)
        }
    }

    /// One of many files in a folder that has been looked at.
    init(
        file: URL, format: ImageFormat, quality: Int?, overwrites: Bool, draftTag: String
    ) {
        path = file.relativePath
        self.file = file
        self.format = format
        self.quality = format.hasQuality ? quality : nil
        self.overwrites = overwrites
        self.draftTag = draftTag
    }

    /// The bytes of the file that the picture becomes.
    func encoded(_ image: Image) throws -> Data {
        try image.encoded(as: format, quality: quality)
    }

    /// Encodes the picture and puts it in its place, whole or not at all.
    func write(_ image: Image) throws {
        try write(encoded(image))
    }

    /// Puts the bytes of a picture in their place, whole or not at all.
    ///
    /// - Parameter after: what is written beside it once that is done.
    func write(_ data: Data, then after: () throws -> Void = {}) throws {
        guard let file else {
            try Interruption.whileSending { try Console.result(bytes: data) }
            return try after()
        }
        try Interruption.whileWriting {
            try place(data, as: file)
            try after()
        }
    }

    /// Takes away what was written, unless it may have replaced a file.
    func takeBack() {
        if let file, !overwrites { try? FileManager.default.removeItem(at: file) }
    }

    /// The same within what `Interruption.whileWriting` guards already.
    func place(_ data: Data, as file: URL) throws {
        try writeAtomically(data, to: file, overwrite: overwrites, draftTag: draftTag)
    }

    /// Puts bytes in their place, those of before replaced if they are its own.
    func replace(with data: Data, isOwn: Bool) throws {
        guard let file else { return }
        try writeAtomically(data, to: file, overwrite: overwrites || isOwn, draftTag: draftTag)
    }

    /// The format that a path's ending or a name says.
    static func format(of path: String, named name: String?) throws -> ImageFormat {
        let ending = path == "-" ? "" : path.fileExtension
        let byEnding = ImageFormat(written: ending)
        guard let name else {
            if let format = byEnding ?? (path == "-" ? .png : nil) { return format }
            let what =
                if let format = ImageFormat(pathExtension: ending) {
                    "a \(format) is read but not written"
                } else if ending.isEmpty {
                    "no picture format"
                } else {
                    "unknown format '\(ending.prefix(20))'"
                }
            throw Failure(
                .usage, what, at: path,
                do: "give a name that ends in .png, .jpg, .webp, .avif or .tif")
        }
        let format = try self.format(named: name)
        guard byEnding == nil || byEnding == format else {
            throw Failure(
                .usage, "--format \(name) contradicts the name", at: path, do: "leave out --format")
        }
        return format
    }

    /// The format of that name.
    ///
    /// - Throws: `Failure` for a name of none.
    static func format(named name: String) throws -> ImageFormat {
        guard let format = ImageFormat(written: name) else {
            throw Failure(
                .usage, "unknown format '\(name.prefix(20))'", at: "--format",
                do: "give png, jpg, webp, avif or tif")
        }
        return format
    }

    /// - Throws: `Failure` for a quality that pictures of that format do not have.
    static func check(_ quality: Int?, for format: ImageFormat) throws {
        guard quality == nil || format.hasQuality else {
            throw Failure(
                .usage, "a \(format) has no quality", at: "--quality",
                do: "leave it out, or write a .jpg, .webp or .avif")
        }
    }

    /// The file for a page to be looked at.
    ///
    /// - Throws: `Failure` for a name that browsers do not take for a page.
    static func page(_ path: String, at option: String) throws -> URL {
        guard path.hasSuffix(".html") || path.hasSuffix(".htm") else {
            throw Failure(
                .usage, "'\(path.suffix(40))' is no page", at: option,
                do: "give a name that ends in .html")
        }
        return try FilePath.file(path, orFailWith: .cannotCreate)
    }

    /// What is written beside a result may not replace what the result is made from.
    ///
    /// - Throws: `Failure` where a path leads to a picture of a request.
    static func check(_ path: String, at option: String, keeping requests: [Request]) throws {
        let file = FilePath.resolved(URL(filePath: FilePath.literal(path)))
        let isRead = requests.contains { $0.files.contains(file) }
        guard isRead else { return }
        throw Failure(
            .usage, "it would replace a picture that is read: \(path)", at: option,
            do: "give it another name")
    }

    /// Every file that is written has a path of its own.
    ///
    /// - Parameter paths: with the options that name them.
    /// - Throws: `Failure` where two lead to one file.
    static func checkDistinct(_ paths: [(path: String?, option: String)]) throws {
        var seen: Set<String> = []
        for case (let path?, let option) in paths where path != "-" {
            let file = FilePath.resolved(URL(filePath: FilePath.literal(path)))
            guard seen.insert(file).inserted else {
                throw Failure(
                    .usage, "two results would have one name: \(path)", at: option,
                    do: "give it another name")
            }
        }
    }

    static func checkPlace(_ file: URL, _ path: String, overwrites: Bool) throws {
        do {
            try checkWritable(file, overwrite: overwrites)
        } catch FileError.outputExists {
            throw Failure(
                .cannotCreate, "the output exists", at: path,
                do: "give another name or --overwrite")
        }
    }
}

extension String {
    /// What stands after the last dot of a path's last part; empty if there is none.
    fileprivate var fileExtension: String {
        let name = split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
        return String(name[name.index(after: dot)...])
    }
}
