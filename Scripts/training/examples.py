"""Draws training batches of latents with their prompts, and what a mask leaves of a picture."""

import re
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

import autoencoder
from masks import random_masks

BOAT = re.compile(r"\b(sail)?boats?\b")


@dataclass
class Batch:
    """Latents to arrive at, what the noise is laid over instead of them, token ids."""

    latents: torch.Tensor
    twins: torch.Tensor
    ids: torch.Tensor
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
            ids = encode_words([text for row in texts for text in row]).view(len(texts), -1, 77)
            paired = place >= len(config["data"]["unet"])
            # Boats come in a quarter of the scenes and are the hardest to draw: those count three times.
            chances = np.array([1 + 2 * any(BOAT.search(text) for text in row) for row in texts], float)
            self.sets.setdefault(tuple(latents.shape[2:]), []).append(
                (latents, ids, drawn, things, paired, np.cumsum(chances / chances.sum())))
        if fills:
            self.vae = autoencoder.build(config["vae"]).to(device).requires_grad_(False)
            self.vae.load_state_dict(torch.load(folder / "vae.pt", map_location="cpu", weights_only=True)["model"])

    def batch(self, shape, count, rng):
        """`count` pictures of one latent shape (height, width)."""
        held = self.sets[tuple(shape)]
        sizes = np.array([len(latents) for latents, *_ in held], float)
        latents, twins, ids, small, pictures = [], [], [], [], []
        for place in rng.choice(len(held), count, p=sizes / sizes.sum()):
            of_set, words, drawn, things, paired, chances = held[place]
            row = min(int(np.searchsorted(chances, rng.random())), len(of_set) - 1)
            prompted = rng.random() >= self.config["unet"]["dropout"]
            latents.append(of_set[row])
            twins.append(of_set[row ^ 1] if paired and prompted else of_set[row])
            ids.append(words[row, int(rng.integers(words.shape[1]))] if prompted else self.empty)
            small.append(torch.from_numpy(things[row].astype(np.float32) / 255))
            pictures.append((drawn, row))
        stack = lambda rows: torch.stack(rows).to(self.device)
        return Batch(stack(latents), stack(twins), stack(ids), stack(small)[:, None], pictures)

    @torch.no_grad()
    def masked(self, pictures, small, rng):
        """The five more channels of the inpainting UNet: the mask, then the latents of what it leaves, grey elsewhere."""
        pixels = np.stack([drawn[row] for drawn, row in pictures]).astype(np.float32) / 127.5 - 1
        masks = torch.from_numpy(random_masks(small[:, 0].cpu().numpy(), rng)).to(self.device)
        kept = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(self.device) * (masks < 0.5)
        with autoencoder.autocast(self.config["unet"], self.device):
            latents = self.vae.encode(kept).latent_dist.mode().float() * self.factor
        # The two ways in which programs bring a mask to the size of the latents.
        small = F.max_pool2d(masks, 8) if rng.random() < 0.5 else masks[:, :, ::8, ::8]
        return torch.cat([small, latents], 1)
