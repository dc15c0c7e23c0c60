import Foundation
import Gesso
import HTTPTypes
import Hummingbird

extension GessoServer {
    /// Work on pictures that takes no model.
    var sdapiTools: [Route] {
        [
            Route(
                .post, "/sdapi/v1/png-info", "The settings in a picture", body: Self.anyObject
            ) { call in
                var fields = try await call.fields()
                let text = fields.string("image", limit: .max)
                try fields.check()
                guard let text else { throw Complaint(404, "Image not found") }
                let found = try await offPool {
                    try decodedBase64(text, field: "image").metadata.parameters
                }
                guard let found else {
                    return .json(["info": "", "items": [:], "parameters": [:]])
                }
                let infotext = Infotext(found)
                var parameters: [String: JSONValue] = [
                    "Prompt": .string(infotext.prompt),
                    "Negative prompt": .string(infotext.negativePrompt),
                ]
                for entry in infotext.settings {
                    parameters[entry.name] = .string(entry.value)
                    let sides = entry.value.split(separator: "x", omittingEmptySubsequences: false)
                    if sides.count == 2, sides.allSatisfy({ UInt32($0) != nil }) {
                        parameters[entry.name + "-1"] = .string(String(sides[0]))
                        parameters[entry.name + "-2"] = .string(String(sides[1]))
                    }
                }
                return .json([
                    "info": .string(found), "items": ["parameters": .string(found)],
                    "parameters": .object(parameters),
                ])
            },
            Route(
                .post, "/sdapi/v1/extra-single-image", "Resize a picture", body: Self.anyObject
            ) { call in
                var fields = try await call.fields()
                let text = fields.string("image", limit: .max)
                let scaling = try Scaling(&fields)
                guard let text else { throw Complaint(404, "Image not found") }
                let image = try await offPool { try scaling.scaled(text).base64EncodedString() }
                return .json(["html_info": "", "image": .string(image)])
            },
            Route(
                .post, "/sdapi/v1/extra-batch-images", "Resize pictures", body: Self.anyObject
            ) { call in
                var fields = try await call.fields()
                let texts = (fields["imageList"]?.array ?? []).compactMap { $0["data"]?.string }
                guard texts.count <= 16 else {
                    throw Complaint.invalid("imageList", "at most 16 pictures at once")
                }
                let scaling = try Scaling(&fields)
                let images = try await offPool {
                    try texts.map { try scaling.scaled($0).base64EncodedString() }
                }
                return .json(["html_info": "", "images": .array(images.map { .string($0) })])
            },
            Route(
                .post, "/sdapi/v1/interrogate", "Not offered", body: Self.anyObject
            ) { _ in throw Complaint(404, "Model not found") },
            Route(
                .post, "/sdapi/auto-photoshop-sd/mask/expansion", "Grow and blur a mask",
                body: Self.anyObject
            ) { call in
                var fields = try await call.fields()
                let text = fields.string("mask", limit: .max)
                let growth = fields.integer("mask_expansion", in: 0...512) ?? 0
                let blur = fields.integer("blur", in: 0...256) ?? 0
                try fields.check()
                guard let text else { throw Complaint.invalid("mask", "field required") }
                let data = try await offPool {
                    let mask = Mask(try decodedBase64(text, field: "mask").onWhite)
                    return try mask.dilated(by: growth).blurred(sigma: blur).image.encoded(as: .png)
                }
                return .json([
                    "mask": .string("data:image/png;base64," + data.base64EncodedString())
                ])
            },
            Route(.get, "/sdapi/auto-photoshop-sd/heartbeat", "Whether the server answers") { _ in
                .json(["heartbeat": true])
            },
        ]
    }
}

/// How `extra-single-image` resizes.
private struct Scaling: Sendable {
    private let factor: Double
    private let size: (width: Int, height: Int)?
    private let isCropped: Bool
    private let filter: ResamplingFilter?

    init(_ fields: inout Fields) throws {
        let mode = fields.integer("resize_mode", in: 0...1) ?? 0
        factor = fields.double("upscaling_resize", in: 0.05...8) ?? 2
        let width = fields.integer("upscaling_resize_w", in: 1...8192) ?? 512
        let height = fields.integer("upscaling_resize_h", in: 1...8192) ?? 512
        size = mode == 1 ? (width, height) : nil
        isCropped = fields.bool("upscaling_crop") ?? true
        let name = fields.string("upscaler_1") ?? "None"
        switch name.lowercased() {
        case "none", "": filter = nil
        case "lanczos": filter = .lanczos
        case "nearest": filter = .nearest
        default: throw Complaint(404, "could not find upscaler named \(name.prefix(100))")
        }
        try fields.check()
    }

    func scaled(_ text: String) throws -> Data {
        let image = try decodedBase64(text, field: "image")
        guard let filter else { return try image.encoded(as: .png) }
        if let (width, height) = size, isCropped {
            return try image.covering(width: width, height: height, filter: filter)
                .encoded(as: .png)
        }
        // Of a size that is asked for and not cropped to, no side is smaller.
        let factor =
            size.map { width, height in
                max(Double(width) / Double(image.width), Double(height) / Double(image.height))
            } ?? factor
        let width = max(1, Int(Double(image.width) * factor))
        let height = max(1, Int(Double(image.height) * factor))
        do {
            try ImageLimits.check(width: width, height: height, name: "the larger picture")
        } catch {
            throw Complaint.invalid("upscaling_resize", "\(error)")
        }
        return try image.resized(width: width, height: height, filter: filter)
            .encoded(as: .png)
    }
}
