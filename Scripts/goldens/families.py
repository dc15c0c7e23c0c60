"""The other families, each in a tiny model: inpainting and instruction UNets, Stable Diffusion 2.

What a single file does not say (heads, groups, activations) follows from the family, so the models
that are also written as one have the numbers a reader must derive: 8 heads a level, or 64 channels
a head; as many groups as divide every level, at most 32; 64 channels a head in the text encoder.
"""

import pathlib

import diffusers
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTokenizer

from goldens import ldm, pictures
from goldens.models import write_model
from goldens.stages import padded_ids
from goldens.storing import save_json, save_picture, save_tensors

VAE = {"block_out_channels": [4, 4, 4, 8], "layers_per_block": 1, "norm_num_groups": 4}
UNET = {"block_out_channels": [8, 16], "layers_per_block": 1, "norm_num_groups": 8}
COMMON = {"type": torch.float16, "upsampling": 1.8, "vae": VAE, "as_in_2022": False}
OPENCLIP = {
    **COMMON,
    "text": {"num_hidden_layers": 2, "num_attention_heads": 1, "hidden_act": "gelu"},
    "tokenizer": "openclip",
    "text_prefix": "text_model.",
    "scheduler": {"prediction_type": "v_prediction"},
}

MODELS = {
    "tiny-inpaint": {
        **COMMON,
        "seed": 111,
        "unet": {**UNET, "attention_head_dim": 8, "in_channels": 9},
        "text": {"num_hidden_layers": 2, "num_attention_heads": 1},
        "tokenizer": "files",
        "text_prefix": "text_model.",
    },
    "tiny-2": {
        **OPENCLIP,
        "seed": 112,
        "text": {"num_hidden_layers": 3, "num_attention_heads": 2, "hidden_act": "gelu"},
        "unet": {
            **UNET,
            "attention_head_dim": [2, 4],
            "norm_num_groups": 4,
            "use_linear_projection": True,
        },
    },
    "tiny-instruct": {
        **COMMON,
        "seed": 114,
        "pipeline": "StableDiffusionInstructPix2PixPipeline",
        "unet": {**UNET, "attention_head_dim": 8, "in_channels": 8},
        "text": {"num_hidden_layers": 2, "num_attention_heads": 1},
        "tokenizer": "files",
        "text_prefix": "text_model.",
    },
    # Kept as a single file only.
    "tiny-2-single": {
        **OPENCLIP,
        "seed": 113,
        "unet": {**UNET, "attention_head_dim": [1, 1], "use_linear_projection": True},
    },
}

PROMPTS = ["a red cat on a blue table", "", "wow! a blue! harbour!!"]


def cases() -> list[dict]:
    listed = []
    for strength in (1.0, 0.6):
        for scheduler in ("DDIMScheduler", "EulerAncestralDiscreteScheduler"):
            listed.append(
                pictures.inpaint(
                    model="tiny-inpaint", scheduler=scheduler, strength=strength, seed=41, steps=6
                )
            )
    listed += [
        pictures.inpaint(
            model="tiny-inpaint",
            scheduler="DPMSolverMultistepScheduler",
            strength=0.6,
            guidance_scale=1.0,
            seed=42,
            steps=6,
            width=72,
            height=56,
        ),
        pictures.text(model="tiny-2", seed=43, prompt=PROMPTS[2]),
        pictures.image(
            model="tiny-2", seed=44, strength=0.6, scheduler="DPMSolverMultistepScheduler"
        ),
        pictures.image(
            model="tiny-2", seed=45, strength=0.8, steps=8, scheduler="EulerDiscreteScheduler"
        ),
        pictures.image(model="tiny-2", seed=46, strength=0.5, steps=8, scheduler="PNDMScheduler"),
        pictures.inpaint(
            model="tiny-2", seed=47, strength=0.7, steps=7, scheduler="UniPCMultistepScheduler"
        ),
        pictures.image(
            model="tiny-2-single", seed=48, strength=0.75, scheduler="EulerDiscreteScheduler"
        ),
    ]
    listed += [
        pictures.instruct(model="tiny-instruct", seed=51, prompt="make it winter"),
        pictures.instruct(
            model="tiny-instruct",
            seed=52,
            guidance_scale=4.0,
            image_guidance_scale=2.5,
            scheduler="EulerAncestralDiscreteScheduler",
            width=72,
            height=56,
        ),
        pictures.instruct(
            model="tiny-instruct", seed=53, scheduler="DPMSolverMultistepScheduler", steps=8
        ),
        pictures.instruct(model="tiny-instruct", seed=54, guidance_scale=1.0),
        pictures.instruct(
            model="tiny-instruct", seed=55, negative_prompt="", image_guidance_scale=1.0, steps=7
        ),
    ]
    return [{"name": pictures.name(case), **case} for case in listed]


def record(folder: pathlib.Path) -> None:
    diffusers.utils.logging.set_verbosity_error()
    place = folder / "families"
    for name, plan in MODELS.items():
        write_model(place / "models" / name, plan)
    ldm.write(place / "models" / "tiny-inpaint", place / "single" / "tiny-inpaint.safetensors")
    ldm.write(place / "models" / "tiny-instruct", place / "single" / "tiny-instruct.safetensors")
    ldm.write(
        place / "models" / "tiny-2-single",
        place / "single" / "tiny-2.safetensors",
        {"modelspec.prediction_type": "v"},
    )
    record_stages(place)
    record_sum(place)
    for old in (place / "pictures").glob("*.png"):
        old.unlink()
    manifest = []
    for case in cases():
        source = {**case, **{key: case[key] and f"../{case[key]}" for key in ("input", "mask")}}
        pixels, _, facts = pictures.run(place, source)
        save_picture(place / "pictures" / f"{case['name']}.png", pixels)
        manifest.append({**case, "result": f"families/pictures/{case['name']}.png", **facts})
    save_json(place / "pictures.json", manifest)
    ldm.remove_folder(place / "models" / "tiny-2-single")


def record_stages(place: pathlib.Path) -> None:
    """Token ids, text embeddings and a call of each UNet."""
    torch.manual_seed(211)
    tensors, ids = {}, {}
    for name in ("tiny-inpaint", "tiny-2"):
        model = place / "models" / name
        tokenizer = CLIPTokenizer.from_pretrained(model / "tokenizer")
        encoder = CLIPTextModel.from_pretrained(model / "text_encoder", dtype=torch.float32)
        ids[name] = [padded_ids(tokenizer, prompt) for prompt in PROMPTS]
        tensors[f"{name}.text"] = encoder(torch.tensor(ids[name][:2])).last_hidden_state
        unet = UNet2DConditionModel.from_pretrained(model / "unet", torch_dtype=torch.float32)
        sample = torch.randn(2, unet.config.in_channels, 7, 12)
        context = torch.randn(2, 11, unet.config.cross_attention_dim)
        tensors[f"{name}.sample"], tensors[f"{name}.context"] = sample, context
        tensors[f"{name}.answer"] = unet(sample, torch.tensor(499.25), context).sample
    save_tensors(place / "stages.safetensors", tensors)
    save_json(place / "stages.json", {"timestep": 499.25, "prompts": PROMPTS, "ids": ids})


def record_sum(place: pathlib.Path) -> None:
    """Add difference in f32, rounded to f16: the inpainting UNet + (own - base).

    The own UNet and the base are not kept: their numbers are the inpainting UNet's, rotated by one
    and reversed, in `conv_in` those of its first four channels.
    """
    unet = load_file(
        place / "models" / "tiny-inpaint" / "unet" / "diffusion_pytorch_model.safetensors"
    )
    sums = {}
    for name in ("conv_in.weight", "conv_out.bias", "mid_block.attentions.0.proj_in.weight"):
        inpainting = unet[name]
        four = inpainting[:, :4] if name == "conv_in.weight" else inpainting
        own = four.reshape(-1).roll(1).reshape(four.shape).float()
        base = four.reshape(-1).flip(0).reshape(four.shape).float()
        total = inpainting.float()
        if name == "conv_in.weight":
            total[:, :4] += own - base
        else:
            total += own - base
        sums[name] = total.half()
    save_tensors(place / "sum.safetensors", sums)
