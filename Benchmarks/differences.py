#!/usr/bin/env python
"""Compares what the built-in model paints in every precision, and what it reaches.

    python Benchmarks/differences.py [--seeds 64] [--figures] [--table results.md]

For every verb that the built-in models have and every seed, a drawn scene is edited in each precision: the largest
and the mean difference of a sample to the picture in floats, in 1/255. With `--figures` a second table follows: the
measures of `Scripts/training/evaluate.py`, taken of the tool's own pictures in each precision; a precision that falls
below one that the model's card asks for is not to be offered for that model.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Scripts/training"))
import evaluate  # noqa: E402
import scenes  # noqa: E402

MODELS = ROOT / "Fixtures/Models"
PRECISIONS = ["exact", "bf16", "int8"]
SETTINGS = ["--prompt", "a red house on a green hill, day, photo", "--steps", "20", "--guidance-scale", "4",
            "--scheduler", "ddim"]
VERBS = {"txt2img": ["--width", "256", "--height", "256"], "img2img": ["--strength", "0.6"],
         "inpaint": ["--mask", "rect:77,107,102,85"], "outpaint": ["--right", "128"], "upscale": ["--scale", "2"]}


def gesso(options, verb, source, precision, seed, *words, model=None):
    """The tool's picture and the units that it used."""
    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/out.png"
        command = [str(options.tool), verb, *([str(source)] if source else []), "-o", out, "--seed", str(seed),
                   "--precision", precision, "--quiet", "--json", *words]
        made = subprocess.run(command + (["--model", str(model)] if model else []), capture_output=True, text=True)
        if made.returncode != 0:
            sys.exit(f"differences.py: {' '.join(command)}: {made.stderr.strip()}")
        report = json.loads(made.stdout)
        return Image.open(out).convert("RGB"), report.get("kernels", []), report.get("precision")


def scene(seed, size=256):
    return Image.fromarray(scenes.draw(scenes.plan(evaluate.HELD_OUT + seed), size, size).pixels)


def differences(options):
    lines = [f"{options.seeds} seeds, 1/255:", "", "| | precision | kernels | largest | mean |", "|---|---|---|---|---|"]
    for verb, words in VERBS.items():
        found = {precision: [] for precision in PRECISIONS[1:]}
        names = {}
        for seed in range(options.seeds):
            with tempfile.NamedTemporaryFile(suffix=".png") as file:
                source = None if verb == "txt2img" else file.name
                if source:
                    scene(seed, 128 if verb == "upscale" else 256).save(source)
                made = {}
                for precision in PRECISIONS:
                    made[precision], kernels, used = gesso(options, verb, source, precision, seed, *SETTINGS, *words)
                    names[precision] = f"{used}: {', '.join(kernels)}"
            exact = np.asarray(made["exact"], np.int16)
            for precision, all_ in found.items():
                all_.append(np.abs(np.asarray(made[precision], np.int16) - exact))
        for precision, all_ in found.items():
            lines.append(f"| {verb} | {precision} | {names[precision]} | {max(each.max() for each in all_)} "
                         f"| {np.mean([each.mean() for each in all_]):.2f} |")
        print(lines[-2:], file=sys.stderr)
    return lines


class Pipe:
    """The tool in the place of a pipeline of diffusers."""

    def __init__(self, options, precision, verb, model):
        self.options, self.precision, self.verb, self.model = options, precision, verb, model

    def __call__(self, prompt, image=None, mask=None, strength=None, height=None, width=None, num_inference_steps=20,
                 guidance_scale=4, generator=None):
        prompts = [prompt] if isinstance(prompt, str) else prompt
        generators = generator if isinstance(generator, list) else [generator]
        return SimpleNamespace(images=[
            self.one(each, image, mask, strength, height, width, num_inference_steps, guidance_scale, random)
            for each, random in zip(prompts, generators)])

    def one(self, prompt, image, mask, strength, height, width, steps, guidance, generator):
        words = ["--prompt", prompt, "--steps", str(steps), "--guidance-scale", str(guidance), "--scheduler", "ddim"]
        with tempfile.TemporaryDirectory() as folder:
            source = f"{folder}/in.png" if image else None
            if image:
                image.save(source)
                words += ["--strength", str(strength)]
            if mask is not None:
                Image.fromarray(mask.astype(np.uint8) * 255).save(f"{folder}/mask.png")
                words += ["--mask", f"{folder}/mask.png"]
            elif not image:
                words += ["--width", str(width), "--height", str(height)]
            return gesso(self.options, self.verb, source, self.precision, generator.initial_seed(), *words,
                         model=self.model)[0]


def figures(options, precision):
    given = SimpleNamespace(seeds=options.seeds, size=256, steps=20, guidance=4.0)
    text = Pipe(options, precision, "txt2img", MODELS / "gesso-builtin")
    picture = Pipe(options, precision, "img2img", MODELS / "gesso-builtin")
    fill = Pipe(options, precision, "inpaint", MODELS / "gesso-builtin-inpaint")
    evaluate.load = lambda kind, folder, given: fill if "Inpaint" in kind.__name__ else picture
    evaluate.given_to_fill = lambda pipe, image, mask: {"mask": mask}
    return {**evaluate.obedience(text, given, []), **evaluate.image_to_image(None, given, []),
            **evaluate.inpainting(None, given, [])}


def figure_table(options):
    found = {}
    for precision in PRECISIONS:
        found[precision] = figures(options, precision)
        print(precision, json.dumps(found[precision]), file=sys.stderr)
    lines = [f"{options.seeds} seeds:", "", "| | " + " | ".join(PRECISIONS) + " |", "|---" * 4 + "|"]
    for name in found["exact"]:
        lines.append(f"| {name} | " + " | ".join(str(found[precision][name]) for precision in PRECISIONS) + " |")
    return lines


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=64)
    options.add_argument("--figures", action="store_true", help="measure what the model reaches, too")
    options.add_argument("--tool", type=Path, default=ROOT / ".build/release/gesso")
    options.add_argument("--table", type=Path, help="a file for the table, beside standard output")
    given = options.parse_args()
    parts = [differences] + [figure_table] * given.figures
    text = ""
    for part in parts:
        text += "\n".join(part(given)) + "\n\n"
        if given.table:                          # the first table stays, whatever becomes of the second
            given.table.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
