"""Writes fixtures so that the same numbers always give the same bytes."""

import importlib.metadata
import json
import pathlib
import platform
import re

import numpy
import torch
from PIL import Image
from safetensors.torch import save_file


def save_tensors(
    path: pathlib.Path, tensors: dict[str, torch.Tensor], metadata: dict | None = None
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = {name: tensor.detach().contiguous() for name, tensor in sorted(tensors.items())}
    save_file(plain, str(path), metadata={"format": "pt", **(metadata or {})})


def save_json(path: pathlib.Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, indent=1, ensure_ascii=False)
    text = re.sub(r"\[[-\d.,e\s]+\]", lambda numbers: " ".join(numbers[0].split()), text)
    path.write_text(text + "\n", encoding="utf-8")


def save_picture(path: pathlib.Path, pixels: numpy.ndarray) -> None:
    """pixels: uint8, [H, W, 3] or [H, W] (a mask)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, optimize=True)


def save_versions(folder: pathlib.Path) -> None:
    packages = [
        "torch",
        "diffusers",
        "transformers",
        "tokenizers",
        "safetensors",
        "numpy",
        "scipy",
        "pillow",
    ]
    versions = {name: importlib.metadata.version(name) for name in packages}
    save_json(folder / "versions.json", {"python": platform.python_version(), **versions})
