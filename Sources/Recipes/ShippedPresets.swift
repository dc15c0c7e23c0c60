/// The files of `Presets/`, which are compiled in, so that the program can be moved without them.
let shippedFiles: [String: [UInt8]] = [
    "extend-canvas": PackageResources.extend_canvas_yaml,
    "light-retouch": PackageResources.light_retouch_yaml,
    "night": PackageResources.night_yaml,
    "oil-painting": PackageResources.oil_painting_yaml,
    "pencil-sketch": PackageResources.pencil_sketch_yaml,
    "remove-object": PackageResources.remove_object_yaml,
    "replace-object": PackageResources.replace_object_yaml,
    "watercolor": PackageResources.watercolor_yaml,
]
