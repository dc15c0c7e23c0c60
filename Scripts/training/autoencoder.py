"""Trains the autoencoder: pixels to 4-channel latents an eighth of their size, and back."""

from contextlib import nullcontext

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL

from progress import Stage


def build(settings):
    """An AutoencoderKL of Stable Diffusion's layout."""
    count = len(settings["channels"])
    return AutoencoderKL(
        block_out_channels=tuple(settings["channels"]), layers_per_block=settings["layers"],
        down_block_types=("DownEncoderBlock2D",) * count, up_block_types=("UpDecoderBlock2D",) * count,
        norm_num_groups=settings["groups"], latent_channels=4, sample_size=256)


def widened(narrow, settings):
    """An autoencoder of more channels with `narrow`'s weights in the first of them: the encoder answers as before, and so
    does the decoder, whose new channels nothing reads yet. Groups of the norms hold as many channels as before."""
    wide = build(settings)
    ratio = settings["channels"][-1] // narrow.config.block_out_channels[-1]
    state = narrow.state_dict()
    for name, value in wide.state_dict().items():
        known, encoder = state[name], name.startswith(("encoder", "quant"))
        if known.shape == value.shape:
            value.copy_(known)
            continue
        if name.endswith("bias") or value.ndim == 1:
            value.copy_(F.pad(known, (0, len(value) - len(known)), value=1.0 if "norm" in name and name.endswith("weight") else 0.0))
        else:
            rows, columns = known.shape[:2]
            if encoder:
                value.zero_()
            value[:rows] = 0
            value[:rows, :columns] = known
        if "to_q" in name:                       # scores are divided by the root of the channels
            value *= ratio ** 0.5
    return wide


def autocast(settings, device):
    return torch.autocast(device.type, torch.bfloat16) if settings["autocast"] else nullcontext()


def crops(pictures, side, count, rng):
    """Random crops as [count, 3, side, side] in -1...1; some mirrored, some in colours no scene has."""
    fitting = [p for p in pictures if p.shape[1] >= side]
    sizes = np.array([len(p) * p.shape[1] for p in fitting], float)
    out = np.empty((count, side, side, 3), np.float32)
    for index in range(count):
        source = fitting[rng.choice(len(fitting), p=sizes / sizes.sum())]
        picture = source[rng.integers(len(source))]
        top, left = rng.integers(0, picture.shape[0] - side + 1, 2)
        crop = picture[top:top + side, left:left + side].astype(np.float32) / 127.5 - 1
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        if rng.random() < 0.25:
            crop = crop[:, :, rng.permutation(3)] * rng.uniform(0.5, 1.2) + rng.uniform(-0.2, 0.2, 3)
        out[index] = np.clip(crop, -1, 1)
    return torch.from_numpy(out).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def difference(made, wanted, gradient):
    """Mean absolute and squared error, and the error of the slopes, which is what an eye sees of blur."""
    loss = F.l1_loss(made, wanted) + F.mse_loss(made, wanted) * 2
    for axis in (2, 3):
        loss = loss + gradient * F.l1_loss(made.diff(dim=axis), wanted.diff(dim=axis))
    return loss


def train(config, folder, device, pictures):
    """The `vae` stage."""
    settings = config["vae"]
    model = build(settings).to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings["rate"], betas=(0.9, 0.98), weight_decay=1e-4)
    stage = Stage("vae", folder, settings, {"model": model, "optimizer": optimizer})
    rng = np.random.default_rng([config["seed"], stage.step, 3])
    while not stage.finished:
        stage.set_rate(optimizer)
        late = stage.progress > 0.75             # whole pictures at the end: the norms see those in use
        side, count = settings["batch"][int(rng.choice(3, p=[0.1, 0.6, 0.3] if late else [0.7, 0.25, 0.05]))]
        pixels = crops(pictures, side, count, rng).to(device)
        with autocast(settings, device):
            latent = model.encode(pixels).latent_dist
            made = model.decode(latent.sample()).sample.float()
        kl = latent.kl().mean() / pixels[0].numel()
        loss = difference(made, pixels, settings["gradient"]) + settings["kl"] * latent.kl().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        psnr = -10 * torch.log10((made - pixels).detach().square().mean() / 4)
        stage.advance(loss=loss.detach(), psnr=psnr, kl=kl.detach())
    stage.save()


@torch.no_grad()
def encode(model, config, device, pictures, batch=16):
    """Every picture's latent mean, float32 [count, 4, side / 8, side / 8]."""
    out = []
    for start in range(0, len(pictures), batch):
        pixels = torch.from_numpy(pictures[start:start + batch].astype(np.float32) / 127.5 - 1)
        pixels = pixels.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last).to(device)
        with autocast(config["vae"], device):
            out.append(model.encode(pixels).latent_dist.mode().float().cpu())
    return torch.cat(out)
