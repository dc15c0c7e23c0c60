import Files
import Editing
import Foundation

extension Library {
    /// The speed of a model with these add-ons and threads, and whether it was measured earlier.
    func speed(
        of model: Model, _ choice: ModelChoice?, _ addOns: AddOns, threads: Int
    ) throws -> (speed: ModelSpeed, isKept: Bool) {
        let parts = [addOns.vae, addOns.unet].compactMap(\.self)
        let files = try (choice.map { try Model.files(of: $0.url).map(\.file) } ?? []) + parts
        let facts = files.map { file in
            let path = file.path(percentEncoded: false)
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            let time = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            return "\(path) \(attributes?[.size] ?? 0) \(time)"
        }
        let machine = [
            Program.version, Program.kernels, "\(threads)", addOns.precision.rawValue,
        ]
        let key = Digest.sha256(Data((facts + machine).joined(separator: "\n").utf8))
        return try SpeedBook(places.speeds).speed(key) { try Editor(model).speed() }
    }
}
