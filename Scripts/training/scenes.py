"""Small scenes with their captions and masks, drawn from a seed.

    python scenes.py --sheet sheet.png --size 192        # look at some
    python scenes.py --data data --count 4000 --size 128  # draw a training set

`plan(seed, **fixed)` decides what is in the picture, `draw(plan, width, height)` paints it and
`caption(plan, rng)` says it in words. The same plan is the same scene at any size.
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

import styles
import surfaces
from canvas import Canvas

HOUSE_COLORS = {"red": (0.78, 0.16, 0.12), "white": (0.93, 0.92, 0.88), "blue": (0.20, 0.38, 0.75),
                "yellow": (0.93, 0.78, 0.25), "brown": (0.50, 0.32, 0.18), "pink": (0.92, 0.58, 0.66)}
BOAT_COLORS = {"red": (0.80, 0.15, 0.12), "white": (0.95, 0.95, 0.93), "blue": (0.18, 0.35, 0.72),
               "yellow": (0.95, 0.80, 0.20)}
SKIES = {  # zenith, horizon, light on the land, how much of its own colour the land keeps
    "day": ((0.25, 0.52, 0.90), (0.72, 0.87, 0.97), (1.0, 1.0, 0.97), 1.0),
    "sunset": ((0.36, 0.28, 0.55), (0.99, 0.58, 0.25), (0.95, 0.66, 0.50), 0.9),
    "dusk": ((0.17, 0.18, 0.42), (0.68, 0.48, 0.60), (0.50, 0.46, 0.62), 0.9),
    "night": ((0.05, 0.08, 0.22), (0.17, 0.23, 0.42), (0.42, 0.47, 0.62), 0.85),
    "overcast": ((0.58, 0.61, 0.65), (0.78, 0.80, 0.82), (0.74, 0.77, 0.80), 0.8),
}
GRASS = {"summer": (0.32, 0.58, 0.20), "autumn": (0.66, 0.52, 0.22), "snow": (0.93, 0.95, 0.98)}
LEAVES = {"summer": [(0.16, 0.42, 0.14), (0.24, 0.50, 0.16), (0.12, 0.36, 0.18)],
          "autumn": [(0.85, 0.35, 0.08), (0.78, 0.20, 0.08), (0.92, 0.60, 0.12)],
          "snow": [(0.80, 0.85, 0.90), (0.70, 0.78, 0.82), (0.62, 0.72, 0.74)]}
PINE = {"summer": (0.08, 0.30, 0.18), "autumn": (0.14, 0.32, 0.16), "snow": (0.60, 0.70, 0.74)}
SMALL = ("house", "boat", "sun", "moon")     # things that a prompt names, which count twice in the training
STYLE_WORDS = {
    "photo": ["photo", "photograph", "a photo", "realistic photo", ""],
    "watercolor": ["watercolor painting", "watercolor", "watercolour painting"],
    "oil": ["oil painting", "an oil painting", "oil on canvas"],
    "pencil": ["pencil sketch", "pencil drawing", "black and white pencil sketch"],
    "pixel": ["pixel art", "8-bit pixel art"],
    "poster": ["poster", "flat vector poster", "travel poster"],
}
TIME_WORDS = {"day": ["day", "sunny day", "clear sky", "blue sky"], "sunset": ["sunset", "at sunset", "golden hour"],
              "dusk": ["dusk", "at dusk", "twilight"], "night": ["night", "at night", "dark night"],
              "overcast": ["overcast", "cloudy sky", "gray sky"]}

SEASON_WORDS = {"autumn": ["autumn", "in autumn", "autumn colors"], "snow": ["snow", "winter", "snowy winter"]}


@dataclass
class Plan:
    """Everything a caption can speak of, and the seed of everything it does not."""

    seed: int
    style: str = "photo"
    texture: str = ""          # a surface instead of a landscape
    time: str = "day"
    season: str = "summer"
    ground: str = "field"      # field, hill, lake, sea
    backdrop: str = "none"     # none, mountains, hills, forest
    light: str = ""            # sun, moon or nothing in the sky
    clouds: bool = False
    stars: bool = False
    path: bool = False
    flowers: bool = False
    house: str = ""            # its colour, or none
    boat: str = ""
    trees: int = 0
    pines: bool = False


@dataclass
class Scene:
    """A drawn plan: `pixels` [height, width, 3] uint8, `masks` by name [height, width] float 0...1."""

    pixels: np.ndarray
    masks: dict = field(default_factory=dict)


def plan(seed, **fixed):
    """A random plan; settings named in `fixed` are as given."""
    rng = np.random.default_rng([seed, 1])
    pick = lambda options, p=None: str(rng.choice(options, p=p))
    made = Plan(seed)
    made.style = pick(styles.NAMES, [0.46, 0.13, 0.11, 0.12, 0.09, 0.09])
    made.texture = pick(surfaces.NAMES) if rng.random() < 0.03 else ""
    made.time = pick(list(SKIES), [0.38, 0.16, 0.10, 0.20, 0.16])
    made.season = pick(list(GRASS), [0.58, 0.21, 0.21])
    made.ground = pick(["field", "hill", "lake", "sea"], [0.28, 0.32, 0.20, 0.20])
    made.backdrop = pick(["none", "mountains", "hills", "forest"], [0.25, 0.35, 0.25, 0.15])
    made.clouds = rng.random() < 0.3
    sky_light, star_chance, both = rng.random(), rng.random(), rng.random()
    made.path = rng.random() < 0.12
    made.flowers = rng.random() < 0.06
    made.house = pick(list(HOUSE_COLORS), [0.35, 0.2, 0.14, 0.13, 0.1, 0.08]) if rng.random() < 0.55 else ""
    made.boat = pick(list(BOAT_COLORS)) if rng.random() < 0.6 else ""
    made.trees = int(rng.choice([0, 1, 2, 3], p=[0.4, 0.22, 0.22, 0.16]))
    made.pines = rng.random() < 0.4
    for name, value in fixed.items():
        setattr(made, name, value)
    made.light = fixed.get("light", sky_object(made.time, sky_light))
    made.stars = fixed.get("stars", made.time == "night" and star_chance < 0.7)
    made.clouds = made.clouds or made.time == "overcast"
    if made.ground in ("field", "hill"):
        made.boat = ""
    if made.boat:
        made.house = made.house if "house" in fixed or both < 0.25 else ""
        made.trees = made.trees if "trees" in fixed else min(made.trees, 1)
    made.path = made.path and made.ground in ("field", "hill")
    made.flowers = made.flowers and made.season == "summer" and made.ground in ("field", "hill")
    return made


def sky_object(time, chance):
    if time == "night":
        return "moon" if chance < 0.7 else ""
    return "sun" if time in ("day", "sunset") and chance < 0.6 else ""


# Words

def caption(plan, rng, complete=False, styled=False):
    """The plan in the words of a prompt; details are left out at random unless `complete`, the style unless `styled`."""
    pick = lambda options: options[int(rng.integers(len(options)))]
    keep = lambda chance: complete or rng.random() < chance
    style = pick([word for word in STYLE_WORDS[plan.style] if word or not styled])
    if not plan.texture and not keep(0.85):
        return brief(plan, pick, keep, style, styled)
    if plan.texture:
        surface = {"grass": "grass texture", "sand": "sand texture", "brick": "brick wall",
                   "wood": "wooden planks", "water": "water surface"}[plan.texture]
        return ", ".join(word for word in [surface, style if keep(0.9) else ""] if word)
    parts = [subject(plan, pick, keep)]
    parts += [word for word in details(plan, pick) if keep(0.7)]
    if plan.season != "summer" and keep(0.95):
        parts.append(pick(SEASON_WORDS[plan.season]))
    if keep(0.75 if plan.time == "day" else 0.95):
        parts.append(pick(TIME_WORDS[plan.time]))
    if style and (styled or keep(0.6 if plan.style == "photo" else 0.97)):
        parts.insert(0 if rng.random() < 0.25 else len(parts), style)
    return ", ".join(parts)


def brief(plan, pick, keep, style, styled):
    """The few words one says of a picture that is to be restyled or widened."""
    parts = [pick(["a landscape", "landscape"])] if keep(0.6) else []
    if plan.season != "summer" and keep(0.5):
        parts.append(pick(SEASON_WORDS[plan.season]))
    if keep(0.5):
        parts.append(pick(TIME_WORDS[plan.time]))
    if style and (styled or keep(0.9)):
        parts.append(style)
    return ", ".join(parts) or "a landscape"


def subject(plan, pick, keep):
    color = {"summer": "green ", "autumn": "golden ", "snow": "snowy "}[plan.season] if keep(0.5) else ""
    place = {"field": pick([f"a {color}field", f"a {color}meadow", "grass field"]), "hill": f"a {color}hill",
             "lake": pick(["a lake", "a calm lake"]), "sea": pick(["the sea", "the ocean"])}[plan.ground]
    at = {"field": "in", "hill": "on", "lake": "by", "sea": "by"}[plan.ground]
    things = []
    if plan.house:
        things.append(f"a {plan.house} {pick(['house', 'house', 'cottage'])}")
    if plan.boat:
        if not things:
            return f"a {plan.boat} {pick(['boat', 'sailboat'])} on {place}"
        things.append(f"a {plan.boat} boat")
    if plan.trees and keep(0.85):
        things.append(tree_words(plan, pick))
    if not things:
        bare = plan.ground in ("field", "hill") and not (plan.house or plan.trees or keep(0.5))
        return f"empty {place.removeprefix('a ')}" if bare else place
    return f"{' and '.join(things)} {at} {place}"


def tree_words(plan, pick):
    kind = "pine " if plan.pines else ""
    return f"a {kind}tree" if plan.trees == 1 else pick([f"{kind}trees", f"{kind}trees"])


def details(plan, pick):
    words = []
    if plan.backdrop == "mountains":
        words.append(pick(["mountains", "mountains in the background", "distant mountains"]))
    elif plan.backdrop in ("hills", "forest"):
        words.append({"hills": "rolling hills", "forest": pick(["forest", "forest in the background"])}[plan.backdrop])
    if plan.light == "moon":
        words.append(pick(["moon", "full moon"]))
    elif plan.light:
        words.append("sun")
    if plan.stars:
        words.append(pick(["stars", "starry sky"]))
    if plan.clouds and plan.time != "overcast":
        words.append("clouds")
    if plan.path:
        words.append(pick(["a path", "a winding path"]))
    if plan.flowers:
        words.append("flowers")
    return words


# Pictures

def draw(plan, width, height):
    """Paint a plan. Masks: sky, mountains, ground, water, house, roof, boat, trees, sun, moon (those it has)."""
    canvas = Canvas(width, height, np.random.default_rng([plan.seed, 2]))
    masks = {}
    if plan.texture:
        surfaces.paint(canvas, plan.texture)
    else:
        Landscape(canvas, plan, masks).paint()
    rgb = styles.apply(plan.style, canvas)
    return Scene((rgb * 255 + 0.5).astype(np.uint8), masks)


class Landscape:
    """Paints one plan from far to near and keeps each thing's mask."""

    def __init__(self, canvas, plan, masks):
        self.canvas, self.plan, self.masks, self.rng = canvas, plan, masks, canvas.rng
        self.zenith, self.haze, self.light, self.keep = (np.array(v, np.float32) for v in SKIES[plan.time])
        self.horizon = self.rng.uniform(0.44, 0.6)
        self.taken = []            # where houses and trees stand, and how far to either side
        self.texture = canvas.fractal(10, 4, stretch=2.5)

    def lit(self, color):
        """A surface's colour under this sky."""
        color = np.asarray(color, np.float32)
        grey = color.mean(-1, keepdims=True)
        return (grey + (color - grey) * self.keep) * self.light

    def near(self, name, coverage):
        """Record a thing in front: it hides what the other masks had there."""
        for other in self.masks:
            self.masks[other] = self.masks[other] * (1 - coverage)
        self.masks[name] = np.maximum(self.masks.get(name, 0), coverage)

    def paint(self):
        plan = self.plan
        self.paint_sky()
        self.paint_backdrop()
        shore = self.paint_ground()
        if plan.path:
            self.paint_path(shore)
        if plan.flowers:
            self.paint_flowers(shore)
        far_only = plan.ground in ("lake", "sea")
        if plan.house:
            self.paint_thing("house", self.house_depth(far_only), shore)
        for depth in sorted(0.1 * self.rng.random(plan.trees) if far_only else self.rng.uniform(0, 0.5, plan.trees)):
            self.paint_thing("tree", depth, shore)
        if far_only:
            self.paint_water(shore)

    def house_depth(self, far_only):
        return self.rng.uniform(0, 0.05) if far_only else self.rng.uniform(0.15, 0.45)

    def paint_sky(self):
        canvas, rng = self.canvas, self.rng
        share = np.clip(canvas.y / self.horizon, 0, 1)[..., None] ** rng.uniform(0.8, 1.4)
        jitter = rng.normal(0, 0.025, (2, 3))
        canvas.rgb[:] = (self.zenith + jitter[0]) * (1 - share) + (self.haze + jitter[1]) * share
        if self.plan.stars:
            self.paint_stars()
        if self.plan.light:
            self.paint_light()
        if self.plan.clouds:
            self.paint_clouds()
        self.masks["sky"] = np.ones((canvas.height, canvas.width), np.float32)

    def paint_stars(self):
        canvas, rng = self.canvas, self.rng
        for _ in range(int(rng.integers(20, 45))):
            x, y = rng.uniform(0, canvas.aspect), rng.uniform(0, self.horizon)
            glow = np.exp(-((canvas.x - x) ** 2 + (canvas.y - y) ** 2) / rng.uniform(0.003, 0.007) ** 2)
            canvas.rgb += glow[..., None] * np.array([0.85, 0.87, 0.9], np.float32)

    def paint_light(self):
        canvas, rng = self.canvas, self.rng
        low = self.plan.time == "sunset"
        x = rng.uniform(0.12, 0.88) * canvas.aspect
        y = self.horizon * (rng.uniform(0.55, 0.9) if low else rng.uniform(0.15, 0.5))
        radius = rng.uniform(0.055, 0.085)
        disc = canvas.ellipse(x, y, radius, radius)
        distance = np.hypot(canvas.x - x, canvas.y - y)
        color = {"moon": (0.95, 0.95, 0.85), "sun": (1.0, 0.80, 0.42) if low else (1.0, 0.97, 0.75)}[self.plan.light]
        strength = 0.35 if self.plan.light == "moon" else 0.7
        canvas.paint(strength * np.exp(-distance / (radius * 2.2)), color)
        canvas.paint(disc, color)
        self.masks[self.plan.light] = disc

    def paint_clouds(self):
        canvas, rng = self.canvas, self.rng
        field = canvas.fractal(3, 4, stretch=2.2)
        thick = 0.1 if self.plan.time == "overcast" else rng.uniform(-0.25, 0.0)
        cover = np.clip((field + thick) * 2.4, 0, 0.9) * np.clip((self.horizon - canvas.y) * 9, 0, 1)
        bright = {"day": 1.0, "sunset": 0.95, "dusk": 0.6, "night": 0.25, "overcast": 0.68}[self.plan.time]
        tint = np.array((1.0, 0.78, 0.72) if self.plan.time in ("sunset", "dusk") else (1, 1, 1), np.float32)
        shade = (0.92 + 0.1 * canvas.noise(6))[..., None]
        canvas.paint(cover, shade * bright * tint)

    def paint_backdrop(self):
        canvas, rng, plan = self.canvas, self.rng, self.plan
        if plan.backdrop == "none":
            return
        if plan.backdrop == "mountains":
            top = self.horizon - rng.uniform(0.15, 0.24) - rng.uniform(0.07, 0.13) * canvas.ridge(3, 6, 0.5)
            rock = np.array(rng.choice([[0.42, 0.45, 0.55], [0.50, 0.46, 0.44], [0.36, 0.42, 0.50]]), np.float32)
            shade = 1 + 0.22 * canvas.fractal(7, 3)
            color = rock * shade[..., None]
            height = self.horizon - canvas.y
            cap = np.clip((height - rng.uniform(0.14, 0.22) + 0.05 * canvas.noise(12)) * 25, 0, 1)
            color = color + cap[..., None] * (np.array([0.95, 0.96, 1.0]) - color)
            haze = 0.25
        elif plan.backdrop == "hills":
            top = self.horizon - rng.uniform(0.05, 0.09) - 0.045 * canvas.ridge(3, 2, 0.4)
            color = np.array(GRASS[plan.season], np.float32) * (0.78 + 0.1 * self.texture)[..., None]
            haze = 0.22
        else:
            top = self.horizon - rng.uniform(0.07, 0.11) - 0.02 * canvas.ridge(16, 2, 0.6)
            color = np.array(LEAVES[plan.season][0]) * (0.8 + 0.35 * canvas.fractal(24, 2))[..., None]
            haze = 0.12
        cover = canvas.below(top)
        canvas.paint(cover, self.lit(color) * (1 - haze) + self.haze * haze)
        self.near(plan.backdrop, cover)

    def paint_ground(self):
        """Paint the land and return its upper edge, one y per column."""
        canvas, rng, plan = self.canvas, self.rng, self.plan
        edge = np.full(canvas.width, self.horizon, np.float32)
        if plan.ground == "hill":
            middle, spread = rng.uniform(0.2, 0.8) * canvas.aspect, rng.uniform(0.35, 0.7)
            edge = self.horizon + 0.1 - rng.uniform(0.1, 0.22) * np.exp(-(((canvas.x[0] - middle) / spread) ** 2))
            self.summit = middle
        elif plan.ground == "field":
            edge = self.horizon + 0.012 * canvas.ridge(2, 2)
        color = np.array(GRASS[plan.season], np.float32) + rng.normal(0, 0.02, 3)
        depth = np.clip((canvas.y - self.horizon) / (1 - self.horizon), 0, 1)
        contrast = 0.07 if plan.season == "snow" else 0.2
        shade = 1.06 - 0.22 * depth * (plan.season != "snow") + contrast * self.texture
        cover = canvas.below(edge)
        canvas.paint(cover, self.lit(color * shade[..., None]))
        self.near("ground", cover)
        return edge

    def paint_path(self, edge):
        canvas, rng = self.canvas, self.rng
        start, top = rng.uniform(0.2, 0.8) * canvas.aspect, float(edge.mean())
        t = np.clip((canvas.y - top) / (1 - top), 0, 1)
        middle = start + rng.uniform(-0.3, 0.3) * (1 - t) + 0.12 * np.sin(t * rng.uniform(3, 6) + rng.uniform(0, 6)) * (1 - t)
        width = 0.012 + rng.uniform(0.07, 0.12) * t
        cover = canvas.cover(width - np.abs(canvas.x - middle)) * self.masks["ground"]
        color = (0.80, 0.80, 0.82) if self.plan.season == "snow" else (0.74, 0.63, 0.46)
        canvas.paint(cover, self.lit(np.array(color) * (1 + 0.12 * self.texture)[..., None]))
        self.masks["path"] = cover

    def paint_flowers(self, edge):
        canvas, rng = self.canvas, self.rng
        color = np.array(rng.choice([[0.9, 0.2, 0.2], [0.95, 0.85, 0.2], [0.7, 0.4, 0.85], [0.97, 0.95, 0.95]]))
        cover = np.clip((canvas.noise(56) - 0.42) * 5, 0, 1) * np.clip((canvas.y - self.horizon - 0.06) * 8, 0, 1)
        canvas.paint(cover * self.masks["ground"] * (1 - self.masks.get("path", 0)), self.lit(color))

    def paint_thing(self, kind, depth, edge):
        canvas, rng = self.canvas, self.rng
        x = self.place(kind)
        column = min(int(x * canvas.height), canvas.width - 1)
        top = float(edge[column]) + 0.01
        foot = top + depth * (0.96 - top)
        near = foot - self.horizon
        if kind == "house":
            self.paint_house(x, foot, 0.26 + 0.25 * near + rng.uniform(0, 0.06))
        else:
            self.paint_tree(x, foot, 0.24 + 0.5 * near + rng.uniform(0, 0.1))

    def place(self, kind):
        """Where on the ground a thing stands: a house on the summit of a hill, a tree beside what is there."""
        rng, aspect = self.rng, self.canvas.aspect
        if kind == "house":
            x = self.summit + rng.normal(0, 0.08) if self.plan.ground == "hill" else rng.uniform(0.25, aspect - 0.25)
            self.taken.append((float(np.clip(x, 0.22, aspect - 0.22)), 0.3))
            return self.taken[-1][0]
        room = lambda x: min((abs(x - other) - reach for other, reach in self.taken), default=0)
        self.taken.append((max(rng.uniform(0.08, aspect - 0.08, 12), key=lambda x: min(room(x), 0.1)), 0.14))
        return self.taken[-1][0]

    def paint_house(self, x, foot, size):
        canvas, rng, plan = self.canvas, self.rng, self.plan
        wide, tall, rise = size * rng.uniform(0.9, 1.3), size * rng.uniform(0.55, 0.75), size * rng.uniform(0.4, 0.55)
        left, right, eaves = x - wide / 2, x + wide / 2, foot - tall
        wall = self.lit(np.array(HOUSE_COLORS[plan.house]) * (1 + 0.06 * self.texture)[..., None])
        body = canvas.box(left, eaves, right, foot)
        canvas.paint(body, wall)
        canvas.paint(body * np.clip((canvas.x - x) * 3 / wide + 0.3, 0, 0.22), self.lit((0.1, 0.1, 0.15)))
        over = wide * 0.1
        roof = canvas.polygon([(x - wide * 0.3, eaves - rise), (x + wide * 0.3, eaves - rise),
                               (right + over, eaves), (left - over, eaves)])
        tiles = (0.92, 0.93, 0.96) if plan.season == "snow" else tuple(rng.choice([[0.36, 0.22, 0.18], [0.30, 0.30, 0.34]]))
        canvas.paint(roof, self.lit(tiles))
        pane = np.array((1.0, 0.82, 0.35) if plan.time in ("night", "dusk") else self.lit((0.45, 0.58, 0.68)))
        for place in (-0.28, 0.28):
            side = wide * 0.11
            canvas.paint(canvas.box(x + place * wide - side, eaves + tall * 0.22, x + place * wide + side, eaves + tall * 0.6), pane)
        canvas.paint(canvas.box(x - wide * 0.09, foot - tall * 0.55, x + wide * 0.09, foot), self.lit((0.28, 0.18, 0.12)))
        self.near("house", np.maximum(body, roof))
        self.masks["wall"] = body

    def paint_tree(self, x, foot, size):
        canvas, rng, plan = self.canvas, self.rng, self.plan
        trunk = canvas.box(x - size * 0.045, foot - size * 0.45, x + size * 0.045, foot)
        canvas.paint(trunk, self.lit((0.33, 0.22, 0.14)))
        if plan.pines:
            color, crown = np.array(PINE[plan.season]), np.zeros_like(trunk)
            for step in range(3):
                base, wide = foot - size * (0.15 + 0.25 * step), size * (0.3 - 0.065 * step)
                tier = canvas.polygon([(x, base - size * 0.42), (x + wide, base), (x - wide, base)])
                crown = np.maximum(crown, tier)
        else:
            color = np.array(LEAVES[plan.season][int(rng.integers(3))])
            bumpy = 1 + 0.12 * canvas.noise(22)
            crown = canvas.ellipse(x, foot - size * 0.68, size * 0.27 * bumpy, size * 0.33 * bumpy.mean())
        side = np.clip((canvas.x - x) / size * 1.6 + 0.5, 0, 1)
        shade = 1.15 - 0.4 * side + 0.22 * canvas.noise(36)
        canvas.paint(crown, self.lit(color * shade[..., None]))
        self.near("trees", np.maximum(crown, trunk))

    def paint_water(self, edge):
        """A lake or sea that mirrors everything above its far shore, with its own near shore."""
        canvas, rng, plan = self.canvas, self.rng, self.plan
        lake = plan.ground == "lake"
        shore = self.horizon + (0.045 if lake or plan.house or plan.trees else 0.0)
        row = int(shore * canvas.height)
        ripple = canvas.noise(48, max(3, round(8 * canvas.aspect)))
        depth = np.clip(canvas.y - shore, 0, 1)
        source = np.clip(2 * row - np.arange(canvas.height)[:, None] + np.rint(ripple * depth * 0.12 * canvas.height), 0, row)
        mirror = canvas.rgb[source.astype(int), np.arange(canvas.width)[None]]
        deep = self.lit((0.12, 0.36, 0.52) if lake else (0.07, 0.34, 0.55))
        share = np.clip((0.3 if lake else 0.6) + 0.5 * depth, 0, 0.9)[..., None]
        water = mirror * (1 - share) + deep * share + (0.05 * ripple)[..., None] * self.light
        near = 1.0 - rng.uniform(0.06, 0.16) + 0.05 * canvas.ridge(2, 2) if rng.random() < 0.6 else np.full(canvas.width, 2.0)
        cover = canvas.cover(canvas.y - shore) * (1 - canvas.below(near))
        canvas.paint(cover, water)
        self.near("water", cover)
        beach = canvas.below(near)
        sand = GRASS[plan.season] if lake or plan.season == "snow" else (0.86, 0.76, 0.55)
        canvas.paint(beach, self.lit(np.array(sand) * (1 + 0.1 * self.texture)[..., None]))
        self.near("ground", beach)
        if plan.boat:
            self.paint_boat(shore)

    def paint_boat(self, shore):
        canvas, rng, plan = self.canvas, self.rng, self.plan
        x, foot = rng.uniform(0.25, canvas.aspect - 0.25), shore + rng.uniform(0.1, 0.26)
        size = 0.2 + 0.6 * (foot - shore)
        color = self.lit(BOAT_COLORS[plan.boat])
        hull = canvas.polygon([(x - size * 0.6, foot - size * 0.2), (x + size * 0.65, foot - size * 0.2),
                               (x + size * 0.4, foot + size * 0.05), (x - size * 0.4, foot + size * 0.05)])
        sail = canvas.polygon([(x, foot - size * 1.15), (x + size * 0.55, foot - size * 0.3), (x, foot - size * 0.3)])
        jib = canvas.polygon([(x - size * 0.05, foot - size * 0.95), (x - size * 0.05, foot - size * 0.3), (x - size * 0.4, foot - size * 0.3)])
        canvas.paint(0.35 * canvas.ellipse(x, foot + size * 0.12, size * 0.55, size * 0.12), color)
        canvas.paint(hull, color)
        canvas.paint(np.maximum(sail, jib), self.lit((0.96, 0.94, 0.88)) if rng.random() < 0.5 else color)
        self.near("boat", np.maximum(hull, np.maximum(sail, jib)))


# Command line

def sheet(path, size, first, columns=8, rows=6):
    """A sheet of scenes; prints their captions."""
    out = Image.new("RGB", (columns * size, rows * size))
    for index in range(columns * rows):
        made = plan(first + index)
        out.paste(Image.fromarray(draw(made, size, size).pixels), (index % columns * size, index // columns * size))
        print(index, caption(made, np.random.default_rng(first + index)))
    out.save(path)


def in_two_styles(seed):
    """The same landscape as it is and in another style: a photo's in any of the others, theirs as a photo."""
    first = plan(seed, texture="")
    others = [name for name in styles.NAMES if name != "photo"]
    drawn = str(np.random.default_rng([seed, 4]).choice(others))
    return [first, plan(seed, texture="", style=drawn if first.style == "photo" else "photo")]


def small_things(scene):
    """How much of each whole 8x8 pixels is a small thing, uint8 [height / 8, width / 8]."""
    height, width = (side // 8 for side in scene.pixels.shape[:2])
    cover = sum((scene.masks[name] for name in SMALL if name in scene.masks), np.zeros(scene.pixels.shape[:2]))
    blocks = cover[:height * 8, :width * 8].clip(0, 1).reshape(height, 8, width, 8)
    return (blocks.mean((1, 3)) * 255 + 0.5).astype(np.uint8)


def dataset(folder, count, size, first, width=None, pairs=False):
    """Draw `count` scenes as SIZE-FIRST.npy (uint8), `pairs` in two styles; beside them four captions each and
    where their small things are."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    name, each = Path(folder) / f"{size}-{first}", 2 if pairs else 1
    pixels = np.lib.format.open_memmap(f"{name}.npy", "w+", np.uint8, (count * each, size, width or size, 3))
    small = []
    with open(f"{name}.txt", "w") as words:
        for index in range(count):
            for turn, made in enumerate(in_two_styles(first + index) if pairs else [plan(first + index)]):
                scene = draw(made, width or size, size)
                pixels[index * each + turn] = scene.pixels
                small.append(small_things(scene))
                rng = np.random.default_rng([first + index, 3])
                print("\t".join(caption(made, rng, styled=pairs) for _ in range(4)), file=words)
    pixels.flush()
    np.save(f"{name}-small.npy", np.stack(small))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sheet", help="write a PNG of 48 scenes")
    options.add_argument("--data", help="write a training set into this folder")
    options.add_argument("--count", type=int, default=1000)
    options.add_argument("--size", type=int, default=128)
    options.add_argument("--first", type=int, default=0, help="the first seed")
    given = options.parse_args()
    if given.sheet:
        sheet(given.sheet, given.size, given.first)
    if given.data:
        dataset(given.data, given.count, given.size, given.first)


if __name__ == "__main__":
    main()
