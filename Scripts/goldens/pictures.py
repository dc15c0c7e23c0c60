"""Whole edits through the diffusers pipelines, for every scheduler."""

import pathlib

import diffusers
import numpy
import torch
from PIL import Image

from goldens.storing import save_json, save_picture, save_tensors

PIPELINES = {
    "txt2img": diffusers.StableDiffusionPipeline,
    "img2img": diffusers.StableDiffusionImg2ImgPipeline,
    "inpaint": diffusers.StableDiffusionInpaintPipeline,
    "instruct": diffusers.StableDiffusionInstructPix2PixPipeline,
}

SCHEDULERS = [
    "DDIMScheduler",
    "DDPMScheduler",
    "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler",
    "DPMSolverMultistepScheduler",
    "HeunDiscreteScheduler",
    "LMSDiscreteScheduler",
    "UniPCMultistepScheduler",
    "PNDMScheduler",
    "LCMScheduler",
    "DPMSolverSDEScheduler",
    "DEISMultistepScheduler",
    "TCDScheduler",
]
# Each with what it is set to beside the model's own settings.
VARIANTS = [
    *({"scheduler": scheduler} for scheduler in SCHEDULERS),
    {"scheduler": "DPMSolverMultistepScheduler", "algorithm_type": "sde-dpmsolver++"},
]

PLAIN = {
    "model": "tiny-f32",
    "prompt": "a red cat on a blue table",
    "negative_prompt": "blurry, low quality",
    "seed": 7,
    "steps": 6,
    "guidance_scale": 7.5,
    "strength": None,
    "scheduler": "DDIMScheduler",
    "karras": False,
    "width": 64,
    "height": 48,
    "input": None,
    "mask": None,
}

STRENGTHS = [0.3, 0.5, 0.75, 0.8, 1.0]
UNICODE = "l'été à la plage: 猫 & 🎨, “très beau” (it's 50% off!)"


def cases() -> list[dict]:
    listed = []
    for place, variant in enumerate(VARIANTS):
        seed = 11 + place
        listed += [
            text(**variant, seed=seed, steps=4 + place % 5),
            image(**variant, seed=seed, steps=8, strength=STRENGTHS[place % 5]),
            image(
                **variant,
                seed=seed,
                steps=5,
                strength=STRENGTHS[(place + 2) % 5],
                model="tiny-bf16",
            ),
            inpaint(**variant, seed=seed, steps=5, strength=1.0),
            inpaint(**variant, seed=seed, steps=7, strength=0.7, model="tiny-f16"),
        ]
    for variant in VARIANTS:
        if takes_karras(variant["scheduler"]):
            listed += [
                text(**variant, karras=True, seed=31),
                image(**variant, karras=True, seed=32, strength=0.6, steps=8),
            ]
    listed += [
        inpaint(scheduler="EulerDiscreteScheduler", karras=True, seed=33, strength=0.7, steps=8),
        text(seed=2**31 + 5, model="tiny-f16"),
        text(seed=2**32 + 5, model="tiny-bf16"),
        text(seed=0, guidance_scale=1.0, negative_prompt=""),
        text(seed=3, prompt=UNICODE, negative_prompt="", scheduler="EulerDiscreteScheduler"),
        text(seed=3, prompt=UNICODE, model="tiny-f16", scheduler="UniPCMultistepScheduler"),
        text(seed=4, prompt="", guidance_scale=3.0),
        text(seed=5, width=56, height=72, scheduler="PNDMScheduler", model="tiny-f16"),
        text(seed=5, width=72, height=56, scheduler="DPMSolverMultistepScheduler"),
        image(seed=6, guidance_scale=1.0, strength=0.5, negative_prompt=""),
        image(
            seed=6,
            guidance_scale=1.0,
            strength=0.9,
            scheduler="EulerAncestralDiscreteScheduler",
            model="tiny-f16",
        ),
        image(seed=8, strength=0.1, steps=20, scheduler="PNDMScheduler"),
        image(
            seed=9,
            strength=0.7,
            width=72,
            height=56,
            model="tiny-f16",
            scheduler="HeunDiscreteScheduler",
        ),
        inpaint(seed=10, guidance_scale=1.0, strength=0.7, scheduler="LCMScheduler"),
        inpaint(
            seed=10,
            strength=1.0,
            width=72,
            height=56,
            model="tiny-bf16",
            scheduler="DPMSolverMultistepScheduler",
        ),
    ]
    for case in listed:
        case["name"] = name(case)
    names = [case["name"] for case in listed]
    assert len(set(names)) == len(names), "two cases of one name"
    return [{"name": case.pop("name"), **case} for case in listed]


def text(**changes) -> dict:
    return {"verb": "txt2img", **PLAIN, **changes}


def image(**changes) -> dict:
    case = {"verb": "img2img", **PLAIN, **changes}
    return {**case, "input": f"inputs/picture-{case['width']}x{case['height']}.png"}


def inpaint(**changes) -> dict:
    case = {**image(**changes), "verb": "inpaint"}
    return {**case, "mask": f"inputs/mask-{case['width']}x{case['height']}.png"}


def instruct(**changes) -> dict:
    return {**image(**changes), "verb": "instruct", "image_guidance_scale": 1.5, **changes}


def name(case: dict) -> str:
    """Says what the case varies, e.g. img2img-heun-karras-s0.6-seed32."""
    scheduler = (
        case["scheduler"]
        .removesuffix("Scheduler")
        .replace("Discrete", "")
        .replace("Multistep", "")
        .lower()
    )
    parts = [case["verb"], scheduler]
    if "algorithm_type" in case:
        parts.append("sde")
    if case["karras"]:
        parts.append("karras")
    if case["strength"] is not None:
        parts.append(f"s{case['strength']}")
    if case["model"] != PLAIN["model"]:
        parts.append(case["model"].removeprefix("tiny-"))
    if case["guidance_scale"] != PLAIN["guidance_scale"]:
        parts.append(f"g{case['guidance_scale']}")
    if case.get("image_guidance_scale", 1.5) != 1.5:
        parts.append(f"i{case['image_guidance_scale']}")
    if case["width"] != PLAIN["width"]:
        parts.append(f"{case['width']}x{case['height']}")
    if case["prompt"] != PLAIN["prompt"]:
        parts.append("unicode" if case["prompt"] else "no-prompt")
    return "-".join([*parts, f"seed{case['seed']}"])


def takes_karras(scheduler: str) -> bool:
    return "use_karras_sigmas" in dict(getattr(diffusers, scheduler)().config)


def record(folder: pathlib.Path) -> None:
    diffusers.utils.logging.set_verbosity_error()
    for width, height in ((64, 48), (72, 56)):
        save_picture(
            folder / "inputs" / f"picture-{width}x{height}.png", draw_picture(width, height)
        )
        save_picture(folder / "inputs" / f"mask-{width}x{height}.png", draw_mask(width, height))
    for old in (folder / "pictures").glob("*.png"):
        if not old.name.startswith(("differential-", "rules-", "hires-")):
            old.unlink()
    tensors, manifest = {}, []
    for case in cases():
        pixels, latents, facts = run(folder, case)
        save_picture(folder / "pictures" / f"{case['name']}.png", pixels)
        tensors.update({f"{case['name']}.{moment}": value for moment, value in latents.items()})
        manifest.append({**case, "result": f"pictures/{case['name']}.png", **facts})
    save_tensors(folder / "pictures.safetensors", tensors)
    save_json(folder / "pictures.json", manifest)


def run(
    folder: pathlib.Path, case: dict, pipelines: dict = PIPELINES
) -> tuple[numpy.ndarray, dict, dict]:
    """The picture, the latents at a few moments, and what the scheduler made of the request."""
    pipeline = pipelines[case["verb"]].from_pretrained(
        folder / "models" / case["model"], torch_dtype=torch.float32, safety_checker=None
    )
    pipeline.set_progress_bar_config(disable=True)
    changes = {"use_karras_sigmas": True} if case["karras"] else {}
    if "algorithm_type" in case:
        changes["algorithm_type"] = case["algorithm_type"]
    scheduler = getattr(diffusers, case["scheduler"])
    if scheduler is diffusers.DPMSolverSDEScheduler:
        # Its Brownian path would have a seed of its own, drawn anew each time.
        changes["noise_sampler_seed"] = case["seed"]
    pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config, **changes)
    seen = Seen(pipeline)
    answer = pipeline(
        prompt=case["prompt"],
        negative_prompt=case["negative_prompt"],
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance_scale"],
        generator=torch.Generator("cpu").manual_seed(case["seed"]),
        output_type="np",
        callback_on_step_end=seen.step_ended,
        **pictured(folder, case),
    )
    pixels = (answer.images[0] * 255).round().astype("uint8")
    facts = {
        "evaluations": len(seen.timesteps),
        "timesteps": seen.timesteps,
        "init_noise_sigma": float(pipeline.scheduler.init_noise_sigma),
    }
    return pixels, seen.latents, facts


class Seen:
    """What passes through a pipeline: latents at the start, after the first step, at the end."""

    def __init__(self, pipeline: diffusers.DiffusionPipeline) -> None:
        self.latents: dict[str, torch.Tensor] = {}
        self.timesteps: list[float] = []
        prepare = pipeline.prepare_latents

        def prepare_latents(*arguments, **named):
            answer = prepare(*arguments, **named)
            self.latents["start"] = (answer[0] if isinstance(answer, tuple) else answer).clone()
            return answer

        pipeline.prepare_latents = prepare_latents

    def step_ended(self, pipeline, index: int, timestep: torch.Tensor, values: dict) -> dict:
        self.timesteps.append(float(timestep))
        self.latents.setdefault("first", values["latents"].clone())
        self.latents["last"] = values["latents"].clone()
        return {}


def pictured(folder: pathlib.Path, case: dict) -> dict:
    if case["verb"] == "txt2img":
        return {"width": case["width"], "height": case["height"]}
    picture = Image.open(folder / case["input"])
    if case["verb"] == "img2img":
        return {"image": picture, "strength": case["strength"]}
    if case["verb"] == "instruct":
        return {"image": picture, "image_guidance_scale": case["image_guidance_scale"]}
    return {
        "image": picture,
        "mask_image": Image.open(folder / case["mask"]),
        "strength": case["strength"],
        "width": case["width"],
        "height": case["height"],
    }


def draw_picture(width: int, height: int) -> numpy.ndarray:
    """A sky, a sun, a hill and a fence: smooth parts, edges and thin lines."""
    y, x = numpy.mgrid[0:height, 0:width].astype(float)
    sky = numpy.stack([90 + 60 * y / height, 140 + 60 * x / width, 230 - 90 * y / height], -1)
    sun = numpy.hypot(x - 0.7 * width, y - 0.3 * height) < 0.14 * width
    hill = y > height * (0.7 - 0.15 * numpy.sin(3.0 * x / width))
    fence = (x.astype(int) % 11 < 2) & (y > 0.6 * height)
    pixels = sky
    pixels[sun] = [250, 220, 80]
    pixels[hill] = numpy.stack([40 + x, 120 - y, 50 + 0 * x], -1)[hill]
    pixels[fence] = [70, 40, 20]
    return pixels.round().astype("uint8")


def draw_mask(width: int, height: int) -> numpy.ndarray:
    """A disc, a block that follows no 8 x 8 grid, and a stroke thinner than a latent."""
    y, x = numpy.mgrid[0:height, 0:width]
    disc = numpy.hypot(x - 0.65 * width, y - 0.4 * height) < 0.25 * height
    block = (x >= 3) & (x < 21) & (y >= height - 21) & (y < height - 5)
    stroke = (abs(y - x // 2 - 2) < 2) & (x < width // 2)
    return numpy.where(disc | block | stroke, 255, 0).astype("uint8")
