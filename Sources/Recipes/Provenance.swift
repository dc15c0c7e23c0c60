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
        /// The recipe's key: `lora` or `vae`.
        public var key: String
        /// The file's name without its ending.
        public var name: String
        /// Of a LoRA 12, of a VAE 10 hexadecimal digits.
        public var hash: String
        /// The factor of a LoRA.
        public var strength: Double
        /// That of its part for the text encoder; nil is the same.
        public var textStrength: Double?

        /// A record of an add-on.
        public init(
            key: String, name: String, hash: String, strength: Double = 1,
            textStrength: Double? = nil
        ) {
            (self.key, self.name, self.hash) = (key, name, hash)
            (self.strength, self.textStrength) = (strength, textStrength)
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
