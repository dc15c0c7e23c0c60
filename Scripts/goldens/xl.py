"""Stable Diffusion XL in tiny models: base, inpainting, a latent consistency model, Turbo's schedule.

What a single file does not say follows from the family, as in families.py; so these models have one
head of attention in each level and in the text encoders.
"""

import pathlib
import shutil

import diffusers
import numpy
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from goldens import ldm, models, pictures
from goldens.families import PROMPTS, VAE
from goldens.stages import padded_ids
from goldens.storing import save_json, save_picture, save_tensors
from goldens.vocabulary import vocabulary, write_tokenizer

PIPELINES = {
    "txt2img": diffusers.StableDiffusionXLPipeline,
    "img2img": diffusers.StableDiffusionXLImg2ImgPipeline,
    "inpaint": diffusers.StableDiffusionXLInpaintPipeline,
}
SCHEDULER = {
    "_class_name": "EulerDiscreteScheduler",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "interpolation_type": "linear",
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "sample_max_value": 1.0,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "timestep_spacing": "leading",
    "trained_betas": None,
    "use_karras_sigmas": False,
}
TURBO = {"_class_name": "EulerAncestralDiscreteScheduler", "timestep_spacing": "trailing"}
MODELS = {
    "tiny-xl": {"seed": 121},
    "tiny-xl-inpaint": {"seed": 122, "unet": {"in_channels": 9}},
    "tiny-xl-lcm": {
        "seed": 123,
        "unet": {"time_cond_proj_dim": 16},
        "scheduler": {"_class_name": "LCMScheduler"},
    },
}
POOLED, SIZE = 24, 8
SIDE = "families/xl/side-64x48.png"


def unet_configuration(plan: dict) -> dict:
    return {
        "sample_size": 8,
        "in_channels": 4,
        "out_channels": 4,
        "block_out_channels": [8, 16],
        "layers_per_block": 1,
        "norm_num_groups": 8,
        "attention_head_dim": [1, 1],
        "cross_attention_dim": 64,
        "transformer_layers_per_block": [1, 2],
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": SIZE,
        "projection_class_embeddings_input_dim": POOLED + 6 * SIZE,
        "down_block_types": [models.PLAIN_DOWN, models.CROSS_DOWN],
        "up_block_types": [models.CROSS_UP, models.PLAIN_UP],
        **plan.get("unet", {}),
    }


def text_configuration(second: bool) -> CLIPTextConfig:
    size = len(vocabulary()[0])
    return CLIPTextConfig(
        vocab_size=size,
        hidden_size=32,
        intermediate_size=64,
        projection_dim=POOLED if second else 32,
        num_hidden_layers=2,
        num_attention_heads=1,
        max_position_embeddings=77,
        bos_token_id=size - 2,
        eos_token_id=2 if second else size - 1,
        hidden_act="gelu" if second else "quick_gelu",
    )


def write_model(folder: pathlib.Path, plan: dict) -> None:
    torch.manual_seed(plan["seed"])
    texts = [
        CLIPTextModel(text_configuration(False)).eval(),
        CLIPTextModelWithProjection(text_configuration(True)).eval(),
    ]
    unet = UNet2DConditionModel(**unet_configuration(plan)).eval()
    vae = AutoencoderKL(
        **models.vae_configuration({"vae": {**VAE, "scaling_factor": 0.13025}})
    ).eval()
    for network in (*texts, unet, vae):
        network.requires_grad_(False)
        models.scale_up(network, 1.8)
    models.settle_vae(vae)
    settle_unet(unet, texts)
    for network in (*texts, unet, vae):
        for parameter in network.parameters():
            parameter.copy_(parameter.half().float())
    half = {"type": torch.float16, "as_in_2022": False}
    for name, network in zip(("text_encoder", "text_encoder_2"), texts):
        configuration = {**network.config.to_dict(), "dtype": "float16"}
        configuration["architectures"] = [type(network).__name__]
        save_json(folder / name / "config.json", dict(sorted(configuration.items())))
        weights = {
            name if name.startswith(("text_model.", "text_projection.")) else "text_model." + name: w.half()
            for name, w in network.state_dict().items()
        }
        save_tensors(folder / name / "model.safetensors", weights)
    models.write_network(folder / "unet", unet, unet.state_dict(), half)
    models.write_network(folder / "vae", vae, vae.state_dict(), half)
    write_tokenizer(folder / "tokenizer", "files")
    write_tokenizer(folder / "tokenizer_2", "openclip")
    save_json(
        folder / "scheduler" / "scheduler_config.json", {**SCHEDULER, **plan.get("scheduler", {})}
    )
    save_json(folder / "model_index.json", model_index(plan))


def model_index(plan: dict) -> dict:
    scheduler = {**SCHEDULER, **plan.get("scheduler", {})}["_class_name"]
    return {
        "_class_name": "StableDiffusionXLPipeline",
        "_diffusers_version": "0.19.0",
        "force_zeros_for_empty_prompt": True,
        "scheduler": ["diffusers", scheduler],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "tokenizer_2": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }


@torch.enable_grad()
def settle_unet(unet: UNet2DConditionModel, texts: list) -> None:
    """Trains towards the noise for a moment, so that sampling converges."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    kept = torch.cumprod(1 - betas, 0).float().reshape(-1, 1, 1, 1)
    words = texts[0].config.vocab_size
    ids = torch.randint(0, words, (64, 77))
    first, second = (text(ids, output_hidden_states=True) for text in texts)
    contexts = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], -1).detach()
    wholes = second.text_embeds.detach()
    unet.requires_grad_(True)
    optimizer = torch.optim.Adam(unet.parameters(), lr=3e-3)
    for _ in range(2 * models.TRAINING_STEPS):
        clean = models.smooth_noise((16, 4, 8, 8), cell=2)
        noise = torch.randn(clean.shape)
        steps = torch.randint(0, 1000, (16,))
        noisy = kept[steps].sqrt() * clean + (1 - kept[steps]).sqrt() * noise
        if unet.config.in_channels == 9:
            mask = (models.smooth_noise((16, 1, 8, 8), cell=4) > 0).float()
            noisy = torch.cat([noisy, mask, clean * (1 - mask)], 1)
        chosen = torch.randint(0, 64, (16,))
        given = (torch.rand(16) > 0.2).float()  # else zeros, as where no negative prompt is
        condition = None
        if unet.config.time_cond_proj_dim:
            condition = torch.randn(16, unet.config.time_cond_proj_dim)
        guess = unet(
            noisy,
            steps,
            contexts[chosen] * given[:, None, None],
            timestep_cond=condition,
            added_cond_kwargs={
                "text_embeds": wholes[chosen] * given[:, None],
                "time_ids": torch.tensor([[64.0, 64, 0, 0, 64, 64]]).repeat(16, 1),
            },
        ).sample
        loss = torch.nn.functional.mse_loss(guess, noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    unet.requires_grad_(False)
    for name, parameter in unet.named_parameters():
        if any(part in name for part in ("time_emb_proj", "upsamplers")):
            parameter.data *= 2


def cases() -> list[dict]:
    euler, ddim = "EulerDiscreteScheduler", "DDIMScheduler"
    ancestral, lcm = "EulerAncestralDiscreteScheduler", "LCMScheduler"
    # The pipelines' own scale.
    xl = {"model": "tiny-xl", "guidance_scale": 5.0}
    hole = {"model": "tiny-xl-inpaint", "guidance_scale": 5.0, "steps": 6}
    listed = [
        pictures.text(**xl, seed=51, scheduler=euler),
        pictures.text(
            **{**xl, "guidance_scale": 3.0},
            seed=52,
            prompt=pictures.UNICODE,
            negative_prompt="",
        ),
        pictures.text(
            **{**xl, "guidance_scale": 1.0}, seed=52, width=72, height=56, negative_prompt=""
        ),
        pictures.image(**xl, seed=53, strength=0.6, scheduler=euler, steps=8),
        pictures.image(
            **xl, seed=54, strength=0.5, steps=8, scheduler="DPMSolverMultistepScheduler"
        ),
        pictures.inpaint(**xl, seed=55, strength=1.0, scheduler=euler),
        pictures.inpaint(**xl, seed=56, strength=0.7, steps=7),
        {**pictures.inpaint(**xl, seed=57, strength=0.9, steps=7), "mask": SIDE},
        pictures.inpaint(**hole, seed=58, strength=1.0, scheduler=ddim),
        pictures.inpaint(**hole, seed=58, strength=0.6, scheduler=ddim),
        pictures.inpaint(**hole, seed=58, strength=0.6, scheduler=ancestral),
    ]
    for settings in (
        {"model": "tiny-xl-lcm", "scheduler": lcm, "guidance_scale": 8.0, "steps": 4},
        {"model": "tiny-xl-turbo", "scheduler": ancestral, "guidance_scale": 1.0, "steps": 4},
    ):
        listed += [
            pictures.text(**settings, seed=59),
            pictures.image(**settings, seed=59, strength=0.75),
        ]
    return [{"name": pictures.name(case), **case} for case in listed]


def record(folder: pathlib.Path) -> None:
    diffusers.utils.logging.set_verbosity_error()
    place = folder / "families"
    for name, plan in MODELS.items():
        write_model(place / "models" / name, plan)
    turbo = place / "models" / "tiny-xl-turbo"
    shutil.copytree(place / "models" / "tiny-xl", turbo)
    save_json(turbo / "scheduler" / "scheduler_config.json", {**SCHEDULER, **TURBO})
    for name in MODELS:
        write_single(place / "models" / name, place / "single" / f"{name}.safetensors")
    record_stages(place)
    shutil.rmtree(place / "xl", ignore_errors=True)
    side = numpy.zeros((48, 64), "uint8")
    side[:, 44:] = 255
    save_picture(folder / SIDE, side)
    manifest = []
    for case in cases():
        source = {**case, **{key: case[key] and f"../{case[key]}" for key in ("input", "mask")}}
        # Only a negative prompt that is not given is zeroed.
        source["negative_prompt"] = case["negative_prompt"] or None
        pixels, _, facts = pictures.run(place, source, PIPELINES)
        save_picture(place / "xl" / f"{case['name']}.png", pixels)
        manifest.append({**case, "result": f"families/xl/{case['name']}.png", **facts})
    save_json(place / "xl.json", manifest)
    # What is kept as a single file, or differs from another in its scheduler only, needs no folder.
    for name in ("tiny-xl-turbo", "tiny-xl-inpaint", "tiny-xl-lcm"):
        shutil.rmtree(place / "models" / name)


def write_single(folder: pathlib.Path, path: pathlib.Path) -> None:
    """Under the names of the original repository, as Stability AI published it."""
    tensors = ldm.networks(folder)
    first = ldm.load(folder / "text_encoder")
    tensors.update({f"conditioner.embedders.0.transformer.{n}": t for n, t in first.items()})
    second = ldm.load(folder / "text_encoder_2")
    projection = second.pop("text_projection.weight")
    tower = ldm.tower(second, unused=0)
    tower["text_projection"] = projection.T.contiguous()
    tensors.update({f"conditioner.embedders.1.model.{n}": t for n, t in tower.items()})
    save_tensors(path, tensors)


def record_stages(place: pathlib.Path) -> None:
    """Token ids, text embeddings and a call of each UNet."""
    torch.manual_seed(221)
    tensors, ids = {}, {}
    base = place / "models" / "tiny-xl"
    for part, kind in (("", CLIPTextModel), ("_2", CLIPTextModelWithProjection)):
        tokenizer = CLIPTokenizer.from_pretrained(base / f"tokenizer{part}")
        encoder = kind.from_pretrained(base / f"text_encoder{part}", dtype=torch.float32)
        ids[f"text_encoder{part}"] = [padded_ids(tokenizer, prompt) for prompt in PROMPTS]
        answer = encoder(
            torch.tensor(ids[f"text_encoder{part}"]), output_hidden_states=True
        )
        tensors[f"text_encoder{part}"] = answer.hidden_states[-2]
        if part:
            tensors["pooled"] = answer.text_embeds
    for name in MODELS:
        unet = UNet2DConditionModel.from_pretrained(
            place / "models" / name / "unet", torch_dtype=torch.float32
        )
        sample = torch.randn(2, unet.config.in_channels, 7, 12)
        context, pooled = torch.randn(2, 11, 64), torch.randn(2, POOLED)
        condition = None
        if unet.config.time_cond_proj_dim:
            condition = diffusers.StableDiffusionXLPipeline.get_guidance_scale_embedding(
                None, torch.tensor([7.0]), unet.config.time_cond_proj_dim
            )
        added = {
            "text_embeds": pooled,
            "time_ids": torch.tensor([[56.0, 96, 0, 8, 1024, 96]]).repeat(2, 1),
        }
        answer = unet(
            sample,
            torch.tensor(499.25),
            context,
            timestep_cond=condition,
            added_cond_kwargs=added,
        ).sample
        for moment, value in (
            ("sample", sample), ("context", context), ("pooled", pooled), ("answer", answer)
        ):
            tensors[f"{name}.{moment}"] = value
    save_tensors(place / "xl-stages.safetensors", tensors)
    save_json(place / "xl-stages.json", {"timestep": 499.25, "prompts": PROMPTS, "ids": ids})
