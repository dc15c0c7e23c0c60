"""Trains the text encoder and the UNet on latents, then the nine-channel UNet that fills masks."""

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

import autoencoder
import words
from progress import Average, Stage

SCHEDULE = {"num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012,
            "beta_schedule": "scaled_linear", "clip_sample": False}


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


def random_masks(count, side, rng):
    """Pixel masks [count, 1, side, side], 1 where to repaint: boxes, strokes, borders, now and then all."""
    y, x = np.mgrid[0:side, 0:side] / side
    masks = np.zeros((count, 1, side, side), np.float32)
    for mask in masks[:, 0]:
        kind = rng.random()
        if kind < 0.1:
            mask[:] = 1
        elif kind < 0.35:
            share, edge = rng.uniform(0.15, 0.5), int(rng.integers(4))
            mask[[x < share, x > 1 - share, y < share, y > 1 - share][edge]] = 1
        elif kind < 0.7:
            for _ in range(int(rng.integers(1, 4))):
                (left, top), (wide, tall) = rng.uniform(-0.1, 0.8, 2), rng.uniform(0.15, 0.6, 2)
                mask[(x > left) & (x < left + wide) & (y > top) & (y < top + tall)] = 1
        else:
            place, angle, radius = rng.uniform(0.1, 0.9, 2), rng.uniform(0, 7), rng.uniform(0.04, 0.12)
            for _ in range(int(rng.integers(15, 60))):
                mask[np.hypot(x - place[0], y - place[1]) < radius] = 1
                angle += rng.normal(0, 0.5)
                place = np.clip(place + 0.04 * np.array([np.cos(angle), np.sin(angle)]), 0, 1)
    return torch.from_numpy(masks)


class Examples:
    """Draws batches of latents with token ids; for inpainting also the mask and the latents of what it leaves."""

    def __init__(self, config, folder, device, tokens, inpaint):
        stored = torch.load(folder / "latents.pt", weights_only=True)
        self.factor, self.device, self.config = stored["factor"], device, config
        self.latents = {each.shape[-1]: each for each in stored["latents"]}
        self.ids = {}
        for latents, texts in zip(stored["latents"], stored["words"]):
            flat = token_ids(tokens, [text for row in texts for text in row])
            self.ids[latents.shape[-1]] = flat.view(len(texts), -1, 77)
        self.empty = token_ids(tokens, [""])[0]
        if inpaint:
            from train import sets

            self.pictures = {each.shape[1] // 8: each for each in sets(folder, config["data"]["unet"])[0]}
            self.vae = autoencoder.build(config["vae"]).to(device).requires_grad_(False)
            self.vae.load_state_dict(torch.load(folder / "vae.pt", map_location="cpu", weights_only=True)["model"])

    def batch(self, rng):
        settings = self.config["unet"]
        side, count = settings["batch"][int(rng.choice(len(settings["batch"]), p=settings["share"]))]
        chosen = rng.integers(0, len(self.latents[side]), count)
        ids = self.ids[side][chosen, rng.integers(0, self.ids[side].shape[1], count)].clone()
        ids[torch.from_numpy(rng.random(count) < settings["dropout"])] = self.empty
        return side, chosen, self.latents[side][chosen].to(self.device), ids.to(self.device)

    def masked(self, side, chosen, rng):
        """The extra five channels of the inpainting UNet: mask, then the latents of the masked picture."""
        pixels = torch.from_numpy(self.pictures[side][np.asarray(chosen)].astype(np.float32) / 127.5 - 1)
        masks = random_masks(len(chosen), side * 8, rng).to(self.device)
        kept = pixels.permute(0, 3, 1, 2).to(self.device) * (masks < 0.5)
        with torch.no_grad():
            latents = self.vae.encode(kept).latent_dist.mode() * self.factor
        return torch.cat([F.interpolate(masks, scale_factor=1 / 8), latents], 1)


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


def train(config, folder, device, inpaint=False):
    """The `unet` stage, or the `inpaint` stage that starts from its result."""
    settings = config["unet"] | (config["inpaint"] if inpaint else {})
    tokens = tokenizer(config, folder)
    if inpaint:
        unet, text = restore(config, folder, "unet")
        unet = widened(unet, config)
    else:
        unet, text = build_unet(config), build_text_encoder(config["text"], tokens)
    text.requires_grad_(not inpaint)                 # both UNets share one text encoder
    unet.to(device, memory_format=torch.channels_last)
    text.to(device)
    trained = [p for part in (unet, text) for p in part.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=settings["rate"], betas=(0.9, 0.99), weight_decay=1e-3)
    average = Average([unet, text], settings["ema"])
    stage = Stage("inpaint" if inpaint else "unet", folder, settings,
                  {"unet": unet, "text": text, "optimizer": optimizer, "average": average})
    examples = Examples(config, folder, device, tokens, inpaint)
    alphas = DDPMScheduler(**SCHEDULE).alphas_cumprod.to(device)
    rng = np.random.default_rng([config["seed"], stage.step, 7])
    while not stage.finished:
        stage.set_rate(optimizer)
        side, chosen, latents, ids = examples.batch(rng)
        times = torch.from_numpy(rng.integers(0, 1000, len(chosen))).to(device)
        noise = torch.randn_like(latents)
        kept = alphas[times].view(-1, 1, 1, 1)
        noisy = kept.sqrt() * latents + (1 - kept).sqrt() * noise
        if inpaint:
            noisy = torch.cat([noisy, examples.masked(side, chosen, rng)], 1)
        with autoencoder.autocast(settings, device):
            states = text(ids)[0]
            guess = unet(noisy.contiguous(memory_format=torch.channels_last), times, states).sample.float()
        weight = (5 * (1 - kept) / kept).clamp(max=1)  # min-SNR, gamma 5 (Hang et al. 2023)
        error = (guess - noise).square()
        loss = (weight * error).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        average.update()
        stage.advance(**{f"loss{side * 8}": loss.detach(), "error": error.detach().mean()})
    stage.save()
