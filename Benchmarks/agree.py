#!/usr/bin/env python
"""Compares every network of a checkpoint of diffusers' layout with what Gesso's answers.

    python Benchmarks/agree.py FOLDER [--single-file FILE] [--size 512] [--table results.md]

One call of each text encoder, the VAE's two halves and the UNet (two rows), in f32 on both sides. The
difference of two answers is the largest of its elements over the largest of theirs. With
`--single-file` the same weights in one file are asked too, and must answer in the same bytes.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 1e-3


def inputs(model, size):
    random = torch.Generator().manual_seed(1)

    def normal(*shape):
        return torch.randn(shape, generator=random)

    config = UNet2DConditionModel.load_config(model / "unet")
    side = size // 8
    made = {"sample": normal(2, config["in_channels"], side, side), "timestep": torch.tensor([481.0]),
            "context": normal(2, 77, config["cross_attention_dim"]), "latents": normal(1, 4, side, side),
            "pixels": normal(1, 3, size, size).clamp(-1, 1)}
    words = torch.randint(300, 40000, (9,), generator=random)
    made["ids"] = torch.cat([torch.tensor([49406]), words, torch.full((67,), 49407)]).float()
    if (model / "text_encoder_2").exists():
        made["pooled"] = normal(2, 1280)
        made["sizes"] = torch.tensor([size, size, 0, 0, size, size]).float()
    return made


@torch.no_grad()
def answers(model, given):
    """What diffusers answers, channels last; one network is in memory at a time."""
    single = {"torch_dtype": torch.float32}
    ids = given["ids"].long()[None]
    found, is_xl = {}, "pooled" in given
    text = CLIPTextModel.from_pretrained(model / "text_encoder", dtype=torch.float32)
    answer = text(ids, output_hidden_states=True)
    found["text_encoder"] = answer.hidden_states[-2] if is_xl else answer[0]
    if is_xl:
        text = CLIPTextModelWithProjection.from_pretrained(model / "text_encoder_2", dtype=torch.float32)
        answer = text(ids, output_hidden_states=True)
        found["text_encoder_2"], found["pooled"] = answer.hidden_states[-2], answer.text_embeds
    del text
    vae = AutoencoderKL.from_pretrained(model / "vae", **single)
    found["vae_encoder"] = vae.encode(given["pixels"]).latent_dist.mean.permute(0, 2, 3, 1)
    found["vae_decoder"] = vae.decode(given["latents"]).sample.permute(0, 2, 3, 1)
    del vae
    unet = UNet2DConditionModel.from_pretrained(model / "unet", **single)
    added = {"text_embeds": given["pooled"], "time_ids": given["sizes"].repeat(2, 1)} if is_xl else None
    found["unet"] = unet(given["sample"], given["timestep"][0], given["context"],
                         added_cond_kwargs=added).sample.permute(0, 2, 3, 1)
    return {name: answer.contiguous().numpy() for name, answer in found.items()}


def gesso(model, given, names):
    with tempfile.TemporaryDirectory() as folder:
        save_file({name: tensor.contiguous() for name, tensor in given.items()}, f"{folder}/inputs.safetensors")
        told = subprocess.run([ROOT / ".build/release/gesso-benchmarks", "answers", model, folder], check=True,
                              capture_output=True, text=True).stdout
        print(told, file=sys.stderr)
        return {name: np.fromfile(f"{folder}/{name}.f32", np.float32) for name in names}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", type=Path)
    options.add_argument("--single-file", type=Path)
    options.add_argument("--size", type=int, default=512)
    options.add_argument("--table", type=Path, help="a file to add the table to")
    chosen = options.parse_args()
    given = inputs(chosen.model, chosen.size)
    theirs = answers(chosen.model, given)
    ours = gesso(chosen.model, given, theirs)
    single = gesso(chosen.single_file, given, theirs) if chosen.single_file else None
    lines, worst = [], 0
    for name, answer in theirs.items():
        difference = np.abs(ours[name] - answer.ravel()).max() / np.abs(answer).max()
        worst = max(worst, difference) if np.isfinite(difference) else np.inf
        same = "" if single is None else "yes" if np.array_equal(single[name], ours[name]) else "NO"
        lines.append(f"| {chosen.model.name} | {name} | {difference:.1e} | {same} |")
    print("\n".join(lines))
    if chosen.table:
        with chosen.table.open("a") as file:
            file.write("\n".join(lines) + "\n")
    sys.exit(worst > LIMIT or any("NO" in line for line in lines))


if __name__ == "__main__":
    main()
