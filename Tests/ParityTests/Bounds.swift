import Foundation
import Synchronization
import Tensors
import Testing

/// How far each stage may be from its recording, relative to the recording's largest value:
/// Fixtures/Parity/bounds.json, which `Scripts/record-bounds` writes. Each bound is twice the largest
/// difference measured with any set of kernels.
enum Bounds {
    private static let recorded: Result<[String: Float], any Error> = Result {
        let file = RecordedEdit.folder.appending(path: "bounds.json")
        return try JSONDecoder().decode([String: Float].self, from: Data(contentsOf: file))
    }
    private static let measurements = Mutex<FileHandle?>(nil)

    /// The bound of a stage; nil where none is recorded.
    static func bound(of stage: String) throws -> Float? { try recorded.get()[stage] }

    /// Where GESSO_MEASURE_BOUNDS names a file, differences are appended to it; answers whether it does.
    static func measure(_ stage: String, _ difference: Float) throws -> Bool {
        guard let path = ProcessInfo.processInfo.environment["GESSO_MEASURE_BOUNDS"] else {
            return false
        }
        try measurements.withLock { handle in
            if handle == nil {
                if !FileManager.default.fileExists(atPath: path) {
                    try Data().write(to: URL(filePath: path))
                }
                handle = try FileHandle(forWritingTo: URL(filePath: path))
                try handle?.seekToEnd()
            }
            try handle?.write(contentsOf: Data("\(stage)\t\(difference)\n".utf8))
        }
        return true
    }
}

/// Expects the largest difference from a recording to be within the bound of a stage.
func expectEqual(
    _ found: Tensor, _ recorded: Tensor, stage: String,
    _ location: SourceLocation = #_sourceLocation
) throws {
    try #require(found.shape == recorded.shape, sourceLocation: location)
    #expect(!found.hasNonFiniteValues, sourceLocation: location)
    let difference = zip(found.values, recorded.values).map { abs($0 - $1) }.max() ?? .infinity
    let relative = difference / (recorded.values.map { abs($0) }.max() ?? 0)
    guard try !Bounds.measure(stage, relative) else { return }
    let bound = try #require(
        try Bounds.bound(of: stage), "no bound for '\(stage)': run Scripts/record-bounds",
        sourceLocation: location)
    #expect(
        relative <= bound, "\(stage): relative difference \(relative)", sourceLocation: location)
}
