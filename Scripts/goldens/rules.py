"""AUTOMATIC1111's soft inpainting and ComfyUI's noise mask, by their rules.

Neither program ran: this is a loop of our own on diffusers' networks that follows the formulas of
`extensions-builtin/soft-inpainting` and of `comfy/samplers.py`. Both work in sigma space with
Euler's step and blend the estimate of the clean latents.

Soft: the estimate is blended by m^(sigma^bias * preservation), the lengths of its vectors by a power
mean; what is shown of the picture follows from how far each latent moved, filtered twice.

Both lay their steps evenly over the training timesteps and read ln sigma between them (A1111's schedule
type Uniform, ComfyUI's scheduler normal); A1111 shows the network timesteps between those of training,
ComfyUI the nearest.

ComfyUI: known latents, noised to the level, before each evaluation, and clean behind it; the mask is
resized bilinearly and not rounded; as many steps as asked for, the last of steps / strength.

Both programs draw the picture's latents by chance: here they are the mean, and the noise is the seed's
first, of A1111 an NVIDIA card's and of ComfyUI the CPU's.
"""

import pathlib

import diffusers
import numpy
import torch
from PIL import Image, ImageFilter

from goldens import differential
from goldens.noise import philox
from goldens.storing import save_json, save_picture

SOFT = {"bias": 1.0, "preservation": 0.5, "contrast": 4.0, "influence": 0.0, "threshold": 0.5,
        "difference": 2.0}
OTHER = {"bias": 0.6, "preservation": 1.5, "contrast": 2.0, "influence": 0.4, "threshold": 6.0,
         "difference": 3.0}
CASES = [
    {"rule": "a1111", "steps": 8, "strength": 0.75, "seed": 51, "soft": SOFT},
    {"rule": "a1111", "steps": 6, "strength": 1.0, "seed": 52, "soft": OTHER},
    {"rule": "comfy", "steps": 6, "strength": 0.6, "seed": 53},
    {"rule": "comfy", "steps": 6, "strength": 1.0, "seed": 54},
]
COMMON = {**differential.COMMON, "scheduler": "EulerDiscreteScheduler"}


def record(folder: pathlib.Path) -> None:
    manifest = []
    for case in CASES:
        name = f"{'soft' if 'soft' in case else 'noise-mask'}-{case['rule']}-seed{case['seed']}"
        case = {"name": name, **COMMON, **case}
        case["result"] = f"pictures/rules-{name}.png"
        latents, clean, mask, pipeline, case["evaluations"] = run(folder, case)
        save_picture(folder / case["result"], decoded(pipeline, latents))
        if "soft" in case:
            case["shown"] = f"pictures/rules-{name}-shown.png"
            save_picture(folder / case["shown"], shown(clean, latents, mask, case))
        manifest.append(case)
    save_json(folder / "rules.json", manifest)


def run(folder: pathlib.Path, case: dict):
    pipeline = diffusers.StableDiffusionImg2ImgPipeline.from_pretrained(
        folder / "models" / case["model"], torch_dtype=torch.float32, safety_checker=None
    )
    pipeline.set_progress_bar_config(disable=True)
    scheduler = diffusers.EulerDiscreteScheduler.from_config(pipeline.scheduler.config)
    sigmas, timesteps = plan(scheduler.alphas_cumprod.double(), case)

    picture = pipeline.image_processor.preprocess(Image.open(folder / case["input"]))
    clean = pipeline.vae.encode(picture).latent_dist.mode() * pipeline.vae.config.scaling_factor
    if case["rule"] == "a1111":
        noise = torch.from_numpy(philox(case["seed"], 0, clean.numel())).reshape(clean.shape)
    else:
        generator = torch.Generator("cpu").manual_seed(case["seed"])
        noise = torch.randn(clean.shape, generator=generator)
    estimate = estimator(pipeline, case)
    mask = latent_mask(folder / case["mask"], clean.shape[-2:], case)

    x = clean + noise * sigmas[0]
    for sigma, following, timestep in zip(sigmas, sigmas[1:], timesteps):
        if case["rule"] == "comfy":
            # What the network sees is blended, the sampler's own latents are not.
            seen = x * mask + (clean + noise * sigma) * (1 - mask)
            denoised = estimate(seen, sigma, timestep) * mask + clean * (1 - mask)
        else:
            denoised = blended(clean, estimate(x, sigma, timestep), mask, sigma, case["soft"])
        x = x + (x - denoised) / sigma * (following - sigma)
    return x, clean, mask, pipeline, len(timesteps)


def plan(alphas: torch.Tensor, case: dict):
    """The noise levels, with the clean end, and the timesteps that the network is shown."""
    steps, strength = case["steps"], case["strength"]
    if case["rule"] == "comfy":
        total = int(steps / strength)
        skipped = total - steps
    else:
        total = steps
        skipped = steps - int(min(strength, 0.999) * steps) - 1
    logs = (((1 - alphas) / alphas) ** 0.5).log().numpy()
    timesteps = numpy.linspace(len(logs) - 1, 0, total)
    levels = numpy.interp(timesteps, numpy.arange(len(logs)), logs)
    if case["rule"] == "comfy":
        timesteps = abs(levels[:, None] - logs).argmin(axis=1)
    sigmas = torch.tensor([*numpy.exp(levels), 0.0]).float()
    return sigmas[skipped:], torch.tensor(timesteps).float()[skipped:]


def estimator(pipeline, case: dict):
    prompts = pipeline.encode_prompt(
        case["prompt"], "cpu", 1, True, negative_prompt=case["negative_prompt"]
    )
    prompts = torch.cat([prompts[1], prompts[0]])

    def estimate(x, sigma, timestep):
        scaled = torch.cat([x] * 2) / (sigma**2 + 1) ** 0.5
        without, guided = pipeline.unet(scaled, timestep, prompts).sample.chunk(2)
        return x - sigma * (without + case["guidance_scale"] * (guided - without))

    return estimate


def latent_mask(path: pathlib.Path, size, case: dict) -> torch.Tensor:
    grey = Image.open(path).convert("L")
    if case["rule"] == "comfy":
        hard = torch.from_numpy(numpy.array(grey)).ge(128)[None, None].float()
        return torch.nn.functional.interpolate(hard, size=tuple(size), mode="bilinear")
    small = grey.resize((size[1], size[0]), Image.Resampling.BICUBIC)
    return torch.from_numpy(numpy.asarray(small, dtype="float32") / 255)[None, None]


def blended(old, new, mask, sigma, soft: dict) -> torch.Tensor:
    share = mask ** (sigma ** soft["bias"] * soft["preservation"])
    mean = old * (1 - share) + new * share
    length = lambda x: x.norm(dim=1, keepdim=True).double()
    power = soft["contrast"]
    wanted = (length(old) ** power * (1 - share) + length(new) ** power * share) ** (1 / power)
    return mean * (wanted / (length(mean) + 1e-5)).float()


def shown(old, new, mask, case: dict) -> numpy.ndarray:
    """How much of each pixel of the painted picture is shown, 0...255."""
    soft = case["soft"]
    field = (new - old).norm(dim=1)[0].numpy()
    for low, high in ((0.9, 1.0), (0.25, 0.75)):
        field = filtered(field, low, high)
    hidden = 1 - mask[0, 0].clamp(0, 1).numpy() ** (soft["preservation"] / 2)
    scale = 0.5 * (1 - soft["influence"]) + hidden * soft["influence"]
    half = soft["threshold"] * scale / (1.00001 - scale)
    kept = 1 / (1 + (field / half) ** soft["difference"])
    kept = kept**3 * (kept * (6 * kept - 15) + 10)
    small = Image.fromarray((255 * (1 - kept)).astype("uint8"))
    large = small.resize((case["width"], case["height"]), Image.Resampling.LANCZOS)
    return numpy.asarray(large.filter(ImageFilter.GaussianBlur(4)))


def filtered(field: numpy.ndarray, low: float, high: float) -> numpy.ndarray:
    """Of the 5x5 values around each place, in order and weighted by a Gaussian that ends at three
    pixels, the mean between two shares of their weight, over a weight of one at least."""
    end = numpy.exp(-9 / 1.5**2)
    weight = lambda y, x: max(0.0, (numpy.exp(-(y * y + x * x) / 1.5**2) - end) / (1 - end))
    result = numpy.empty_like(field)
    for y, x in numpy.ndindex(field.shape):
        window = sorted(
            (
                (field[y + dy, x + dx], weight(dy, dx))
                for dy in range(-2, 3) for dx in range(-2, 3)
                if 0 <= y + dy < field.shape[0] and 0 <= x + dx < field.shape[1]
            ),
            key=lambda entry: entry[0],
        )
        total = sum(entry[1] for entry in window)
        start, stop = total * low, total * high
        if stop - start < 1:
            start, stop = (start + stop) / 2 - 0.5, (start + stop) / 2 + 0.5
            if stop > total:
                start, stop = total - 1, total
            if start < 0:
                start, stop = 0, 1
        below, value, taken = 0.0, 0.0, 0.0
        for each, height in window:
            part = max(0.0, min(stop, below + height) - max(start, below))
            value, taken, below = value + each * part, taken + part, below + height
        result[y, x] = value / taken if taken else 0
    return result


def decoded(pipeline, latents) -> numpy.ndarray:
    picture = pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor).sample
    pixels = pipeline.image_processor.postprocess(picture, output_type="np")[0]
    return (pixels * 255).round().astype("uint8")
