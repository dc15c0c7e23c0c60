import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// A stream of server-sent events (the HTML standard, section 9.2), with a comment each 15 s so
    /// that both sides notice when the other has gone.
    static func events(_ events: some AsyncSequence<Event, Never> & Sendable) -> Response {
        var headers: HTTPFields = [
            .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
        ]
        if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                let (parts, continuation) = AsyncStream<String>.makeStream(
                    bufferingPolicy: .bufferingOldest(EventHub.mostPending))
                // No line of its own: it belongs to the first event.
                continuation.yield("retry: 2000\n")
                let reading = Task {
                    for await event in events {
                        // It comes back with the number of the last event it saw.
                        if case .dropped = continuation.yield(event.text) { break }
                    }
                    continuation.finish()
                }
                let beating = Task {
                    while !Task.isCancelled {
                        try await Task.sleep(for: .seconds(15))
                        continuation.yield(":\n\n")
                    }
                }
                defer {
                    reading.cancel()
                    beating.cancel()
                }
                for await part in parts { try await writer.write(ByteBuffer(string: part)) }
                try await writer.finish(nil)
            })
    }
}

extension Event {
    /// As it is sent: the data is one line of JSON.
    var text: String {
        let number = id.map { "id: \($0)\n" } ?? ""
        return "\(number)event: \(name)\ndata: \(data.text)\n\n"
    }
}
