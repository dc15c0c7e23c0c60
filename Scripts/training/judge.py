"""A small network that has seen drawn scenes only and says what is where in a picture.

`Judge.load(folder)` trains it on the first call (some minutes) and keeps it in `folder`. It answers, for each
4x4 pixels of a picture brought to a height of 128, one of `CLASSES`; "spoilt" is a house or a boat that was
crumpled, smeared or cut into shuffled pieces, so a blot of the right colour is not taken for the object.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.linalg import sqrtm
from scipy.ndimage import gaussian_filter, map_coordinates

import scenes

CLASSES = ("sky", "backdrop", "ground", "water", "trees", "light", "house", "boat", "spoilt")
MASKS = {"sky": "sky", "mountains": "backdrop", "hills": "backdrop", "forest": "backdrop", "ground": "ground",
         "path": "ground", "water": "water", "trees": "trees", "sun": "light", "moon": "light", "house": "house",
         "boat": "boat"}
SIZE = 128
FIRST, COUNT = 800_000_000, 5000       # seeds that neither a training set nor evaluate.py uses
FEATURES = 24


def net():
    layer = lambda a, b, stride=1: [torch.nn.Conv2d(a, b, 3, stride, 1), torch.nn.GroupNorm(4, b), torch.nn.SiLU()]
    wide = lambda a, dilation: [torch.nn.Conv2d(a, a, 3, 1, dilation, dilation), torch.nn.GroupNorm(4, a), torch.nn.SiLU()]
    return torch.nn.Sequential(
        *layer(3, 16, 2), *layer(16, 32, 2), *layer(32, 48), *wide(48, 2), *wide(48, 4), *wide(48, 8),
        *layer(48, FEATURES), torch.nn.Conv2d(FEATURES, len(CLASSES), 1))


def small(rgb):
    """uint8 [height, width, 3] brought to a height of `SIZE`."""
    height, width = rgb.shape[:2]
    return np.asarray(Image.fromarray(rgb).resize((round(width * SIZE / height), SIZE), Image.BOX))


def labels(masks):
    """The class that covers most of each 4x4 pixels, [height / 4, width / 4]."""
    height, width = masks["sky"].shape
    cover = np.zeros((len(CLASSES), height, width), np.float32)
    for name, mask in masks.items():
        if name in MASKS:
            cover[CLASSES.index(MASKS[name])] += mask
    return cover.reshape(len(CLASSES), height // 4, 4, width // 4, 4).mean((2, 4)).argmax(0)


def spoil(rgb, mask, rng):
    """Crumple, smear or shuffle what is around `mask`, float RGB 0...1."""
    height, width = mask.shape
    ways = int(rng.integers(3))
    if ways == 0:
        shift = [gaussian_filter(rng.normal(size=mask.shape), 3) for _ in range(2)]
        shift = [each / each.std() * rng.uniform(4, 8) for each in shift]
        y, x = np.mgrid[0:height, 0:width]
        changed = np.stack([map_coordinates(rgb[..., c], [y + shift[0], x + shift[1]], order=1, mode="nearest")
                            for c in range(3)], -1)
    elif ways == 1:
        changed = gaussian_filter(rgb, (5, 5, 0)) + gaussian_filter(rng.normal(size=rgb.shape), (3, 3, 0)) * 0.6
    else:
        side = int(rng.integers(6, 13))
        changed, (ys, xs) = rgb.copy(), np.nonzero(mask > 0.5)
        for _ in range(12):
            a, b = (int(rng.integers(len(ys))) for _ in range(2))
            piece = rgb[ys[a]:ys[a] + side, xs[a]:xs[a] + side]
            place = changed[ys[b]:ys[b] + side, xs[b]:xs[b] + side]
            h, w = min(len(piece), len(place)), min(piece.shape[1], place.shape[1])
            place[:h, :w] = piece[:h, :w]
    cover = np.clip(gaussian_filter((mask > 0.02).astype(np.float32), 2) * 2, 0, 1)[..., None]
    return np.clip(changed * cover + rgb * (1 - cover), 0, 1)


def examples():
    """Drawn pictures, a part of them with their house or boat spoilt, and their classes."""
    pixels, classes = [], []
    for index in range(COUNT):
        rng = np.random.default_rng([FIRST + index, 5])
        scene = scenes.draw(scenes.plan(FIRST + index, texture=""), SIZE, SIZE)
        rgb, where = scene.pixels.astype(np.float32) / 255, labels(scene.masks)
        thing = next((name for name in ("house", "boat") if name in scene.masks and scene.masks[name].max() > 0.5), None)
        if thing and rng.random() < 0.4:
            rgb = spoil(rgb, scene.masks[thing], rng)
            where[where == CLASSES.index(thing)] = CLASSES.index("spoilt")
        pixels.append(gaussian_filter(rgb, (*[rng.uniform(0, 1.3)] * 2, 0)) + rng.normal(0, rng.uniform(0, 0.03), rgb.shape))
        classes.append(where)
    return np.stack(pixels).astype(np.float32), np.stack(classes)


class Judge:
    def __init__(self, model):
        self.model = model.eval()

    @classmethod
    def load(cls, folder):
        path, model = Path(folder) / "judge.pt", net()
        if path.exists():
            model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        else:
            train(model)
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.save(model.state_dict(), path)
        return cls(model)

    @torch.no_grad()
    def see(self, pictures):
        """Classes [count, height / 4, width / 4] and the mean features [count, FEATURES] of uint8 pictures."""
        seen, means = [], []
        for rgb in pictures:
            x = torch.from_numpy(small(rgb).astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
            features = self.model[:-1](x)
            seen.append(self.model[-1](features)[0].argmax(0).numpy())
            means.append(features.mean((2, 3))[0].numpy())
        return np.stack(seen), np.stack(means)


    @staticmethod
    def area(seen, thing):
        """The mean share of the pictures that the thing fills."""
        return float((seen == CLASSES.index(thing)).mean())


def train(model, epochs=10, batch=32):
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    pixels, classes = examples()
    pixels = torch.from_numpy(pixels * 2 - 1).permute(0, 3, 1, 2)
    classes = torch.from_numpy(classes)
    steps = epochs * len(pixels) // batch
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, steps)
    for _ in range(steps):
        rows = torch.from_numpy(rng.integers(len(pixels), size=batch))
        x, wanted = pixels[rows], classes[rows]
        if rng.random() < 0.5:
            x, wanted = x.flip(3), wanted.flip(2)
        loss = F.cross_entropy(model(x), wanted)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        rate.step()
    print("judge: loss", round(float(loss.detach()), 4), flush=True)


def distance(a, b):
    """Frechet distance of two sets of features (Heusel et al. 2017)."""
    mean = a.mean(0) - b.mean(0)
    first, second = np.cov(a.T), np.cov(b.T)
    return float(mean @ mean + np.trace(first + second - 2 * np.real(sqrtm(first @ second))))


def finds(seen, thing, usual):
    """Whether each picture shows the thing at a third to three times its usual area, and not half of it spoilt."""
    area = (seen == CLASSES.index(thing)).mean((1, 2))
    spoilt = (seen == CLASSES.index("spoilt")).mean((1, 2))
    return (area > usual / 3) & (area < usual * 3) & (spoilt < area / 2)
