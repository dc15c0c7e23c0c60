import Gesso

extension Remedy {
    /// The remedy in the tool's own words, with its options.
    var inFlags: String {
        switch self {
        case .renameOrReplace: "give another name or --overwrite"
        case .fitMask: "--mask: give one of the picture's size, or --fit-mask"
        case .nameModel:
            "give a folder or file, or set GESSO_MODELS; `gesso doctor` lists what is here"
        case .nameAddOn(let folder):
            "give a file, or a name in the folder \(folder) of GESSO_MODELS"
        case .anotherModel: "name another checkpoint with --model"
        case .anotherModelOrInstruct:
            "use `gesso instruct`, or name another checkpoint with --model"
        case .instructModel:
            "name an InstructPix2Pix checkpoint with --model, or use `gesso img2img`"
        case .nameTokenizer:
            "give --tokenizer FOLDER, or get one with "
                + "`hf download openai/clip-vit-large-patch14 vocab.json merges.txt`"
        case .wholeVAE: "put the encoder's file beside it, or give a whole VAE with --vae"
        case .joinParts: "--per-component: leave it out, or join them with --mask-grow"
        case .otherPicture: "try another prompt or seed, or --safety off"
        case .namePicture(let name):
            name == Request.source
                ? "--source: give the file with --source" : "--mask: give the file with --mask"
        case .nameReceipt: "give a file that --receipt wrote"
        case .otherFolder: "give another --output-dir, or --overwrite to make all anew"
        case .otherFolderOnly(let other): "\(other), or give another --output-dir"
        case .otherFolderOrName: "--output-dir: give another folder, or another --name"
        case .skipOrReplace: "give --skip-existing, --overwrite or another --output-dir"
        case .searchDeeper: "look deeper with --recursive"
        case .fewerCells(let most): "--x: give axes for \(most) or fewer"
        case .smallerCells(let side): "--side: give a smaller one than \(side), or fewer values"
        case .advice, .meant: description
        }
    }
}
