public import Foundation
public import Gesso
import HTTPTypes
import Hummingbird
public import Logging
import NIOCore
import NIOHTTPTypesHTTP1
import ServiceLifecycle
import UnixSignals

/// How a server is started.
public struct ServerConfiguration: Sendable {
    /// The address to listen on; 127.0.0.1 is reached from this machine only.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 is any that is free.
    public var port = 7860
    /// What clients must show; nil is nothing, which is allowed on this machine's own address only.
    public var token: String?
    /// `user:password` that clients may show instead.
    public var pair: String?
    /// Names beside addresses and `localhost` that the server may be called by.
    public var allowedHosts: [String] = []
    /// Origins of other pages that may use it.
    public var allowedOrigins: [String] = []
    /// The folder of the queue and the gallery.
    public var data: URL
    /// The most bytes of a body.
    public var bodyLimit = 64 << 20
    /// The most bytes of pictures that are kept; nil is no limit.
    public var quota: Int?
    /// Seconds that results without a star are kept; nil is no limit.
    public var keptSeconds: Double?
    /// The time without a job after which models are freed; nil keeps them.
    public var unloadAfter: Duration? = .seconds(30 * 60)
    /// A `styles.csv` of words to put around prompts; nil is none.
    public var styles: String?
    /// Where models, add-ons and presets are found.
    public var library: Library

    /// The times that a connection is given; other values are for tests.
    package var clock = ConnectionClock.Limits()

    /// The standard: this machine only, port 7860.
    public init(data: URL, library: Library) {
        (self.data, self.library) = (data, library)
    }

    /// What stands behind the page's address so that it has a token: browsers send it to no server.
    public static func fragment(of token: String) -> String {
        "#token=" + (token.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
    }

    /// Whether a text is a name or address that clients may call the server by.
    public static func isHost(_ text: String) -> Bool { HostName(text) != nil }

    /// Whether a text is an origin, as browsers send it: a scheme and a host, perhaps a port, and no path;
    /// `null` is that of pages that are files.
    public static func isOrigin(_ text: String) -> Bool {
        if text == "null" { return true }
        let parts = sent(text).split(
            separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        let isScheme = parts[0].utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || "+-.".utf8.contains($0)
        }
        guard parts.count == 2, !parts[0].isEmpty, isScheme else { return false }
        return HostName(String(parts[1])) != nil
    }

    /// An origin that a person writes as browsers send it: in lower case, without a path.
    private static func sent(_ origin: String) -> String {
        (origin.hasSuffix("/") ? String(origin.dropLast()) : origin).lowercased()
    }

    /// Whether a text is `user:password`, neither of them empty.
    public static func isPair(_ text: String) -> Bool { Login.isPair(text) }

    /// A token that nobody can guess.
    public static func newToken() -> String { Login.newToken() }

    /// What the gate lets through.
    var gate: Gate {
        var gate = Gate()
        gate.hosts = Set(allowedHosts.compactMap { HostName($0)?.name })
        gate.origins = Set(allowedOrigins.map(Self.sent))
        gate.login = Login(token: token, pair: pair)
        gate.bodyLimit = bodyLimit
        return gate
    }

    /// Whether only this machine can reach the address.
    var isLocal: Bool { host == "127.0.0.1" || host == "::1" || host == "localhost" }
}

/// A page to edit pictures on, and the interfaces that other programs speak, over HTTP.
public struct GessoServer: Sendable {
    let configuration: ServerConfiguration
    let store: Store
    let engine: Engine
    let hub: EventHub
    let queue: Queue
    let tasks = TaskNames()
    let repeats = Repeats()
    let links = PictureLinks()
    let logger: Logger

    /// Opens the data folder and prepares the queue.
    ///
    /// - Throws: an error with one line of what to do, for anything that keeps it from starting; see
    ///   ``exitCode(for:)``.
    public init(_ configuration: ServerConfiguration, logger: Logger) throws {
        guard configuration.isLocal || configuration.gate.login != nil else {
            throw ServerError.needsToken(host: configuration.host)
        }
        self.configuration = configuration
        self.logger = logger
        store = try Store(configuration.data, quota: configuration.quota)
        engine = Engine(configuration.library)
        hub = EventHub()
        queue = Queue(store, engine, hub, logger)
    }

    /// Works until SIGTERM or SIGINT. A running job goes back to the queue then.
    ///
    /// - Parameter onStart: called with the port once the server listens.
    public func run(onStart: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
        try await store.recover()
        let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: AnswerMiddleware(links: links))
        let routes = routes
        router.add(routes)
        let gate = configuration.gate.knowing(routes.map(\.path), links)
        let limits = configuration.clock
        // The largest body that is allowed must fit in, too.
        let budget = BodyBudget(limit: max(BodyBudget.usual, gate.bodyLimit))
        let (delays, count) = (LoginDelays(), ConnectionCount())
        let application = Application(
            router: router,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [
                        GuardInstaller { channel in
                            let clock = ConnectionClock(limits)
                            let handler = GateHandler(
                                gate, budget, delays, clock, on: channel.eventLoop)
                            return (clock, handler)
                        } admitting: {
                            count
                        }
                    ],
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 24 << 10,
                        maxHeaderFieldCount: 101))),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: nil),
            onServerRunning: { channel in onStart(channel.localAddress?.port ?? 0) },
            logger: logger)
        var services = ServiceGroupConfiguration(
            // They end in the reverse order: no connection is waited for before its answer is known.
            services: [
                .init(service: application),
                .init(
                    service: QueueService(queue: queue, upkeep: Upkeep(configuration, queue))),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        services.maximumGracefulShutdownDuration = .seconds(8)
        // A job ends before its next step; ending the process sooner would be a crash.
        do {
            try await Self.run(ServiceGroup(configuration: services))
        } catch let error as IOError {
            let reason =
                switch error.errnoCode {
                case EADDRINUSE: "the port is in use"
                case EACCES: "the port is not allowed"
                case EADDRNOTAVAIL: "this machine does not have the address"
                default: "it cannot be listened on (\(error.errnoCode))"
                }
            throw ServerError.address(
                host: configuration.host, port: configuration.port, reason: reason)
        }
    }

    /// Works until the services end. A cancelled task shuts them down as a signal does: to cancel them would
    /// drop connections that are accepted and not yet served, which NIO does not survive (apple/swift-nio#2637).
    private static func run(_ services: ServiceGroup) async throws {
        let work = Task { try await services.run() }
        try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            Task { await services.triggerGracefulShutdown() }
        }
    }

    /// The exit code of a server that ends with an error.
    public static func exitCode(for error: any Error) -> Int32 {
        (error as? ServerError)?.exitCode ?? 70
    }

    /// All that can be asked.
    var routes: [Route] {
        let own = ownRoutes + galleryRoutes + stateRoutes
        let routes = pageRoutes + own + sdapiRoutes + openAIRoutes
        return routes + documentRoutes(routes)
    }
}

/// The queue, beside the server: it ends first, which ends the event streams and the waits for jobs.
private struct QueueService: Service {
    let queue: Queue
    let upkeep: Upkeep

    func run() async throws {
        async let _: Void = upkeep.run()
        await withGracefulShutdownHandler {
            await queue.run()
        } onGracefulShutdown: {
            Task { await queue.stop() }
        }
        await queue.stop()
    }
}

/// Puts the clock to the front of a new connection and the gate behind its HTTP parser, then leaves.
private final class GuardInstaller: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Never

    private let make: @Sendable (any Channel) -> (ConnectionClock, GateHandler)
    private let count: ConnectionCount

    init(
        _ make: @escaping @Sendable (any Channel) -> (ConnectionClock, GateHandler),
        admitting count: () -> ConnectionCount
    ) {
        (self.make, self.count) = (make, count())
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let address = context.remoteAddress?.ipAddress ?? ""
        guard count.enter(address) else { return context.close(promise: nil) }
        let count = count
        context.channel.closeFuture.whenComplete { _ in count.leave(address) }
        do {
            let (clock, gate) = make(context.channel)
            let pipeline = context.pipeline.syncOperations
            let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
            try pipeline.addHandler(gate, position: .before(codec))
            try pipeline.addHandler(clock, position: .first)
        } catch {
            context.close(promise: nil)
        }
    }
}
