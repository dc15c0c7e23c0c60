/// What may stand behind a key of a file.
struct RecipeShape: Sendable {
    /// A text, in quotes, as a block, or plain.
    var text = false
    /// Nothing at all.
    var nothing = false
    /// A list of texts, by dashes or in brackets.
    var texts = false
    /// Keys below it, each with a shape of its own.
    var mapping: (@Sendable (String) -> RecipeShape)?
    /// A list of such mappings.
    var mappings: (@Sendable (String) -> RecipeShape)?

    /// Keys with a text each: configuration files.
    static let flat = RecipeShape(mapping: { _ in .oneText })

    /// A recipe file.
    static let recipe = RecipeShape(mapping: { key in
        switch key {
        case "vars": RecipeShape(mapping: { _ in RecipeShape(text: true, nothing: true) })
        case "masks": RecipeShape(mapping: { _ in maskByName })
        case "for": RecipeShape(mapping: { _ in someTexts })
        case "edits": RecipeShape(mappings: { $0 == "mask" ? someTexts : .oneText })
        case "mask": someTexts
        default: .oneText
        }
    })

    private static let oneText = RecipeShape(text: true)
    private static let someTexts = RecipeShape(text: true, texts: true)
    private static let maskByName = RecipeShape(
        text: true, nothing: true, texts: true,
        mapping: { $0 == "of" ? someTexts : .oneText })

    /// What to write instead, for errors.
    var remedy: String {
        if mappings != nil { return "write a list below it, `- key: value` and so on" }
        if mapping != nil, !text { return "write `name: value` lines below it, indented" }
        if texts, !text { return "write [a, b] or a list of `- a` lines" }
        return RecipeOutline.form
    }
}
