"""Draws what a model makes of 64 held-out captions, with the tool and the model's own settings.

    python sheet.py ../../Fixtures/Models/gesso-builtin sheet.jpg [--gesso ../../.build/release/gesso]
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import scenes

FIRST, ACROSS, SIDE = 900_004_000, 8, 160       # the captions of evaluate.py's `objects`


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", type=Path)
    options.add_argument("sheet", type=Path)
    options.add_argument("--gesso", type=Path, default=Path(__file__).parents[2] / ".build/release/gesso")
    given = options.parse_args()
    sheet = Image.new("RGB", (ACROSS * SIDE, ACROSS * SIDE))
    with tempfile.TemporaryDirectory() as folder:
        for index in range(ACROSS * ACROSS):
            caption = scenes.caption(scenes.plan(FIRST + index, texture=""), np.random.default_rng(index), complete=True)
            made = Path(folder) / f"{index}.png"
            subprocess.run([given.gesso, "txt2img", "--model", given.model, "--prompt", caption, "--seed", str(index),
                            "--quiet", "-o", made], check=True, stdout=subprocess.DEVNULL)
            picture = Image.open(made).convert("RGB").resize((SIDE, SIDE), Image.LANCZOS)
            sheet.paste(picture, (index % ACROSS * SIDE, index // ACROSS * SIDE))
    sheet.save(given.sheet, quality=88)


if __name__ == "__main__":
    main()
