public import Foundation

/// The proxies that the environment names.
public struct Proxies: Sendable {
    /// By the scheme of the address asked for; `$https_proxy` and so on.
    public var byScheme: [String: URL] = [:]
    /// Hosts that are asked without a proxy: `$no_proxy`.
    public var directHosts: [String] = []

    /// The proxies of a user with these variables.
    ///
    /// - Throws: `HubError` for an address that is none.
    public init(environment: [String: String]) throws(HubError) {
        for scheme in ["http", "https"] {
            // Servers hand on a request's header Proxy as HTTP_PROXY, so that only counts in small letters.
            let names = scheme == "http" ? ["http_proxy"] : ["https_proxy", "HTTPS_PROXY"]
            let all = names + ["all_proxy", "ALL_PROXY"]
            guard let name = all.first(where: { environment[$0]?.isEmpty == false }) else {
                continue
            }
            let text = environment[name] ?? ""
            byScheme[scheme] = try HubSettings.server(
                text.contains("://") ? text : "http://" + text, name)
        }
        let direct = ["no_proxy", "NO_PROXY"].lazy.compactMap { environment[$0] }
        directHosts = (direct.first { !$0.isEmpty } ?? "").split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces).lowercased() }.filter { !$0.isEmpty }
    }

    /// The proxy for an address; nil asks its server directly.
    func proxy(for url: URL) -> URL? {
        let host = url.host()?.lowercased() ?? ""
        let isDirect = directHosts.contains { name in
            name == "*" || host == name || host.hasSuffix(name.hasPrefix(".") ? name : "." + name)
        }
        return isDirect ? nil : url.scheme.flatMap { byScheme[$0] }
    }
}
