import Gesso

/// What options and commands are called in other programs: AUTOMATIC1111's API and web page, diffusers,
/// the scripts of CompVis, stable-diffusion.cpp, InvokeAI. None of them is understood here, for some
/// mean other things there than here; each has an answer.
package enum NamesElsewhere {
    /// Options of ours, by those of others that stand for something else than a setting's key; without
    /// dashes.
    private static let options: [String: [String]] = [
        "W": ["width"], "H": ["height"], "n": ["negative-prompt"],
        "s": ["seed"], "S": ["seed"], "m": ["mask", "model"], "M": ["mask"], "t": ["threads"],
        "y": ["overwrite"], "f": ["overwrite"], "C": ["guidance-scale"], "A": ["scheduler"],
        "ckpt": ["model"], "checkpoint": ["model"], "ckpt-path": ["model"],
        "sd-model": ["model"], "sd-model-checkpoint": ["model"],
        "pretrained-model-name-or-path": ["model"], "diffusion-model": ["unet"],
        "force": ["overwrite"], "yes": ["overwrite"], "clobber": ["overwrite"],
        "o": ["output-dir"], "output": ["output-dir"],
        "outdir": ["output-dir", "output"], "out-dir": ["output-dir", "output"],
        "output-path": ["output"], "outfile": ["output"], "save-path": ["output"],
        "silent": ["quiet"], "debug": ["verbose"], "style": ["preset"], "recipe": ["preset"],
        "config": ["preset"], "lora-model-dir": ["lora"], "mask-image": ["mask"],
        "mask-img": ["mask"], "mask-dir": ["masks"], "log": ["log-file"],
        "controlnet": ["control"], "control-net": ["control"],
        "controlnet-image": ["control-image"],
        "size": ["side"], "n-threads": ["threads"], "num-threads": ["threads"],
        "no-metadata": ["strip-metadata"],
    ]

    /// What to do instead, for options that nothing here answers to.
    private static let advice = [
        "input": "give the picture without an option",
        "image": "give the picture without an option",
        "init-img": "give the picture without an option",
        "init-image": "give the picture without an option",
        "i": "give the picture without an option", "I": "give the picture without an option",
        "b": "see `gesso grid --x seed=1-4`", "batch-count": "see `gesso grid --x seed=1-4`",
        "batch-size": "see `gesso grid --x seed=1-4`", "n-iter": "see `gesso grid --x seed=1-4`",
        "n-samples": "see `gesso grid --x seed=1-4`", "count": "see `gesso grid --x seed=1-4`",
        "num-images-per-prompt": "see `gesso grid --x seed=1-4`",
        "size": "txt2img has --width and --height, outpaint --size, img2img --work-size",
        "select": "make a mask with `gesso mask --select` and give it with --mask",
        "keep": "make a mask with `gesso mask --keep` and give it with --mask",
        "device": "there is the processor only: leave it out",
        "gpu": "there is the processor only: leave it out",
        "cpu": "there is the processor only: leave it out",
        "only-masked": "write `gesso inpaint --mask FILE --region mask`",
        "inpaint-only-masked": "write `gesso inpaint --mask FILE --region mask`",
        "hires-fix": "write --hires-scale 2 in txt2img or img2img",
        "hires": "write --hires-scale 2 in txt2img or img2img",
        "enable-hr": "write --hires-scale 2 in txt2img or img2img",
        "hr-scale": "write --hires-scale 2 in txt2img or img2img",
        "refiner": "name a refiner checkpoint with --model in a second `gesso img2img`",
        "restore-faces": "Gesso has no such filter: leave it out",
        "face-restoration": "Gesso has no such filter: leave it out",
        "adetailer": "mask the faces and `gesso inpaint --region mask`",
        "offline": "edits never use the network: leave it out",
        "no-clobber": "nothing is overwritten without --overwrite: leave it out",
    ]

    private static let commands = [
        "restyle": "img2img", "image2image": "img2img", "i2i": "img2img", "stylize": "img2img",
        "paint": "inpaint", "fill": "inpaint", "erase": "inpaint --preset remove-object",
        "remove": "inpaint --preset remove-object", "heal": "inpaint --preset heal-spots",
        "extend": "outpaint", "expand": "outpaint", "uncrop": "outpaint",
        "generate": "txt2img", "create": "txt2img", "text2img": "txt2img", "t2i": "txt2img",
        "text2image": "txt2img", "edit": "instruct", "pix2pix": "instruct",
        "enlarge": "upscale", "list": "preset list", "ls": "preset list",
        "presets": "preset list", "recipes": "preset list", "styles": "preset list",
        "models": "doctor", "check": "doctor", "diff": "compare", "xyz": "grid",
        "montage": "sheet", "version": "--version", "settings": "config show",
        "man": "manual", "metadata": "info", "png-info": "info", "pnginfo": "info",
        "png_info": "info", "show": "info", "dir": "batch",
    ]

    private static let groups = [
        "preset": [
            "check": "validate", "lint": "validate", "test": "validate", "verify": "validate",
            "ls": "list", "create": "new", "add": "new", "save": "new", "cat": "show",
            "print": "show", "options": "keys", "settings": "keys",
        ],
        "model": [
            "ls": "list", "download": "get", "fetch": "get", "install": "get", "pull": "get",
            "add": "get", "info": "inspect", "show": "inspect", "check": "inspect",
            "export": "convert", "save": "convert",
        ],
        "config": ["list": "show", "get": "show", "print": "show", "ls": "show"],
    ]

    /// What to do instead of an option that a command does not have; nil where nothing is known.
    ///
    /// - Parameters:
    ///   - option: with its dashes.
    ///   - command: the name of the command, and the long names of its options.
    package static func remedy(for option: String, of command: (name: String, options: [String]))
        -> String?
    {
        let isLong = option.hasPrefix("--")
        let bare = option.drop { $0 == "-" }
        let name = isLong ? bare.lowercased().replacing("_", with: "-") : String(bare)
        let key = name.replacing("-", with: "_")
        let elsewhere = isLong ? Recipe.keys.first { $0.namesElsewhere.contains(key) }?.name : nil
        let ours = (isLong ? [name, elsewhere].compactMap(\.self) : []) + (options[name] ?? [])
        if let known = ours.lazy.compactMap({ spelling(of: $0, in: command) }).first {
            return "did you mean '\(known)'?"
        }
        if let advice = advice[name] { return advice }
        guard isLong else { return nil }
        let beginning = command.options.filter { $0.hasPrefix(name) }
        let meant =
            beginning.count == 1 ? beginning[0] : nearMiss(name, among: command.options)
        return meant.map { "did you mean '--\($0)'?" }
    }

    /// How a command is given a setting: by a flag of its own, or else by `--set`.
    private static func spelling(
        of name: String, in command: (name: String, options: [String])
    ) -> String? {
        let flag = name.replacing("_", with: "-")
        if command.options.contains(flag) { return "--" + flag }
        guard command.options.contains("set"), let key = Recipe.key(name.replacing("-", with: "_"))
        else { return nil }
        let isOfVerb = Verb(rawValue: command.name).map(key.verbs.contains) ?? true
        return isOfVerb ? "--set \(key.name)=..." : nil
    }

    /// The command that others call so, of `gesso` or of the group of that name.
    package static func command(_ name: String, of group: String) -> String? {
        group == "gesso" ? commands[name.lowercased()] : groups[group]?[name.lowercased()]
    }
}
