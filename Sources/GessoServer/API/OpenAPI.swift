import Foundation
import Hummingbird

extension GessoServer {
    /// The OpenAPI document of routes, and a page that shows it.
    func documentRoutes(_ routes: [Route]) -> [Route] {
        let document = Self.openAPI(routes)
        let bytes = Data(document.bytes)
        return [
            Route(.get, "/openapi.json", "This interface as an OpenAPI document") { _ in
                .bytes(bytes, type: "application/json")
            },
            Route(
                .get, "/docs", "This interface as a page", success: .init(type: "text/html")
            ) { _ in
                .bytes(Data(Self.page(routes).utf8), type: "text/html; charset=utf-8")
            },
        ]
    }

    static func openAPI(_ routes: [Route]) -> JSONValue {
        var paths: [String: JSONValue] = [:]
        for route in routes where route.path != "/" && !route.path.hasPrefix("/page/") {
            var methods = paths[route.path]?.object ?? [:]
            methods[route.method.rawValue.lowercased()] = operation(route)
            paths[route.path] = .object(methods)
        }
        return [
            "openapi": "3.1.0",
            "info": ["title": "Gesso", "version": "1"],
            "paths": .object(paths),
            "components": [
                "securitySchemes": [
                    "bearer": ["type": "http", "scheme": "bearer"],
                    "basic": ["type": "http", "scheme": "basic"],
                ]
            ],
        ]
    }

    private static func operation(_ route: Route) -> JSONValue {
        let success: JSONValue = [
            "description": "Success",
            "content": .object([route.success.type: ["schema": route.success.schema]]),
        ]
        let failure: JSONValue = ["description": "A refusal, with what to do"]
        var responses: [String: JSONValue] = ["\(route.success.status)": success]
        for status in [400, 401, 403, 404, 409, 413, 415, 422, 429, 503, 507] {
            responses["\(status)"] = failure
        }
        var parameters: [JSONValue] = route.query.map {
            ["name": .string($0.name), "in": "query", "schema": ["type": .string($0.type)]]
        }
        for part in route.path.split(separator: "/") where part.hasPrefix("{") {
            parameters.append([
                "name": .string(String(part.dropFirst().dropLast())), "in": "path",
                "required": true, "schema": ["type": "string"],
            ])
        }
        var members: [String: JSONValue] = [
            "summary": .string(route.summary), "parameters": .array(parameters),
            "responses": .object(responses),
        ]
        if let body = route.body {
            let content = route.bodyTypes.map { ($0, ["schema": body] as JSONValue) }
            members["requestBody"] = ["content": .object(Dictionary(content) { $1 })]
        }
        return .object(members)
    }

    private static func page(_ routes: [Route]) -> String {
        let rows = routes.filter { !$0.path.hasPrefix("/page/") }
            .sorted { ($0.path, $0.method.rawValue) < ($1.path, $1.method.rawValue) }
            .map { route in
                "<tr><td><code>\(route.method.rawValue)</code></td>"
                    + "<td><code>\(escaped(route.path))</code></td>"
                    + "<td>\(escaped(route.summary))</td></tr>"
            }
        return """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>Gesso: interfaces</title>
            <link rel="stylesheet" href="page/page.css">
            <body class="docs">
            <h1>Interfaces of this server</h1>
            <p>All of it for programs: <a href="openapi.json">openapi.json</a>.</p>
            <table><thead><tr><th>Method<th>Address<th>What it does</thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody></table>
            </body>
            </html>

            """
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    }
}
