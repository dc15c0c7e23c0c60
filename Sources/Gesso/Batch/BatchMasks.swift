import Files
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
    case folder(MaskFolder)

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
            self = .folder(MaskFolder(FilePath.literal(spec)))
        } else {
            let source = try MaskSource(spec, at: .argument("--mask"))
            if case .picture(let path) = source,
                !FileManager.default.fileExists(atPath: FilePath.literal(path))
            {
                throw GessoError(
                    .cannotRead, "no such file or folder", at: spec,
                    remedy: .part("masks", "give a folder of masks, or one for all"))
            }
            self = .one(source)
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

    /// The pictures of a list that are masks of others: by their names where the masks are beside the pictures,
    /// else all in the folder of the masks where that is a folder inside of the pictures'. Without such a folder
    /// they are those that were found beside their pictures, rather than named.
    func among(_ list: BatchList) -> [BatchList.Item] {
        guard case .folder(let folder) = self else {
            return list.items.filter { $0.isFound && Self.hasPicture($0, in: list) }
        }
        let hasOthers = !list.items.allSatisfy(folder.holds)
        return list.items.filter { item in
            guard folder.isBeside(item) else { return hasOthers && folder.holds(item) }
            return Self.hasPicture(item, in: list)
        }
    }

    /// Whether a list has the picture that another one is the mask of by its name.
    private static func hasPicture(_ item: BatchList.Item, in list: BatchList) -> Bool {
        guard let stem = MaskFolder.stem(ofMask: item.stem) else { return false }
        let own = (item.input as NSString).deletingLastPathComponent
        return list.names.contains((own as NSString).appendingPathComponent(stem).lowercased())
    }

    private func source(for item: BatchList.Item) throws -> MaskSource {
        if let own = item.mask { return try MaskSource(own, at: .argument("--mask")) }
        switch self {
        case .none:
            guard FileManager.default.fileExists(atPath: FilePath.literal(item.input)) else {
                throw GessoError(
                    .cannotRead, "no such file", at: item.input, do: "correct the list")
            }
            throw GessoError(
                .usage, "no mask for \(item.input)",
                remedy: .part(
                    "masks", "give a folder of masks, one for all, or one in the list"))
        case .one(let source): return source
        case .folder(let folder):
            guard let mask = folder.mask(of: item) else {
                let other = folder.isBeside(item) ? "" : " or \(item.stem).png"
                throw GessoError(
                    .cannotRead, "no mask for \(item.input)", at: folder.path,
                    remedy: .part("masks", "call it \(item.stem)_mask.png" + other))
            }
            return .picture(mask)
        }
    }
}
