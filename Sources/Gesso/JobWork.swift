import Editing
import Foundation
import Imaging
import Recipes

/// THE path of a request: one for every verb, chain, grid, batch and replay.
///
/// Pictures are read, an edit is prepared from each step's settings, the model is loaded, the edit is
/// carried out, and the next one begins with its result; the last picture is encoded, decoded again and
/// compared with the first wherever that must not have changed.
struct JobWork {
    private let request: Request
    private let library: Library
    private let options: Job.Options
    private let send: (Job.Event) -> Void
    private let isEnough: Job.Enough
    private let choice: ModelChoice?
    /// What each edit adds to the model.
    private let addOns: [[AddOnShelf.Entry]]
    /// The edits, with the LoRAs that prompts name among those of their recipes.
    private let edits: [Request.Edit]
    private let reader: PictureReader
    /// Signs the result; nil where no one does.
    private let seal: Seal?

    /// Finds what the edits need, before any picture is read.
    init(
        _ request: Request, _ library: Library, _ options: Job.Options,
        _ isEnough: Job.Enough = Job.Enough(), _ send: @escaping (Job.Event) -> Void
    ) throws {
        guard !request.edits.isEmpty else {
            throw GessoError(.usage, "no edits", at: "request", do: "give one or more")
        }
        (self.request, self.library, self.options) = (request, library, options)
        (self.isEnough, self.send) = (isEnough, send)
        choice = try library.choice(of: request)
        let credentials = options.credentials
        let places = library.places.credentials
        do {
            seal = try places.signer(credentials.use).map { signer in
                Seal(
                    signer: signer, tellsPrompts: credentials.tellsPrompts,
                    timeStamps: try places.timeStampAuthority(credentials))
            }
        } catch let error as CredentialsError {
            throw GessoError(error)
        }
        let shelf = AddOnShelf(library.places, known: request.addOnFiles)
        var notes: [String] = []
        if credentials.timeStamps != nil, seal == nil {
            notes.append("no time stamp is written: the picture is not signed")
        }
        let url = choice?.url
        var replacement = Replacement()
        edits = try request.edits.map { edit in
            let (chosen, ofWildcards) = edit.recipe.drawingWildcards(from: library.places.wildcards)
            var (recipe, ofTags) = chosen.takingLoRATags()
            notes += ofWildcards + ofTags + recipe.foreignNotation()
            if let url, recipe.steps > 0 {
                let own = try Model.completed(recipe, for: edit.verb, by: url)
                recipe = own.recipe
                replacement.add(own.replaced, of: own.model)
            }
            return Request.Edit(edit.verb, recipe, mask: edit.mask)
        }
        notes += [replacement.note].compactMap(\.self)
        addOns = try edits.map { $0.recipe.steps > 0 ? try shelf.entries(of: $0.recipe) : [] }
        notes += [AddOnShelf.noteOnMissing(zip(edits, addOns).map { ($0.recipe, $1) })]
            .compactMap(\.self)
        reader = PictureReader(request.pictures, checksCredentials: seal != nil) {
            send(.note($0))
        }
        // Edits of one prompt have one remark on it.
        var sent: Set<String> = []
        for note in notes where sent.insert(note).inserted { send(.note(note)) }
    }

    /// The settings of the model that take the place of presets', in all edits.
    private struct Replacement {
        private var settings: [String] = []
        private var model = ""

        /// - Parameter settings: such as `strength 0.5`.
        mutating func add(_ settings: [String], of model: String) {
            self.model = model
            for setting in settings where !self.settings.contains(setting) {
                self.settings.append(setting)
            }
        }

        /// One note for all edits; nil where nothing is replaced.
        var note: String? {
            let words = settings.map { $0.replacing("guidance_scale", with: "guidance") }
            guard let last = words.last else { return nil }
            guard words.count > 1 else {
                return "\(last) is used in place of the preset's: it suits \(model)"
            }
            return words.dropLast().joined(separator: ", ") + " and " + last
                + " are used in place of the preset's: they suit \(model)"
        }
    }

    /// Loads the model of the first edit, if it has one.
    func load() throws { _ = try model(0) }

    /// Carries the request out.
    func outcome() throws -> Outcome {
        var state = State()
        var works: [Outcome.Work] = []
        var loadings: [Int: Double] = [:]
        for index in edits.indices {
            try Task.checkCancellation()
            if edits.count > 1 {
                send(.edit(index + 1, of: edits.count, edits[index].verb))
                if index == 0 { loadings = try rehearse(&state) }
            }
            let source = try source(&state, index)
            var work = try work(index, on: source, state.history)
            work.loading += loadings[index] ?? 0
            if let source { try state.history?.note(work.edit, on: source) }
            works.append(work)
            state.image = work.marked
            state.history = state.history ?? CanvasHistory(work.marked)
        }
        // What is made from words has no picture that it must be like.
        let claim = edits[0].verb == .textToImage ? nil : state.history?.claim
        return try Outcome(
            request, edits: edits, works, claim, reader, addOns: addOns,
            checkpoint: choice?.url, library: library, seal)
    }

    /// Between two edits: the picture, and what was done to its canvas.
    private struct State {
        var image: Image?
        var history: CanvasHistory?
    }

    /// The picture that an edit begins with; nil for one from words.
    private func source(_ state: inout State, _ index: Int) throws -> Image? {
        if index == 0, edits[0].verb != .textToImage, state.image == nil {
            state.image = try reader.source()
        }
        if state.history == nil { state.history = state.image.map { CanvasHistory($0) } }
        return state.image
    }

    /// An edit before its model is loaded; nil for one from words, whose size may be the model's.
    private func prepared(
        _ index: Int, on source: Image?, _ history: CanvasHistory?
    ) throws -> Edit? {
        let edit = edits[index]
        let prepared = try source.map {
            try Edit(edit.verb, of: $0, edit.recipe, mask: edit.mask, after: history) { name in
                try reader.mask(name, edit.recipe)
            }
        }?.steered { try reader.mask($0, nil) }
        try prepared?.original?.checkEncodable(as: request.format)
        return prepared
    }

    /// An edit from words, of the model's size where none is asked for.
    private func textToImage(_ index: Int, _ model: Model) throws -> Edit {
        try Edit.textToImage(edits[index].recipe, defaultSize: model.nativeSize)
            .steered { try reader.mask($0, nil) }
    }

    private func model(_ index: Int) throws -> (model: Model, seconds: Double)? {
        guard edits[index].recipe.steps > 0, let choice else { return nil }
        return try library.load(
            choice, adding: AddOns(addOns[index], of: edits[index].recipe),
            from: addOns[index].flatMap { (try? $0.allFiles()) ?? $0.files },
            encoding: edits[index].verb != .textToImage)
    }

    private func work(
        _ index: Int, on source: Image?, _ history: CanvasHistory?
    ) throws -> Outcome.Work {
        let prepared = try prepared(index, on: source, history)
        guard let (model, loading) = try model(index) else {
            guard let prepared else { throw Self.nothingToDo }
            send(.plan(EditPlan(filling: prepared, writing: request.format), index: index))
            let filled = try prepared.filled(writing: request.format) {
                try Task.checkCancellation()
                send(.progress($0))
            }
            guard let result = filled else { throw Self.nothingToDo }
            return try work(index, prepared, result, loading: 0)
        }
        let edit = try prepared ?? textToImage(index, model)
        let result = try Editor(model)(
            edit, preview: preview(of: model), isEnough: { [isEnough] in isEnough.isSet }
        ) {
            send(.plan($0, index: index))
        } progress: {
            try Task.checkCancellation()
            send(.progress($0))
        }
        return try work(index, edit, result, loading: loading)
    }

    private func work(
        _ index: Int, _ edit: Edit, _ result: EditResult, loading: Double
    ) throws -> Outcome.Work {
        // A hash takes seconds the first time: it is worked out only where the model painted.
        let checkpoint = result.report.evaluations > 0 ? choice?.url : nil
        return Outcome.Work(
            edit: edit, result: result, loading: loading,
            marked: try result.marked(
                of: edit.verb, addOns: addOns[index], hashes: library.hashes,
                modelHash: try checkpoint.flatMap { try library.modelHash(of: $0) }))
    }

    private static var nothingToDo: GessoError {
        GessoError(.usage, "0 steps leave nothing to do", at: "steps", do: "give 1 or more")
    }

    private func preview(of model: Model) throws -> Preview? {
        guard let interval = options.previewInterval else { return nil }
        let decoder = try options.previewDecoder.map { try Preview.Decoder($0, beside: model) }
        return Preview(every: interval, decoder: decoder) { send(.preview($0)) }
    }

    /// What would be done; each step's picture is as large as the one before makes it.
    func plan() throws -> [PlannedEdit] {
        var state = State()
        return try edits.indices.map { index in
            try Task.checkCancellation()
            let source = try source(&state, index)
            let prepared = try prepared(index, on: source, state.history)
            let planned = try plan(index, prepared)
            try pass(prepared, &state, width: planned.plan.width, height: planned.plan.height)
            return planned
        }
    }

    /// Goes on to the next edit with a picture of the size that an edit gives its result.
    private func pass(
        _ prepared: Edit?, _ state: inout State, width: Int, height: Int
    ) throws {
        if let prepared, let source = state.image { try state.history?.note(prepared, on: source) }
        let next =
            prepared?.original ?? Mask(width: width, height: height, filledWith: 255).image.rgb8
        state.image = next
        state.history = state.history ?? CanvasHistory(next)
    }

    /// Goes through several edits before the first is carried out: a mask that is missing or too few steps of a
    /// later one would else be found after all the work on those before it. What another model than the first
    /// one loaded makes of an edit shows in its turn.
    ///
    /// - Parameter state: gets the picture that the first edit begins with.
    /// - Returns: the seconds that loading a model took, by the edit that it is for.
    private func rehearse(_ state: inout State) throws -> [Int: Double] {
        _ = try source(&state, 0)
        var (ahead, loadings) = (state, [Int: Double]())
        var loaded: AddOns?
        for index in edits.indices {
            try Task.checkCancellation()
            do {
                let edit = try prepared(index, on: ahead.image, ahead.history)
                let own = AddOns(addOns[index], of: edits[index].recipe)
                var planned = edit
                if loaded == nil || loaded == own, let (model, seconds) = try model(index) {
                    if loaded == nil { loadings[index] = seconds }
                    loaded = own
                    planned = try edit ?? textToImage(index, model)
                    _ = try planned.map { try Editor(model).plan($0) }
                }
                // What another model makes from words may have any size.
                guard let planned else { break }
                try pass(edit, &ahead, width: planned.width, height: planned.height)
            } catch {
                // Its number comes before what is wrong with it.
                if index > 0 { send(.edit(index + 1, of: edits.count, edits[index].verb)) }
                throw error
            }
        }
        return loadings
    }

    private func plan(_ index: Int, _ prepared: Edit?) throws -> PlannedEdit {
        guard let (model, loading) = try model(index) else {
            guard let prepared else { throw Self.nothingToDo }
            return PlannedEdit(
                verb: edits[index].verb, plan: EditPlan(filling: prepared, writing: request.format),
                loading: 0, isSpeedKept: true)
        }
        let edit = try prepared ?? textToImage(index, model)
        let (speed, isKept) = try library.speed(
            of: model, choice, AddOns(addOns[index], of: edits[index].recipe),
            threads: Editor.threads(options.threads))
        return PlannedEdit(
            verb: edits[index].verb, plan: try Editor(model).plan(edit, speed: speed),
            loading: loading, isSpeedKept: isKept)
    }
}

/// An edit that would be carried out.
public struct PlannedEdit: Sendable {
    /// What would be done.
    public let verb: Verb
    /// What it would do and need.
    public let plan: EditPlan
    /// Seconds that loading the model took; 0 where it was loaded.
    public let loading: Double
    /// Whether the model's speed was measured by an earlier run.
    public let isSpeedKept: Bool
}
