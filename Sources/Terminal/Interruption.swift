import Foundation
import Synchronization

/// Ctrl-C and its like: the first asks the run to end at its next step and gives it a second for that;
/// then, or on the second Ctrl-C, the process ends at once. While a file is put in its place nothing
/// ends the process, so that there is a whole file or none.
package enum Interruption {
    private static let received = Atomic<Int32>(0)
    private static let phase = Atomic<Phase>(.working)
    private static let isResumable = Atomic<Bool>(false)

    private enum Phase: Int, AtomicRepresentable {
        case working, writing, sending, written
    }

    /// What asks a run to end: a key, another process, a terminal that goes away, a limit on processor time.
    private static let endings = [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGXCPU]

    /// Starts to watch for signals that end a run; a closed pipe is no reason to end.
    package static func watch() {
        // A handler may not be the first to use a global, so all it uses is used here.
        received.store(0, ordering: .sequentiallyConsistent)
        phase.store(.working, ordering: .sequentiallyConsistent)
        isResumable.store(false, ordering: .sequentiallyConsistent)
        _ = Console.isLive
        for number in endings where !isIgnored(number) {
            handle(number) { Interruption.note($0) }
        }
        handle(SIGALRM) { Interruption.ring($0) }
        handle(SIGBUS) { _ in Interruption.fault() }
        signal(SIGPIPE, SIG_IGN)
        // Whoever started this process may have held signals back for itself.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_UNBLOCK, &all, nil)
    }

    /// Whether the signal was to be ignored when the process began, as under `nohup`.
    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    private static func handle(
        _ number: Int32, with handler: @escaping @convention(c) (Int32) -> Void
    ) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        action.sa_flags = Int32(SA_RESTART)
        sigaction(number, &action, nil)
    }

    /// Throws `CancellationError` if the run is to end.
    package static func check() throws {
        let number = received.load(ordering: .sequentiallyConsistent)
        if number != 0 { throw CancellationError() }
    }

    /// How a run ends that was interrupted.
    package static var failure: Failure {
        let number = received.load(ordering: .sequentiallyConsistent)
        return Failure(
            ExitStatus(rawValue: 128 + number) ?? .interrupted, "interrupted", at: "gesso",
            do: resumes ? "run the same command again to resume" : "nothing was written")
    }

    /// Says that the run writes file after file, and goes on where it stood when it is started again.
    package static func expectResumption() {
        isResumable.store(true, ordering: .sequentiallyConsistent)
    }

    private static var resumes: Bool { isResumable.load(ordering: .sequentiallyConsistent) }

    /// Writes a file, which must not be left halfway, unless the run is to end.
    ///
    /// - Parameter isResult: whether the run has done its work by that.
    package static func whileWriting(isResult: Bool = true, _ body: () throws -> Void) throws {
        phase.store(.writing, ordering: .sequentiallyConsistent)
        do {
            try check()
            try body()
        } catch {
            phase.store(.working, ordering: .sequentiallyConsistent)
            throw error
        }
        phase.store(resumes || !isResult ? .working : .written, ordering: .sequentiallyConsistent)
    }

    /// Writes to standard output, where a picture can be cut short.
    package static func whileSending(_ body: () throws -> Void) throws {
        try check()
        phase.store(.sending, ordering: .sequentiallyConsistent)
        try body()
        phase.store(.written, ordering: .sequentiallyConsistent)
    }

    // What follows runs in a signal handler: atomics and system calls only.

    private static func note(_ number: Int32) {
        let earlier = received.exchange(number, ordering: .sequentiallyConsistent)
        if earlier == 0 {
            alarm(1)
        } else {
            leave()
        }
    }

    /// The second that a run gets to end is over. An alarm that someone else has set asks it to end.
    private static func ring(_ number: Int32) {
        if received.load(ordering: .sequentiallyConsistent) == 0 {
            note(number)
        } else {
            leave()
        }
    }

    private static func leave() {
        let phase = phase.load(ordering: .sequentiallyConsistent)
        if phase == .writing { return }
        if phase != .written {
            tell(Console.isLive ? "\ngesso: " : "gesso: ")
            tell("interrupted: gesso: ")
            if isResumable.load(ordering: .sequentiallyConsistent) {
                tell("run the same command again to resume\n")
            } else {
                tell(phase == .sending ? "the output is cut short\n" : "nothing was written\n")
            }
        }
        _exit(128 + received.load(ordering: .sequentiallyConsistent))
    }

    /// A mapped file has become shorter than it was, and its end was touched.
    private static func fault() {
        tell("gesso: a file became shorter while it was read: model: leave it alone during a run\n")
        _exit(65)
    }

    private static func tell(_ text: StaticString) {
        _ = Foundation.write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
    }
}
