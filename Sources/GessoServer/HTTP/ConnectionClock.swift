import NIOConcurrencyHelpers
package import NIOCore

/// Closes it when nothing goes on in it for too long.
///
/// The head of a request must be there within 10 s, its body arrive at 16 KiB/s after 5 s of grace,
/// the next request begin within 30 s, and some of what is written be taken every 30 s. While a reply is
/// being made nothing is timed.
package final class ConnectionClock: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = IOData
    package typealias OutboundOut = IOData

    /// What the connection waits for.
    package enum Phase { case idle, body, replying }

    /// The times allowed; other values are for tests.
    package struct Limits: Sendable {
        /// Seconds for the head of a request.
        package var head = 10.0
        /// Seconds before a body's rate counts.
        package var grace = 5.0
        /// Seconds between two requests.
        package var idle = 30.0
        /// Seconds for the next piece of what is written to be taken.
        package var write = 30.0
        package var bytesPerSecond = 16.0 * 1024

        package init() {}
    }

    private let limits: Limits
    private var loop: (any EventLoop)?
    private var since = NIODeadline.now()
    private var headSince: NIODeadline?
    private var bytes = 0
    private var pendingWrites = 0
    private var writtenAt = NIODeadline.now()
    private var ticking: RepeatedTask?

    package init(_ limits: Limits = Limits()) {
        self.limits = limits
    }

    /// The loop's time, which a test moves on.
    private var now: NIODeadline { loop?.now ?? .now() }

    package var phase = Phase.idle {
        didSet {
            since = now
            headSince = nil
            bytes = 0
        }
    }

    /// Counts bytes of a body.
    package func received(_ count: Int) { bytes += count }

    package func handlerAdded(context: ChannelHandlerContext) {
        loop = context.eventLoop
        since = now
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        ticking = context.eventLoop.scheduleRepeatedTask(
            initialDelay: .milliseconds(500), delay: .milliseconds(500)
        ) { _ in bound.value.0.tick(bound.value.1) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) { ticking?.cancel() }

    package func channelInactive(context: ChannelHandlerContext) {
        ticking?.cancel()
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if phase == .idle, headSince == nil { headSince = now }
        context.fireChannelRead(data)
    }

    /// What is written at once, so that a long body is seen to be taken bit by bit.
    package static let pieceLength = 64 << 10

    package func write(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        guard case .byteBuffer(var bytes) = unwrapOutboundIn(data) else {
            return send(data, context, promise)
        }
        while bytes.readableBytes > Self.pieceLength,
            let piece = bytes.readSlice(length: Self.pieceLength)
        {
            send(wrapOutboundOut(.byteBuffer(piece)), context, nil)
        }
        send(wrapOutboundOut(.byteBuffer(bytes)), context, promise)
    }

    private func send(
        _ piece: NIOAny, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) {
        if pendingWrites == 0 { writtenAt = now }
        pendingWrites += 1
        let own = promise ?? context.eventLoop.makePromise()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        own.futureResult.whenComplete { _ in
            bound.value.pendingWrites -= 1
            bound.value.writtenAt = bound.value.now
        }
        context.write(piece, promise: own)
    }

    private func tick(_ context: ChannelHandlerContext) {
        let now = now
        let isLate =
            switch phase {
            case .idle:
                headSince.map { seconds(now, $0) > limits.head }
                    ?? (seconds(now, since) > limits.idle)
            case .body: isTooSlow(seconds(now, since))
            case .replying: false
            }
        if isLate || (pendingWrites > 0 && seconds(now, writtenAt) > limits.write) {
            ticking?.cancel()
            context.close(promise: nil)
        }
    }

    private func isTooSlow(_ elapsed: Double) -> Bool {
        elapsed > limits.grace
            && Double(bytes) < (elapsed - limits.grace) * limits.bytesPerSecond
    }

    private func seconds(_ now: NIODeadline, _ then: NIODeadline) -> Double {
        Double((now - then).nanoseconds) / 1e9
    }
}

/// The bytes of all bodies that are held at once.
package final class BodyBudget: Sendable {
    private let limit: Int
    private let held = NIOLockedValueBox(0)

    /// The most bytes, unless a single body may have more.
    package static let usual = 512 << 20

    package init(limit: Int = usual) { self.limit = limit }

    package func reserve(_ bytes: Int) -> Bool {
        held.withLockedValue { held in
            guard held + bytes <= limit else { return false }
            held += bytes
            return true
        }
    }

    package func release(_ bytes: Int) { held.withLockedValue { $0 -= bytes } }
}

/// How long answers to wrong logins wait: 0.2 s, doubling to 5 s for each address.
final class LoginDelays: Sendable {
    private let failures = NIOLockedValueBox<[String: (count: Int, last: NIODeadline)]>([:])

    /// Milliseconds for one more failure of an address. Failures are forgotten after a minute.
    func next(for address: String) -> Int64 {
        failures.withLockedValue { failures in
            let now = NIODeadline.now()
            failures = failures.filter { now - $0.value.last < .seconds(60) }
            let count = failures[address]?.count ?? 0
            if failures.count < 10_000 { failures[address] = (count + 1, now) }
            return min(200 << Int64(min(count, 10)), 5000)
        }
    }
}

/// Connections counted by address: 256 in all, 32 of an address that is not this machine's.
package final class ConnectionCount: Sendable {
    private let open = NIOLockedValueBox<[String: Int]>([:])

    package init() {}

    package func enter(_ address: String) -> Bool {
        open.withLockedValue { open in
            let isLocal = address.hasPrefix("127.") || address == "::1" || address.isEmpty
            guard open.values.reduce(0, +) < 256, isLocal || open[address, default: 0] < 32 else {
                return false
            }
            open[address, default: 0] += 1
            return true
        }
    }

    package func leave(_ address: String) {
        open.withLockedValue { open in
            let count = open[address, default: 0] - 1
            open[address] = count > 0 ? count : nil
        }
    }
}
