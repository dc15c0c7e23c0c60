# What the trials with strangers' programs share: read with `source`, from the top of the repository.

# Ends a trial that cannot be made here, with a code of its own (EX_UNAVAILABLE).
unavailable() {
    echo "Skipped: $1" >&2
    exit 69
}

# Installs packages of Debian's.
install() {
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then sudo=(sudo -n); fi
    "${sudo[@]}" timeout 60 apt-get update -qq >&2 &&
        DEBIAN_FRONTEND=noninteractive "${sudo[@]}" timeout 240 \
            apt-get install -y -qq "$@" >/dev/null
}

# A virtual environment that is kept between runs: its name, then packages from PyPI. Prints its folder.
environment() {
    local folder=${XDG_CACHE_HOME:-$HOME/.cache}/gesso/$1 wanted=${*:2}
    if [ "$(cat "$folder/ready" 2>/dev/null)" != "$wanted" ] || ! "$folder/bin/python" -c ""; then
        rm -rf "$folder"
        python3 -m venv "$folder" >&2 ||
            { install python3-venv >&2 && python3 -m venv "$folder" >&2; } || return 1
        timeout 240 "$folder/bin/pip" -q install --timeout 20 --retries 2 "${@:2}" >&2 || return 1
        echo "$wanted" >"$folder/ready"
    fi
    echo "$folder"
}

# Debian's Chromium, installed where it is missing. Prints its path once it has shown an empty page.
chromium() {
    local program
    program=$(type -P chromium) || { install chromium && program=$(type -P chromium); } || return 1
    timeout 60 "$program" --headless --no-sandbox --disable-gpu --dump-dom about:blank \
        >/dev/null 2>&1 || return 1
    echo "$program"
}

# Builds a server where there is none: $1 is its path, which may be empty. Sets `server`.
built() {
    server=${1:-.build/release/gesso-server}
    [ -x "$server" ] || swift build -c release --product gesso-server
}

# Starts the server with the built-in model in a folder of its own. Sets `work`, `pid` and `address`, and
# ends the server with the script; what is in $work besides its data stays if $1 is "keep".
started() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/gesso-trial.XXXXXX")
    local rest=$work
    if [ "${1:-}" = keep ]; then rest=$work/data; fi
    # shellcheck disable=SC2064
    trap "kill \$pid 2>/dev/null || true; wait \$pid 2>/dev/null || true; rm -rf '$rest'" EXIT
    GESSO_MODELS="$PWD/Fixtures/Models" "$server" --port 0 --data "$work/data" \
        >"$work/address" 2>"$work/log" &
    pid=$!
    for _ in $(seq 300); do
        [ -s "$work/address" ] && break
        sleep 0.1
    done
    address=$(head -1 "$work/address")
    [ -n "$address" ] || { cat "$work/log" >&2; exit 1; }
}
