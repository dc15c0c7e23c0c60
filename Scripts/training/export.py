"""Writes a run's models as a diffusers folder in half precision."""

import json
import shutil

import torch
from diffusers import PNDMScheduler

import decoder
import denoiser


def write(config, folder, to):
    """The text-to-image model into `to`; where the inpaint stage has run, its two models into `to` and `to`-inpaint."""
    if not (folder / "inpaint.pt").exists():
        return write_model(config, folder, to, *denoiser.restore(config, folder, "unet"))
    unet, text = denoiser.restore(config, folder, "inpaint", 9)
    write_model(config, folder, to, denoiser.narrowed(unet, config), text)
    write_model(config, folder, to.with_name(to.name + "-inpaint"), unet, text)


def settings(channels):
    """What suits the model, by edit: presets for larger ones guide it too strongly. A small model often errs about
    what belongs where; fresh noise between many steps lets it mend that (Song et al. 2021, equation 16)."""
    verbs = ["img2img", "txt2img", "inpaint", "outpaint", "upscale"] if channels == 4 else ["inpaint", "outpaint"]
    own = {verb: {"guidance_scale": 3} for verb in verbs}
    for verb in ("txt2img", "inpaint", "outpaint"):
        if verb in own:
            own[verb] |= {"scheduler": "euler-ancestral", "steps": 40}
    own["inpaint"]["guidance_scale"] = 8 if channels == 9 else 5
    if "img2img" in own:
        own["img2img"]["strength"] = 0.5
    return own


def write_model(config, folder, to, unet, text):
    to.mkdir(parents=True, exist_ok=True)
    vae = decoder.restore(config, folder)
    vae.register_to_config(scaling_factor=torch.load(folder / "latents.pt", weights_only=True)["factor"])
    for name, model in (("unet", unet), ("vae", vae), ("text_encoder", text)):
        model.half().to(memory_format=torch.contiguous_format).save_pretrained(to / name)
    shutil.copytree(folder / "tokenizer", to / "tokenizer", dirs_exist_ok=True)
    scheduler = PNDMScheduler(**denoiser.SCHEDULE, skip_prk_steps=True, set_alpha_to_one=False, steps_offset=1)
    # DDIM and DDPM clip the clean latents to -1...1 where this is not stated; these reach beyond.
    scheduler.register_to_config(clip_sample=False)
    scheduler.save_pretrained(to / "scheduler")
    kind = "StableDiffusionPipeline" if unet.config.in_channels == 4 else "StableDiffusionInpaintPipeline"
    index = {"_class_name": kind, "_diffusers_version": "0.6.0", "feature_extractor": [None, None],
             "requires_safety_checker": False, "safety_checker": [None, None],
             "scheduler": ["diffusers", "PNDMScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
             "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"],
             "vae": ["diffusers", "AutoencoderKL"],
             "_gesso_standin": True,   # the tool says what to expect of it
             "_gesso_settings": settings(unet.config.in_channels)}
    (to / "model_index.json").write_text(json.dumps(index, indent=1) + "\n")
