/// Pixels to add on each side of a picture, none negative.
public struct Insets: Sendable, Equatable {
    /// Rows above.
    public var top: Int
    /// Columns on the left.
    public var left: Int
    /// Rows below.
    public var bottom: Int
    /// Columns on the right.
    public var right: Int

    /// Sides that are not named get nothing.
    public init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
        precondition(min(top, left, bottom, right) >= 0)
        self.top = top
        self.left = left
        self.bottom = bottom
        self.right = right
    }

    /// Whether nothing is added at all.
    public var isEmpty: Bool { self == Insets() }
}
