/// Whether the autoencoder works in overlapping tiles: less memory, at a small difference.
public enum VAETiling: String, CaseIterable, Sendable {
    /// Above a size that depends on the picture alone, 1024x1024 pixels in all.
    case auto
    /// Always.
    case on
    /// Never.
    case off

    /// Whether a picture of that size is worked on in tiles.
    public func tiles(width: Int, height: Int) -> Bool {
        switch self {
        case .auto: width * height > 1024 * 1024
        case .on: true
        case .off: false
        }
    }
}
