"""Differential diffusion by its rule (Levin & Fried 2023), on the pipelines' own parts.

A grey map says how far each latent is kept to the picture. It is resized to the latents, bilinear
without antialiasing; before step i of n the latents whose map is above i/n are those of the picture,
noised to that step with one and the same noise. The first step begins with the picture noised as a
whole.
"""

import inspect
import pathlib

import diffusers
import numpy
import torch
from PIL import Image

from goldens.storing import save_json, save_picture

CASES = [
    {"scheduler": "DDIMScheduler", "steps": 8, "strength": 1.0, "seed": 41},
    {"scheduler": "EulerDiscreteScheduler", "steps": 8, "strength": 0.75, "seed": 42},
    {"scheduler": "EulerAncestralDiscreteScheduler", "steps": 6, "strength": 1.0, "seed": 43},
    {"scheduler": "DPMSolverMultistepScheduler", "steps": 7, "strength": 0.9, "seed": 44},
]
COMMON = {
    "verb": "inpaint",
    "model": "tiny-f32",
    "prompt": "a red cat on a blue table",
    "negative_prompt": "blurry, low quality",
    "guidance_scale": 7.5,
    "karras": False,
    "width": 64,
    "height": 48,
    "input": "inputs/picture-64x48.png",
    "mask": "inputs/grey-64x48.png",
}


def record(folder: pathlib.Path) -> None:
    save_picture(folder / "inputs" / "grey-64x48.png", draw_grey(64, 48))
    manifest = []
    for case in CASES:
        name = f"differential-{case['scheduler'].removesuffix('Scheduler').lower()}"
        case = {"name": f"{name}-s{case['strength']}-seed{case['seed']}", **COMMON, **case}
        case["result"] = f"pictures/{case['name']}.png"
        pixels, case["evaluations"] = run(folder, case)
        save_picture(folder / case["result"], pixels)
        manifest.append(case)
    save_json(folder / "differential.json", manifest)


def draw_grey(width: int, height: int) -> numpy.ndarray:
    """White on the left, falling to dark grey on the right, under a black band."""
    x = numpy.linspace(255, 70, width)[None].repeat(height, 0)
    x[: height // 4] = 0
    return x.round().astype("uint8")


def run(folder: pathlib.Path, case: dict) -> tuple[numpy.ndarray, int]:
    pipeline = diffusers.StableDiffusionImg2ImgPipeline.from_pretrained(
        folder / "models" / case["model"], torch_dtype=torch.float32, safety_checker=None
    )
    pipeline.set_progress_bar_config(disable=True)
    scheduler = getattr(diffusers, case["scheduler"]).from_config(pipeline.scheduler.config)
    generator = torch.Generator("cpu").manual_seed(case["seed"])
    prompts = pipeline.encode_prompt(
        case["prompt"], "cpu", 1, True, negative_prompt=case["negative_prompt"]
    )
    prompts = torch.cat([prompts[1], prompts[0]])

    scheduler.set_timesteps(case["steps"])
    kept = min(int(case["steps"] * case["strength"]), case["steps"])
    first = max(case["steps"] - kept, 0)
    timesteps = scheduler.timesteps[first * scheduler.order :]

    picture = pipeline.image_processor.preprocess(Image.open(folder / case["input"]))
    clean = pipeline.vae.encode(picture).latent_dist.sample(generator)
    clean = clean * pipeline.vae.config.scaling_factor
    noise = torch.randn(clean.shape, generator=generator)
    # Once a scheduler knows where it begins, it noises to that level whatever timestep it is given.
    noised = [scheduler.add_noise(clean, noise, timestep[None]) for timestep in timesteps]
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first * scheduler.order)
    keep = keeping(folder / case["mask"], clean.shape[-2:])

    latents = noised[0]
    for i, timestep in enumerate(timesteps):
        if i > 0:
            held = (keep > i / len(timesteps)).to(latents.dtype)
            latents = noised[i] * held + latents * (1 - held)
        model_input = scheduler.scale_model_input(torch.cat([latents] * 2), timestep)
        without, guided = pipeline.unet(model_input, timestep, prompts).sample.chunk(2)
        estimate = without + case["guidance_scale"] * (guided - without)
        takes = inspect.signature(scheduler.step).parameters
        extra = {"generator": generator} if "generator" in takes else {}
        latents = scheduler.step(estimate, timestep, latents, **extra).prev_sample
    decoded = pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor).sample
    pixels = pipeline.image_processor.postprocess(decoded, output_type="np")[0]
    return (pixels * 255).round().astype("uint8"), len(timesteps)


def keeping(mask: pathlib.Path, size: tuple[int, int]) -> torch.Tensor:
    grey = numpy.asarray(Image.open(mask), dtype="float32") / 255
    grey = torch.from_numpy(1 - grey)[None, None]
    return torch.nn.functional.interpolate(grey, size=tuple(size), mode="bilinear")
