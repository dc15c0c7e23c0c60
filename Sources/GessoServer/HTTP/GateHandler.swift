import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// Refuses what `Gate` refuses and closes the
/// connection afterwards, bounds bodies, and notices clients that leave.
final class GateHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let gate: Gate
    private let budget: BodyBudget
    private let delays: LoginDelays
    private let clock: ConnectionClock
    /// Completed when the client has left, or sends no more.
    let gone: EventLoopPromise<Void>
    private var isRefused = false
    private var bodyLimit = 0
    private var received = 0
    private var reserved = 0
    private var answers: [Answer] = []
    private var isReadingBody = false

    /// A request whose answer is not complete.
    private struct Answer {
        let dialect: Dialect
        let origin: String?
        var hasBegun = false
    }

    init(
        _ gate: Gate, _ budget: BodyBudget, _ delays: LoginDelays, _ clock: ConnectionClock,
        on loop: any EventLoop
    ) {
        (self.gate, self.budget, self.delays, self.clock) = (gate, budget, delays, clock)
        gone = loop.makePromise()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): read(head, context)
        case .body(let bytes):
            received += bytes.readableBytes
            clock.received(bytes.readableBytes)
            if received > reserved {
                guard budget.reserve(received - reserved) else {
                    return refuse(context, .busy)
                }
                reserved = received
            }
            guard received <= bodyLimit else {
                return refuse(
                    context, Gate.Refusal(413, "The body is longer than \(bodyLimit) bytes"))
            }
            if isAnswered, received > 64 << 10 { return close(context) }
            context.fireChannelRead(data)
        case .end:
            isReadingBody = false
            clock.phase = answers.isEmpty ? .idle : .replying
            context.fireChannelRead(data)
        }
    }

    /// Whether the answer to the request that is being read is complete already.
    private var isAnswered: Bool { answers.isEmpty && isReadingBody }

    private func read(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let fields = head.headers.map { (name: $0.name, value: $0.value) }
        let seen = Gate.Head(head.method.rawValue, head.uri, fields)
        let dialect = Dialect(of: seen.path)
        switch gate.verdict(on: seen) {
        case .refuse(let refusal):
            answers.append(Answer(dialect: dialect, origin: gate.listedOrigin(of: seen)))
            guard refusal.isWrongLogin else { return refuse(context, refusal) }
            isRefused = true
            let address = context.remoteAddress?.ipAddress ?? ""
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .milliseconds(delays.next(for: address))) {
                bound.value.0.refuse(bound.value.1, refusal)
            }
        case .pass(let limit, let origin):
            let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
            release()
            guard budget.reserve(length) else {
                answers.append(Answer(dialect: dialect, origin: origin))
                return refuse(context, .busy)
            }
            (bodyLimit, received, reserved, isReadingBody) = (limit, 0, length, true)
            answers.append(Answer(dialect: dialect, origin: origin))
            clock.phase = .body
            if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                let going = HTTPResponseHead(version: head.version, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(going)), promise: nil)
            }
            context.fireChannelRead(wrapInboundOut(.head(head)))
        }
    }

    /// Answers, and closes the connection.
    private func refuse(_ context: ChannelHandlerContext, _ refusal: Gate.Refusal) {
        isRefused = true
        guard context.channel.isActive else { return }
        let answer = answers.last
        guard answer?.hasBegun == false, answers.count == 1 else { return close(context) }
        answers.removeAll()
        let body = (answer?.dialect ?? .page).refusal(refusal.status, refusal.message)
        var headers = HTTPHeaders(refusal.fields.map { ($0.name, $0.value) })
        for field in gate.sharing(with: answer?.origin) {
            headers.add(name: field.name, value: field.value)
        }
        let isEmpty = refusal.status == 204 || refusal.status == 303
        if !isEmpty {
            headers.add(name: "Content-Type", value: "application/json")
            headers.add(name: "X-Content-Type-Options", value: "nosniff")
        }
        if refusal.status != 204 {
            headers.add(name: "Content-Length", value: isEmpty ? "0" : "\(body.utf8.count)")
        }
        headers.add(name: "Connection", value: "close")
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: refusal.status),
            headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isEmpty {
            let bytes = context.channel.allocator.buffer(string: body)
            context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        closeSoon(context)
    }

    /// Ends our side and leaves the client a moment to read the answer; without that, closing with
    /// unread bytes would reset the connection and the answer with it.
    private func closeSoon(_ context: ChannelHandlerContext) {
        release()
        context.close(mode: .output, promise: nil)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .seconds(1)) { bound.value.0.close(bound.value.1) }
    }

    private func close(_ context: ChannelHandlerContext) {
        isRefused = true
        context.close(promise: nil)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isRefused, !answers.isEmpty else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head):
            answers[0].hasBegun = true
            for field in gate.sharing(with: answers[0].origin) {
                head.headers.add(name: field.name, value: field.value)
            }
            if isReadingBody, answers.count == 1 {
                // What is still to come of the request is not worth reading.
                head.headers.replaceOrAdd(name: "Connection", value: "close")
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            answers.removeFirst()
            context.write(data, promise: promise)
            if answers.isEmpty {
                clock.phase = isReadingBody ? .body : .idle
                if isReadingBody {
                    context.flush()
                    isRefused = true
                    closeSoon(context)
                } else {
                    release()
                }
            }
        }
    }

    func read(context: ChannelHandlerContext) {
        // Nothing more is taken from a client that was refused.
        if !isRefused { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !(error is IOError), !(error is ChannelError) else {
            return context.fireErrorCaught(error)
        }
        // What the parser cannot read has no head to answer to.
        guard !isRefused else { return }
        if answers.isEmpty { answers.append(Answer(dialect: .page, origin: nil)) }
        let isTooLong = (error as? HTTPParserError) == .headerOverflow
        refuse(
            context,
            isTooLong
                ? Gate.Refusal(431, "The address or the header fields are too long")
                : Gate.Refusal(400, "The request is malformed"))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { gone.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        gone.succeed()
        release()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        gone.succeed()
        release()
    }

    private func release() {
        budget.release(reserved)
        reserved = 0
    }
}

extension Gate.Refusal {
    fileprivate static var busy: Self {
        Self(503, "Too many large requests at once", [("Retry-After", "5")])
    }
}
