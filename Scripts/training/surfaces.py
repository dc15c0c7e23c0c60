"""Flat textures that fill a picture: grass, sand, brick, wood, water."""

import numpy as np

NAMES = ["grass", "sand", "brick", "wood", "water"]


def paint(canvas, name):
    """A flat texture that fills the picture."""
    rng = canvas.rng
    light = rng.uniform(0.8, 1.1)
    fine, coarse = canvas.fractal(28, 2), canvas.fractal(4, 3)
    if name == "brick":
        rows, joint = int(rng.integers(7, 13)), 0.07
        v = canvas.y * rows
        u = canvas.x * rows / 2.2 + 0.5 * (np.floor(v) % 2)
        mortar = np.maximum((v % 1 < joint), (u % 1 < joint / 2.2)).astype(np.float32)
        tone = rng.uniform(0.8, 1.15, (rows + 2, 64))[np.floor(v).astype(int), np.floor(u).astype(int) % 64]
        rgb = np.array([0.62, 0.26, 0.18]) * (tone + 0.12 * fine)[..., None]
        rgb = rgb + mortar[..., None] * (np.array([0.75, 0.72, 0.67]) - rgb)
    elif name == "wood":
        planks = int(rng.integers(4, 8))
        v = canvas.y * planks
        grain = canvas.noise(60, 5) * 0.14 + 0.06 * coarse
        tone = rng.uniform(0.8, 1.15, planks + 1)[np.floor(v).astype(int)]
        rgb = np.array([0.58, 0.38, 0.21]) * (tone + grain)[..., None] * np.where(v % 1 < 0.04, 0.4, 1)[..., None]
    elif name == "water":
        waves = canvas.fractal(12, 3, stretch=3)
        rgb = np.array([0.14, 0.42, 0.58]) * (1 + 0.3 * waves)[..., None] + np.clip(waves - 0.5, 0, 1)[..., None]
    else:
        base = (0.30, 0.56, 0.18) if name == "grass" else (0.86, 0.76, 0.56)
        amount = 0.3 if name == "grass" else 0.1
        rgb = np.array(base) * (1 + amount * fine + 0.12 * coarse)[..., None]
    canvas.rgb[:] = np.clip(rgb * light, 0, 1)
