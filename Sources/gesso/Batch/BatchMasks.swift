import Foundation
import Recipes

/// The masks of a batch.
enum BatchMasks {
    case none
    /// One for all pictures.
    case one(MaskPart)
    /// Files named as the pictures are.
    case folder(String)

    init(_ spec: String?) throws {
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
            self = .one(MaskPart(spec: spec, source: try MaskSource(spec), subtracts: false))
        }
    }

    var isGiven: Bool {
        if case .none = self { false } else { true }
    }

    /// The mask of a picture: that of its list, else the one for all, else the file of its name.
    func parts(for item: BatchList.Item) throws -> [MaskPart] {
        if let own = item.mask {
            return [MaskPart(spec: own, source: try MaskSource(own), subtracts: false)]
        }
        switch self {
        case .none:
            throw Failure(
                .usage, "no mask for \(item.input)", at: "--masks",
                do: "give a folder of masks, one for all, or one in the list")
        case .one(let part): return [part]
        case .folder(let folder):
            let base = (folder as NSString).appendingPathComponent(item.folder + item.stem)
            let path =
                ["png", "jpg", "jpeg", "webp"].map { base + "." + $0 }
                .first { FileManager.default.fileExists(atPath: $0) } ?? base + ".png"
            return [MaskPart(spec: path, source: .file(path), subtracts: false)]
        }
    }
}
