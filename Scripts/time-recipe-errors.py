#!/usr/bin/env python3
"""Gives the tool every bad recipe of Fixtures/Recipes/Bad and some that are too large to keep, and tells
how long the refusals take. Each must come with file, line and column, exit code 64, in under 0.1 s.

    Scripts/time-recipe-errors.py [path of gesso]
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import time

LIMIT = 0.1
ROUNDS = 3
PLACE = re.compile(r":\d+:\d+: |too long for a recipe: ")


def large():
    """Texts of some 200 KB that a careless parser takes long for."""
    size = 200_000
    yield "brackets", "mask: " + "[" * size
    yield "braces", "prompt: " + "{" * size
    yield "brackets-in-an-edit", "edits:\n  - prompt: " + "[" * size
    yield "dashes", "edits:\n  " + "- " * (size // 2)
    yield "anchors", "masks:\n" + "".join(
        f"  m{i}: &m{i} [*m{i - 1}, *m{i - 1}]\n" for i in range(1, 6000))
    yield "lines-of-anchors", "vars:\n" + "".join(f"  v{i}: &a{i} x\n" for i in range(9000))
    yield "keys", "".join(f"key{i}: x\n" for i in range(15_000))
    yield "variables", "vars:\n" + "".join(f"  v{i}: x\n" for i in range(15_000))
    yield "items", "for:\n  seed: [" + "1, " * 60_000 + "1]"
    yield "edits", "prompt: x\nedits:\n" + "  - verb: img2img\n" * 10_000
    yield "indentation", "prompt: x\n" + " " * size + "y: x"
    yield "quotes", "prompt: \"" + "''" * (size // 2)
    yield "placeholders", "prompt: \"" + "{prompt}" * (size // 10) + "{\""
    yield "doubled-braces", "prompt: \"" + "{{" * (size // 2) + "{\""
    yield "lists-before-blanks", "masks:\n" + "".join(
        f"  m{i}:\n  - a\n" for i in range(990)) + "\n" * size + "x"
    yield "a-range", "for:\n  strength: \"" + "." * size + "x\"\nkey: x\n"
    yield "commas", "for:\n  prompt: \"" + "," * size + "\"\n"
    yield "a-scheduler", "scheduler: " + "x " * 30_000 + "x\n"
    yield "too-long", "# " + "x" * 300_000


def main():
    tool = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".build/release/gesso").resolve()
    bad = pathlib.Path(__file__).resolve().parent.parent / "Fixtures/Recipes/Bad"
    with tempfile.TemporaryDirectory() as folder:
        files = sorted(bad.glob("*.yaml"))
        for name, text in large():
            file = pathlib.Path(folder, name + ".yaml")
            file.write_text(text)
            files.append(file)
        times, faults = [], []
        for file in files:
            best, run = None, None
            for _ in range(ROUNDS):
                start = time.perf_counter()
                run = subprocess.run(
                    [tool, "preset", "validate", file], capture_output=True, text=True)
                taken = time.perf_counter() - start
                best = taken if best is None else min(best, taken)
            times.append((best, file.stem))
            lines = run.stderr.splitlines()
            if run.returncode != 64 or len(lines) != 1 or not PLACE.search(run.stderr):
                faults.append(f"{file.stem}: exit {run.returncode}: {run.stderr.strip()[:150]}")
            if best >= LIMIT:
                faults.append(f"{file.stem}: {best:.3f} s")
    times.sort(reverse=True)
    print(f"{len(files)} files, best of {ROUNDS}: slowest {times[0][0]:.3f} s ({times[0][1]}), "
          f"median {times[len(times) // 2][0]:.3f} s")
    for fault in faults:
        print("fault:", fault)
    sys.exit(1 if faults else 0)


main()
