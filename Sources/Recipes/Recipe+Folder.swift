extension Recipe {
    /// Lets the files that a key names lead from the folder of the recipe or list that names them.
    ///
    /// Masks lie there. What is added to a model is taken from there where its name is a path to something there;
    /// otherwise it may be a name on the shelf, as all names that are no paths.
    ///
    /// - Throws: `RecipeError.outside` for a mask that a link leads out of the folder to.
    mutating func lead(
        _ key: Key, from folder: String, at origin: Origin
    ) throws(RecipeError) {
        let before = self
        func model(_ name: String) -> String {
            let path = folder + "/" + name
            return name.contains("/") && RecipeFolder.real(path) != nil ? path : name
        }
        func picture(_ name: String) -> String {
            let path = folder + "/" + name
            let isFile = name.contains { "/.".contains($0) } && RecipeFolder.real(path) != nil
            return isFile ? path : name
        }
        switch key.name {
        case "lora":
            for index in loras.indices { loras[index].name = model(loras[index].name) }
        case "embedding": embeddings = embeddings.map(model)
        case "vae": vae = vae.map(model)
        case "unet": unet = unet.map(model)
        case "inpaint_base": inpaintBase = inpaintBase.map(model)
        case "inpaint_delta": inpaintDelta = inpaintDelta.map(model)
        case "control":
            for index in controls.indices {
                controls[index].network = model(controls[index].network)
                controls[index].reads = controls[index].reads.map(picture)
                controls[index].hides = controls[index].hides.map(picture)
                controls[index].within = controls[index].within.map(picture)
            }
        case "avoid":
            for index in avoid.indices {
                guard case .picture(let name) = avoid[index] else { continue }
                avoid[index] = .picture(try RecipeFolder.path(name, from: folder, at: origin))
            }
        default: return
        }
        // A folder with a sign in its name that parts values could not be written down.
        var read = self
        guard let value = key.value(in: self) else { return }
        if !key.set("\(value)", in: &read) || read != self { self = before }
    }
}
