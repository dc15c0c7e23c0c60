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
                let bytes = try base64Bytes(text, field: "image")
                let found = try await call.offPool(WorkLength(decoding: bytes)) {
                    try decodedPicture(bytes, field: "image").metadata.parameters
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
                let image = try await call.offPool {
                    try scaling.scaled(text).base64EncodedString()
                }
                return .json(["html_info": .string(scaling.remark), "image": .string(image)])
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
                var images: [JSONValue] = []
                for text in texts {
                    images.append(
                        try await call.offPool {
                            .string(try scaling.scaled(text).base64EncodedString())
                        })
                }
                return .json(["html_info": .string(scaling.remark), "images": .array(images)])
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
                let data = try await call.offPool {
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
    /// A second picture, by another filter, and how much of it is laid over the first, in 0...1.
    private let second: (filter: ResamplingFilter, share: Double)?
    /// What is asked for and not done.
    let remark: String

    init(_ fields: inout Fields) throws {
        let mode = fields.integer("resize_mode", in: 0...1) ?? 0
        factor = fields.double("upscaling_resize", in: 0.05...8) ?? 2
        let width = fields.integer("upscaling_resize_w", in: 1...8192) ?? 512
        let height = fields.integer("upscaling_resize_h", in: 1...8192) ?? 512
        size = mode == 1 ? (width, height) : nil
        isCropped = fields.bool("upscaling_crop") ?? true
        filter = try Self.filter(fields.string("upscaler_1"))
        let other = try Self.filter(fields.string("upscaler_2"))
        let share = fields.double("extras_upscaler_2_visibility", in: 0...1) ?? 0
        second = share > 0 ? other.map { ($0, share) } : nil
        let faces = ["gfpgan_visibility", "codeformer_visibility"].filter {
            (fields.double($0, in: 0...1) ?? 0) > 0
        }
        remark =
            faces.isEmpty ? "" : "\(faces.joined(separator: ", ")): face restoration is not offered"
        try fields.check()
    }

    /// - Throws: `Complaint` with 404 for a name that is not listed.
    private static func filter(_ name: String?) throws -> ResamplingFilter? {
        switch (name ?? "None").lowercased() {
        case "none", "": nil
        case "lanczos": .lanczos
        case "nearest": .nearest
        default: throw Complaint(404, "could not find upscaler named \((name ?? "").prefix(100))")
        }
    }

    func scaled(_ text: String) throws -> Data {
        let image = try decodedBase64(text, field: "image")
        guard let filter else { return try image.encoded(as: .png) }
        var scaled = try scaled(image, filter)
        if let second {
            let other = try self.scaled(image, second.filter)
            scaled.samples = zip(scaled.samples, other.samples).map {
                UInt16((Double($0) + (Double($1) - Double($0)) * second.share).rounded())
            }
        }
        return try scaled.encoded(as: .png)
    }

    private func scaled(_ image: Image, _ filter: ResamplingFilter) throws -> Image {
        if let (width, height) = size, isCropped {
            return image.covering(width: width, height: height, filter: filter)
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
        return image.resized(width: width, height: height, filter: filter)
    }
}
