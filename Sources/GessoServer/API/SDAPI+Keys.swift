import Foundation
import Gesso

extension PictureRequestReader {
    /// Puts the words of styles around the prompts, in their order, and around those that a second run has
    /// of its own; unknown ones are ignored, as there.
    mutating func readStyles(_ styles: [StyleBook.Style]) {
        let names = (fields["styles"]?.array ?? []).compactMap(\.string)
        let chosen = names.compactMap { name in styles.first { $0.name == name } }
        let (prompts, negatives) = (chosen.map(\.prompt), chosen.map(\.negativePrompt))
        for (key, words) in [
            ("prompt", prompts), ("negative_prompt", negatives), ("hires_prompt", prompts),
            ("hires_negative_prompt", negatives),
        ] where !key.hasPrefix("hires_") || settings[key] != nil {
            let prompt = words.reduce(settings[key] ?? "") { styled($0, $1) }
            if !prompt.isEmpty { settings[key] = prompt }
        }
    }
}

/// A prompt in the place of `{prompt}`, else with the style behind it.
private func styled(_ prompt: String, _ style: String) -> String {
    let limit = 64 << 10
    guard style.utf8.count + prompt.utf8.count < limit else { return prompt }
    if style.contains("{prompt}") {
        // A style with many places must not grow without end.
        let places = style.ranges(of: "{prompt}").count
        guard places * prompt.utf8.count < limit else { return prompt }
        return style.replacing("{prompt}", with: prompt)
    }
    return [prompt, style].filter { !$0.isEmpty }.joined(separator: ", ")
}
