#!/usr/bin/env python3
"""Ill-treats `gesso batch` and counts what comes of it; needs no package beside Python's own.

    Scripts/batch-trials.py [--gesso PROGRAM] [kill] [corrupt] [full-disk] [folder] [together] [receipts]

kill       300 pictures, SIGKILL at 60 random moments, then finished: every output once, its bytes
           those of an uninterrupted run, no litter, at most one picture redone a kill
corrupt    100 inputs of which 7 are corrupt, each in a way of its own: 93 outputs, 7 lines, exit 3
full-disk  outputs on a tmpfs too small for them (needs root): exit 74, and finished with more room
folder     outputs where nothing can be written: exit 73, nothing done
together   two runs on one folder at once: one is refused with 75, nothing is lost
receipts   100 pictures with receipts, up to 25 SIGKILLs: every output has the receipt that is its own
"""

import argparse, hashlib, json, os, pathlib, random, signal, struct, subprocess, sys, tempfile, time, zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILL = ["--verb", "inpaint", "--masks", "rect:8,8,12,10", "--fill", "edge", "--steps", "0"]


def png(index: int, side: int = 40) -> bytes:
    """A small picture of its own for every number."""
    noise = random.Random(index)
    rows = b"".join(
        b"\0" + bytes((x * 5 + index * 3 + noise.randrange(40) + c * 30) % 256
                      for x in range(side) for c in range(3))
        for _ in range(side))
    chunk = lambda name, data: (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def draw(folder: pathlib.Path, count: int, side: int = 40) -> None:
    folder.mkdir()
    for index in range(count):
        (folder / f"p{index:03}.png").write_bytes(png(index, side))


def command(out, *more):
    return [GESSO, "batch", "in", "--output-dir", str(out), "--seed", "7", "--quiet", *FILL, *more]


def run(words, cwd):
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True)


def hashes(folder: pathlib.Path) -> dict:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in folder.glob("*.png")}


def litter(folder: pathlib.Path) -> list:
    return [name for name in os.listdir(folder)
            if not name.endswith(".png") and not name.startswith(".gesso-batch")]


def drafts(folder: pathlib.Path) -> list:
    return [name for name in os.listdir(folder) if name.endswith(".tmp")]


def lines(folder: pathlib.Path) -> list:
    journal = (folder / ".gesso-batch.jsonl").read_text().splitlines()
    return [json.loads(line) for line in journal if "output" in json.loads(line)]


def expect(truth: bool, what: str) -> None:
    print(("ok    " if truth else "WRONG ") + what, flush=True)
    if not truth:
        FAULTS.append(what)


def killed(words, folder, moments, files: int, pause: float = 0.08) -> bool:
    """Starts a batch and kills it, from before its first picture of so many files to some time below
    `pause` after its sixth; false where it came to its end first."""
    process = subprocess.Popen(
        words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    out = folder / "out"
    goal = len(os.listdir(out)) + files * moments.randrange(6)
    while process.poll() is None and len(os.listdir(out)) <= goal:
        time.sleep(0.002)
    time.sleep(moments.uniform(0, pause))
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def trial_kill(folder: pathlib.Path) -> None:
    draw(folder / "in", 300)
    start = time.time()
    whole = run(command("whole"), folder)
    seconds = time.time() - start
    expect(whole.returncode == 0, f"an uninterrupted run ends with 0, in {seconds:.1f} s")
    kills = 0
    (folder / "out").mkdir()
    moments = random.Random(1)
    pause = min(seconds / 150, 0.08)  # two pictures' time, that 300 last for all kills
    while kills < 60:
        if killed(command("out"), folder, moments, files=1, pause=pause):
            kills += 1
        elif len(hashes(folder / "out")) == 300:
            expect(False, f"finished before 60 kills, after {kills}: the pauses are too long")
            break
    before = len(hashes(folder / "out"))
    last = run(command("out"), folder)
    made, entries = hashes(folder / "out"), lines(folder / "out")
    expect(last.returncode == 0, f"{kills} kills at random moments, {before} outputs by then; finished")
    expect(before > 100, "most of them amid its work")
    expect(len(made) == 300, f"{len(made)} outputs of 300")
    expect(made == hashes(folder / "whole"), "their bytes are those of the uninterrupted run")
    expect(not litter(folder / "out") and not drafts(folder / "out"), "no litter")
    redone = len(entries) - 300
    expect(0 <= redone <= kills, f"{redone} pictures redone in {kills} kills")
    again = run(command("out", "--json"), folder)
    kept = [json.loads(line)["status"] for line in again.stdout.splitlines()]
    expect(kept == ["kept"] * 300, "once more: nothing is left to do")


def trial_corrupt(folder: pathlib.Path) -> None:
    draw(folder / "in", 100)
    good = png(0)
    broken = {
        5: b"", 17: good[:60], 23: b"GIF89a not a picture", 42: good[:41] + b"\xff" * 20 + good[61:],
        58: b"<!DOCTYPE html><html>", 77: good[:16] + struct.pack(">II", 65535, 65535) + good[24:],
        91: good[:-12],
    }
    for index, data in broken.items():
        (folder / "in" / f"p{index:03}.png").write_bytes(data)
    outcome = run(command("out"), folder)
    said = outcome.stderr.splitlines()
    expect(outcome.returncode == 3, f"exit {outcome.returncode}, to be 3")
    expect(len(hashes(folder / "out")) == 93, f"{len(hashes(folder / 'out'))} outputs of 93")
    named = [index for index in broken if any(f"p{index:03}.png" in line for line in said)]
    expect(len(said) == 7 and named == list(broken), f"{len(said)} lines, each naming its file:")
    for line in said:
        print("        " + line)


def trial_full_disk(folder: pathlib.Path) -> None:
    draw(folder / "in", 60, side=64)
    (folder / "out").mkdir()
    if run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", "out"], folder).returncode:
        print("skip  full-disk: a tmpfs cannot be mounted here")
        return
    try:
        outcome = run(command("out"), folder)
        expect(outcome.returncode == 74, f"exit {outcome.returncode}, to be 74: {outcome.stderr.strip()}")
        expect(len(outcome.stderr.splitlines()) == 1, "one line says so")
        held = hashes(folder / "out")
        expect(0 < len(held) < 60 and not drafts(folder / "out"), f"{len(held)} whole outputs, no drafts")
        run(["mount", "-o", "remount,size=8m", "out"], folder)
        rest = run(command("out"), folder)
        made = hashes(folder / "out")
        expect(rest.returncode == 0 and len(made) == 60, "with more room it goes on: 60 outputs")
        expect(all(made[name] == held[name] for name in held), "what was there is as it was")
        run(command("whole"), folder)
        expect(made == hashes(folder / "whole"), "all as on a disk with room")
    finally:
        run(["umount", "out"], folder)


def trial_folder(folder: pathlib.Path) -> None:
    draw(folder / "in", 3)
    (folder / "file").write_text("in the way")
    for place in ["file", "file/below", "/proc/gesso"]:
        outcome = run(command(place), folder)
        expect(outcome.returncode == 73 and len(outcome.stderr.splitlines()) == 1,
               f"{place}: exit {outcome.returncode}: {outcome.stderr.strip()}")
    (folder / "ro").mkdir()
    if not run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", "ro"], folder).returncode:
        outcome = run(command("ro"), folder)
        expect(outcome.returncode == 73, f"read-only: exit {outcome.returncode}: {outcome.stderr.strip()}")
        run(["umount", "ro"], folder)


def trial_together(folder: pathlib.Path) -> None:
    draw(folder / "in", 100)
    pair = [subprocess.Popen(command("out"), cwd=folder, stderr=subprocess.PIPE, text=True,
                             stdout=subprocess.DEVNULL) for _ in range(2)]
    said = [process.communicate()[1].strip() for process in pair]
    codes = sorted(process.returncode for process in pair)
    expect(codes == [0, 75], f"codes {codes}: {' '.join(said)}")
    expect(len(hashes(folder / "out")) == 100 and not litter(folder / "out"), "100 outputs, no litter")
    shards = [subprocess.Popen(command("shared", *more), cwd=folder, stdout=subprocess.DEVNULL)
              for more in ([], ["--shard", "1/2"], ["--shard", "2/2"])]
    codes = [process.wait() for process in shards]
    expect(codes == [0, 0, 0], f"a whole run and both its shards at once: codes {codes}")
    expect(hashes(folder / "shared") == hashes(folder / "out") and not drafts(folder / "shared"),
           "100 outputs, the same, no drafts")


def trial_receipts(folder: pathlib.Path) -> None:
    draw(folder / "in", 100)
    (folder / "out").mkdir()
    moments = random.Random(2)
    kills = sum(killed(command("out", "--receipt"), folder, moments, files=2) for _ in range(25))
    before = len(hashes(folder / "out"))
    last = run(command("out", "--receipt"), folder)
    made = hashes(folder / "out")
    expect(last.returncode == 0 and len(made) == 100, f"{before} outputs after {kills} kills, 100 in the end")
    receipts = {file.name[:-5]: json.loads(file.read_text()) for file in (folder / "out").glob("*.png.json")}
    expect(receipts.keys() == made.keys(), f"{len(receipts)} receipts")
    expect(all(receipts[name]["result"]["sha256"] == made[name] for name in receipts),
           "each is that of its picture")
    names = [name for name in litter(folder / "out") if not name.endswith(".png.json")]
    expect(not names and not drafts(folder / "out"), "no litter")


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--gesso", default=str(ROOT / ".build/release/gesso"))
parser.add_argument("trials", nargs="*", default=[])
options = parser.parse_args()
GESSO = os.path.abspath(options.gesso)
FAULTS: list = []
for name in options.trials or ["kill", "corrupt", "full-disk", "folder", "together", "receipts"]:
    print(f"{name}:", flush=True)
    with tempfile.TemporaryDirectory(prefix="gesso-trial-") as place:
        globals()["trial_" + name.replace("-", "_")](pathlib.Path(place))
sys.exit(1 if FAULTS else 0)
