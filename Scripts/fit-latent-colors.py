#!/usr/bin/env python3
"""Fits the colours of latents: how pixels follow, about, from the latents that stand for them.

    Scripts/fit-latent-colors.py MODEL PICTURE...

For each 8x8 block of the pictures its mean colour in -1...1 is taken as a linear function of the
scaled latents there (the mean of the VAE's distribution), by least squares. Prints what
Sources/Editing/LatentColors.swift holds: a row of red, green and blue for each channel of the latents,
then a constant, and how much of the pictures' variance is explained.

Needs torch, diffusers and Pillow (see Scripts/record-goldens.py). The factors of the built-in model
come from

    Scripts/fit-latent-colors.py Fixtures/Models/gesso-builtin Fixtures/Pictures/*.jpg
"""

import sys

import numpy
import torch
from diffusers import AutoencoderKL
from PIL import Image


def blocks(vae, path):
    """The latents [n, 4] of a picture and the mean colours [n, 3] of the blocks they stand for."""
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    image = Image.open(path).convert("RGB")
    width, height = (side // factor * factor for side in image.size)
    pixels = numpy.asarray(image.crop((0, 0, width, height)), dtype=numpy.float32) / 127.5 - 1
    with torch.no_grad():
        sample = torch.from_numpy(pixels).permute(2, 0, 1)[None]
        latents = vae.encode(sample).latent_dist.mean[0] * vae.config.scaling_factor
    colors = pixels.reshape(height // factor, factor, width // factor, factor, 3).mean((1, 3))
    return latents.permute(1, 2, 0).reshape(-1, latents.shape[0]).numpy(), colors.reshape(-1, 3)


def main():
    model, *pictures = sys.argv[1:]
    if not pictures:
        sys.exit(__doc__)
    vae = AutoencoderKL.from_pretrained(model, subfolder="vae").eval()
    latents, colors = (numpy.concatenate(part) for part in zip(*(blocks(vae, p) for p in pictures)))
    inputs = numpy.concatenate([latents, numpy.ones((len(latents), 1))], 1)
    factors, *_ = numpy.linalg.lstsq(inputs, colors, rcond=None)
    residual = colors - inputs @ factors
    for row in factors:
        print("[" + ", ".join(f"{value:.4f}" for value in row) + "],")
    print("explained: " + ", ".join(f"{1 - v:.3f}" for v in residual.var(0) / colors.var(0)))


main()
