"""Trains the text encoder and the UNet on latents, then the nine-channel UNet that fills masks."""

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

import autoencoder
import words
from examples import Examples
from muon import Muon
from progress import Average, Stage
from team import Team

START = 900                      # sampling begins at one of the noise levels from here on
RESTYLED = 450                   # up to here, too little noise hides a style
# As much noise hides more of a picture of 32x32 latents than of one of 64x64 (Hoogeboom et al. 2023, "simple
# diffusion"), for which Stable Diffusion's 0.00085...0.012 are meant: here is less of it until close to the end.
SCHEDULE = {"num_train_timesteps": 1000, "beta_start": 0.0001, "beta_end": 0.016, "beta_schedule": "scaled_linear"}


def tokenizer(config, folder):
    """The run's tokenizer, learned when there is none yet."""
    path = folder / "tokenizer"
    if not (path / "vocab.json").exists():
        words.write(path, config["text"]["vocabulary"])
    return CLIPTokenizer.from_pretrained(path)


def token_ids(tokens, texts):
    return tokens(texts, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids


def build_text_encoder(settings, tokens):
    return CLIPTextModel(CLIPTextConfig(
        vocab_size=len(tokens), hidden_size=settings["hidden"], intermediate_size=4 * settings["hidden"],
        num_hidden_layers=settings["layers"], num_attention_heads=settings["heads"], hidden_act="quick_gelu",
        max_position_embeddings=77, projection_dim=settings["hidden"], pad_token_id=tokens.pad_token_id,
        bos_token_id=tokens.bos_token_id, eos_token_id=tokens.eos_token_id))


def build_unet(config, in_channels=4):
    """A UNet of Stable Diffusion's blocks; the first level, the largest, has no attention."""
    settings = config["unet"]
    deeper = len(settings["channels"]) - 1
    return UNet2DConditionModel(
        sample_size=32, in_channels=in_channels, block_out_channels=tuple(settings["channels"]),
        layers_per_block=settings["layers"], norm_num_groups=settings["groups"],
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * deeper,
        up_block_types=("CrossAttnUpBlock2D",) * deeper + ("UpBlock2D",),
        attention_head_dim=settings["heads"], cross_attention_dim=config["text"]["hidden"])


def widened(unet, config):
    """A nine-channel UNet that starts out answering as the four-channel one does."""
    wide = build_unet(config, 9)
    state = unet.state_dict()
    state["conv_in.weight"] = F.pad(state["conv_in.weight"], (0, 0, 0, 0, 0, 5))
    wide.load_state_dict(state)
    return wide


def restore(config, folder, name, in_channels=4):
    """The averaged UNet and text encoder of a stage that has been run."""
    tokens = tokenizer(config, folder)
    unet, text = build_unet(config, in_channels), build_text_encoder(config["text"], tokens)
    stored = torch.load(folder / f"{name}.pt", map_location="cpu", weights_only=True)
    unet.load_state_dict(stored["unet"])
    text.load_state_dict(stored["text"])
    average = Average([unet, text], 0)
    average.load_state_dict(stored["average"])
    average.copy_to_models()
    return unet, text


def narrowed(wide, config):
    """The four-channel UNet that answers as the nine-channel one does where the other five hold noughts."""
    unet, state = build_unet(config), wide.state_dict()
    state["conv_in.weight"] = state["conv_in.weight"][:, :4]
    unet.load_state_dict(state)
    return unet


def shown(batch, levels, plain, alphas, rng):
    """What the noise is laid over, in the measure of the latents that the model is to arrive at.

    Sampling begins at a level T with noise alone, where a picture under noise would still be seen a little
    (Lin et al. 2024, "Common Diffusion Noise Schedules and Sample Steps Are Flawed"). What is missing there,
    sqrt(aT / (1 - aT)) of the picture, goes on missing at every later level, and a model that has not seen
    this takes it for a dull picture, or takes the mean of noise alone, which is not quite nought, for its light. So
    most rows miss as much: nearly all from `plain` on, and of the others where sampling begins.

    Where a scene is there in another style, some rows show that, or a mixture, so that img2img arrives at
    the prompt's style.
    """
    count = len(levels)
    other = np.where((levels >= RESTYLED) & (rng.random(count) < 0.5), rng.uniform(0, 1.2, count).clip(0, 1), 0)
    ratio = np.sqrt(alphas / (1 - alphas))
    first = ratio[rng.integers(np.maximum(levels, START), 1000)]
    sampled = rng.random(count) < np.where((np.arange(count) < plain) & (levels < START), 0.6, 0.95)
    part = 1 - np.where(sampled, first / ratio[levels], 0)
    column = lambda values: torch.from_numpy(values.astype(np.float32)).view(-1, 1, 1, 1).to(batch.latents.device)
    return torch.lerp(batch.latents, batch.twins, column(other)) * column(part)


def random_times(count, plain, rng):
    """Noise levels 0...999; those that sampling begins with come more often, and those that decide what joins
    the surroundings for the rows from `plain` on, which have a mask."""
    levels = rng.integers(0, 1000, count)
    levels[plain:] = np.where(rng.random(count - plain) < 0.5, rng.integers(400, 1000, count - plain), levels[plain:])
    return np.where(rng.random(count) < 0.1, rng.integers(START, 1000, count), levels)


def weights(kept, plain):
    """Of the squared error of the noise: min-SNR with gamma 5 (Hang et al. 2023), and never less than a quarter
    of the error of the picture, since the layout and the colours are decided where the noise is strong; half of
    it in the rows from `plain` on, which have a mask's surroundings to learn from there."""
    least = torch.full_like(kept, 0.25)
    least[plain:] = 0.5
    snr = kept / (1 - kept)
    return snr.clamp(max=5).maximum(least) / snr


def with_masks(noisy, examples, batch, pixels, plain, rng):
    """Nine channels; the first `plain` rows have no mask, but noughts in the other five, and the others are of `pixels`.
    Also the weight of each place's error: what a mask leaves is pasted back and counts little."""
    more = torch.zeros(len(noisy), 5, *noisy.shape[2:], device=noisy.device)
    more[plain:], wider = examples.masked(pixels, batch.small[plain:], rng)
    # Who has a picture widened does not name what it shows already.
    unnamed = plain + torch.nonzero(wider & (torch.rand(len(wider)) < 0.5))[:, 0]
    batch.ids[unnamed] = batch.bare[unnamed]
    places = torch.ones_like(more[:, :1])
    places[plain:] = 0.15 + 0.85 * more[plain:, :1]
    return torch.cat([noisy, more], 1), places


def matrices(unet, text):
    """The weights of products and convolutions between features."""
    return [p for name, p in [*unet.named_parameters(), *text.named_parameters()]
            if p.ndim > 1 and not name.startswith(("conv_in", "conv_out", "embeddings"))]


def train(config, folder, device, inpaint=False):
    """The `unet` stage, or the `inpaint` stage that starts from its result; on several cores if so configured."""
    Team(1 if device.type == "cuda" else config["processes"]).run(train_one, config, folder, device, inpaint)


def train_one(rank, team, config, folder, device, inpaint):
    """One process's part: as all the others', with pictures and noise of its own."""
    settings = config["unet"] | (config["inpaint"] if inpaint else {})
    tokens = tokenizer(config, folder)
    if inpaint and not (folder / "inpaint.pt").exists():
        unet, text = restore(config, folder, "unet")
        unet = widened(unet, config)
    else:
        unet, text = build_unet(config, 9 if inpaint else 4), build_text_encoder(config["text"], tokens)
    unet.to(device, memory_format=torch.channels_last)
    text.to(device)
    trained = [p for part in (unet, text) for p in part.parameters()]
    turned = matrices(unet, text)
    others = [p for p in trained if all(p is not each for each in turned)]
    optimizers = {
        "optimizer": torch.optim.AdamW(others, lr=settings["rate"], betas=(0.9, 0.99), weight_decay=1e-3, fused=True),
        "muon": Muon(turned, settings["rate"], team, rank)}
    average = Average([unet, text], settings["ema"])
    stage = Stage("inpaint" if inpaint else "unet", folder, settings,
                  {"unet": unet, "text": text, "average": average} | optimizers, writes=rank == 0)
    with torch.no_grad():
        team.average(trained)
    examples = Examples(config, folder, device, lambda texts: token_ids(tokens, texts), inpaint)
    alphas = DDPMScheduler(**SCHEDULE).alphas_cumprod.to(device)
    together = np.random.default_rng([config["seed"], stage.step, 7])
    rng = np.random.default_rng([config["seed"], stage.step, 8, rank])
    torch.manual_seed(int(rng.integers(2**31)))
    clock = torch.zeros(1)
    while not stage.finished:
        for each in optimizers.values():
            stage.set_rate(each)
        height, width, count = settings["batch"][int(together.choice(len(settings["batch"]), p=settings["share"]))]
        batch = examples.batch((height, width), count, rng)
        plain = round(settings["words"] * count) if inpaint else count
        pixels = examples.in_other_light(batch, plain, rng) if inpaint else None
        batch.twins[plain:] = batch.latents[plain:]
        levels = random_times(count, plain, rng)
        times = torch.from_numpy(levels).to(device)
        kept = alphas[times].view(-1, 1, 1, 1)
        start = shown(batch, levels, plain, alphas.cpu().numpy(), rng)
        noisy = kept.sqrt() * start + (1 - kept).sqrt() * torch.randn_like(start)
        noise = (noisy - kept.sqrt() * batch.latents) / (1 - kept).sqrt()
        places = torch.ones_like(noisy[:, :1])
        if inpaint:
            noisy, places = with_masks(noisy, examples, batch, pixels, plain, rng)
        # What a prompt names counts twice; with a larger weight, several are painted where one was asked for.
        places = places * (1 + batch.small)
        places = places / places.mean((1, 2, 3), keepdim=True)
        with autoencoder.autocast(settings, device):
            states = text(batch.ids)[0]
            guess = unet(noisy.contiguous(memory_format=torch.channels_last), times, states).sample.float()
        losses = (weights(kept, plain) * places * (guess - noise).square()).mean((1, 2, 3))
        for each in optimizers.values():
            each.zero_grad(set_to_none=True)
        losses.mean().backward()
        clock.fill_(stage.seconds)                   # all end with the same step
        team.average([clock] + [p.grad for p in trained])
        stage.seconds = float(clock)
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        for each in optimizers.values():
            each.step()
        average.update()
        told = {"words": losses[:plain]} | ({"fill": losses[plain:]} if inpaint else {})
        stage.advance(**{f"{name}{height * 8}": each.detach().mean() for name, each in told.items()})
    stage.save()
