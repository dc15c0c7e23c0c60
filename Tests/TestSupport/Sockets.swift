import Foundation

/// A connected descriptor to a port of this machine. It is in a module without SwiftNIO, since beside
/// that the compiler attributes the fields of addresses to a module of SwiftNIO.
///
/// - Throws: where nothing listens.
package func connectedSocket(toPort port: Int) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard result == 0 else {
        close(descriptor)
        throw CocoaError(.fileReadUnknown)
    }
    return descriptor
}
