import Files
import Editing
package import Foundation

/// What a checkpoint is and holds, as `gesso model inspect --json` prints it. Keys are only ever added
/// within a schema's number.
package struct ModelDocument: Encodable {
    private let schema = "gesso.model/1"
    /// `checkpoint`, or what else the file is; `unknown` if nothing tells.
    private let kind: String
    private let path: String
    private let family: String?
    private let layout: String?
    private let nativeSize: Int?
    private let pixelsPerLatent: Int?
    private let scheduler: String?
    private let prediction: String?
    private let predictionReason: String?
    private let channels: Int?
    private let purpose: String?
    private let distillation: String?
    private let components: [Component]
    /// Tensors of a checkpoint that belong to no component.
    private let outside: Names?
    private let metadata: [String: String]?
    private let ranks: [Int]?
    private let standIn: Bool
    private let memory: Memory?
    /// With `--hash`: every file that the results depend on.
    private let files: [HashedFile]?

    /// How many, and the first of them.
    package struct Names: Encodable {
        package let count: Int
        package let names: [String]

        package init(_ all: [String]) {
            (count, names) = (all.count, Array(all.prefix(20)))
        }
    }

    package struct Component: Encodable {
        package let name: String
        package let tensors: Int
        package let parameters: [String: Int]
        package let missing: Names
        package let misshapen: Names
        package let unsupported: Names
        package let nonFinite: Names
        package let leftOver: Names
    }

    package struct Memory: Encodable {
        package let width: Int
        package let height: Int
        package let weightBytes: Int
        package let workBytes: Int
    }

    package init(_ model: ModelInspection, path: String, files: [HashedFile]?) {
        kind = "checkpoint"
        self.path = path
        self.files = files
        (family, layout) = (model.family, model.layout)
        (nativeSize, pixelsPerLatent) = (model.nativeSize, model.pixelsPerLatent)
        (scheduler, prediction) = (model.scheduler, model.prediction)
        predictionReason = model.predictionReason
        (channels, purpose) = (model.channels, model.purpose)
        distillation = model.distillation
        components = model.components.map {
            Component(
                name: $0.name, tensors: $0.tensors, parameters: $0.parameters,
                missing: Names($0.missing), misshapen: Names($0.misshapen),
                unsupported: Names($0.unsupported), nonFinite: Names($0.nonFinite),
                leftOver: Names($0.leftOver))
        }
        outside = model.outside.isEmpty ? nil : Names(model.outside)
        (metadata, ranks) = (nil, nil)
        standIn = model.isStandIn
        memory = Memory(
            width: model.width, height: model.height, weightBytes: model.weightBytes,
            workBytes: model.workBytes)
    }

    package init(_ file: OtherFile, path: String, files: [HashedFile]?) {
        kind = file.guess ?? "unknown"
        self.path = path
        self.files = files
        (family, layout, nativeSize, pixelsPerLatent) = (nil, nil, nil, nil)
        (scheduler, prediction, predictionReason, channels) = (nil, nil, nil, nil)
        (purpose, distillation, outside, memory, standIn) = (nil, nil, nil, nil, false)
        let none = Names([])
        components = [
            Component(
                name: "file", tensors: file.tensors, parameters: file.parameters, missing: none,
                misshapen: none, unsupported: none, nonFinite: none, leftOver: none)
        ]
        metadata = file.metadata.isEmpty ? nil : file.metadata
        ranks = file.ranks.isEmpty ? nil : file.ranks
    }
}

extension ModelDocument {
    /// The same for people.
    package var lines: [String] {
        var lines = family.map { ["family: \($0)"] } ?? ["kind: \(kind)"]
        if let layout { lines.append("layout: \(layout)") }
        if let nativeSize, let pixelsPerLatent {
            lines.append(
                "size: \(nativeSize)x\(nativeSize) pixels, \(pixelsPerLatent) to a latent")
        }
        if let prediction, let predictionReason {
            lines.append("scheduler: \(scheduler ?? "not named"), \(prediction) prediction")
            lines.append("prediction: \(predictionReason)")
        }
        if let distillation { lines.append("made for: \(distillation)") }
        if let purpose { lines.append("made for: \(purpose)") }
        for component in components { lines += component.lines }
        if let outside { lines.append("of no part: " + outside.text) }
        if let ranks { lines.append("ranks: " + ranks.map(String.init).joined(separator: ", ")) }
        for (key, value) in (metadata ?? [:]).sorted(by: { $0.key < $1.key }).prefix(20) {
            lines.append("metadata \(key): \(value.prefix(80))")
        }
        if let memory {
            lines.append(
                "memory: \(memory.weightBytes.gigabytes) of weights and "
                    + "\(memory.workBytes.gigabytes) of work at \(memory.width)x\(memory.height)")
        }
        if standIn { lines.append("stand-in: a small model that knows drawn landscapes only") }
        return lines + (files ?? []).map(\.line)
    }
}

extension ModelDocument.Names {
    package var text: String {
        "\(count), " + names.prefix(3).joined(separator: ", ") + (count > 3 ? ", …" : "")
    }
}

extension ModelDocument.Component {
    fileprivate var lines: [String] {
        let english = Locale(identifier: "en_US_POSIX")
        let counts = parameters.sorted { $0.key < $1.key }
            .map { "\($0.value.formatted(.number.locale(english))) \($0.key)" }
        let flaws = [
            ("missing", missing), ("of another shape", misshapen), ("of another type", unsupported),
            ("NaN or infinity in", nonFinite), ("left over", leftOver),
        ]
        return ["\(name): " + counts.joined(separator: ", ")]
            + flaws.filter { $0.1.count > 0 }.map { "\(name), \($0.0): \($0.1.text)" }
    }
}

extension Int {
    fileprivate var gigabytes: String {
        String(format: "%.2f GB", Double(self) / 1e9)
    }
}

/// A file with its hashes.
package struct HashedFile: Encodable {
    package let path: String
    package let sha256: String
    /// The first ten digits of it, as AUTOMATIC1111 and Civitai show them.
    package let autoV2: String
    /// AUTOMATIC1111's old hash: that of 64 KiB at 1 MiB, eight digits; nil for shorter files.
    package let autoV1: String?

    package init(_ file: URL, named path: String) throws {
        self.path = path
        sha256 = try Digest.sha256(file: file)
        autoV2 = String(sha256.prefix(10))
        autoV1 = Digest.shortHash(of: file)
    }

    fileprivate var line: String {
        "sha256 \(sha256) (AutoV2 \(autoV2)"
            + (autoV1.map { ", AutoV1 \($0)" } ?? "") + "): \(path)"
    }
}
