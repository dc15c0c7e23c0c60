import Foundation
import Gesso
import GessoServer
import TestSupport
import Testing

@Suite("Loopback and grids, as programs for AUTOMATIC1111 ask for them")
struct ScriptTests {
    private static func picture() throws -> Data {
        try Image(contentsOf: Fixtures.folder.appending(path: "Pictures/landscape.jpg"))
            .resized(width: 64, height: 64).encoded(as: .png)
    }

    private func images(_ answer: Answer) throws -> [Image] {
        #expect(answer.status == 200, "\(answer.text.prefix(300))")
        let texts = try #require(answer.json["images"] as? [String])
        return try texts.map {
            try Image(decoding: try #require(Data(base64Encoded: $0)), name: "result")
        }
    }

    private func info(_ answer: Answer) throws -> [String: Any] {
        let text = try #require(answer.json["info"] as? String)
        return try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    private static func request(_ picture: Data, _ more: [String: Any]) -> [String: Any] {
        [
            "init_images": [picture.base64EncodedString()], "prompt": "a house", "steps": 4,
            "cfg_scale": 3, "width": 64, "height": 64, "denoising_strength": 0.8, "seed": 7,
        ].merging(more) { $1 }
    }

    @Test("Each picture of a loop is what a request makes of the one before, at its strength")
    func loopback() async throws {
        try await RunningServer.with { server in
            let photo = try Self.picture()
            let looped = try await server.ask(
                "POST", "/sdapi/v1/img2img",
                Self.request(
                    photo, ["script_name": "Loopback", "script_args": [3, 0.4, "Linear", "None"]]))
            let made = try images(looped)
            #expect(made.count == 3)
            #expect(try info(looped)["all_seeds"] as? [Int] == [7, 8, 9])
            var before = photo
            for (number, strength) in [0.8, 0.6, 0.4].enumerated() {
                let single = try images(
                    try await server.ask(
                        "POST", "/sdapi/v1/img2img",
                        Self.request(
                            before, ["denoising_strength": strength, "seed": 7 + number])))
                #expect(single[0].samples == made[number].samples)
                before = try single[0].encoded(as: .png)
            }
        }
    }

    @Test("Of several rounds of a loop the last pictures are answered, each round from the source")
    func rounds() async throws {
        try await RunningServer.with { server in
            let photo = try Self.picture()
            func loop(_ loops: Int, _ more: [String: Any]) async throws -> [Image] {
                try images(
                    try await server.ask(
                        "POST", "/sdapi/v1/img2img",
                        Self.request(
                            photo,
                            more.merging([
                                "script_name": "loopback", "script_args": [loops, 0.8],
                            ]) { $1 })))
            }
            let twice = try await loop(2, ["n_iter": 2])
            #expect(twice.count == 2)
            #expect(try await loop(2, [:]).last?.samples == twice[0].samples)
            #expect(try await loop(2, ["seed": 9]).last?.samples == twice[1].samples)
        }
    }

    private static let curves: [(String, Double)] = [
        ("Linear", 0.6), ("Aggressive", 0.517157), ("Lazy", 0.682843),
    ]

    @Test("The curves of a loop lead from one strength to the other", arguments: curves)
    func curve(_ name: String, _ middle: Double) throws {
        let body = #"""
            {"init_images": ["aGk="], "denoising_strength": 0.8, "script_name": "Loopback",
            "script_args": [3, 0.4, "\#(name)"]}
            """#
        let loop = try #require(try RequestBody.img2img.order(in: Data(body.utf8)).loop)
        #expect(zip(loop, [0.8, middle, 0.4]).allSatisfy { abs($0 - $1) < 1e-6 }, "\(loop)")
    }

    @Test("A grid comes first where a request asks for it, and never by an option set before")
    func grid() async throws {
        try await RunningServer.with { server in
            func made(_ more: [String: Any]) async throws -> Answer {
                try await server.ask(
                    "POST", "/sdapi/v1/txt2img",
                    [
                        "prompt": "x", "steps": 1, "width": 64, "height": 48, "seed": 3,
                        "n_iter": 3,
                    ].merging(more) { $1 })
            }
            let asked: [String: Any] = [
                "save_images": true, "override_settings": ["return_grid": true],
            ]
            let answer = try await made(asked)
            let all = try images(answer)
            #expect(all.count == 4)
            #expect((all[0].width, all[0].height) == (128, 96))
            for (index, corner) in [(0, 0), (64, 0), (0, 48)].enumerated() {
                let part = all[0].cropped(x: corner.0, y: corner.1, width: 64, height: 48)
                #expect(part.samples == all[index + 1].rgb8.samples)
            }
            let info = try info(answer)
            #expect(info["index_of_first_image"] as? Int == 1)
            let texts = try #require(info["infotexts"] as? [String])
            #expect(texts.count == 4 && texts[0] == texts[1])
            #expect(all[0].metadata.parameters?.contains("Seed: 3") == true)

            let options: [String: Any] = ["return_grid": true]
            #expect(try await server.ask("POST", "/sdapi/v1/options", options).status == 200)
            for fewer: [String: Any] in [
                ["save_images": true], ["override_settings": ["return_grid": true]],
                asked.merging(["n_iter": 1]) { $1 },
                asked.merging(["do_not_save_grid": true]) { $1 },
            ] {
                let answer = try await made(fewer)
                let first = try images(answer)[0]
                #expect((first.width, first.height) == (64, 48))
            }
        }
    }

    @Test("Of a picture as long as a thread only what a crop shows is made large")
    func longPictures() async throws {
        let picture = try Image(
            width: 1, height: 10_000, channels: 3,
            samples: (0..<30_000).map { $0 < 15_000 ? 0 : 200 }
        ).encoded(as: .png).base64EncodedString()
        try await RunningServer.with { server in
            let large = try await server.ask(
                "POST", "/sdapi/v1/extra-single-image",
                [
                    "image": picture, "upscaler_1": "Lanczos", "resize_mode": 1,
                    "upscaling_resize_w": 1024, "upscaling_resize_h": 1024,
                ])
            let text = try #require(large.json["image"] as? String, "\(large.text.prefix(200))")
            let image = try Image(
                decoding: try #require(Data(base64Encoded: text)), name: "large")
            #expect((image.width, image.height) == (1024, 1024))
            #expect(image.samples.first == 0 && image.samples.last == 200)
            let vast = try await server.ask(
                "POST", "/sdapi/v1/extra-single-image",
                ["image": picture, "upscaler_1": "Lanczos", "upscaling_resize": 8])
            #expect(vast.status == 422 && vast.text.contains("upscaling_resize"))
            let made = try await server.ask(
                "POST", "/sdapi/v1/img2img",
                [
                    "init_images": [picture], "prompt": "x", "steps": 1, "resize_mode": 1,
                    "width": 512, "height": 512, "denoising_strength": 1,
                ])
            #expect(made.status == 200, "\(made.text.prefix(200))")
        }
    }

    @Test("The checkpoints say what they cannot do, in the words of a refused job")
    func refusals() async throws {
        try await RunningServer.with { server in
            let models = try await server.ask("GET", "/api/v1/models").json
            let items = try #require(models["items"] as? [[String: Any]])
            var refused = 0
            for item in items {
                let name = try #require(item["name"] as? String)
                let cannot = try #require(item["cannot"] as? [String: String])
                for (verb, reason) in cannot where verb == "txt2img" {
                    refused += 1
                    let queued = try await server.ask(
                        "POST", "/api/v1/plan",
                        [
                            "verb": verb, "model": name,
                            "settings": ["prompt": "x", "width": 64, "height": 64],
                        ])
                    #expect(queued.status == 422)
                    #expect(queued.text.contains(reason), "\(queued.text) lacks \(reason)")
                }
            }
            #expect(refused > 0)
        }
    }
}
