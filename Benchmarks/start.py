#!/usr/bin/env python3
"""Measures how soon the first UNet call of a checkpoint begins, and how much memory a run takes.

    python3 Benchmarks/start.py MODEL [--size 512] [--runs 3] [-- more options of txt2img]

Prints, for each run, the seconds from the command to the first UNet call and to the end, the most
memory that was resident and how much of that was not the mapped file. The files are read once
before, so that they are cached.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def watch(process, peaks):
    """Keeps the largest resident and anonymous sizes, in bytes, until the process ends."""
    while process.poll() is None:
        try:
            lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        except OSError:
            return
        values = {key: value.split()[0] for key, _, value in (line.partition(":") for line in lines) if value.split()}
        for name, key in [("resident", "VmHWM"), ("own", "RssAnon")]:
            peaks[name] = max(peaks[name], int(values.get(key, 0)) * 1024)
        time.sleep(0.01)


def run(options, folder):
    begun = time.monotonic()
    process = subprocess.Popen(
        [ROOT / ".build/release/gesso", "txt2img", "--model", options.model, "--prompt", "a lighthouse at dusk",
         "--steps", "1", "--seed", "1", "--scheduler", "ddim", "--progress", "json", "--width", str(options.size),
         "--height", str(options.size), "-o", f"{folder}/out.png", "--overwrite", *options.more],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    peaks, first, told = {"resident": 0, "own": 0}, None, []
    watcher = threading.Thread(target=watch, args=(process, peaks))
    watcher.start()
    for line in process.stderr:
        told.append(line)
        if first is None and line.startswith("{") and json.loads(line).get("stage") == "denoise":
            first = time.monotonic() - begun
    watcher.join()
    if process.wait() != 0:
        sys.exit(f"start.py: gesso failed: {''.join(told[-1:]).strip()}")
    return first, time.monotonic() - begun, peaks


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", type=Path)
    options.add_argument("--size", type=int, default=512)
    options.add_argument("--runs", type=int, default=3)
    words = sys.argv[1:]
    end = words.index("--") if "--" in words else len(words)
    chosen = options.parse_args(words[:end])
    chosen.more = words[end + 1:]
    files = chosen.model.rglob("*.safetensors") if chosen.model.is_dir() else [chosen.model]
    for file in files:
        with file.open("rb") as opened:
            while opened.read(1 << 24):
                pass
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(chosen.runs):
            first, whole, peaks = run(chosen, folder)
            print(f"first UNet call after {first:.2f} s, end after {whole:.2f} s; resident at most "
                  f"{peaks['resident'] / 1e9:.2f} GB, {peaks['own'] / 1e9:.2f} GB of it beside the mapped file")


if __name__ == "__main__":
    main()
