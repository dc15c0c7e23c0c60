import Editing

/// The program as the pictures and receipts that it makes name it.
public enum Program {
    /// The version.
    public static let version = "0.1.0"

    /// Name and version: `gesso 0.1.0`.
    public static let name = "gesso " + version

    /// The instruction set that the kernels use: `portable`, `avx2` or `avx512`.
    public static var kernels: String { Editor.instructionSet }
}
