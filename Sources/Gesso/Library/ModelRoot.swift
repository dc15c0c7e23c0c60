import Foundation

/// A folder of models as people name it: one that holds checkpoints, or the folder of a program that
/// keeps its models somewhere inside of it.
struct ModelRoot {
    let url: URL
    /// The program whose folder it is, or part of it; nil for a folder of anybody's.
    let program: String?

    /// Where files of a kind are.
    struct Place {
        let url: URL
        /// Whether folders inside of it are searched.
        var isDeep = true
        /// Whether files of other kinds are among them, which only their tensors tell apart.
        var isMixed = false
    }

    init(_ url: URL) {
        self.url = url
        let models = url.appending(path: "models", directoryHint: .isDirectory)
        func has(_ path: String, in folder: URL? = nil) -> Bool {
            FolderSearch.exists((folder ?? url).appending(path: path))
        }
        program =
            if has("invokeai.yaml") || has("databases/invokeai.db") {
                "InvokeAI"
            } else if has("Stable-diffusion", in: models) {
                has("modules_forge") ? "Forge" : "AUTOMATIC1111"
            } else if has("checkpoints", in: models), has("comfy") || has("loras", in: models) {
                "ComfyUI"
            } else {
                nil
            }
    }

    /// The folders that may hold files of a kind, in the order in which they are searched.
    func places(_ kind: ModelKind) -> [Place] {
        let models = ["models", "Models"].map { Self.folder($0, in: url) }
        var places = ([url] + models).flatMap { folder in
            Self.folders(kind.names, in: folder).map { Place(url: $0) }
                + Self.families.compactMap { family in
                    kind.nameInInvokeAI.map {
                        Place(url: Self.folder("\(family)/\($0)", in: folder))
                    }
                }
        }
        if kind == .controlNets {
            let further = ["extensions/sd-webui-controlnet/models", "models/control/controlnet"]
            places += further.map { Place(url: Self.folder($0, in: url)) }
        }
        places = places.filter { FolderSearch.isFolder($0.url) }
        // Newer InvokeAI keeps each model in a folder of its own, whatever its kind.
        if program == "InvokeAI" { places.append(Place(url: models[0], isMixed: true)) }
        if kind == .checkpoints { places.append(Place(url: url, isDeep: places.isEmpty)) }
        return places
    }

    /// Folders that the search for checkpoints leaves out, because they hold other things.
    static let others: Set<String> = Set(
        ModelKind.allCases.filter { $0 != .checkpoints }.flatMap {
            $0.names.map { $0.lowercased() }
        }
    ).union(["wildcards", "clip", "clip_vision", "text_encoders", "upscale_models", "esrgan"])

    private static let families = ["sd-1", "sd-2", "sdxl", "sdxl-refiner"]

    /// What is in a folder under one of these names in any case, the written one first.
    private static func folders(_ names: [String], in folder: URL) -> [URL] {
        let there = Dictionary(grouping: FolderSearch.names(in: folder)) { $0.lowercased() }
        return names.flatMap { name in
            let alike = there[name.lowercased()] ?? []
            return (alike.filter { $0 == name } + alike.filter { $0 != name })
                .map { Self.folder($0, in: folder) }
        }
    }

    private static func folder(_ path: String, in folder: URL) -> URL {
        folder.appending(path: path, directoryHint: .isDirectory)
    }
}
