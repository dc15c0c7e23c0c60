"""Second runs over a picture made larger, as diffusers' pipelines carry them out one after the other, and
latents at other sizes by torch.nn.functional.interpolate."""

import pathlib

import diffusers
import numpy
import torch
from PIL import Image

from goldens import pictures
from goldens.storing import save_json, save_picture, save_tensors

MODES = {
    "nearest": {"mode": "nearest"},
    "nearest-exact": {"mode": "nearest-exact"},
    "bilinear": {"mode": "bilinear"},
    "bicubic": {"mode": "bicubic"},
    "bilinear-antialiased": {"mode": "bilinear", "antialias": True},
    "bicubic-antialiased": {"mode": "bicubic", "antialias": True},
}
UPSCALERS = {
    "latent": "bilinear",
    "latent-antialiased": "bilinear-antialiased",
    "latent-bicubic": "bicubic",
    "latent-bicubic-antialiased": "bicubic-antialiased",
    "latent-nearest": "nearest",
    "latent-nearest-exact": "nearest-exact",
}
SIZES = [(14, 18), (11, 13), (5, 6), (7, 9), (1, 2), (23, 9)]
SECOND = {"hires_size": None, "hires_scale": 2.0, "hires_steps": 0, "hires_strength": 0.7,
          "hires_scheduler": None, "hires_prompt": "", "hires_guidance_scale": None}
CASES = [
    pictures.text(seed=71, upscaler="latent"),
    pictures.text(
        seed=72, upscaler="latent-bicubic-antialiased", hires_size=[80, 104], hires_steps=9,
        hires_strength=0.55, scheduler="EulerDiscreteScheduler"),
    pictures.text(
        seed=73, upscaler="lanczos", hires_scale=1.5, hires_scheduler="EulerDiscreteScheduler",
        hires_guidance_scale=4.0),
    pictures.image(
        seed=74, strength=0.6, upscaler="latent-nearest-exact",
        hires_prompt="a blue dog on a red table", scheduler="EulerAncestralDiscreteScheduler"),
]


def record(folder: pathlib.Path) -> None:
    diffusers.utils.logging.set_verbosity_error()
    generator = torch.Generator().manual_seed(23)
    latents = torch.randn((1, 4, 7, 9), generator=generator)
    tensors = {"latents": latents.permute(0, 2, 3, 1)}
    for name, mode in MODES.items():
        for size in SIZES:
            # In single precision torch's own weights are off by 2e-6; which value is nearest it decides
            # in single precision.
            exact = latents if "nearest" in name else latents.double()
            scaled = torch.nn.functional.interpolate(exact, size=size, **mode)
            tensors[f"{name}.{size[0]}x{size[1]}"] = scaled.permute(0, 2, 3, 1).float()
    save_tensors(folder / "latent-scaling.safetensors", {k: v.contiguous() for k, v in tensors.items()})
    manifest = []
    for case in CASES:
        case = {**SECOND, **case}
        case["name"] = f"hires-{case['verb']}-{case['upscaler']}-seed{case['seed']}"
        case["result"] = f"pictures/{case['name']}.png"
        pixels, case["evaluations"] = run(folder, case)
        save_picture(folder / case["result"], pixels)
        manifest.append(case)
    save_json(folder / "hires.json", manifest)


def run(folder: pathlib.Path, case: dict):
    """The picture of the second run, and how often the UNet ran in both."""
    load = lambda kind: kind.from_pretrained(
        folder / "models" / case["model"], torch_dtype=torch.float32, safety_checker=None
    )
    seen = []
    ended = lambda pipeline, index, timestep, values: seen.append(timestep) or {}

    def carried_out(pipeline, scheduler, output, **settings):
        pipeline.set_progress_bar_config(disable=True)
        kind = getattr(diffusers, scheduler)
        pipeline.scheduler = kind.from_config(pipeline.scheduler.config)
        return pipeline(
            negative_prompt=case["negative_prompt"], output_type=output, callback_on_step_end=ended,
            generator=torch.Generator("cpu").manual_seed(case["seed"]), **settings,
        ).images

    is_latent = case["upscaler"] in UPSCALERS
    first = carried_out(
        load(pictures.PIPELINES[case["verb"]]), case["scheduler"], "latent" if is_latent else "pil",
        prompt=case["prompt"], num_inference_steps=case["steps"],
        guidance_scale=case["guidance_scale"], **pictures.pictured(folder, case),
    )
    full, kept = sizes(case)
    if is_latent:
        larger = torch.nn.functional.interpolate(
            first, size=[(side + 7) // 8 for side in reversed(full)],
            **MODES[UPSCALERS[case["upscaler"]]],
        )
        rows, columns = kept[1] // 8, kept[0] // 8
        top, left = (larger.shape[2] - rows) // 2, (larger.shape[3] - columns) // 2
        larger = larger[:, :, top : top + rows, left : left + columns]
    else:
        larger = first[0].resize(full, Image.Resampling.LANCZOS)
    images = carried_out(
        load(diffusers.StableDiffusionImg2ImgPipeline),
        case["hires_scheduler"] or case["scheduler"], "np", image=larger,
        prompt=case["hires_prompt"] or case["prompt"], strength=case["hires_strength"],
        num_inference_steps=case["hires_steps"] or case["steps"],
        guidance_scale=case["hires_guidance_scale"] or case["guidance_scale"],
    )
    return (images[0] * 255).round().astype("uint8"), len(seen)


def sizes(case: dict):
    """Width and height of the picture made larger, and of what is kept of it."""
    width, height = case["width"], case["height"]
    if case["hires_size"] is None:
        size = tuple(int(side * case["hires_scale"]) // 8 * 8 for side in (width, height))
        return size, size
    kept = tuple(case["hires_size"])
    if width * kept[1] < kept[0] * height:
        return (kept[0], kept[0] * height // width), kept
    return (kept[1] * width // height, kept[1]), kept
