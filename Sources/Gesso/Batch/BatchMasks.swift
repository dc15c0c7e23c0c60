import Foundation
import Imaging
public import Recipes

/// The masks of a batch.
public enum BatchMasks: Sendable {
    /// None.
    case none
    /// One for all pictures.
    case one(MaskSource)
    /// Files named as the pictures are.
    case folder(String)

    /// A folder of masks, or a shape or the path of a picture for all; nil is none.
    ///
    /// - Throws: `RecipeError` for a shape that is none.
    public init(_ spec: String?) throws {
        guard let spec else {
            self = .none
            return
        }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: FilePath.literal(spec), isDirectory: &isFolder),
            isFolder.boolValue
        {
            self = .folder(FilePath.literal(spec))
        } else {
            self = .one(try MaskSource(spec, at: .argument("--mask")))
        }
    }

    /// Whether there are any.
    public var isGiven: Bool {
        if case .none = self { false } else { true }
    }

    /// The mask of a picture: that of its list, else the one for all, else the file of its name.
    func plan(for item: BatchList.Item) throws -> MaskPlan {
        MaskPlan(parts: [MaskPlan.Part(try source(for: item), at: .argument("--masks"))])
    }

    /// What the name of a mask may have behind that of its picture.
    private static let suffixes = ["_mask", "-mask"]

    /// The picture that a mask is of, by its name without the ending; nil if it is not named as masks are.
    private static func stem(ofMask stem: String) -> String? {
        suffixes.first { stem.hasSuffix($0) && stem != $0 }.map { String(stem.dropLast($0.count)) }
    }

    /// Whether a picture is the mask of another one of the list, beside it, where the masks are looked for.
    func holds(_ item: BatchList.Item, of list: BatchList) -> Bool {
        guard case .folder(let folder) = self, let stem = Self.stem(ofMask: item.stem) else {
            return false
        }
        let own = (item.input as NSString).deletingLastPathComponent
        let base = (folder as NSString).appendingPathComponent(item.folder + item.stem)
        return Self.isSame(base, (own as NSString).appendingPathComponent(item.stem))
            && list.names.contains((own as NSString).appendingPathComponent(stem))
    }

    private static func isSame(_ path: String, _ other: String) -> Bool {
        FilePath.resolved(URL(filePath: path)) == FilePath.resolved(URL(filePath: other))
    }

    /// The first file of those names, with an ending of a picture in small or in capital letters.
    private static func file(called names: [String]) -> String? {
        let endings = ImageFormat.pathExtensions
        return names.lazy.flatMap { name in
            (endings + endings.map { $0.uppercased() }).lazy.map { name + "." + $0 }
        }.first { FileManager.default.fileExists(atPath: $0) }
    }

    private func source(for item: BatchList.Item) throws -> MaskSource {
        if let own = item.mask { return try MaskSource(own, at: .argument("--mask")) }
        switch self {
        case .none:
            throw GessoError(
                .usage, "no mask for \(item.input)",
                remedy: .part(
                    "masks", "give a folder of masks, one for all, or one in the list"))
        case .one(let source): return source
        case .folder(let folder):
            let base = (folder as NSString).appendingPathComponent(item.folder + item.stem)
            let isBeside = Self.isSame(base, (item.input as NSString).deletingPathExtension)
            let names = (isBeside ? [] : [base]) + Self.suffixes.map { base + $0 }
            return .picture(Self.file(called: names) ?? names[0] + ".png")
        }
    }
}
