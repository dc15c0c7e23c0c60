/// What is known of a picture beside the recipe it was made by.
public struct Provenance: Sendable, Equatable {
    /// What was done.
    public var verb: Verb
    /// Name of the checkpoint.
    public var model: String
    /// The first ten hexadecimal digits of the SHA-256 of its file; nil for a folder.
    public var modelHash: String?
    /// The scheduler that ran, by its name in recipes.
    public var scheduler: String
    /// The seed, drawn or given.
    public var seed: UInt64
    /// Size in pixels.
    public var size: Size
    /// Name and version of the program.
    public var program: String
    /// What was added to the checkpoint.
    public var addOns: [AddOn]

    /// An add-on as A1111 knows it: what it is called and a part of a hash.
    public struct AddOn: Sendable, Equatable {
        /// The recipe's key: `lora`, `embedding`, `control` or `vae`.
        public var key: String
        /// The recipe's word for it.
        public var asked: String?
        /// The file's name without its ending.
        public var name: String
        /// Of a LoRA or an embedding 12, of a VAE 10, of a ControlNet 8 hexadecimal digits; empty for a folder.
        public var hash: String
        /// The factor of a LoRA.
        public var strength: Double
        /// Its factor for the text encoders; nil is the same.
        public var textStrength: Double?
        /// Its factors for blocks; nil is 1 for all.
        public var blocks: BlockWeights?

        /// A record of an add-on.
        public init(
            key: String, name: String, hash: String, strength: Double = 1,
            textStrength: Double? = nil, blocks: BlockWeights? = nil, asked: String? = nil
        ) {
            (self.key, self.name, self.hash, self.strength) = (key, name, hash, strength)
            (self.textStrength, self.blocks, self.asked) = (textStrength, blocks, asked)
        }
    }

    /// A record of how a picture was made.
    public init(
        verb: Verb, model: String, scheduler: String, seed: UInt64, size: Size, program: String,
        modelHash: String? = nil, addOns: [AddOn] = []
    ) {
        self.verb = verb
        self.model = model
        self.scheduler = scheduler
        self.seed = seed
        self.size = size
        self.program = program
        self.modelHash = modelHash
        self.addOns = addOns
    }
}
