import Foundation
import Gesso
import Terminal

/// Writes previews during a run: shows them in the terminal, keeps the last in a file, and gathers a
/// filmstrip.
final class PreviewWriter {
    /// The longest side of a preview, and of one in a filmstrip; and the most of these.
    private static let (side, frameSide, frameCount) = (512, 160, 24)

    private let asked: Int?
    private let place: Output?
    private let strip: Output?
    /// The autoencoder that makes previews; nil makes each latent a pixel.
    let decoder: URL?
    private let isShown: Bool
    private var hasWritten = false
    private var frames: [(label: String, image: Image)] = []

    /// Takes the places of the files; nil where no preview is asked for.
    ///
    /// - Parameter isQuiet: leaves the terminal alone.
    init?(_ options: PreviewOptions, overwrites: Bool, isQuiet: Bool) throws {
        guard options.isGiven else { return nil }
        func output(_ path: String) throws -> Output {
            try Output(path, format: nil, quality: nil, overwrites: overwrites)
        }
        asked = try options.interval()
        place = try options.previewFile.map(output)
        strip = try options.filmstrip.map(output)
        decoder = try options.previewVae.map { try FilePath.file($0, orFailWith: .cannotRead) }
        isShown = asked != nil && Console.isLive && !isQuiet
        if asked != nil, place == nil, strip == nil, !Console.isLive {
            Console.line(
                "gesso: note: no terminal shows a preview here: give --preview-file",
                isQuiet: isQuiet)
        }
    }

    /// The files that it writes.
    var files: [String] { [place?.path, strip?.path].compactMap(\.self) }

    /// Steps from one preview to the next.
    var interval: Int { asked ?? 1 }

    /// Shows or keeps a preview.
    func see(_ frame: Preview.Frame) throws {
        if isShown || place != nil {
            let image = frame.image.enlarged(to: Self.side)
            if isShown { try TerminalPicture.show(image) }
            try place.map { try keep(image, in: $0) }
        }
        let stride = asked == nil ? (frame.steps - 1) / Self.frameCount + 1 : 1
        guard strip != nil, frame.step.isMultiple(of: stride) || frame.step == frame.steps else {
            return
        }
        frames.append(
            ("\(frame.step) of \(frame.steps)", frame.image.enlarged(to: Self.frameSide)))
    }

    private func keep(_ image: Image, in place: Output) throws {
        let data = try place.encoded(image)
        try Interruption.whileWriting(isResult: false) {
            try place.replace(with: data, isOwn: hasWritten)
        }
        hasWritten = true
    }

    /// Writes the filmstrip, with the result at its end.
    func writeFilmstrip(_ result: Image) throws {
        guard let strip, let file = strip.file else { return }
        let cells = frames + [("result", result)]
        let sheet = Image.contactSheet(
            cells, columns: min(cells.count, 6), cellSide: Self.frameSide)
        try strip.place(strip.encoded(sheet), as: file)
    }
}

extension Image {
    /// The picture with its longer side made that long, if it is shorter.
    fileprivate func enlarged(to side: Int) -> Image {
        let longest = max(width, height)
        guard longest < side else { return self }
        func scaled(_ length: Int) -> Int { max(length * side / longest, 1) }
        return resized(width: scaled(width), height: scaled(height), filter: .bilinear)
    }
}
