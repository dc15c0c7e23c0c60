#!/usr/bin/env python3
"""Tries the completions in the shells themselves: starts each in a terminal, types, presses Tab.

    Scripts/try-completions.py GESSO

A shell that is not installed is skipped. Commands, flags, fixed values, and values that depend on what
is there: presets (one of the user's own among them), models, keys of --set.
"""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

CASES = [
    ("gesso inp", "gesso inpaint"),
    ("gesso img2img in.png --neg", "--negative-prompt"),
    ("gesso img2img in.png --scheduler dpm", "--scheduler dpmpp-2m"),
    ("gesso img2img in.png --preset wa", "--preset watercolor"),
    ("gesso img2img in.png --preset min", "--preset mine"),
    ("gesso img2img in.png --model gesso-b", "--model gesso-builtin"),
    ("gesso img2img in.png --set schedu", "--set scheduler="),
    # The value follows the key without a blank.
    ("gesso img2img in.png --set schedu\teule", "--set scheduler=euler"),
    ("gesso img2img in.png --set scheduler=eul", "scheduler=euler"),
    ("gesso preset show waterc", "gesso preset show watercolor"),
    ("gesso img2img pict", "gesso img2img picture.png"),
]

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"],
             ["PS1='% '", "bind 'set enable-bracketed-paste off'", "source ./gesso.bash"]),
    "zsh": (["zsh", "-f", "-i"],
            ["PS1='%% '", "unset zle_bracketed_paste", "fpath=($PWD $fpath)",
             "autoload -Uz compinit", "compinit -u -d $PWD/dump"]),
    "fish": (["fish", "--no-config", "-i"],
             ["function fish_prompt; echo '% '; end", "source ./gesso.fish"]),
}

ESCAPES = re.compile(rb"\x1b\[[0-9;?>=]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]|\x1b\][^\x07]*\x07|[\r\x07]")


class Terminal:
    """A shell that believes it is talked to by a person."""

    def __init__(self, words, folder, environment):
        self.process, self.descriptor = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execvpe(words[0], words, environment)

    def read(self, seconds):
        """What is shown until nothing more comes for that long."""
        shown = b""
        while select.select([self.descriptor], [], [], seconds)[0]:
            try:
                more = os.read(self.descriptor, 1 << 16)
            except OSError:
                break
            if not more:
                break
            shown += more
        return ESCAPES.sub(b"", shown).decode(errors="replace")

    def type(self, text):
        os.write(self.descriptor, text.encode())

    def end(self):
        os.kill(self.process, 9)
        os.waitpid(self.process, 0)
        os.close(self.descriptor)


def script(gesso, shell):
    done = subprocess.run(
        [gesso, "--generate-completion-script", shell], capture_output=True, check=True)
    return done.stdout


def try_shell(shell, gesso, folder):
    words, setup = SHELLS[shell]
    name = {"zsh": "_gesso"}.get(shell, "gesso." + shell)
    (folder / name).write_bytes(script(gesso, shell))
    environment = dict(os.environ, HOME=str(folder), TERM="xterm", COLUMNS="200", LC_ALL="C.UTF-8",
                       PATH=f"{os.path.dirname(gesso)}:{os.environ['PATH']}")
    for name in ("XDG_CONFIG_HOME", "GESSO_MODELS"):
        environment.pop(name, None)
    terminal = Terminal(words, folder, environment)
    terminal.read(2)
    for line in setup:
        terminal.type(line + "\n")
        terminal.read(0.5)
    failed = 0
    for typed, expected in CASES:
        terminal.type(typed + "\t")
        shown = terminal.read(2)
        holds = expected in shown
        failed += not holds
        print(f"{'ok   ' if holds else 'FAILS'} {shell}: {typed}<Tab>")
        if not holds:
            print(f"      shows {shown!r}")
        terminal.type("\x15")
        terminal.read(0.2)
        time.sleep(0.05)
    terminal.end()
    return failed


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    gesso = os.path.realpath(sys.argv[1])
    failed = 0
    for shell in SHELLS:
        if not shutil.which(shell):
            print(f"skipped: there is no {shell}")
            continue
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
            folder = pathlib.Path(temporary)
            presets = folder / ".config/gesso/presets"
            presets.mkdir(parents=True)
            (presets / "mine.yaml").write_text("prompt: x\n")
            (folder / "picture.png").touch()
            failed += try_shell(shell, gesso, folder)
    sys.exit(failed > 0)


main()
