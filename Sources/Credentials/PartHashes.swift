import Files
import Foundation

/// The hashes of a picture's data in a file of boxes, in parts of so many bytes (`merkle` of
/// `c2pa.hash.bmff.v3`, specification 2.2, 18.6): a row of the tree of hashes for each box `mdat`.
package struct PartHashes {
    /// Bytes of a box that belong to the hash of the boxes: its length and kind, in the longer form.
    static let headBytes = 16
    private static let (mostBoxes, mostParts) = (1000, 1_000_000)

    private struct Tree {
        let place: Int
        let count: Int
        let algorithm: CBOR?
        let row: [Data]
        /// Of each part but the last, or of all of them.
        let sizes: Sizes
    }

    private enum Sizes {
        case all(Int)
        case each([Int])
    }

    private let trees: [Tree]

    /// Nil for what is malformed.
    package init?(_ list: [CBOR]) {
        guard (1...Self.mostBoxes).contains(list.count) else { return nil }
        let trees = list.compactMap(Self.tree).sorted { $0.place < $1.place }
        guard trees.count == list.count, Set(trees.map(\.place)).count == trees.count else {
            return nil
        }
        self.trees = trees
    }

    private static func tree(_ value: CBOR) -> Tree? {
        guard let place = value["localId"]?.integer, let count = value["count"]?.integer,
            (1...mostParts).contains(count), value["initHash"]?.bytes == nil,
            let row = value["hashes"]?.array?.compactMap(\.bytes), !row.isEmpty
        else { return nil }
        let sizes: Sizes
        if let size = value["fixedBlockSize"]?.integer {
            guard size > 0 else { return nil }
            sizes = .all(size)
        } else if let each = value["variableBlockSizes"]?.array?.compactMap(\.integer) {
            guard each.count == count, each.allSatisfy({ $0 > 0 }) else { return nil }
            sizes = .each(each)
        } else {
            sizes = .each([])
        }
        return Tree(place: place, count: count, algorithm: value["alg"], row: row, sizes: sizes)
    }

    /// Whether these are the hashes of the boxes' contents; nil for an unknown hash function.
    func hold(for contents: [Data], _ manifest: Manifest) -> Bool? {
        guard contents.count == trees.count else { return false }
        for (tree, content) in zip(trees, contents) {
            guard let algorithm = manifest.algorithm(tree.algorithm) else { return nil }
            guard let parts = Self.parts(of: content, tree) else { return false }
            var row = parts.map { Digest.bytes($0, algorithm) }
            // Two hashes make one; the last of an odd number goes up as it is.
            while row.count > tree.row.count {
                row = stride(from: 0, to: row.count, by: 2).map { place in
                    place + 1 < row.count
                        ? Digest.bytes(row[place] + row[place + 1], algorithm) : row[place]
                }
            }
            guard row == tree.row else { return false }
        }
        return true
    }

    /// The parts of a content; nil where it has another number of them.
    private static func parts(of content: Data, _ tree: Tree) -> [Data]? {
        let sizes: [Int]
        switch tree.sizes {
        case .all(let size):
            guard (content.count - 1) / size + 1 == tree.count, !content.isEmpty else { return nil }
            sizes = Array(repeating: size, count: tree.count)
        case .each(let each): sizes = each.isEmpty ? [content.count] : each
        }
        var rest = content
        var parts: [Data] = []
        for size in sizes {
            parts.append(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        return rest.isEmpty && parts.count == tree.count ? parts : nil
    }
}
