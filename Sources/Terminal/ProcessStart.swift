import Glibc
import Synchronization

/// What a process must be before it opens a file of its own.
package enum ProcessStart {
    private static let hadNoOutput = Atomic<Bool>(false)

    /// Whether standard output was closed when the process began: what is written to it is lost.
    package static var isOutputClosed: Bool { hadNoOutput.load(ordering: .relaxed) }

    /// Opens standard streams that are closed on /dev/null, so that no other file gets their number,
    /// and lets writing beyond a limit on file size fail instead of ending the process. A process that may
    /// have too few files or threads ends here with one line; it would crash or wait for ever.
    package static func prepare() {
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
        where fcntl(stream, F_GETFD) == -1 {
            if stream == STDOUT_FILENO { hadNoOutput.store(true, ordering: .relaxed) }
            // The lowest number that is free is this one.
            _ = open("/dev/null", stream == STDIN_FILENO ? O_RDONLY : O_WRONLY)
        }
        signal(SIGXFSZ, SIG_IGN)
        if !hasDescriptors {
            give(up: "this process may open too few files: gesso: raise the limit (ulimit -n)")
        }
        if !hasThreads {
            give(
                up:
                    "the system gives no more threads: gesso: raise the limits (ulimit -u, ulimit -v)"
            )
        }
    }

    /// Whether a picture, its draft and what libraries open can be open at the same time.
    private static var hasDescriptors: Bool {
        let files = (0..<4).map { _ in fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) }
        for file in files where file >= 0 { close(file) }
        return !files.contains(-1)
    }

    /// Whether there can be the threads without which Dispatch never begins with a task: it asks for them
    /// again and again.
    private static var hasThreads: Bool {
        let gate = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        defer { gate.deallocate() }
        pthread_mutex_init(gate, nil)
        pthread_mutex_lock(gate)
        var threads: [pthread_t] = []
        for _ in 0..<3 {
            var thread = pthread_t()
            let failure = pthread_create(
                &thread, nil,
                { argument in
                    let gate = argument?.assumingMemoryBound(to: pthread_mutex_t.self)
                    if let gate {
                        pthread_mutex_lock(gate)
                        pthread_mutex_unlock(gate)
                    }
                    return nil
                }, gate)
            if failure == 0 { threads.append(thread) }
        }
        pthread_mutex_unlock(gate)
        for thread in threads { pthread_join(thread, nil) }
        return threads.count == 3
    }

    private static func give(up reason: String) -> Never {
        let line = Array("gesso: \(reason)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
        _exit(ExitStatus.resources.rawValue)
    }
}
