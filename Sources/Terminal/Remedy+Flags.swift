package import Gesso

extension Remedy {
    /// The remedy in the tool's own words, with its options.
    package var inFlags: String {
        switch self {
        case .renameOrReplace: "give another name or --overwrite"
        case .fitMask: "--mask: give one of the picture's size, or --fit-mask"
        case .nameModel:
            "give a folder or file, or set GESSO_MODELS; `gesso model list` lists what is here"
        case .nameAddOn(let folder):
            "give a file, or a name in the folder \(folder) of GESSO_MODELS"
        case .anotherModel: "name another checkpoint with --model"
        case .anotherModelOrInstruct:
            "use `gesso instruct`, or name another checkpoint with --model"
        case .instructModel:
            "name an InstructPix2Pix checkpoint with --model, or use `gesso img2img`"
        case .nameTokenizer:
            "give --tokenizer FOLDER, or put share/gesso/Models beside gesso's folder"
        case .wholeVAE: "put the encoder's file beside it, or give a whole VAE with --vae"
        case .joinParts: "--per-component: leave it out, or join them with --mask-grow"
        case .otherPicture: "try another prompt or seed, or --safety off"
        case .namePicture(let name):
            name == Request.source
                ? "--source: give the file with --source" : "--mask: give the file with --mask"
        case .nameReceipt: "give a file that --receipt wrote"
        case .receiptOrSettings:
            "give a file that --receipt wrote, or use its settings with `gesso img2img --from-image`"
        case .onePicture: "give one picture, or see `gesso batch --help`"
        case .otherFolder: "give another --output-dir, or --overwrite to make all anew"
        case .otherFolderOnly(let other): "\(other), or give another --output-dir"
        case .otherFolderOrName: "--output-dir: give another folder, or another --name"
        case .skipOrReplace: "give --skip-existing, --overwrite or another --output-dir"
        case .skipOrReplaceIt: "give --skip-existing or --overwrite"
        case .searchDeeper: "look deeper with --recursive"
        case .nameSettings:
            "give a picture with settings in it; `gesso info` shows what it contains"
        case .nameShard: "give --shard i/n, or --shard off"
        case .setCounter(let name): "set \(name), or give --shard i/n or --shard off"
        case .part("output", let advice): "-o: \(advice)"
        case .part(let name, let advice):
            "--\(name.replacing("_", with: "-")): \(advice)"
        case .giveSetting(let key, let hasPresets, let orNoSteps):
            "give --\(key.replacing("_", with: "-")) TEXT" + (hasPresets ? " or --preset NAME" : "")
                + (orNoSteps ? ", or --steps 0 to fill without a model" : "")
        case .giveVariable(let name): "give --var \(name)=TEXT"
        case .giveMask(let name): "give --mask \(name)=MASK"
        case .leaveOutVariable(let name): "--var \(name): leave it out"
        case .advice, .meant, .fetch: description
        }
    }
}
