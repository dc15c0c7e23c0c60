import GessoServer
import NIOCore
import NIOEmbedded
import Testing

/// The times that a connection is given, each just reached and just passed (Limits.md), on a clock that the
/// test moves on.
@Suite struct ClockTests {
    /// A connection with the standard limits, after bytes of a request have come.
    private final class Connection {
        let channel = EmbeddedChannel()
        let clock = ConnectionClock()

        init(_ text: String = "") throws {
            try channel.pipeline.syncOperations.addHandler(clock)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            if !text.isEmpty { try channel.writeInbound(ByteBuffer(string: text)) }
        }

        /// Whether it is open after so much more time.
        func isOpen(after time: TimeAmount) -> Bool {
            channel.embeddedEventLoop.advanceTime(by: time)
            return channel.isActive
        }

        deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }
    }

    @Test func aHeadHasTenSeconds() throws {
        let slow = try Connection("GET / HT")
        #expect(slow.isOpen(after: .milliseconds(9_900)))
        try slow.channel.writeInbound(ByteBuffer(string: "T"))
        #expect(!slow.isOpen(after: .seconds(1)))
        let whole = try Connection("GET / HT")
        #expect(whole.isOpen(after: .milliseconds(9_900)))
        whole.clock.phase = .replying
        #expect(whole.isOpen(after: .seconds(1)))
    }

    @Test func thirtySecondsMayPassBetweenRequests() throws {
        let idle = try Connection()
        #expect(idle.isOpen(after: .milliseconds(29_900)))
        #expect(!idle.isOpen(after: .seconds(1)))
    }

    @Test func aBodyComesAt16KiBASecond() throws {
        for (bytes, isFastEnough) in [(16 << 10, true), ((16 << 10) - 400, false)] {
            let connection = try Connection()
            connection.clock.phase = .body
            // Nothing counts in the first five seconds.
            #expect(connection.isOpen(after: .seconds(5)))
            for _ in 0..<40 {
                connection.clock.received(bytes / 2)
                connection.channel.embeddedEventLoop.advanceTime(by: .milliseconds(500))
            }
            #expect(connection.channel.isActive == isFastEnough)
        }
    }

    @Test func aReplyMayTakeHours() throws {
        let connection = try Connection("x")
        connection.clock.phase = .replying
        #expect(connection.isOpen(after: .hours(5)))
    }

    @Test func whatIsWrittenIsTakenWithinThirtySeconds() throws {
        for isRead in [true, false] {
            let connection = try Connection()
            connection.clock.phase = .replying
            connection.channel.isWritable = false
            connection.channel.write(ByteBuffer(string: "x"), promise: nil)
            #expect(connection.isOpen(after: .milliseconds(29_900)))
            if isRead { connection.channel.flush() }
            #expect(connection.isOpen(after: .seconds(1)) == isRead)
        }
    }

    /// A client that reads slowly is seen to read: a long body is not one write.
    @Test func whatIsWrittenGoesInPieces() throws {
        let connection = try Connection()
        let bytes = (0..<300_000).map { UInt8($0 % 251) }
        try connection.channel.writeOutbound(ByteBuffer(bytes: bytes))
        var read: [UInt8] = []
        var count = 0
        while case .byteBuffer(let piece)? = try connection.channel.readOutbound(as: IOData.self) {
            #expect(piece.readableBytes <= ConnectionClock.pieceLength)
            read += piece.readableBytesView
            count += 1
        }
        #expect(count == 5)
        #expect(read == bytes)
    }
}
