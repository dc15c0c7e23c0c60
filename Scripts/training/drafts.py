"""Latents as the UNet paints them, beside the drawn pictures they stand for: what the decoder meets in use."""

import numpy as np
import torch
from diffusers import DDPMScheduler

import denoiser
from train import sets

COUNT, TOGETHER = 1200, 24
STEPS, GUIDANCE = 5, 3.0
LEVELS = (60, 420)               # noise that leaves every thing in its place


@torch.no_grad()
def write(config, folder, device):
    """drafts.pt: latents of pictures of 256x256 that were noised and denoised with their captions, not yet divided by
    the factor that brings latents to unit variance, and which pictures of the `unet` sets they are of."""
    path = folder / "drafts.pt"
    if path.exists():
        return
    inpaint = (folder / "inpaint.pt").exists()
    unet, text = denoiser.restore(config, folder, "inpaint", 9) if inpaint else denoiser.restore(config, folder, "unet")
    unet = (denoiser.narrowed(unet, config) if inpaint else unet).to(device, memory_format=torch.channels_last)
    text.to(device)
    tokens = denoiser.tokenizer(config, folder)
    stored = torch.load(folder / "latents.pt", weights_only=True)
    pictures, words, _ = sets(folder, config["data"]["unet"])
    square = [place for place, drawn in enumerate(pictures) if drawn.shape[1:3] == (256, 256)]
    alphas = DDPMScheduler(**denoiser.SCHEDULE).alphas_cumprod.to(device)
    rng, noise = np.random.default_rng([config["seed"], 11]), torch.Generator().manual_seed(config["seed"])
    made, of_set, of_row = [], [], []
    for _ in range(COUNT // TOGETHER):
        chosen = rng.choice(square, TOGETHER)
        rows = [int(rng.integers(len(pictures[place]))) for place in chosen]
        x = torch.stack([stored["latents"][place][row] for place, row in zip(chosen, rows)]).to(device)
        ids = denoiser.token_ids(tokens, [words[place][row][0] for place, row in zip(chosen, rows)] + [""])
        states = text(ids.to(device))[0]
        states = torch.cat([states[-1:].expand(TOGETHER, -1, -1), states[:-1]])
        levels = np.linspace(int(rng.integers(*LEVELS)), 0, STEPS + 1).round().astype(int)
        kept = alphas[levels[0]]
        x = kept.sqrt() * x + (1 - kept).sqrt() * torch.randn(x.shape, generator=noise).to(device)
        for level, following in zip(levels, levels[1:]):
            without, prompted = unet(torch.cat([x, x]), int(level), states).sample.chunk(2)
            error = without + GUIDANCE * (prompted - without)
            clean = (x - (1 - alphas[level]).sqrt() * error) / alphas[level].sqrt()
            x = alphas[following].sqrt() * clean + (1 - alphas[following]).sqrt() * error
        made.append((x / stored["factor"]).cpu())
        of_set += [int(place) for place in chosen]
        of_row += rows
        print(f"drafts {len(of_row)}", flush=True)
    torch.save({"latents": torch.cat(made), "sets": of_set, "rows": of_row}, path)
