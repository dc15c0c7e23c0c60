"""Trains the decoder on, with the encoder frozen, so that a critic cannot distinguish what it makes from what is drawn."""

import numpy as np
import torch
import torch.nn.functional as F

import autoencoder
from critic import Critic
from progress import Average, Stage


def texture(made, wanted, corner=(0, 0)):
    """How far the slopes of brightness are spread from how they should be, in windows of 8x8 pixels, the first at
    `corner`.

    The errors of single pixels ask for the mean of all that a latent may stand for, which has no grain and soft edges.
    This compares sorted slopes, wherever in a window they lie, along four directions (the sliced Wasserstein
    distance of Heitz et al. 2021), and weak ones count as well as strong ones."""
    weight = made.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1) / 2

    def slopes(rgb):
        light = (rgb * weight).sum(1)[:, corner[0]:, corner[1]:]
        across, down = (light[:, 1:-1, 2:] - light[:, 1:-1, :-2]) / 2, (light[:, 2:, 1:-1] - light[:, :-2, 1:-1]) / 2
        height, width = (side // 8 * 8 for side in across.shape[1:])
        along = torch.stack([across, down, (across + down) / 2**0.5, (across - down) / 2**0.5], 1)[:, :, :height, :width]
        windows = along.reshape(*along.shape[:2], height // 8, 8, width // 8, 8).transpose(3, 4).flatten(4)
        return torch.asinh(windows / 0.004).sort(-1).values

    return F.l1_loss(slopes(made), slopes(wanted))


def seen_alike(held, wanted):
    """The distance of what the critic's layers hold of two pictures (Wang et al. 2018, "pix2pixHD", equation 3)."""
    return sum(F.l1_loss(a, b.detach()) for a, b in zip(held, wanted)) / len(held)


def batch(pictures, drafts, model, side, count, rng, device):
    """Drawn pixels and latents to decode: their own, or, for every other one, those that the UNet makes of them."""
    pixels = autoencoder.crops(pictures, side, count, rng).to(device)
    with torch.no_grad():
        latents = model.encode(pixels).latent_dist.mode()
    for row in range(count if drafts else 0):
        if rng.random() < 0.5:
            place = int(rng.integers(len(drafts["latents"])))
            latent, drawn = drafts["latents"][place], pictures[drafts["sets"][place]][drafts["rows"][place]]
            fitting = side // 8
            top, left = (int(rng.integers(0, length - fitting + 1)) for length in latent.shape[1:])
            latents[row] = latent[:, top:top + fitting, left:left + fitting]
            crop = drawn[top * 8:top * 8 + side, left * 8:left * 8 + side].astype(np.float32) / 127.5 - 1
            pixels[row] = torch.from_numpy(crop).permute(2, 0, 1)
    return pixels, latents


def pull(loss, made):
    """The loss's gradient at the decoded pixels."""
    return torch.autograd.grad(loss, made, retain_graph=True)[0]


def parts(model):
    """What is trained."""
    return model.decoder, model.post_quant_conv


def restore(config, folder):
    """The autoencoder with the averaged decoder, where there is one."""
    model = autoencoder.build(config["vae"])
    if not (folder / "decoder.pt").exists():
        model.load_state_dict(torch.load(folder / "vae.pt", map_location="cpu", weights_only=True)["model"])
        return model
    stored = torch.load(folder / "decoder.pt", map_location="cpu", weights_only=True)
    model.load_state_dict(stored["model"])
    average = Average(parts(model), 0)
    average.load_state_dict(stored["average"])
    average.copy_to_models()
    return model


def train(config, folder, device, pictures):
    settings = config["vae"] | config["decoder"]
    model = autoencoder.build(config["vae"]).to(device, memory_format=torch.channels_last)
    model.load_state_dict(torch.load(folder / "vae.pt", weights_only=True)["model"])
    model.requires_grad_(False)
    trained = [p for part in parts(model) for p in part.requires_grad_(True).parameters()]
    critic = Critic().to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(trained, lr=settings["rate"], betas=(0.8, 0.98), weight_decay=1e-4)
    judging = torch.optim.AdamW(critic.parameters(), betas=(0.5, 0.98), weight_decay=1e-4)
    average = Average(parts(model), settings["ema"])
    stage = Stage("decoder", folder, settings, {"model": model, "critic": critic, "optimizer": optimizer,
                                                "judging": judging, "average": average})
    path = folder / "drafts.pt"
    drafts = torch.load(path, weights_only=True) if path.exists() else None
    rng = np.random.default_rng([config["seed"], stage.step, 9])
    while not stage.finished:
        stage.set_rate(optimizer)
        stage.set_rate(judging, 2)              # faster than what it judges (Heusel et al. 2017)
        side, count = settings["batch"][int(rng.choice(3, p=[0.1, 0.6, 0.3]))]
        pixels, latents = batch(pictures, drafts, model, side, count, rng, device)
        with autoencoder.autocast(config["vae"], device):
            made = model.decode(latents).sample.float()
        critic.requires_grad_(False)
        score, held = critic(made)
        _, wanted = critic(pixels)
        error = autoencoder.difference(made, pixels, settings["gradient"])
        rough, alike = texture(made, pixels, rng.integers(0, 8, 2)), seen_alike(held, wanted)
        # What the critic asks for is as strong at every pixel as the error's own pull, times its share.
        wish, way = pull(-score.mean() + 4 * alike, made), pull(error + settings["texture"] * rough, made)
        optimizer.zero_grad(set_to_none=True)
        made.backward(way + wish * (settings["critic"] * way.norm() / (wish.norm() + 1e-12)))
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        average.update()
        critic.requires_grad_(True)
        real, fake = critic(pixels)[0], critic(made.detach())[0]
        judging.zero_grad(set_to_none=True)
        hinge = F.relu(1 - real).mean() + F.relu(1 + fake).mean()
        hinge.backward()
        judging.step()
        psnr = -10 * torch.log10((made - pixels).detach().square().mean() / 4)
        stage.advance(psnr=psnr, texture=rough.detach(), alike=alike.detach(), critic=hinge.detach())
    stage.save()
