#!/usr/bin/env python3
"""Records what torch and diffusers answer into Fixtures, for the Swift tests to compare with.

Run from the repository root, in a Python of its own:

    python3 -m venv .venv
    .venv/bin/pip install torch diffusers transformers tokenizers peft safetensors numpy scipy Pillow
    .venv/bin/python Scripts/record-goldens.py

The same versions on the same kind of CPU write the same bytes. Fixtures/Parity/versions.json says
which versions recorded what is committed, README.md beside it what every file holds.
"""

import argparse
import importlib
import os
import pathlib
import sys
import warnings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
SCRIPTS = pathlib.Path(__file__).resolve().parent
PARITY = SCRIPTS.parent / "Fixtures" / "Parity"
sys.path.insert(0, str(SCRIPTS))


def main() -> None:
    options = parse(sys.argv[1:])
    import torch

    warnings.simplefilter("ignore", FutureWarning)
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True)
    sections = available(options)
    for name in options.sections or DEFAULT:
        if name in sections:
            print(f"{name} …", flush=True)
            sections[name]()


STAGES = ["models", "tokens", "text", "vae", "unet", "schedulers", "noise"]
DEFAULT = [
    *STAGES, "pictures", "differential", "rules", "hires", "families", "xl", "refiner", "control", "addons", "lycoris", "xl-addons", "safety",
    "versions",
]


def parse(words: list[str]) -> argparse.Namespace:
    first, rest = __doc__.split("\n", 1)
    parser = argparse.ArgumentParser(
        description=first, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="section",
        choices=[[], *DEFAULT, "published"],
        help=f"what to record: {', '.join(DEFAULT)} (default: all)",
    )
    parser.add_argument(
        "--clip-tokenizer",
        metavar="FOLDER",
        help="vocab.json and merges.txt of the published CLIP, for the ids in tokens/clip.json",
    )
    return parser.parse_args(words)


def available(options: argparse.Namespace) -> dict:
    """Each section's name and what records it."""
    from goldens import (
        addons, control, differential, families, hires, lycoris, models, pictures, published, refiner, rules, safety, stages,
        storing, xl, xl_addons,
    )

    sections = {
        "models": lambda: models.record(PARITY),
        "tokens": lambda: stages.record_tokens(PARITY, options.clip_tokenizer),
        "text": lambda: stages.record_text_embeddings(PARITY),
        "vae": lambda: stages.record_vae(PARITY),
        "unet": lambda: stages.record_unet(PARITY),
        "pictures": lambda: pictures.record(PARITY),
        "differential": lambda: differential.record(PARITY),
        "rules": lambda: rules.record(PARITY),
        "hires": lambda: hires.record(PARITY),
        "families": lambda: families.record(PARITY),
        "addons": lambda: addons.record(PARITY),
        "published": lambda: published.record(PARITY, SCRIPTS.parent.parent / "shared"),
        "lycoris": lambda: lycoris.record(PARITY / "models/tiny-f32", PARITY / "addons/lycoris"),
        "safety": lambda: safety.record(PARITY),
        "xl": lambda: xl.record(PARITY),
        "control": lambda: control.record(PARITY),
        "refiner": lambda: refiner.record(PARITY),
        "xl-addons": lambda: xl_addons.record(PARITY),
        "versions": lambda: storing.save_versions(PARITY),
    }
    for name in ("schedulers", "noise"):
        if (SCRIPTS / "goldens" / f"{name}.py").exists():
            module = importlib.import_module(f"goldens.{name}")
            sections[name] = lambda module=module: module.record(PARITY)
    return sections


if __name__ == "__main__":
    main()
