public import Imaging
import Recipes

extension Edit {
    /// The edit with the ControlNets that its recipe asks for.
    ///
    /// - Parameter read: reads a map or a mask by its name.
    /// - Throws: `EditingError.nothingToControlBy` where a network has nothing to read, `.nothingToRead` where
    ///   nothing says what that would be, and what `read` throws.
    public func steered(read: (String) throws -> Image) throws -> Edit {
        var steered = self
        steered.controls = try recipe.controls.map { choice in
            var control = Control(choice.network, reading: try source(of: choice, read))
            (control.weight, control.start, control.end) = (
                choice.weight, choice.start, choice.end
            )
            control.mode = choice.mode ?? recipe.controlMode
            control.runs = choice.runs
            control.hidden = try choice.hides.map { Mask(try read($0)) }
            control.area = try choice.within.map { Mask(try read($0)) }
            return control
        }
        return steered
    }

    private func source(
        of choice: ControlChoice, _ read: (String) throws -> Image
    ) throws -> Control.Source {
        guard let reading = choice.reading else {
            throw EditingError.nothingToRead(choice.network)
        }
        switch reading {
        case ControlChoice.picture: return .picture
        case ControlChoice.surroundings: return .surroundings
        default: break
        }
        guard let kind = ControlMap(named: reading) else {
            guard !Control.isKind(reading) else { throw EditingError.badMapNumbers(reading) }
            return .map(try read(reading))
        }
        guard start != nil else { throw EditingError.nothingToControlBy(choice.network) }
        return .drawing(kind)
    }
}
