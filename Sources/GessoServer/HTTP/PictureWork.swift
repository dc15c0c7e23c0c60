import Dispatch
import Foundation
import Gesso

/// How long work on pictures takes: what is short does not wait behind what is long.
enum WorkLength {
    case short, long

    /// That of decoding a file: long, unless it is clear from its first bytes that there are few pixels.
    init(decoding data: Data) { self.init([UInt8](data.prefix(256)), bytes: data.count) }

    /// That of decoding files in base64, and of work on a picture of a size.
    init(decoding texts: [String], width: Int, height: Int) {
        let lengths = texts.map { text in
            // A `data:` address has a few words before its comma.
            let head = try? base64Bytes(String(text.prefix(320)), field: "")
            return WorkLength([UInt8](head ?? Data()), bytes: text.utf8.count / 4 * 3)
        }
        let isShort = !lengths.contains(.long)
        self = isShort ? WorkLength(width: width, height: height) : .long
    }

    /// That of work on a picture of a size.
    init(width: Int, height: Int) {
        self = width * height <= Self.mostShortPixels ? .short : .long
    }

    private init(_ head: [UInt8], bytes: Int) {
        let isShort =
            switch ImageFormat(sniffing: head) {
            case .jpeg: bytes <= Self.mostShortPixels / Self.jpegPixelsPerByte
            case .png: Self.pixels(ofPNG: head).map { $0 <= Self.mostShortPixels } ?? false
            default: false
            }
        self = isShort ? .short : .long
    }

    private static let mostShortPixels = 2 << 20
    /// More than a JPEG of one colour has for each of its bytes.
    private static let jpegPixelsPerByte = 64

    private static func pixels(ofPNG head: [UInt8]) -> Int? {
        guard head.count >= 24 else { return nil }
        func number(at place: Int) -> Int {
            head[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        return number(at: 16) * number(at: 20)
    }
}

/// Does work that takes long off the threads that answer requests, one piece of each length at a time. What is
/// cancelled before its turn is not done.
func offPool<Value: Sendable>(
    _ length: WorkLength = .long, _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
    let flag = CancelFlag()
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            let workers = length == .short ? shortWorkers : longWorkers
            workers.async {
                continuation.resume(
                    with: Result {
                        if flag.isSet { throw CancellationError() }
                        return try work()
                    })
            }
        }
    } onCancel: {
        flag.set()
    }
}

extension Call {
    /// The same for the client alone: what it no longer waits for is not begun.
    func offPool<Value: Sendable>(
        _ length: WorkLength = .long, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await whileConnected { try await done(length, work) }
    }
}

private func done<Value: Sendable>(
    _ length: WorkLength, _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await offPool(length, work)
}

private let shortWorkers = DispatchQueue(label: "gesso.pictures.short")
private let longWorkers = DispatchQueue(label: "gesso.pictures.long")
