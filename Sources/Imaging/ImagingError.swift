/// What can go wrong between a file and a picture.
public enum ImagingError: Error, Equatable, CustomStringConvertible {
    /// The file cannot be opened or read.
    case unreadable(name: String, reason: String)
    /// The path leads to a folder.
    case folder(name: String)
    /// The file is no picture that is read; `found` says what it is, as in "a PDF".
    case notAPicture(name: String, found: String)
    /// The file breaks its own format or ends early.
    case damaged(name: String, format: ImageFormat, detail: String)
    /// A valid file of a kind that is not read.
    case unsupported(name: String, format: ImageFormat, detail: String)
    /// More pixels than ``ImageLimits`` allow.
    case tooLarge(name: String, width: Int, height: Int)
    /// The picture cannot be stored in this format.
    case cannotEncode(format: ImageFormat, reason: String)
    /// Two pictures that belong together differ in size.
    case sizesDiffer(what: String, width: Int, height: Int, expectedWidth: Int, expectedHeight: Int)
    /// There is not enough memory.
    case outOfMemory(name: String)

    /// What, where, what to do, in one line.
    public var description: String {
        switch self {
        case .unreadable(let name, let reason):
            "\(name): cannot be read: \(reason)"
        case .folder(let name): "\(name): cannot be read: it is a folder"
        case .notAPicture(let name, let found):
            "\(name): is \(found), not a picture that is read; \(remedy(forForeign: found))"
        case .damaged(let name, let format, let detail):
            "\(name): damaged \(format) file: \(detail); use an intact copy"
        case .unsupported(let name, let format, let detail):
            "\(name): this kind of \(format) is not supported: \(detail); save it again as PNG"
        case .tooLarge(let name, let width, let height):
            "\(name): \(width)x\(height) pixels exceed the limit of "
                + "\(ImageLimits.side) a side and \(ImageLimits.pixels / 1_000_000) megapixels"
        case .cannotEncode(let format, let reason):
            "cannot write this picture as \(format): \(reason)"
        case .sizesDiffer(let what, let width, let height, let expectedWidth, let expectedHeight):
            "\(what) is \(width)x\(height), the picture is \(expectedWidth)x\(expectedHeight); "
                + "they must be of one size"
        case .outOfMemory(let name):
            "\(name): not enough memory for this picture"
        }
    }

    /// The exit code of a tool that stops with this error, after BSD's sysexits.
    public var exitCode: Int32 {
        switch self {
        case .notAPicture, .damaged, .unsupported, .tooLarge, .cannotEncode, .sizesDiffer: 65
        case .unreadable, .folder: 66
        case .outOfMemory: 75
        }
    }
}
