import Files
public import Foundation
public import Imaging
import Recipes

/// The pictures of a batch, in their order.
public struct BatchList {
    /// One picture.
    public struct Item {
        /// Its path.
        public let input: String
        /// Folder of its output inside the output folder; empty or ending in `/`.
        public var folder = ""
        /// Its own mask, if a list says one.
        public var mask: String?
        /// Whether it was found in a folder or by a pattern, rather than named.
        var isFound = false
        /// Settings of its own, of a list.
        public var settings: [Setting] = []
        /// Whether it is a line of a list.
        var isOfLine = false
        /// Why its line of a list cannot be read; nil for all others. Its input is then the line's place.
        public var fault: GessoError?

        /// The same with a number for a seed of its own that is to be drawn: that of the batch at its place draws it,
        /// so that a batch which goes on draws it again.
        func drawingSeed(by seed: UInt64?) -> Item {
            guard let seed else { return self }
            var drawn = self
            drawn.settings = settings.map { setting in
                guard setting.key == "seed", Recipe.drawsSeed(setting.value) else {
                    return setting
                }
                return Setting("seed", "\(Recipe.seed(drawnBy: seed))", at: setting.origin)
            }
            return drawn
        }

        /// The file's name without its ending.
        public var stem: String {
            let name = input.folderAndName.name
            return (name.isEmpty ? input : name).withoutPathEnding
        }

        /// The format of the file, as its name has it.
        public var format: ImageFormat? {
            ImageFormat(pathExtension: input.pathEnding)
        }
    }

    /// The pictures, in their order.
    public let items: [Item]

    /// The paths of pictures in its folders that are of formats which are not read, or have no ending of a
    /// format.
    public let unread: [String]

    /// The paths of all pictures without their endings, in small letters.
    let names: Set<String>

    /// Whether a list names masks.
    public var namesMasks: Bool { items.contains { $0.mask != nil } }

    /// The same list without some of its pictures.
    func filter(_ isKept: (Item) throws -> Bool) rethrows -> BatchList {
        BatchList(try items.filter(isKept), unread)
    }

    /// The same list without files that were found and are a batch's in the output folder, which was begun without them
    /// and goes on: its results, and what shows the whole of it. The paths of the latter are returned, too.
    ///
    /// - Parameter sheets: the paths of its contact sheet and report, which its end replaces.
    public func withoutResults(
        in folder: URL, and sheets: [String]
    ) -> (rest: BatchList, sheets: [String]) {
        let entries = Journal.looks(in: folder).flatMap(\.entries)
        let results = Set(
            entries.filter { $0.sha256 != nil }
                .map { FilePath.resolved(folder.appending(path: $0.output)) })
        guard !results.isEmpty else { return without(sheets, of: entries) }
        return filter {
            !$0.isFound || !results.contains(FilePath.resolved(URL(filePath: $0.input)))
        }.without(sheets, of: entries)
    }

    private func without(
        _ sheets: [String], of entries: [Journal.Entry]
    ) -> (rest: BatchList, sheets: [String]) {
        guard !entries.isEmpty, !sheets.isEmpty else { return (self, []) }
        let own = Set(sheets.map { FilePath.resolved(URL(filePath: FilePath.literal($0))) })
            .subtracting(entries.map { FilePath.resolved(URL(filePath: $0.input)) })
        func isSheet(_ item: Item) -> Bool {
            item.isFound && own.contains(FilePath.resolved(URL(filePath: item.input)))
        }
        return (filter { !isSheet($0) }, items.filter(isSheet).map(\.input))
    }

    private init(_ items: [Item], _ unread: [String]) {
        (self.items, self.unread) = (items, unread)
        names = Set(items.map { $0.input.withoutPathEnding.lowercased() })
    }

    /// - Parameters:
    ///   - places: folders, files, patterns with `*` and `?`, lists that end in `.jsonl`, and
    ///     lists of paths alone in `.txt`. Pictures in folders that are of no format that is read are
    ///     ``unread``.
    ///   - recursive: whether folders inside folders are searched, too.
    ///   - without: a folder that is left out: the outputs'.
    public init(_ places: [String], recursive: Bool, without excluded: URL) throws {
        var (items, unread) = ([Item](), [String]())
        for place in places {
            items += try Self.items(at: place, recursive: recursive, without: excluded, &unread)
        }
        guard !items.isEmpty else {
            let isList = places.allSatisfy {
                Self.listEndings.union(["txt"]).contains($0.pathEnding.lowercased())
            }
            throw GessoError(
                .cannotRead, "no pictures", at: places.joined(separator: " "),
                remedy: isList
                    ? .advice("write one a line")
                    : recursive
                        ? .advice("give a folder with .png, .jpg or other pictures")
                        : .searchDeeper)
        }
        self.init(items, unread)
    }

    /// Endings of lists that hold an object of JSON a line.
    private static let listEndings: Set = ["jsonl", "ndjson"]

    /// Letters of the names in a note, which is one line.
    private static let mostNamed = 120

    /// A note that names what is left out; nil where there is nothing.
    public static func note(leavingOut paths: [String], for reason: String) -> String? {
        guard !paths.isEmpty else { return nil }
        var named: [String] = []
        for path in paths {
            let length = named.reduce(path.count) { $0 + $1.count + 2 }
            guard named.isEmpty || length <= mostNamed else { break }
            named.append(path)
        }
        let rest = paths.count > named.count ? " and \(paths.count - named.count) more" : ""
        return "left out, for \(reason): " + named.joined(separator: ", ") + rest
    }

    /// Endings of pictures, and of cameras' raw data, that are not read.
    private static let unreadEndings: Set = [
        "3fr", "arw", "cr2", "cr3", "crw", "dng", "eps", "erf", "exr", "hdr", "ico", "iiq", "jp2",
        "jxl", "kra", "mrw", "nef", "nrw", "orf", "pbm", "pdf", "pef", "pgm", "ppm", "psb", "psd",
        "qoi", "raf", "rw2", "sr2", "srw", "svg", "tga", "x3f", "xcf",
    ]

    private static func items(
        at place: String, recursive: Bool, without excluded: URL, _ unread: inout [String]
    ) throws -> [Item] {
        let path = FilePath.literal(place)
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if exists, isFolder.boolValue {
            return try pictures(
                in: path.hasSuffix("/") ? path : path + "/", "", recursive, excluded, &unread)
        }
        let ending = place.pathEnding.lowercased()
        if listEndings.contains(ending) { return try BatchListFile(at: place).items }
        if ending == "txt" { return try BatchListFile(pathsAt: place).items }
        if ["json", "csv", "tsv"].contains(ending) {
            throw GessoError(
                .usage, "is no list that is read", at: place,
                do: "give a .jsonl file, an object of JSON a line, or a .txt file, a path a line")
        }
        if exists { return [Item(input: path)] }
        let found = matches(of: path).map { foundItem($0) }
        return found.isEmpty ? [missing(place, path)] : found
    }

    /// A picture that was found. One whose name is no text fails, for no path leads to it.
    private static func foundItem(_ path: String, in folder: String = "") -> Item {
        var item = Item(input: path, folder: folder, isFound: true)
        var status = stat()
        if path.unicodeScalars.contains("\u{FFFD}"), lstat(path, &status) != 0 {
            item.fault = GessoError(
                .cannotRead, "its name is not UTF-8", at: path, do: "give it another name")
        }
        return item
    }

    /// What stands for a name that leads to nothing: it fails, and the others are made.
    private static func missing(_ place: String, _ path: String) -> Item {
        let isPattern = place.contains { "*?[".contains($0) }
        let isHidden = access(path, F_OK) != 0 && ![ENOENT, ENOTDIR].contains(errno)
        let (what, advice) =
            if isPattern {
                (
                    "no picture has such a name",
                    "put the pattern in quotes, and see that it is right"
                )
            } else if isHidden {
                ("cannot be reached: \(systemMessage(errno))", "see that its folder can be entered")
            } else {
                ("no such file or folder", "see that it is there")
            }
        return Item(input: place, fault: GessoError(.cannotRead, what, at: place, do: advice))
    }

    private static func pictures(
        in root: String, _ folder: String, _ recursive: Bool, _ excluded: URL,
        _ unread: inout [String]
    ) throws -> [Item] {
        let here = root + folder
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: here) else {
            let fault = GessoError(
                .cannotRead, "cannot read the folder", at: here, do: "see that it is readable")
            return [Item(input: here, fault: fault)]
        }
        var items: [Item] = []
        for name in names.sorted() where !name.hasPrefix(".") {
            var isFolder: ObjCBool = false
            let path = here + name
            // A link that leads nowhere is a picture that cannot be read.
            _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            if !isFolder.boolValue {
                if ImageFormat(pathExtension: name.pathEnding) != nil {
                    items.append(foundItem(path, in: folder))
                } else if unreadEndings.contains(name.pathEnding.lowercased())
                    || isPicture(path)
                {
                    unread.append(path)
                }
            } else if recursive, !isLink(path), !isSame(path, excluded) {
                items += try pictures(in: root, folder + name + "/", recursive, excluded, &unread)
            }
        }
        return items
    }

    /// Whether a file begins as a picture of a format that is read, whatever its name.
    private static func isPicture(_ path: String) -> Bool {
        let isRegular =
            (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
            == .typeRegular
        guard isRegular, let handle = FileHandle(forReadingAtPath: path),
            let start = try? handle.read(upToCount: 64)
        else { return false }
        return ImageFormat(sniffing: start) != nil
    }

    private static func isLink(_ path: String) -> Bool {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
    }

    private static func isSame(_ path: String, _ url: URL) -> Bool {
        FilePath.resolved(URL(filePath: path)) == FilePath.resolved(url)
    }

    /// The pictures that a pattern matches, in the order of their names.
    private static func matches(of pattern: String) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0 else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { index in
            found.gl_pathv[index].map { String(cString: $0) }
        }.filter { ImageFormat(pathExtension: $0.pathEnding) != nil }
    }
}

/// A list of pictures in a file: a path a line, or a JSON object a line with `input`, perhaps `mask`,
/// and any keys of recipes. Paths lead from the list's folder.
private struct BatchListFile {
    let items: [BatchList.Item]

    /// The most bytes, and the most lines with something in them, that a list may have.
    private static let (largest, mostLines) = (16 << 20, 1_000_000)

    /// A list of more lines, all of which are bad, is none.
    private static let mostBadLines = 100

    /// A list of paths alone, one a line.
    init(pathsAt path: String) throws {
        items = try Self.items(at: path) { line, number, folder in
            try Self.checkLength(line, at: Self.place(path, number))
            let input = Self.path(line, from: folder)
            let isComment =
                line.trimmed.hasPrefix("#") && !FileManager.default.fileExists(atPath: input)
            return isComment ? nil : BatchList.Item(input: input)
        }
    }

    /// A list of objects of JSON, one a line.
    init(at path: String) throws {
        let decoder = JSONDecoder()
        items = try Self.items(at: path) { line, number, folder in
            let advice = "write {\"input\": \"photo.jpg\"}"
            guard JSONSize.isSmall(line) else {
                throw GessoError(
                    .usage, "more keys than a picture can have", at: Self.place(path, number),
                    do: advice + ", one a line")
            }
            guard
                let object =
                    (try? decoder.decode(
                        [String: Key.Value?].self, from: Data(line.utf8)))?.compactMapValues(\.self)
            else {
                throw GessoError(
                    .usage, "not an object of texts and numbers",
                    at: Self.place(path, number), do: advice + ", one a line")
            }
            if let key = Self.keyGivenTwice(in: line) {
                throw GessoError(
                    .usage, "\(key.prefix(40)) is given twice", at: Self.place(path, number),
                    do: "keep one")
            }
            guard let input = object["input"] else {
                throw GessoError(.usage, "no input", at: Self.place(path, number), do: advice)
            }
            let mask = object["mask"].map { "\($0)" }
            try Self.checkLength("\(input)", at: Self.place(path, number))
            try mask.map { try Self.checkLength($0, at: Self.place(path, number)) }
            let settings = object.filter { !["input", "mask"].contains($0.key) }
                .sorted { $0.key < $1.key }
                .map { key, value in
                    Setting(key, "\(value)", at: .file(path, line: number, column: 1))
                        .from(folder: folder.isEmpty ? nil : String(folder.dropLast()))
                }
            return BatchList.Item(
                input: Self.path("\(input)", from: folder),
                mask: mask.map { $0.contains(":") ? $0 : Self.path($0, from: folder) },
                settings: settings)
        }
    }

    private static func place(_ path: String, _ number: Int) -> String { "\(path):\(number):1" }

    /// The first key that comes twice in an object of texts and numbers.
    private static func keyGivenTwice(in line: String) -> String? {
        let (quote, escape) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
        let bytes = Array(line.utf8)
        var (seen, last) = (Set<String>(), "")
        var (start, isEscaped) = (Int?.none, false)
        for (place, byte) in bytes.enumerated() {
            if let begin = start {
                if byte == quote, !isEscaped {
                    let text = bytes[begin...place]
                    last =
                        (text.contains(escape)
                            ? try? JSONDecoder().decode(String.self, from: Data(text)) : nil)
                        ?? String(decoding: text.dropFirst().dropLast(), as: UTF8.self)
                    start = nil
                }
                isEscaped = byte == escape && !isEscaped
            } else if byte == quote {
                start = place
            } else if byte == UInt8(ascii: ":"), !seen.insert(last).inserted {
                return last
            }
        }
        return nil
    }

    /// The most bytes of a path, or of a mask in words.
    private static let longestPath = 64 << 10

    private static func checkLength(_ path: String, at place: String) throws {
        guard path.utf8.count <= longestPath else {
            throw GessoError(
                .usage, "a path of more than \(longestPath >> 10) KiB", at: place,
                do: "write one a line")
        }
    }

    /// What `read` makes of each line that is not empty, with its number from 1 and the list's folder; nil
    /// leaves it out. A line that it cannot read is a picture with a fault.
    ///
    /// - Throws: `GessoError` where the list cannot be read, and of the first line where all of many have a fault.
    private static func items(
        at path: String, _ read: (String, Int, String) throws -> BatchList.Item?
    ) throws -> [BatchList.Item] {
        let (lines, url) = try lines(at: path)
        let folder = (url.relativePath + "/").withoutDotFolders
        let items: [BatchList.Item] = try lines.compactMap { line, number in
            do {
                guard let text = String(validating: line, as: UTF8.self) else {
                    throw GessoError(
                        .badData, "not UTF-8", at: place(path, number), do: "save the list as UTF-8"
                    )
                }
                var item = try read(text, number, folder)
                item?.isOfLine = true
                return item
            } catch let fault as GessoError {
                return BatchList.Item(input: "\(path):\(number)", isOfLine: true, fault: fault)
            }
        }
        // It is something else than a list.
        if let fault = items.first?.fault, items.count > mostBadLines,
            items.allSatisfy({ $0.fault != nil })
        {
            throw fault
        }
        return items
    }

    /// The lines of a list, which may begin with a byte order mark and end in LF, CR LF or CR, without the
    /// empty ones, each with its number from 1, and the list's folder.
    private static func lines(
        at path: String
    ) throws -> (lines: [(line: Data, number: Int)], folder: URL) {
        let file = try FilePath.file(path, orFailWith: .cannotRead)
        guard let handle = try? FileHandle(forReadingFrom: file),
            let data = try? handle.read(upToCount: largest + 1) ?? Data()
        else {
            throw GessoError(
                .cannotRead, "cannot read the list", at: path, do: "give a file in UTF-8")
        }
        let fault = GessoError(
            .usage, "too long for a list", at: path,
            do: "keep it under \(largest >> 20) MiB and \(mostLines) lines, or part it")
        guard data.count <= largest else { throw fault }
        let mark = Data("\u{FEFF}".utf8)
        var content = data.starts(with: mark) ? data.dropFirst(mark.count) : data
        // Windows' editors also save UTF-16, with a mark that says which.
        let isWide = data.starts(with: [0xFF, 0xFE]) || data.starts(with: [0xFE, 0xFF])
        if data.count % 2 == 0, let encoding = isWide ? .utf16 : wideEncoding(data) {
            content = String(data: data, encoding: encoding).map { Data($0.utf8) } ?? content
        }
        let lines = linesThatHoldSomething(content)
        guard lines.count <= mostLines else { throw fault }
        return (lines, file.deletingLastPathComponent())
    }

    /// One more than the most at most.
    private static func linesThatHoldSomething(_ content: Data) -> [(line: Data, number: Int)] {
        let (feed, back) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        let end = content.contains(feed) ? feed : back
        var lines: [(line: Data, number: Int)] = []
        var (start, number, holdsSomething) = (content.startIndex, 1, false)
        func take(upTo index: Data.Index) {
            var line = content[start..<index]
            if line.last == back { line = line.dropLast() }
            if holdsSomething { lines.append((line, number)) }
        }
        for (index, byte) in zip(content.indices, content) where lines.count <= mostLines {
            if byte == end {
                take(upTo: index)
                (start, number, holdsSomething) = (index + 1, number + 1, false)
            } else if byte != 32, !(9...13).contains(byte) {
                holdsSomething = true
            }
        }
        if lines.count <= mostLines { take(upTo: content.endIndex) }
        return lines
    }

    /// UTF-16 without a mark, which shows by the zeros of its first letter; nil for other texts.
    private static func wideEncoding(_ data: Data) -> String.Encoding? {
        guard let first = data.first, let second = data.dropFirst().first else { return nil }
        if first != 0, second == 0 { return .utf16LittleEndian }
        return first == 0 && second != 0 ? .utf16BigEndian : nil
    }

    /// The path from the list's folder. Where there is no such file, white space and quotes around it are taken
    /// off and `\` is taken for `/`, as Windows writes paths.
    private static func path(_ path: String, from folder: String) -> String {
        func full(_ path: String) -> String {
            let isWhole = path.hasPrefix("/") || path == "alpha"
            return isWhole ? path : (folder + path).withoutDotFolders
        }
        let literal = full(path)
        guard !FileManager.default.fileExists(atPath: literal) else { return literal }
        var bare = path.trimmed
        let isQuoted = ["\"", "'"].contains { bare.hasPrefix($0) && bare.hasSuffix($0) }
        if isQuoted, bare.count > 2 { bare = String(bare.dropFirst().dropLast()) }
        let other = full(bare.replacing("\\", with: "/"))
        return FileManager.default.fileExists(atPath: other) ? other : literal
    }
}

extension String {
    /// The path without `./` at its beginning.
    fileprivate var withoutDotFolders: String {
        var rest = utf8[...]
        while rest.starts(with: "./".utf8) {
            rest = rest.dropFirst(2).drop { $0 == UInt8(ascii: "/") }
        }
        return String(Substring(rest))
    }
}
