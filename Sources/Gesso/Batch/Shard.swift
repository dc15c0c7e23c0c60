import Foundation

/// One of several machines' share of a batch: every `count`th picture, from the `number`th on.
public struct Shard: Sendable, Equatable, CustomStringConvertible {
    /// From 1 to `count`.
    public let number: Int
    /// How many shares there are.
    public let count: Int

    /// All pictures.
    public static let whole = Shard(number: 1, count: 1)

    /// As it is written.
    public var description: String { "\(number)/\(count)" }

    /// Whether a picture, counted from 0, is in it.
    public func holds(_ index: Int) -> Bool { index % count == number - 1 }

    /// What is in the name of its journal and drafts.
    var tag: String { count == 1 ? "" : "-\(number)of\(count)" }

    /// A share.
    public init(number: Int, count: Int) { (self.number, self.count) = (number, count) }
}
