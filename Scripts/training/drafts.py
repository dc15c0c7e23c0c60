"""Latents as the UNet paints them, beside the drawn pictures they stand for: what the decoder meets in use."""

import numpy as np
import torch
from diffusers import DDPMScheduler

import denoiser
from examples import Examples
from train import sets

COUNT, TOGETHER = 1200, 24
STEPS = 8
GUIDANCE = (2.0, 9.0)            # what is painted with much of it has stronger grain
LEVELS = (60, 600)               # noise that leaves every thing in its place


@torch.no_grad()
def write(config, folder, device):
    """drafts.pt: latents of pictures of 256x256 that were noised and denoised with their captions, not yet divided by
    the factor that brings latents to unit variance, and which pictures of the `unet` sets they are of. With an
    inpainting UNet, every other batch is painted into masks."""
    path = folder / "drafts.pt"
    if path.exists():
        return
    inpaint = (folder / "inpaint.pt").exists()
    unet, text = denoiser.restore(config, folder, "inpaint", 9) if inpaint else denoiser.restore(config, folder, "unet")
    unet.to(device, memory_format=torch.channels_last)
    text.to(device)
    tokens = denoiser.tokenizer(config, folder)
    stored = torch.load(folder / "latents.pt", weights_only=True)
    pictures, words, small = sets(folder, config["data"]["unet"])
    examples = Examples(config, folder, device, lambda texts: denoiser.token_ids(tokens, texts), inpaint)
    square = [place for place, drawn in enumerate(pictures) if drawn.shape[1:3] == (256, 256)]
    alphas = DDPMScheduler(**denoiser.SCHEDULE).alphas_cumprod.to(device)
    rng, noise = np.random.default_rng([config["seed"], 11]), torch.Generator().manual_seed(config["seed"])
    made, of_set, of_row = [], [], []
    for turn in range(COUNT // TOGETHER):
        chosen = [int(place) for place in rng.choice(square, TOGETHER)]
        rows = [int(rng.integers(len(pictures[place]))) for place in chosen]
        x = torch.stack([stored["latents"][place][row] for place, row in zip(chosen, rows)]).to(device)
        ids = denoiser.token_ids(tokens, [words[place][row][0] for place, row in zip(chosen, rows)] + [""])
        states = text(ids.to(device))[0]
        states = torch.cat([states[-1:].expand(TOGETHER, -1, -1), states[:-1]])
        more = torch.zeros(TOGETHER, 5 if inpaint else 0, *x.shape[2:], device=device)
        if inpaint and turn % 2:
            things = torch.stack([torch.from_numpy(small[place][row].astype(np.float32) / 255) for place, row in zip(chosen, rows)])
            pixels = examples.pixels([(pictures[place], row) for place, row in zip(chosen, rows)])
            more, _ = examples.masked(pixels, things[:, None], rng)
        guidance = float(rng.uniform(*GUIDANCE))
        levels = np.linspace(int(rng.integers(*LEVELS)), 0, STEPS + 1).round().astype(int)
        fresh = lambda: torch.randn(x.shape, generator=noise).to(device)
        x = alphas[levels[0]].sqrt() * x + (1 - alphas[levels[0]]).sqrt() * fresh()
        for level, following in zip(levels, levels[1:]):
            without, prompted = unet(torch.cat([x, more], 1).repeat(2, 1, 1, 1), int(level), states).sample.chunk(2)
            error = without + guidance * (prompted - without)
            now, then = alphas[level], alphas[following]
            clean = (x - (1 - now).sqrt() * error) / now.sqrt()
            # Song et al. 2021, "Denoising Diffusion Implicit Models", equations 12 and 16 with as much noise as DDPM's.
            variance = (1 - then) / (1 - now) * (1 - now / then)
            x = then.sqrt() * clean + (1 - then - variance).clamp(min=0).sqrt() * error + variance.sqrt() * fresh()
        made.append((x / examples.factor).cpu())
        of_set += chosen
        of_row += rows
        print(f"drafts {len(of_row)}", flush=True)
    torch.save({"latents": torch.cat(made), "sets": of_set, "rows": of_row}, path)
