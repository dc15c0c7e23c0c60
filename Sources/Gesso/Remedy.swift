/// What would help after an error, as a value: a front end words it with the options that it has.
public enum Remedy: Sendable, Equatable, CustomStringConvertible {
    /// Advice that is the same for every front end.
    case advice(String)
    /// Another name for the output, or leave to replace what is there.
    case renameOrReplace
    /// A mask of the picture's size, or leave to resize it.
    case fitMask

    /// What to do about a part of the request, or a setting, of that name.
    case part(String, String)
    /// A value for the setting of that name, or a preset that has one, where some are shipped for the verb.
    /// Where there is a mask, `steps` 0 fills it without a model.
    case giveSetting(String, hasPresets: Bool, orNoSteps: Bool)
    /// A value for the variable of that name.
    case giveVariable(String)
    /// A mask of that name.
    case giveMask(String)
    /// A variable of that name left out.
    case leaveOutVariable(String)
    /// The name that was probably meant.
    case meant(String)
    /// A checkpoint by its path or by a name that is found.
    case nameModel
    /// An add-on by its path, or by its name in that folder of the place of add-ons.
    case nameAddOn(folder: String)
    /// A model of the catalogue by its name, which is to be downloaded first.
    case fetch(String)
    /// Another checkpoint than the one in use.
    case anotherModel
    /// A checkpoint that does not follow instructions, or an edit that is one.
    case anotherModelOrInstruct
    /// A checkpoint that follows instructions, or an edit that is none.
    case instructModel
    /// A folder with a tokenizer.
    case nameTokenizer
    /// A whole VAE.
    case wholeVAE
    /// Parts of a mask at once, or joined by growing it.
    case joinParts
    /// Another prompt or seed, or no safety check.
    case otherPicture
    /// Another folder for a batch, or other names in it.
    case otherFolderOrName
    /// Leave to skip or to replace files that are there, or another folder.
    case skipOrReplace
    /// Leave to skip or to replace a file that is there.
    case skipOrReplaceIt
    /// Leave to search folders inside of folders.
    case searchDeeper
    /// A picture that holds settings.
    case nameSettings
    /// The share of a batch, or all of it, in words.
    case nameShard
    /// That variable of a cluster set, or the share in words.
    case setCounter(String)
    /// A file that is a receipt.
    case nameReceipt
    /// A file that is a receipt, or a picture's settings used anew.
    case receiptOrSettings
    /// One picture, or a batch for all in a folder.
    case onePicture
    /// A picture whose place the receipt does not know, by its name in the request.
    case namePicture(String)
    /// Another folder for a batch, or leave to make all of it anew.
    case otherFolder
    /// Another folder for a batch that must not be touched.
    case otherFolderOnly(or: String)

    /// The remedy in words that hold for every front end.
    public var description: String {
        switch self {
        case .advice(let text): text
        case .part(let name, let advice): "\(name): \(advice)"
        case .giveSetting(_, let hasPresets, let orNoSteps):
            (hasPresets ? "give one, or a preset that has one" : "give one")
                + (orNoSteps ? "; steps 0 fills without a model" : "")
        case .giveVariable: "give it one"
        case .giveMask: "give one of that name"
        case .leaveOutVariable(let name): "variable \(name): leave it out"
        case .meant(let name): "did you mean '\(name)'?"
        case .nameModel: "give a folder or file, or a name in one of the folders of models"
        case .nameAddOn(let folder): "give a file, or a name in the folder \(folder)"
        case .fetch(let name): "download it first: `gesso model get \(name)`"
        case .anotherModel: "use another checkpoint"
        case .anotherModelOrInstruct: "use another checkpoint, or give an instruction"
        case .instructModel: "use an InstructPix2Pix checkpoint, or another kind of edit"
        case .nameTokenizer: "name a folder with merges.txt"
        case .wholeVAE: "use a whole VAE, or put the encoder's file beside it"
        case .joinParts: "paint the parts at once, or grow the mask until they touch"
        case .otherPicture: "try another prompt or seed"
        case .otherFolderOrName: "give another folder, or other names"
        case .skipOrReplace: "allow skipping or replacing it, or give another folder"
        case .skipOrReplaceIt: "allow skipping or replacing it"
        case .searchDeeper: "search deeper, in folders inside of it"
        case .nameSettings: "give a picture with settings in it"
        case .nameShard: "give the share, or take all pictures"
        case .setCounter(let name): "set \(name), or give the share, or take all pictures"
        case .nameReceipt: "give the file of a receipt"
        case .receiptOrSettings: "give the file of a receipt, or use the picture's settings anew"
        case .onePicture: "give one picture, or use a batch for all in a folder"
        case .namePicture(let name): "give the picture '\(name)'"
        case .otherFolder: "give another folder, or allow replacing all that is there"
        case .otherFolderOnly(let other): "\(other), or give another folder"
        case .renameOrReplace: "give another name or allow replacing it"
        case .fitMask: "give one of the picture's size, or allow resizing it"
        }
    }
}
