import Files
import Foundation
import HTTPTypes
import Hummingbird

extension GessoServer {
    /// The page's files, which are part of the program.
    var pageRoutes: [Route] {
        let files: [(path: String, type: String, bytes: [UInt8])] = [
            ("/", "text/html", PackageResources.index_html),
            ("/page/page.css", "text/css", PackageResources.page_css),
            ("/page/app.js", "text/javascript", PackageResources.app_js),
            ("/page/abilities.js", "text/javascript", PackageResources.abilities_js),
            ("/page/api.js", "text/javascript", PackageResources.api_js),
            ("/page/mask.js", "text/javascript", PackageResources.mask_js),
            ("/page/canvas.js", "text/javascript", PackageResources.canvas_js),
            ("/page/tools.js", "text/javascript", PackageResources.tools_js),
            ("/page/panels.js", "text/javascript", PackageResources.panels_js),
            ("/page/gallery.js", "text/javascript", PackageResources.gallery_js),
            ("/page/extend.js", "text/javascript", PackageResources.extend_js),
            ("/page/help.js", "text/javascript", PackageResources.help_js),
            ("/page/chrome.js", "text/javascript", PackageResources.chrome_js),
            ("/page/intake.js", "text/javascript", PackageResources.intake_js),
            ("/page/control.js", "text/javascript", PackageResources.control_js),
            ("/page/prompts.js", "text/javascript", PackageResources.prompts_js),
            ("/page/plan.js", "text/javascript", PackageResources.plan_js),
            ("/page/presets.js", "text/javascript", PackageResources.presets_js),
            ("/page/presets.json", "application/json", PackageResources.presets_json),
            ("/page/presets.jpg", "image/jpeg", PackageResources.presets_jpg),
            ("/page/result.js", "text/javascript", PackageResources.result_js),
            ("/page/styles.js", "text/javascript", PackageResources.styles_js),
            ("/page/select.js", "text/javascript", PackageResources.select_js),
            ("/page/keyboard.js", "text/javascript", PackageResources.keyboard_js),
            ("/page/keys.js", "text/javascript", PackageResources.keys_js),
            ("/page/memory.js", "text/javascript", PackageResources.memory_js),
            ("/page/png.js", "text/javascript", PackageResources.png_js),
            ("/page/icon.svg", "image/svg+xml", PackageResources.icon_svg),
        ]
        return files.map { path, type, bytes in
            let tag = "\"\(Digest.sha256(bytes).prefix(32))\""
            let data = Data(bytes)
            return Route(.get, path, "A file of the page", success: .init(type: type)) { call in
                let fields: HTTPFields = [.eTag: tag, .cacheControl: "no-cache"]
                if call.request.headers[.ifNoneMatch] == tag {
                    return Response(status: .notModified, headers: fields)
                }
                let full = type.hasPrefix("text/") ? type + "; charset=utf-8" : type
                return .bytes(data, type: full, fields: fields)
            }
        }
    }
}
