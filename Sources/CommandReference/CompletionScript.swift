import Foundation

/// The parser's completion scripts, mended where a shell would make nothing of them.
package enum CompletionScript {
    /// The text that stands for a parser's message: a script for bash or zsh gets what it lacks.
    package static func mended(_ text: String) -> String {
        if text.hasPrefix("#!/bin/bash") {
            return text.replacing("complete -o filenames -F _gesso gesso", with: settings)
        }
        guard text.hasPrefix("#compdef gesso") else { return text }
        let names = "non_empty_completions -- empty"
        return text.replacing(
            "    _describe -V '' " + names,
            with: suffix
                + #"    _describe -V '' non_empty_completions "${suffix[@]}" -- empty"#)
    }

    /// Zsh would put a blank behind a key, where its value is to come.
    private static let suffix = #"""
            local -a suffix=()
            [[ -z "${non_empty_completions:#*=}" ]] && suffix=(-S '')

        """#

    /// Bash breaks words at `=`, but a setting is one word with it, whose value is still to come.
    private static let settings = #"""
        # Joins what bash has broken at "=", and offers values without their key.
        _gesso_settings() {
            local -a words=()
            local -i index at=0
            for index in "${!COMP_WORDS[@]}"; do
                if ((index > 1)) && [[ ${COMP_WORDS[index]} == = || ${COMP_WORDS[index-1]} == = ]]; then
                    words[${#words[@]}-1]+=${COMP_WORDS[index]}
                else
                    words+=("${COMP_WORDS[index]}")
                fi
                ((index == COMP_CWORD)) && at=$((${#words[@]} - 1))
            done
            COMP_WORDS=("${words[@]}")
            COMP_CWORD=$at
            local -r whole=${words[at]}
            _gesso "$1" "$whole" "${words[at-1]}"
            local -a offered=()
            local reply
            for reply in "${COMPREPLY[@]}"; do
                [[ $reply == "$whole"* ]] && offered+=("$reply")
            done
            ((${#offered[@]} == 0)) && return
            if [[ $whole == *=* ]]; then
                COMPREPLY=("${offered[@]#"${whole%%=*}="}")
            elif [[ ${offered[0]} == *= ]]; then
                COMPREPLY=("${offered[@]}")
                compopt -o nospace +o filenames
            fi
        }

        complete -o filenames -F _gesso_settings gesso
        """#
}
