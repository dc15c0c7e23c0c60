#!/usr/bin/env python
"""Compares a UNet's call with a ControlNet with Gesso's, and what it costs over a plain call.

    python Benchmarks/control.py FOLDER [--size 512] [--program FILE]

FOLDER is a checkpoint of diffusers' layout, as make-checkpoint.py writes. The ControlNet is a copy of
its UNet's way down with random projections, in f16, written to a temporary folder. A call has two rows, in
f32 on both sides; the difference is the largest of its elements over the largest of diffusers' answer.
It fails where that exceeds 1e-5, or a call with the ControlNet takes more than 1.45 times as long as one
without; the cost says something of full-size shapes only.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from safetensors.torch import save_file

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 1e-5
COST = 1.45


@torch.no_grad()
def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", type=Path)
    options.add_argument("--size", type=int, default=512)
    options.add_argument("--program", type=Path, default=ROOT / ".build/release/gesso-benchmarks")
    chosen = options.parse_args()
    torch.manual_seed(3)
    unet = UNet2DConditionModel.from_pretrained(chosen.model / "unet", torch_dtype=torch.float32)
    net = ControlNetModel.from_unet(unet).eval()
    for name, parameter in net.named_parameters():
        if name.startswith("controlnet_"):
            torch.nn.init.normal_(parameter, std=0.3 / max(parameter[0].numel(), 1) ** 0.5)
        parameter.copy_(parameter.half().float())
    with tempfile.TemporaryDirectory() as folder:
        net.half().save_pretrained(f"{folder}/net")
        net.float()
        side = chosen.size // 8
        given = {"sample": torch.randn(2, 4, side, side), "timestep": torch.tensor([481.0]),
                 "context": torch.randn(2, 77, unet.config.cross_attention_dim),
                 "picture": torch.rand(1, 3, chosen.size, chosen.size)}
        added = {}
        if unet.config.addition_embed_type:
            given["pooled"] = torch.randn(2, 1280)
            given["sizes"] = torch.tensor([[chosen.size, chosen.size, 0, 0, chosen.size, chosen.size]] * 2).float()
            added = {"added_cond_kwargs": {"text_embeds": given["pooled"], "time_ids": given["sizes"]}}
        call = (given["sample"], given["timestep"][0], given["context"])
        answers = {"unet": unet(*call, **added).sample}
        down, middle = net(*call, given["picture"].repeat(2, 1, 1, 1), return_dict=False, **added)
        answers["control"] = unet(*call, down_block_additional_residuals=down,
                                  mid_block_additional_residual=middle, **added).sample
        del unet, net
        save_file({name: tensor.contiguous() for name, tensor in given.items()}, f"{folder}/inputs.safetensors")
        report = subprocess.run([chosen.program, "control", chosen.model, f"{folder}/net", folder], check=True,
                                capture_output=True, text=True).stdout
        print(report, end="")
        cost = float(report.split("ratio")[1])
        worst = 0
        for name, answer in answers.items():
            theirs = answer.permute(0, 2, 3, 1).numpy()
            ours = np.fromfile(f"{folder}/{name}.f32", np.float32).reshape(theirs.shape)
            difference = np.abs(ours - theirs).max() / np.abs(theirs).max()
            worst = max(worst, difference)
            print(f"{name}: {difference:.1e}")
        print("the ControlNet moves the answer by",
              f"{float((answers['control'] - answers['unet']).abs().max() / answers['unet'].abs().max()):.2f}")
    sys.exit(not (worst <= LIMIT and cost <= COST))


if __name__ == "__main__":
    main()
