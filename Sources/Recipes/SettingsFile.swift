extension Setting {
    /// The entries of a file that is a flat list of `key: value`, in the form and with the limits of a
    /// recipe file; keys and values are not checked.
    ///
    /// - Throws: `RecipeError` for a file that cannot be read, is no such list, or has a key twice.
    public static func list(inFile path: String) throws(RecipeError) -> [Setting] {
        let settings = try RecipeText(
            PresetShelf(environment: [:]).read(path), name: path
        ).settings()
        var first: [String: Setting] = [:]
        for setting in settings {
            if let earlier = first.updateValue(setting, forKey: setting.key) {
                throw .repeated(
                    key: setting.key, at: setting.keyOrigin, first: earlier.keyOrigin)
            }
        }
        return settings
    }
}
