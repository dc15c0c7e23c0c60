import Foundation
import Gesso
import HTTPTypes
import Hummingbird

extension GessoServer {
    /// The scripts of AUTOMATIC1111 that an img2img may name.
    private static let scripts = PictureRequestReader.scripts + ["soft inpainting"]

    /// What clients read before they begin.
    var sdapiLists: [Route] {
        lists.map { path, summary, list in
            Route(.get, path, summary) { _ in .json(try await list()) }
        } + refreshes
    }

    private var refreshes: [Route] {
        ["refresh-checkpoints", "refresh-vae", "refresh-loras", "refresh-embeddings"].map {
            Route(.post, "/sdapi/v1/\($0)", "Look for files again") { _ in
                engine.names.refresh()
                return .json(.null)
            }
        }
            + [
                Route(
                    .post, "/sdapi/v1/unload-checkpoint", "Free the models that no job is using"
                ) { _ in
                    engine.library.unloadModels()
                    return .json([:])
                },
                // A model is loaded when a job needs it.
                Route(
                    .post, "/sdapi/v1/reload-checkpoint", "Load the model with the next job"
                ) { _ in .json([:]) },
            ]
    }

    private typealias List = @Sendable () async throws -> JSONValue

    private var lists: [(path: String, summary: String, list: List)] {
        let names = engine.names
        let nothing: List = { [] }
        return [
            (
                "/sdapi/v1/sd-models", "Checkpoints",
                {
                    .array(
                        names.models.map { name in
                            let hash = names.hash(ofModel: name)
                            return [
                                "title": .string(CheckpointTitle.title(name)),
                                "model_name": .string(name),
                                "hash": hash.map { .string(String($0.prefix(10))) } ?? .null,
                                "sha256": hash.map { .string($0) } ?? .null,
                                "filename": .string(name), "config": .null,
                            ]
                        })
                }
            ),
            (
                "/sdapi/v1/samplers", "Samplers",
                {
                    .array(
                        Samplers.listed.map { name, scheduler in
                            [
                                "name": .string(name), "aliases": [.string("k_" + scheduler)],
                                "options": [:],
                            ]
                        })
                }
            ),
            (
                "/sdapi/v1/schedulers", "Schedule types",
                {
                    .array(
                        Samplers.spacings.map { label, _ in
                            [
                                "name": .string(label.lowercased().replacing(" ", with: "_")),
                                "label": .string(label), "aliases": .null, "default_rho": -1.0,
                                "need_inner_model": false,
                            ]
                        })
                }
            ),
            (
                "/sdapi/v1/upscalers", "Upscalers",
                {
                    .array(
                        ["None", "Lanczos", "Nearest"].map { name in
                            [
                                "name": .string(name), "model_name": .null, "model_path": .null,
                                "model_url": .null, "scale": 4.0,
                            ]
                        })
                }
            ),
            (
                "/sdapi/v1/latent-upscale-modes", "Upscalers of latents",
                {
                    .array(
                        HiresUpscaler.allCases.filter { $0.scaling != nil }.map {
                            ["name": .string($0.nameInA1111)]
                        })
                }
            ),
            ("/sdapi/v1/realesrgan-models", "Not offered", nothing),
            ("/sdapi/v1/hypernetworks", "Not offered", nothing),
            ("/sdapi/v1/face-restorers", "Not offered", nothing),
            ("/sdapi/v1/extensions", "Not offered", nothing),
            (
                "/sdapi/v1/prompt-styles", "Styles of prompts",
                {
                    .array(
                        styles.map { style in
                            [
                                "name": .string(style.name), "prompt": .string(style.prompt),
                                "negative_prompt": .string(style.negativePrompt),
                            ]
                        })
                }
            ),
            (
                "/sdapi/v1/script-info", "Scripts with their arguments",
                {
                    .array(
                        Self.scripts.map { name in
                            [
                                "name": .string(name),
                                "is_alwayson": .bool(name == "soft inpainting"),
                                "is_img2img": true, "args": [],
                            ]
                        })
                }
            ),
            (
                "/sdapi/v1/sd-vae", "Autoencoders",
                {
                    .array(
                        names.vaes.map { ["model_name": .string($0), "filename": .string($0)] })
                }
            ),
            (
                "/sdapi/v1/sd-modules", "Autoencoders",
                {
                    .array(
                        names.vaes.map { ["model_name": .string($0), "filename": .string($0)] })
                }
            ),
            (
                "/sdapi/v1/loras", "LoRAs",
                {
                    .array(
                        names.loras.map {
                            [
                                "name": .string($0), "alias": .string($0), "path": .string($0),
                                "metadata": [:],
                            ]
                        })
                }
            ),
            (
                "/sdapi/v1/embeddings", "Embeddings",
                {
                    let entry: JSONValue = [
                        "step": .null, "sd_checkpoint": .null, "sd_checkpoint_name": .null,
                        "shape": 0,
                        "vectors": 0,
                    ]
                    return [
                        "loaded": .object(Dictionary(names.embeddings.map { ($0, entry) }) { $1 }),
                        "skipped": [:],
                    ]
                }
            ),
            (
                "/sdapi/v1/scripts", "Scripts",
                {
                    ["txt2img": [], "img2img": .array(Self.scripts.map { .string($0) })]
                }
            ),
            (
                "/sdapi/v1/memory", "Memory of the machine",
                {
                    let free = availableMemory() ?? 0
                    let total = Int(ProcessInfo.processInfo.physicalMemory)
                    return [
                        "ram": [
                            "free": .integer(Int64(free)), "used": .integer(Int64(total - free)),
                            "total": .integer(Int64(total)),
                        ],
                        "cuda": ["error": "unavailable"],
                    ]
                }
            ),
            ("/sdapi/v1/cmd-flags", "How the server was started", { ["api": true] }),
        ]
    }
}
