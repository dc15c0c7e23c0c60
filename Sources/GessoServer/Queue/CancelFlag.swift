import NIOConcurrencyHelpers

/// A wish that a job end, at once or with the picture of what there is, which may come before there is
/// anything to end.
package final class CancelFlag: Sendable {
    private struct State {
        var isSet = false
        var action: (@Sendable () -> Void)?
        var isFinishing = false
        var finish: (@Sendable () -> Void)?
    }

    private let state = NIOLockedValueBox(State())

    package init() {}

    package var isSet: Bool { state.withLockedValue { $0.isSet } }

    package func set() {
        let action = state.withLockedValue { state in
            state.isSet = true
            return state.action
        }
        action?()
    }

    /// Whether the picture under way is to be the last, made of what there is.
    var isFinishing: Bool { state.withLockedValue { $0.isFinishing } }

    /// Has the picture under way made of what there is.
    func finish() {
        let action = state.withLockedValue { state in
            state.isFinishing = true
            return state.finish
        }
        action?()
    }

    /// What is done when a picture is to be finished early; at once if that is known.
    func onFinish(_ action: @escaping @Sendable () -> Void) {
        let isFinishing = state.withLockedValue { state in
            state.finish = action
            return state.isFinishing
        }
        if isFinishing { action() }
    }

    func reset() { state.withLockedValue { $0 = State() } }

    /// What is done when it is set; at once if it is.
    func onSet(_ action: @escaping @Sendable () -> Void) {
        let isSet = state.withLockedValue { state in
            state.action = action
            return state.isSet
        }
        if isSet { action() }
    }
}
