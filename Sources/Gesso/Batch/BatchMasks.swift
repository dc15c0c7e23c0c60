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

    /// Whether a picture is the mask of another one of the list, beside it, where the masks are looked for.
    func holds(_ item: BatchList.Item, of list: BatchList) -> Bool {
        guard case .folder(let folder) = self, folder.isBeside(item),
            let stem = MaskFolder.stem(ofMask: item.stem)
        else { return false }
        let own = (item.input as NSString).deletingLastPathComponent
        return list.names.contains((own as NSString).appendingPathComponent(stem).lowercased())
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
        case .folder(let folder): return .picture(folder.mask(of: item))
        }
    }
}
