"""Writes a LoRA with random weights for every attention of a checkpoint's UNet, to measure with.

    python Benchmarks/make-lora.py MODEL FILE [--rank 16]

MODEL is a folder of diffusers' layout; names are kohya's.
"""

import argparse
import pathlib

import torch
from safetensors import safe_open
from safetensors.torch import save_file

PROJECTIONS = ("to_q", "to_k", "to_v", "to_out.0")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--rank", type=int, default=16)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    tensors = {}
    with safe_open(next((arguments.model / "unet").glob("*.safetensors")), "pt") as weights:
        for name in weights.keys():
            layer = name.removesuffix(".weight")
            if layer == name or not layer.endswith(PROJECTIONS):
                continue
            outputs, inputs = weights.get_slice(name).get_shape()[:2]
            key = "lora_unet_" + layer.replace(".", "_")
            tensors[key + ".lora_down.weight"] = torch.randn(arguments.rank, inputs) / inputs**0.5
            tensors[key + ".lora_up.weight"] = torch.randn(outputs, arguments.rank) * 0.01
            tensors[key + ".alpha"] = torch.tensor(float(arguments.rank))
    save_file({name: tensor.half() for name, tensor in tensors.items()}, arguments.file)


if __name__ == "__main__":
    main()
