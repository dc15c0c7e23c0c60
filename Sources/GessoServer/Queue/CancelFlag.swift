import NIOConcurrencyHelpers

/// A wish that a job end, which may come before there is anything to end.
package final class CancelFlag: Sendable {
    private struct State {
        var isSet = false
        var action: (@Sendable () -> Void)?
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
