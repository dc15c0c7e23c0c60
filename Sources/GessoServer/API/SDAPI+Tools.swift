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
                for entry in infotext.settings { parameters[entry.name] = .string(entry.value) }
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
        guard let size else {
            let width = max(1, Int(Double(image.width) * factor))
            let height = max(1, Int(Double(image.height) * factor))
            try ImageLimits.check(width: width, height: height, name: "the larger picture")
            return try image.resized(width: width, height: height, filter: filter)
                .encoded(as: .png)
        }
        let across = Double(size.width) / Double(image.width)
        let down = Double(size.height) / Double(image.height)
        let scale = isCropped ? max(across, down) : min(across, down)
        let large = image.resized(
            width: max(isCropped ? size.width : 1, Int((Double(image.width) * scale).rounded())),
            height: max(isCropped ? size.height : 1, Int((Double(image.height) * scale).rounded())),
            filter: filter)
        guard isCropped else { return try large.encoded(as: .png) }
        return try large.cropped(
            x: (large.width - size.width) / 2, y: (large.height - size.height) / 2,
            width: size.width, height: size.height
        ).encoded(as: .png)
    }
}

extension Mask {
    /// The largest value within a square of `radius` around each pixel.
    fileprivate func dilated(by radius: Int) -> Mask {
        guard radius > 0 else { return self }
        func pass(_ values: [UInt8], length: Int, stride: Int, lines: [Int]) -> [UInt8] {
            var result = values
            for start in lines {
                for index in 0..<length {
                    var largest: UInt8 = 0
                    for near in max(index - radius, 0)...min(index + radius, length - 1) {
                        largest = max(largest, values[start + near * stride])
                        if largest == 255 { break }
                    }
                    result[start + index * stride] = largest
                }
            }
            return result
        }
        let rows = pass(
            values, length: width, stride: 1, lines: (0..<height).map { $0 * width })
        let columns = pass(rows, length: height, stride: width, lines: Array(0..<width))
        return Mask(width: width, height: height, values: columns)
    }
}
