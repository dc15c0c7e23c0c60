import Credentials
import Foundation
import Gesso
import GessoServer
import Imaging
import Recipes

extension FuzzTarget {
    /// Readers of what clients send, and of Content Credentials.
    static let requests: [FuzzTarget] =
        RequestBody.allCases.map { form in
            FuzzTarget(
                form.rawValue,
                words: [
                    "\"prompt\":", "\"script_name\":", "\"script_args\":[",
                    "\"alwayson_scripts\":{",
                    "\"override_settings\":{", "\"settings\":{", "1e300", "-1", "null", "true",
                    "\"init_images\":[\"\"]", "\"mask\":\"\"", "\"sd upscale\"",
                    "\"outpainting mk2\"",
                    "\"enable_hr\":true", "\"hr_resize_x\":", "\"size\":\"64x64\"",
                ], from: { texts(examples[form] ?? []) }
            ) { data in
                let order = try form.order(in: data)
                let settings = order.settings.map { Setting($0, $1, at: .argument("settings")) }
                if let verb = Verb(rawValue: order.verb) {
                    _ = try? Recipe(verb, settings: settings)
                }
            }
        } + [
            FuzzTarget(
                "multipart",
                words: [
                    "--b", "\r\n", "Content-Disposition: form-data; name=\"", "filename=\"",
                    "--b--",
                ],
                from: {
                    texts([
                        "multipart/form-data; boundary=b\n--b\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nhi\r\n--b--\r\n",
                        "multipart/form-data; boundary=\"a b\"\n--a b  \r\ncontent-disposition: form-data; name=image; filename=\"x\\\"y.png\"\r\nContent-Type: image/png\r\n\r\n\r\n--a b--",
                    ])
                }
            ) { data in
                // The first line is the type of the body, which comes whole and in pieces.
                let line = data.firstIndex(of: 10) ?? data.endIndex
                let type = String(decoding: data[..<line], as: UTF8.self)
                let body = Array(data[line...].dropFirst())
                func parts(_ size: Int) -> [MultipartReader.Part]? {
                    guard var reader = try? MultipartReader(contentType: type) else { return nil }
                    for start in stride(from: 0, to: body.count, by: size) {
                        let piece = body[start..<min(start + size, body.count)]
                        guard (try? reader.read(piece)) != nil else { return nil }
                    }
                    return try? reader.finished()
                }
                let whole = parts(max(body.count, 1))
                try require(whole == parts(5), "parts depend on how the body arrives")
            },
            FuzzTarget(
                "request-head",
                words: ["GET ", "Host: ", "Origin: ", "Authorization: Basic ", "[::1]", "%2f"],
                from: {
                    texts([
                        "GET /sdapi/v1/options?a=b%20c\nHost: localhost:7860\nOrigin: http://localhost",
                        "POST /v1/images/edits\nHost: [::1]:7860\nContent-Length: 12\nContent-Type: multipart/form-data; boundary=a",
                    ])
                }
            ) { data in
                let lines = String(decoding: data, as: UTF8.self).split(
                    separator: "\n", omittingEmptySubsequences: false)
                let first = lines[0].split(separator: " ", maxSplits: 1)
                let fields = lines.dropFirst().map { line in
                    let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
                    return (name: parts.first ?? "", value: parts.dropFirst().first ?? "")
                }
                let head = Gate.Head(
                    String(first.first ?? ""), String(first.dropFirst().first ?? ""), fields)
                _ = Gate().verdict(on: head)
                _ = HostName(head.target)
            },
            FuzzTarget(
                "credentials", words: ["jumb", "jumd", "cbor", "c2pa"], longest: 1 << 15,
                from: stores
            ) {
                data in
                _ = ManifestStore(decoding: data)
                _ = JUMBFBox(decoding: data)
                if let value = CBOR(decoding: data) {
                    try require(
                        CBOR(decoding: value.encoded)?.encoded == value.encoded,
                        "CBOR is read otherwise than it is written")
                }
                _ = Certificate.inPEM(data)
                let place = ManifestPlace(in: try carrier.get(), .png)
                let check = CredentialsCheck(place.file(with: data))
                try require(!check.holds, "a picture holds by the credentials of another")
                _ = check.lines
                _ = try JSON.text(check.document)
            },
        ]

    /// Bodies as clients send them.
    private static let examples: [RequestBody: [String]] = [
        .txt2img: [
            #"{"prompt": "a lake", "negative_prompt": "fog", "seed": 4, "steps": 20, "cfg_scale": 7.5, "width": 64, "height": 64, "sampler_name": "DPM++ 2M", "scheduler": "Karras", "batch_size": 2, "n_iter": 2}"#,
            #"{"prompt": "a lake", "enable_hr": true, "hr_scale": 2, "hr_upscaler": "Latent", "denoising_strength": 0.5, "override_settings": {"CLIP_stop_at_last_layers": 2, "eta_noise_seed_delta": 31337}, "alwayson_scripts": {"a": {"args": [false]}}}"#,
        ],
        .img2img: [
            #"{"prompt": "a lake", "init_images": ["aGk="], "mask": "aGk=", "inpaint_full_res": true, "mask_blur": 4, "inpainting_fill": 1, "alwayson_scripts": {"soft inpainting": {"args": [true, 1, 0.5, 4, 0, 0.5, 2]}}}"#,
            #"{"prompt": "a", "init_images": ["aGk="], "script_name": "SD upscale", "script_args": [null, 64, "Lanczos", 2]}"#,
            #"{"prompt": "a", "init_images": ["aGk="], "script_name": "outpainting mk2", "script_args": [null, 128, 8, ["left", "up"]]}"#,
        ],
        .openAI: [
            #"{"prompt": "a lake", "n": 2, "size": "64x64", "output_format": "jpeg", "output_compression": 80, "stream": true}"#,
            #"{"prompt": "a lake", "seed": "4", "strength": 0.5, "response_format": "url"}"#,
        ],
        .own: [
            #"{"verb": "inpaint", "presets": ["remove"], "settings": {"prompt": "a", "seed": 4, "strength": 0.5, "tiling": true}, "source": "ab", "mask": "cd", "pictures": 2, "format": "webp", "quality": 80}"#,
            "{}",
        ],
    ]

    /// A picture of one pixel, to put credentials into.
    private static let carrier = Result {
        try Image(width: 1, height: 1, channels: 3, samples: [1, 2, 3]).encoded(as: .png)
    }

    private static let stores: @Sendable () -> [Seed] = {
        files("Credentials", ["png", "jpg", "webp"]).compactMap { seed in
            EmbeddedManifest(in: seed.data).map { Seed(name: seed.name, data: $0.store) }
        } + files("Credentials", ["pem"])
    }
}
