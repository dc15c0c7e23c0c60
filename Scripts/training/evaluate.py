"""Measures a trained model folder and writes sheets to look at.

    python evaluate.py ../../Fixtures/Models/gesso-builtin --seeds 64 --size 256 --photos PHOTOS --sheets out

Prints one JSON object. Scenes come from seeds no training set uses.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from diffusers import (AutoencoderKL, DDIMScheduler, EulerAncestralDiscreteScheduler, StableDiffusionImg2ImgPipeline,
                       StableDiffusionInpaintPipeline, StableDiffusionPipeline)
from PIL import Image, ImageFilter
from scipy.ndimage import distance_transform_edt

import scenes
from judge import Judge, distance, finds

HELD_OUT = 900_000_000


SCHEDULERS = {"ddim": lambda old: DDIMScheduler.from_config(old, clip_sample=False),
              "euler-ancestral": EulerAncestralDiscreteScheduler.from_config}


def load(kind, folder, given):
    pipe = kind.from_pretrained(folder, torch_dtype=torch.float32, local_files_only=True)
    pipe.scheduler = SCHEDULERS[given.scheduler](pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    return pipe.to("cuda" if torch.cuda.is_available() else "cpu")


# Pixels as floats 0...1

def array(image):
    return np.asarray(image, np.float32) / 255


def luminance(rgb):
    return rgb @ np.array([0.299, 0.587, 0.114], np.float32)


def ground(rgb):
    return rgb[int(len(rgb) * 0.65):]


def chroma(rgb):
    return float((rgb.max(-1) - rgb.min(-1)).mean())


def redness(rgb):
    """Share of the middle rows that is clearly red."""
    middle = rgb[len(rgb) // 4: -len(rgb) // 12]
    return float((middle[..., 0] - middle[..., 1:].max(-1) > 0.15).mean())


def edges(rgb):
    rows, columns = np.gradient(luminance(rgb))
    return np.hypot(rows, columns)


# Measures

@torch.no_grad()
def reconstruction(folder, pictures):
    """PSNR in dB over all samples of each picture, averaged over the pictures."""
    vae = AutoencoderKL.from_pretrained(folder, subfolder="vae").float()
    found = []
    for picture in pictures:
        pixels = torch.from_numpy(array(picture)).permute(2, 0, 1)[None] * 2 - 1
        made = vae.decode(vae.encode(pixels).latent_dist.mode()).sample.clamp(-1, 1)
        found.append(float(-10 * torch.log10((made - pixels).square().mean() / 4)))
    return round(float(np.mean(found)), 2)


def held_out(count, size):
    return [Image.fromarray(scenes.draw(scenes.plan(HELD_OUT + i), size, size).pixels) for i in range(count)]


def photos(folder, size):
    out = []
    for path in sorted(Path(folder).glob("*.png")):
        if not path.stem.endswith("_mask"):
            out.append(Image.open(path).convert("RGB").resize((size, size), Image.LANCZOS))
    return out


def pictures(pipe, prompts, given, batch=8):
    """The pictures for seeds 0, 1, ...: of one prompt, or of one for each seed. The same seed starts from the same
    noise in every prompt."""
    prompts, out = [prompts] * given.seeds if isinstance(prompts, str) else prompts, []
    for first in range(0, given.seeds, batch):
        seeds = range(first, min(first + batch, given.seeds))
        noise = [torch.Generator().manual_seed(seed) for seed in seeds]
        out += pipe(prompts[first:first + batch], height=given.size, width=given.size, num_inference_steps=given.steps,
                    guidance_scale=given.guidance, generator=noise).images
    return out


def obedience(pipe, given, sheets):
    """How often, in percent, a prompt changes the pixels the way its words say."""
    prompts = {"day": "a green hill, day, photo", "night": "a green hill, night, photo",
               "snow": "a snowy hill, snow, winter, day, photo", "autumn": "trees on a golden hill, autumn, day, photo",
               "trees": "trees on a green hill, day, photo", "pencil": "trees on a green hill, day, pencil sketch",
               "house": "a red house on a green hill, day, photo"}
    made = {}
    for name, prompt in prompts.items():
        images = pictures(pipe, prompt, given)
        sheets.append((name, images))
        made[name] = [array(image) for image in images]
    percent = lambda test, a, b: round(100 * float(np.mean([test(x, y) for x, y in zip(made[a], made[b])])), 1)
    red = lambda rgb: float((ground(rgb)[..., 0] - ground(rgb)[..., 1]).mean())
    return {
        "night darker than day": percent(lambda x, y: luminance(x).mean() < luminance(y).mean(), "night", "day"),
        "snow whiter on the ground": percent(lambda x, y: ground(x).min(-1).mean() > ground(y).min(-1).mean() + 0.15, "snow", "day"),
        "autumn redder": percent(lambda x, y: red(x) > red(y) + 0.05, "autumn", "trees"),
        "pencil near grey": percent(lambda x, y: chroma(x) < 0.08, "pencil", "trees"),
        "red house shows red": percent(lambda x, y: redness(x) > 0.004 and redness(x) > redness(y) + 0.003, "house", "day"),
    }


@torch.no_grad()
def objects(pipe, judge, given, sheets):
    """How far pictures made from held-out captions are from the drawn scenes that the captions describe, and how
    often `judge` finds the object that a prompt names; each beside what it says of drawn scenes."""
    draw = lambda first, **fixed: [scenes.draw(scenes.plan(HELD_OUT + first + i, texture="", **fixed),
                                               given.size, given.size).pixels for i in range(given.seeds)]
    words = [scenes.caption(scenes.plan(HELD_OUT + 4000 + i, texture=""), np.random.default_rng(i), complete=True)
             for i in range(given.seeds)]
    made = pictures(pipe, words, given)
    sheets.append(("held-out captions", made))
    (_, features), (_, drawn), (_, others) = (judge.see(each) for each in (
        [np.asarray(image) for image in made], draw(4000), draw(6000)))
    found = {"distance to drawn scenes": round(distance(features, drawn), 3),
             "distance of drawn scenes to others": round(distance(others, drawn), 3)}
    for thing, prompt, fixed in (("house", "a red house on a green hill, day, photo", {"ground": "hill", "house": "red"}),
                                 ("boat", "a white boat on a lake, day, photo", {"ground": "lake", "boat": "white", "house": ""})):
        seen, _ = judge.see(draw(5000, style="photo", time="day", trees=0, **fixed))
        usual = judge.area(seen, thing)
        images = pictures(pipe, prompt, given)
        sheets.append((thing, images))
        shown, _ = judge.see([np.asarray(image) for image in images])
        percent = lambda rows: round(100 * float(np.mean(finds(rows, thing, usual))), 1)
        found |= {f"{thing} found": percent(shown), f"{thing} found in drawn scenes": percent(seen)}
    return found


def gradients(rgb, mask):
    """Shares of the mask's pixels by strength and direction of the brightness gradient, 12 x 8."""
    rows, columns = np.gradient(luminance(rgb))
    strength = np.log2(np.hypot(rows, columns)[mask] + 1e-3)
    direction = np.arctan2(rows, columns)[mask]
    found, _, _ = np.histogram2d(strength, direction, [12, 8], [(-10, 0), (-np.pi, np.pi)])
    return found / found.sum()


def fill_distance(run, given, sheets):
    """Half the L1 distance of gradient histograms inside the mask: of what is painted for a house to the same
    scene drawn with one; beside it that of a drawn house to another scene's."""
    made, others, rows, last = [], [], [], None
    for seed in range(given.seeds):
        draw = lambda house: scenes.draw(scenes.plan(HELD_OUT + 3000 + seed, style="photo", texture="", time="day",
                                                     ground="hill", season="summer", trees=0, house=house), given.size, given.size)
        built, empty = draw("red"), draw("").pixels
        cover = Image.fromarray((built.masks["house"] > 0.02).astype(np.uint8) * 255)
        mask = np.asarray(cover.filter(ImageFilter.MaxFilter(17))) > 0
        painted = laid_over(run(Image.fromarray(empty), mask, "a red house on a green hill, day, photo", seed), empty, mask)
        drawn = gradients(array(built.pixels), mask)
        made.append(np.abs(gradients(painted, mask) - drawn).sum() / 2)
        if last is not None:
            others.append(np.abs(last - drawn).sum() / 2)
        last = drawn
        rows.append(Image.fromarray((painted * 255 + 0.5).astype(np.uint8)))
    sheets.append(("a house into a mask of its size", rows))
    return {"gradients of a filled house to a drawn one's": round(float(np.mean(made)), 3),
            "gradients of a drawn house to another's": round(float(np.mean(others)), 3)}


def image_to_image(folder, given, sheets):
    """Edges kept at strength 0.3, style reached at 0.6, distance from the input by strength."""
    pipe = load(StableDiffusionImg2ImgPipeline, folder, given)
    inputs = [Image.fromarray(scenes.draw(scenes.plan(HELD_OUT + 500 + i, style="photo", texture="", time="day"),
                                          given.size, given.size).pixels) for i in range(given.seeds)]
    run = lambda image, prompt, strength: pipe(
        prompt, image=image, strength=strength, num_inference_steps=given.steps, guidance_scale=given.guidance,
        generator=torch.Generator().manual_seed(1)).images[0]
    distances, kept = [], []
    for image in inputs:
        row = [run(image, "watercolor painting", strength) for strength in (0.2, 0.4, 0.6, 0.8)]
        distances.append([float(np.abs(array(out) - array(image)).mean()) for out in row])
        out = run(image, "a landscape, photo", 0.3)
        kept.append(float(np.corrcoef(edges(array(out)).ravel(), edges(array(image)).ravel())[0, 1]))
    grey = [run(image, "pencil sketch", 0.6) for image in inputs]
    sheets.append(("input", inputs))
    sheets.append(("pencil 0.6", grey))
    mean = np.mean(distances, 0)
    return {"edge correlation at 0.3": round(float(np.mean(kept)), 3),
            "pencil near grey at 0.6": round(100 * float(np.mean([chroma(array(i)) < 0.08 for i in grey])), 1),
            "distance at 0.2 0.4 0.6 0.8": [round(float(value), 4) for value in mean],
            "distance grows": bool((np.diff(mean) > 0).all())}


def laid_over(made, picture, mask, feather=4):
    """What was painted where `mask` is set, the picture elsewhere: as the tool writes it, whose default is to
    fade in over four pixels inside the mask."""
    part = np.clip(distance_transform_edt(mask) / (feather + 1), 0, 1)
    alpha = (part * part * (3 - 2 * part))[..., None]
    return alpha * array(made) + (1 - alpha) * array(picture)


def border_step(rgb, mask):
    """Mean colour difference of neighbours on either side of the mask's border."""
    steps = []
    for axis in (0, 1):
        crosses = np.diff(mask.astype(np.int8), axis=axis) != 0
        steps.append(np.abs(np.diff(rgb, axis=axis)).mean(-1)[crosses])
    return float(np.concatenate(steps).mean())


def clearly_red(rgb):
    return rgb[..., 0] - rgb[..., 1:].max(-1) > 0.15


def horizon(rgb):
    """The row, as a share of the height, where brightness changes most from what is above to what is below.

    Looked for where scenes have theirs, so that a near shore is not taken for it."""
    rows = luminance(rgb).mean(1)
    reach = len(rows) // 12
    places = range(int(0.3 * len(rows)), int(0.72 * len(rows)))
    change = [abs(rows[y - reach:y].mean() - rows[y:y + reach].mean()) for y in places]
    return (places[0] + int(np.argmax(change))) / len(rows)


def horizons_meet(rgb, new):
    """Whether the horizons of the left and right `new` columns are where that of the middle is."""
    known = horizon(rgb[:, new:-new])
    return all(abs(horizon(side) - known) < 0.04 for side in (rgb[:, :new], rgb[:, -new:]))


@torch.no_grad()
def given_to_fill(pipe, image, mask):
    """A mask and a picture's latents as the tool gives them to the model: a latent of which any pixel is
    repainted is repainted, and what is repainted is grey in the picture."""
    blocks = mask.reshape(mask.shape[0] // 8, 8, mask.shape[1] // 8, 8).any((1, 3))
    pixels = torch.from_numpy((array(image) * 2 - 1) * ~mask[..., None]).permute(2, 0, 1)[None].to(pipe.device)
    latents = pipe.vae.encode(pixels).latent_dist.mode() * pipe.vae.config.scaling_factor
    return {"mask_image": Image.fromarray(np.kron(blocks, np.ones((8, 8))).astype(np.uint8) * 255),
            "masked_image_latents": latents}


def inpainting(folder, given, sheets):
    """What the nine-channel model paints into masks: an object, the ground where one was, a wider canvas."""
    pipe = load(StableDiffusionInpaintPipeline, folder, given)
    size = given.size

    def run(image, mask, prompt, seed):
        return pipe(prompt, image=image, **given_to_fill(pipe, image, mask), strength=1.0,
                    width=image.width, height=image.height, num_inference_steps=given.steps,
                    guidance_scale=given.guidance, generator=torch.Generator().manual_seed(seed)).images[0]

    def scene(seed, width, **fixed):
        return scenes.draw(scenes.plan(HELD_OUT + 2000 + seed, style="photo", texture="", time="day", **fixed), width, size)

    y, x = np.mgrid[0:size, 0:size] / size
    box = (x > 0.3) & (x < 0.7) & (y > 0.42) & (y < 0.75)
    appears, cleared, continues, drawn, steps = [], [], [], [], []
    rows = {name: [] for name in ("asked for a red house", "asked for an empty field", "outpainted")}
    for seed in range(given.seeds):
        empty = Image.fromarray(scene(seed, size, ground="hill", house="", trees=0, season="summer").pixels)
        bare = run(empty, box, "a red house on a green hill, day, photo", seed)
        made = laid_over(bare, empty, box)
        appears.append(clearly_red(made)[box].mean() > clearly_red(array(empty))[box].mean() + 0.02)
        steps.append([border_step(rgb, box) for rgb in (array(empty), made, laid_over(bare, empty, box, feather=0))])
        rows["asked for a red house"].append(made)

        built = scene(seed, size, ground="field", house="red", trees=0, season="summer")
        object_ = np.maximum(built.masks["house"], built.masks.get("roof", 0)) > 0.02
        mask = np.asarray(Image.fromarray(object_.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(17))) > 0
        made = laid_over(run(Image.fromarray(built.pixels), mask, "grass, empty field", seed), built.pixels, mask)
        cleared.append(clearly_red(made)[mask].mean() < 0.02)
        rows["asked for an empty field"].append(made)

        level = ("field", "lake", "sea")[seed % 3]     # a hill's outline is no horizon
        wide = scene(seed, 2 * size, ground=level, house="", trees=0, backdrop="none").pixels
        canvas = np.full_like(wide, 127)
        canvas[:, size // 2:-size // 2] = wide[:, size // 2:-size // 2]
        new = np.ones(wide.shape[:2], bool)
        new[:, size // 2:-size // 2] = False
        made = run(Image.fromarray(canvas), new, "a landscape, day, photo", seed)
        made = laid_over(made, canvas, new, feather=0)        # nothing stands in the new sides to fade from
        continues.append(horizons_meet(made, size // 2))
        drawn.append(horizons_meet(array(wide), size // 2))
        rows["outpainted"].append(made[:, ::2])
    for name, images in rows.items():
        sheets.append((name, [Image.fromarray((image * 255 + 0.5).astype(np.uint8)) for image in images]))
    percent = lambda found: round(100 * float(np.mean(found)), 1)
    untouched, feathered, hard = np.mean(steps, 0)
    return {"object appears": percent(appears), "object removed": percent(cleared),
            "horizon continues": percent(continues),
            "horizon continues where nothing was painted": percent(drawn),
            "border step to the untouched picture's": round(float(feathered / untouched), 2),
            "border step without the feather": round(float(hard / untouched), 2)} | fill_distance(run, given, sheets)


def write_sheets(folder, sheets, across=8):
    """One row of pictures per prompt."""
    folder.mkdir(parents=True, exist_ok=True)
    size = sheets[0][1][0].width
    out = Image.new("RGB", (across * size, len(sheets) * size))
    for row, (_, images) in enumerate(sheets):
        for column, image in enumerate(images[:across]):
            out.paste(image, (column * size, row * size))
    out.save(folder / "sheet.png")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", type=Path)
    options.add_argument("--seeds", type=int, default=64)
    options.add_argument("--size", type=int, default=256)
    options.add_argument("--steps", type=int, default=40)
    options.add_argument("--guidance", type=float, default=3.0)
    options.add_argument("--scheduler", default="euler-ancestral", choices=list(SCHEDULERS))
    options.add_argument("--inpaint", type=Path, help="the nine-channel model that belongs to it")
    options.add_argument("--only-inpaint", action="store_true", help="leave out the figures of the model itself")
    options.add_argument("--judge", type=Path, default=Path("run"), help="folder that holds the judge, or will")
    options.add_argument("--photos", type=Path)
    options.add_argument("--sheets", type=Path)
    given = options.parse_args()
    sheets = []
    found = {"size": given.size, "seeds": given.seeds, "steps": given.steps, "guidance": given.guidance,
             "scheduler": given.scheduler}
    if not given.only_inpaint:
        found["scenes psnr at 256"] = reconstruction(given.model, held_out(min(given.seeds, 24), 256))
        if given.photos:
            found["photos psnr at 512"] = reconstruction(given.model, photos(given.photos, 512))
        pipe = load(StableDiffusionPipeline, given.model, given)
        found |= {"percent": obedience(pipe, given, sheets), "objects": objects(pipe, Judge.load(given.judge), given, sheets),
                  "img2img": image_to_image(given.model, given, sheets)}
    if given.inpaint:
        found["inpainting"] = inpainting(given.inpaint, given, sheets)
    if given.sheets:
        write_sheets(given.sheets, sheets)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
