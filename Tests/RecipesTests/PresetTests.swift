import Foundation
import Recipes
import TestSupport
import Testing

@Suite struct PresetTests {
    private let root = Fixtures.repository

    @Test func everyPresetOfTheFolderIsShipped() throws {
        let files = try FileManager.default.contentsOfDirectory(
            atPath: root.appending(path: "Presets").path)
        let shipped = try PresetShelf.shipped()
        #expect(shipped.map { $0.name + ".yaml" } == files.sorted())
        for preset in shipped {
            let file = root.appending(path: "Presets/\(preset.name).yaml")
            #expect(try preset.text == String(contentsOf: file, encoding: .utf8))
        }
    }

    @Test func everyShippedPresetIsCompleteForItsVerbs() throws {
        for preset in try PresetShelf.shipped() where !preset.hasEdits {
            #expect(!preset.summary.isEmpty)
            for verb in preset.verbs {
                let alone = try Recipe(verb, presets: [preset])
                #expect(alone.steps == 0 || !alone.prompt.isEmpty)
                #expect(!alone.prompt.contains("{"))
                #expect(!alone.prompt.hasPrefix(","))
                #expect(!alone.prompt.hasSuffix(","))
            }
        }
    }

    @Test func theExampleOfTheArticleIsShipped() throws {
        let article = try String(
            contentsOf: root.appending(path: "Sources/Gesso/Gesso.docc/Recipes.md"), encoding: .utf8
        )
        let shipped = try PresetShelf.shipped().filter(\.hasEdits)
        #expect(!shipped.isEmpty)
        for preset in shipped {
            #expect(article.contains("```yaml\n" + preset.text + "```"))
            let part = MaskPlan.Part(.alpha, subtracts: false, at: .argument("--mask"))
            let edits = try preset.edits(
                RecipeGiven(
                    variables: preset.variables.filter { $0.standard == nil }.map {
                        Setting($0.name, "a bench", at: .argument("--var"))
                    },
                    masks: Dictionary(
                        preset.masks.filter(\.isOpen).map { ($0.name, [part]) },
                        uniquingKeysWith: { $1 })))
            #expect(
                edits.allSatisfy { !$0.recipe.prompt.isEmpty && !$0.recipe.prompt.contains("{") })
        }
    }

    @Test func theUsersPresetsComeFirst() throws {
        try withFolder { folder in
            let presets = folder.appending(path: "gesso/presets")
            try FileManager.default.createDirectory(at: presets, withIntermediateDirectories: true)
            try Data("prompt: mine".utf8).write(to: presets.appending(path: "watercolor.yaml"))
            try Data("prompt: other".utf8).write(to: presets.appending(path: "other.yaml"))
            let shelf = PresetShelf(environment: ["XDG_CONFIG_HOME": folder.path])
            #expect(try shelf.preset("watercolor").settings.first?.value == "mine")
            #expect(try shelf.preset("other").settings.first?.value == "other")
            #expect(try shelf.preset("night").settings.count > 1)
            let names = try shelf.all().presets.map(\.name)
            #expect(names == names.sorted())
            #expect(try names.count == PresetShelf.shipped().count + 1)
        }
    }

    @Test func whatIsListedCanBeNamed() throws {
        try withFolder { folder in
            let presets = folder.appending(path: "gesso/presets")
            try FileManager.default.createDirectory(at: presets, withIntermediateDirectories: true)
            for (file, text) in [
                ("mine.yaml", "name: pretty\nprompt: a"), ("short.yml", "prompt: b"),
                ("broken.yaml", "nonsense: 1"),
            ] {
                try Data(text.utf8).write(to: presets.appending(path: file))
            }
            let shelf = PresetShelf(environment: ["XDG_CONFIG_HOME": folder.path])
            let all = try shelf.all()
            #expect(
                all.presets.map(\.name).filter { ["mine", "pretty", "short"].contains($0) }
                    == ["mine", "short"])
            for (name, preset) in all.presets { #expect(try shelf.preset(name) == preset) }
            #expect(all.broken.count == 1)
        }
    }

    @Test func theFolderFollowsTheEnvironment() {
        #expect(PresetShelf(environment: ["HOME": "/h"]).folder == "/h/.config/gesso/presets")
        #expect(
            PresetShelf(environment: ["HOME": "/h", "XDG_CONFIG_HOME": "relative"]).folder
                == "/h/.config/gesso/presets")
        #expect(PresetShelf(environment: [:]).folder == nil)
    }

    @Test func aPathIsReadAsAFile() throws {
        try withFolder { folder in
            let file = folder.appending(path: "mine.yaml")
            try Data("prompt: mine".utf8).write(to: file)
            let preset = try PresetShelf(environment: [:]).preset(file.path)
            #expect(preset.name == "mine")
            #expect(preset.verbs == Verb.allCases)
        }
    }

    @Test func whatIsNoFileIsNotRead() throws {
        let shelf = PresetShelf(environment: [:])
        #expect(throws: RecipeError.unreadable(path: "/dev/zero", reason: "not a file")) {
            try shelf.preset("/dev/zero")
        }
        #expect(throws: RecipeError.unreadable(path: "/", reason: "not a file")) {
            try shelf.preset("/")
        }
        #expect(
            throws: RecipeError.unreadable(
                path: "no/such.yaml", reason: "No such file or directory")
        ) {
            try shelf.preset("no/such.yaml")
        }
        try withFolder { folder in
            let pipe = folder.appending(path: "pipe.yaml").path
            #expect(mkfifo(pipe, 0o600) == 0)
            #expect(throws: RecipeError.unreadable(path: pipe, reason: "not a file")) {
                try shelf.preset(pipe)
            }
        }
        #expect(throws: RecipeError.self) { try shelf.preset("https://example.org/a.yaml") }
    }

    @Test func anUnknownNameIsMetWithANearOne() {
        let shelf = PresetShelf(environment: [:])
        #expect(throws: RecipeError.unknownPreset("watercolour", meant: "watercolor")) {
            try shelf.preset("watercolour")
        }
        #expect(throws: RecipeError.unknownPreset("zzz", meant: nil)) { try shelf.preset("zzz") }
    }

    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }
}

@Suite struct NearMissTests {
    @Test(arguments: [
        ("strenght", "strength"), ("stregth", "strength"), ("promt", "prompt"), ("stpes", "steps"),
        ("aspekt", "aspect"),
    ])
    func slipsAreSeen(_ slip: String, _ meant: String) {
        #expect(nearMiss(slip, among: Recipe.keys.map(\.name)) == meant)
    }

    @Test func whatIsFarOffIsNotMeant() {
        #expect(nearMiss("zebra", among: Recipe.keys.map(\.name)) == nil)
        #expect(nearMiss("", among: ["steps"]) == nil)
        #expect(nearMiss("steps", among: []) == nil)
    }
}
