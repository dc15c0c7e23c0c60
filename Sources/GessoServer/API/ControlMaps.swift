import Foundation
import Gesso

/// The pictures that units of the ControlNet extension bring, made to maps and masks of a result's size.
struct ControlMaps: Sendable {
    /// A picture under the name that a ControlNet has for it.
    struct Asked: Sendable {
        let name: String
        let drawing: Drawing
    }

    /// What becomes of it.
    enum Drawing: Sendable {
        /// What a network reads.
        case map(ControlUnit.Picture)
        /// What it does not see of that.
        case hidden(ControlUnit.Picture)
        /// Where it has an effect, a picture in base64.
        case area(String)

        /// - Throws: `Complaint` for what is no picture.
        fileprivate func drawn(width: Int, height: Int) throws -> Image? {
            switch self {
            case .map(let picture): try picture.drawn(width: width, height: height)
            case .hidden(let picture): try picture.drawnMask(width: width, height: height)?.image
            case .area(let text):
                Mask(
                    try ControlUnit.decoded(
                        text, field: "alwayson_scripts.controlnet.effective_region_mask")
                ).image
            }
        }
    }

    let files: [(name: String, file: PreparedPictures.File)]

    /// - Throws: `Complaint` for what is no picture.
    init(_ asked: [Asked], width: Int, height: Int) throws {
        files = try asked.compactMap { asked in
            guard let map = try asked.drawing.drawn(width: width, height: height) else {
                return nil
            }
            return (
                asked.name,
                PreparedPictures.File(
                    data: try map.encoded(as: .png), width: map.width, height: map.height)
            )
        }
    }
}

/// A map that is sent behind the pictures that it steered, as the extension does.
struct DetectedMap: Sendable {
    /// The ControlNet that reads it.
    let choice: ControlChoice

    /// The picture of an order.
    ///
    /// - Throws: `Complaint` for a picture that is not kept any more.
    func drawn(_ order: Order, from store: Store) throws -> Image? {
        func kept(_ sha: String?) throws -> Image? {
            try sha.map { try decoded(store.data(of: $0), field: "map") }
        }
        guard let reads = choice.reads else { return nil }
        var (image, hidden) = (
            try kept(order.maps?[reads]), choice.hides.flatMap { order.maps?[$0] }
        )
        if image == nil {
            image = try kept(order.source)
            if let kind = ControlMap(named: reads) { image = image?.controlMap(kind) }
            if reads == ControlChoice.surroundings { hidden = hidden ?? order.mask }
        }
        guard let image, let mask = try kept(hidden) else { return image }
        return image.rgb8.veiled(by: Mask(mask))
    }
}

extension Image {
    /// The picture half transparent where a mask is white.
    fileprivate func veiled(by mask: Mask) -> Image {
        let mask = mask.resized(width: width, height: height, filter: .bilinear)
        var samples: [UInt16] = []
        samples.reserveCapacity(width * height * 4)
        for (index, value) in mask.values.enumerated() {
            samples += self.samples[3 * index..<3 * index + 3]
            samples.append(255 - UInt16(value) / 2)
        }
        return Image(width: width, height: height, channels: 4, samples: samples)
    }
}

extension GessoServer {
    /// The maps in an order's format.
    func encoded(_ maps: [DetectedMap], of order: Order) async throws -> [Data] {
        guard let format = ImageFormat(written: order.format), !maps.isEmpty else { return [] }
        return try await offPool {
            try maps.compactMap { map in
                guard let image = try map.drawn(order, from: store) else { return nil }
                return try (format == .jpeg ? image.rgb8 : image)
                    .encoded(as: format, quality: order.quality)
            }
        }
    }
}
