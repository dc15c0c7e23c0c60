"""Draws training batches of latents with their prompts, and what a mask leaves of a picture."""

import re
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

import autoencoder
from masks import random_masks

BOAT = re.compile(r"\b(sail)?boats?\b")
THINGS = re.compile(r"\ba \w+ (house|cottage|boat|sailboat)( and (a )?(\w+ )?(trees?|boat))* (in|on|by) ")


def as_input(pixels):
    """Pixels [count, height, width, 3], 0...1, as the autoencoder takes them."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last) * 2 - 1


def toned(rgb, rng):
    """A picture in another light: gamma, contrast, saturation, tint, light that falls off to a side, a glow at some
    height, grain."""
    height, width = rgb.shape[:2]
    out = rgb ** rng.uniform(0.7, 1.5)
    out = 0.5 + (out - 0.5) * rng.uniform(0.6, 1.15)
    grey = out.mean(-1, keepdims=True)
    out = grey + (out - grey) * rng.uniform(0.3, 1.2)
    out = out * rng.uniform(0.75, 1.1, 3)
    y, x = np.linspace(-1, 1, height)[:, None, None], np.linspace(-1, 1, width)[None, :, None]
    out = out * (1 + rng.uniform(-0.2, 0.2) * x + rng.uniform(-0.2, 0.2) * y)
    if rng.random() < 0.5:
        glow = np.exp(-((y - rng.uniform(-0.4, 0.4)) / rng.uniform(0.1, 0.5)) ** 2)
        out = out + rng.uniform(0, 0.4) * glow * (rng.uniform(0.2, 1, 3) - out)
    out = out + rng.normal(0, rng.uniform(0, 0.03), (height, width, 1))
    return out.clip(0, 1).astype(np.float32)


@dataclass
class Batch:
    """Latents to arrive at, what the noise is laid over instead of them, token ids."""

    latents: torch.Tensor
    twins: torch.Tensor
    ids: torch.Tensor
    bare: torch.Tensor         # token ids of the same words without houses and boats
    small: torch.Tensor        # how much of each latent is a small thing, 0...1
    pictures: list


class Examples:
    """The run's drawn pictures as latents. A scene of a `pairs` set comes in two styles, one after the other."""

    def __init__(self, config, folder, device, encode_words, fills):
        from train import sets

        stored = torch.load(folder / "latents.pt", weights_only=True)
        self.factor, self.device, self.config = stored["factor"], device, config
        self.sets, self.empty = {}, encode_words([""])[0]
        pictures, _, small = sets(folder, config["data"]["unet"] + config["data"]["pairs"])
        for place, (latents, texts, drawn, things) in enumerate(zip(stored["latents"], stored["words"], pictures, small)):
            encode = lambda words: encode_words(words).view(len(texts), -1, 77)
            ids = encode([text for row in texts for text in row])
            bare = encode([THINGS.sub("", text) for row in texts for text in row])
            paired = place >= len(config["data"]["unet"])
            # Boats come in a quarter of the scenes and are the hardest to draw: those count three times.
            chances = np.array([1 + 2 * any(BOAT.search(text) for text in row) for row in texts], float)
            self.sets.setdefault(tuple(latents.shape[2:]), []).append(
                (latents, ids, bare, drawn, things, paired, np.cumsum(chances / chances.sum())))
        if fills:
            self.vae = autoencoder.build(config["vae"]).to(device).requires_grad_(False)
            self.vae.load_state_dict(torch.load(folder / "vae.pt", map_location="cpu", weights_only=True)["model"])

    def batch(self, shape, count, rng):
        """`count` pictures of one latent shape (height, width)."""
        held = self.sets[tuple(shape)]
        sizes = np.array([len(latents) for latents, *_ in held], float)
        latents, twins, ids, bare, small, pictures = [], [], [], [], [], []
        for place in rng.choice(len(held), count, p=sizes / sizes.sum()):
            of_set, words, without, drawn, things, paired, chances = held[place]
            row = min(int(np.searchsorted(chances, rng.random())), len(of_set) - 1)
            prompted = rng.random() >= self.config["unet"]["dropout"]
            latents.append(of_set[row])
            twins.append(of_set[row ^ 1] if paired and prompted else of_set[row])
            text = int(rng.integers(words.shape[1]))
            ids.append(words[row, text] if prompted else self.empty)
            bare.append(without[row, text] if prompted else self.empty)
            small.append(torch.from_numpy(things[row].astype(np.float32) / 255))
            pictures.append((drawn, row))
        stack = lambda rows: torch.stack(rows).to(self.device)
        return Batch(stack(latents), stack(twins), stack(ids), stack(bare), stack(small)[:, None], pictures)

    @staticmethod
    def pixels(pictures):
        """[count, height, width, 3], 0...1."""
        return np.stack([drawn[row] for drawn, row in pictures]).astype(np.float32) / 255

    @torch.no_grad()
    def encode(self, pixels):
        """Latents of pictures [count, 3, height, width], -1...1."""
        with autoencoder.autocast(self.config["unet"], self.device):
            return self.vae.encode(pixels.to(self.device)).latent_dist.mode().float() * self.factor

    def in_other_light(self, batch, first, rng):
        """The pixels of a batch's rows from `first` on, half of them in light and colours that no scene has: what fills
        a mask takes its light from the picture, whatever that looks like. Their latents in the batch are replaced."""
        pixels = self.pixels(batch.pictures[first:])
        changed = np.nonzero(rng.random(len(pixels)) < 0.5)[0]
        for row in changed:
            pixels[row] = toned(pixels[row], rng)
        if len(changed):
            batch.latents[first + torch.from_numpy(changed)] = self.encode(as_input(pixels[changed]))
        return pixels

    def masked(self, pixels, small, rng):
        """The five more channels of the inpainting UNet: the mask, then the latents of what it leaves of
        `pixels` [count, height, width, 3], grey elsewhere. Also whether each mask is new sides of a canvas."""
        masks, wider = random_masks(small[:, 0].cpu().numpy(), rng)
        masks = torch.from_numpy(masks).to(self.device)
        latents = self.encode(as_input(pixels).to(self.device) * (masks < 0.5))
        # The two ways in which programs bring a mask to the size of the latents.
        small = F.max_pool2d(masks, 8) if rng.random() < 0.5 else masks[:, :, ::8, ::8]
        return torch.cat([small, latents], 1), torch.from_numpy(wider)
