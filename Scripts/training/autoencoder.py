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


def texture(made, wanted):
    """How far the slopes of brightness are spread from how they should be, in windows of 8x8 pixels.

    The errors of single pixels ask for the mean of all that a latent may stand for, which has no grain and soft edges.
    This compares sorted slopes, wherever in a window they lie, along four directions (the sliced Wasserstein
    distance of Heitz et al. 2021), and weak ones count as well as strong ones."""
    weight = made.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1) / 2

    def slopes(rgb):
        light = (rgb * weight).sum(1)
        across, down = (light[:, 1:-1, 2:] - light[:, 1:-1, :-2]) / 2, (light[:, 2:, 1:-1] - light[:, :-2, 1:-1]) / 2
        height, width = (side // 8 * 8 for side in across.shape[1:])
        along = torch.stack([across, down, (across + down) / 2**0.5, (across - down) / 2**0.5], 1)[:, :, :height, :width]
        windows = along.reshape(*along.shape[:2], height // 8, 8, width // 8, 8).transpose(3, 4).flatten(4)
        return torch.asinh(windows / 0.004).sort(-1).values

    return F.l1_loss(slopes(made), slopes(wanted))


def train(config, folder, device, pictures, decoder_only=False):
    """The `vae` stage, or the `decoder` stage that goes on from it with the encoder frozen."""
    settings = config["vae"] | (config["decoder"] if decoder_only else {})
    name = "decoder" if decoder_only else "vae"
    model = build(config["vae"]).to(device, memory_format=torch.channels_last)
    if decoder_only:
        model.load_state_dict(torch.load(folder / "vae.pt", weights_only=True)["model"])
        model.encoder.requires_grad_(False)
        model.quant_conv.requires_grad_(False)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=settings["rate"], betas=(0.9, 0.98), weight_decay=1e-4)
    stage = Stage(name, folder, settings, {"model": model, "optimizer": optimizer})
    rng = np.random.default_rng([config["seed"], stage.step, len(name)])
    sides = settings["batch"]
    while not stage.finished:
        stage.set_rate(optimizer)
        late = decoder_only or stage.progress > 0.75  # whole pictures at the end: the norms see those in use
        side, count = sides[int(rng.choice(len(sides), p=[0.1, 0.6, 0.3] if late else [0.7, 0.25, 0.05]))]
        pixels = crops(pictures, side, count, rng).to(device)
        with autocast(config["vae"], device):
            latent = model.encode(pixels).latent_dist
            made = model.decode(latent.mode() if decoder_only else latent.sample()).sample.float()
        kl = latent.kl().mean() / pixels[0].numel()
        loss = difference(made, pixels, settings["gradient"]) + settings["kl"] * latent.kl().mean()
        rough = texture(made, pixels) if settings["texture"] else loss.new_zeros(())
        loss = loss + settings["texture"] * rough
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        psnr = -10 * torch.log10((made - pixels).detach().square().mean() / 4)
        stage.advance(loss=loss.detach(), psnr=psnr, kl=kl.detach(), texture=rough.detach())
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
