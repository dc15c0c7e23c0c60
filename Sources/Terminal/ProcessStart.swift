import Glibc

/// What a process must be before it opens a file of its own.
package enum ProcessStart {
    /// Opens standard streams that are closed on /dev/null, so that no other file gets their number,
    /// and lets writing beyond a limit on file size fail instead of ending the process.
    package static func prepare() {
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
        where fcntl(stream, F_GETFD) == -1 {
            // The lowest number that is free is this one.
            _ = open("/dev/null", stream == STDIN_FILENO ? O_RDONLY : O_WRONLY)
        }
        signal(SIGXFSZ, SIG_IGN)
    }
}
