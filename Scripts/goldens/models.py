"""Tiny Stable Diffusion 1.x models with random weights, in the diffusers layout.

The weights are far larger than a fresh initialisation's, so that a swapped axis, a dropped term or
a forgotten skip connection moves the answer. The VAE's outputs are then scaled to a trained one's
range, and the UNet is trained for a moment, so that sampling does not amplify rounding errors.
"""

import math
import pathlib

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from goldens.storing import save_json, save_tensors
from goldens.vocabulary import vocabulary, write_tokenizer

SCHEDULER = {
    "_class_name": "PNDMScheduler",
    "_diffusers_version": "0.6.0",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
}

# What the configurations of Stable Diffusion 1.5 say; a reader must know the rest.
KEYS_IN_2022 = [
    "_class_name",
    "act_fn",
    "attention_head_dim",
    "block_out_channels",
    "center_input_sample",
    "cross_attention_dim",
    "down_block_types",
    "downsample_padding",
    "flip_sin_to_cos",
    "freq_shift",
    "in_channels",
    "latent_channels",
    "layers_per_block",
    "mid_block_scale_factor",
    "norm_eps",
    "norm_num_groups",
    "out_channels",
    "sample_size",
    "up_block_types",
]

CROSS_DOWN, PLAIN_DOWN = "CrossAttnDownBlock2D", "DownBlock2D"
CROSS_UP, PLAIN_UP = "CrossAttnUpBlock2D", "UpBlock2D"

# What each model is there to vary; everything else is as in Stable Diffusion 1.5.
MODELS = {
    "tiny-f32": {
        "seed": 101,
        "type": torch.float32,
        "upsampling": 1.8,
        "unet": {
            "block_out_channels": [16, 16],
            "layers_per_block": 1,
            "attention_head_dim": 4,
            "norm_num_groups": 8,
        },
        "vae": {"block_out_channels": [8, 8, 16, 16], "layers_per_block": 1, "norm_num_groups": 4},
        "text": {"num_hidden_layers": 2, "num_attention_heads": 4},
        "tokenizer": "files",
        "text_prefix": "text_model.",
        "as_in_2022": False,
    },
    "tiny-f16": {
        "seed": 102,
        "type": torch.float16,
        "upsampling": 2.8,
        "unet": {
            "block_out_channels": [8, 16, 16],
            "layers_per_block": 2,
            "attention_head_dim": 4,
            "norm_num_groups": 4,
        },
        "vae": {"block_out_channels": [8, 8, 16, 24], "layers_per_block": 2, "norm_num_groups": 4},
        "text": {"num_hidden_layers": 3, "num_attention_heads": 4},
        "tokenizer": "single",
        "text_prefix": "",
        "as_in_2022": False,
    },
    "tiny-bf16": {
        "seed": 103,
        "type": torch.bfloat16,
        "upsampling": 2.0,
        "unet": {
            "block_out_channels": [16, 24],
            "layers_per_block": 1,
            "attention_head_dim": 8,
            "norm_num_groups": 8,
        },
        "vae": {"block_out_channels": [8, 8, 8, 16], "layers_per_block": 1, "norm_num_groups": 2},
        "text": {"num_hidden_layers": 2, "num_attention_heads": 2},
        "tokenizer": "files",
        "text_prefix": "text_model.",
        "as_in_2022": True,
    },
}


def record(folder: pathlib.Path) -> None:
    for name, plan in MODELS.items():
        write_model(folder / "models" / name, plan)


def write_model(folder: pathlib.Path, plan: dict) -> None:
    text_encoder, unet, vae = make_networks(plan)
    write_tokenizer(folder / "tokenizer", plan["tokenizer"])
    save_json(folder / "scheduler" / "scheduler_config.json", scheduler(plan))
    save_json(folder / "model_index.json", model_index(plan))
    write_text_encoder(folder / "text_encoder", text_encoder, plan)
    write_network(folder / "unet", unet, unet.state_dict(), plan)
    vae_weights = vae.state_dict()
    if plan["as_in_2022"]:
        vae_weights = {old_attention_name(name): weight for name, weight in vae_weights.items()}
    write_network(folder / "vae", vae, vae_weights, plan)


def scheduler(plan: dict) -> dict:
    return {**SCHEDULER, **plan.get("scheduler", {})}


def make_networks(plan: dict) -> tuple[CLIPTextModel, UNet2DConditionModel, AutoencoderKL]:
    torch.manual_seed(plan["seed"])
    text_encoder = CLIPTextModel(text_configuration(plan)).eval()
    unet = UNet2DConditionModel(**unet_configuration(plan)).eval()
    vae = AutoencoderKL(**vae_configuration(plan)).eval()
    for network in (text_encoder, unet, vae):
        network.requires_grad_(False)
        scale_up(network, plan["upsampling"])
    settle_vae(vae)
    settle_unet(unet, text_encoder, scheduler(plan).get("prediction_type", "epsilon"))
    for network in (text_encoder, unet, vae):
        for parameter in network.parameters():
            parameter.copy_(parameter.to(plan["type"]).float())
    return text_encoder, unet, vae


def text_configuration(plan: dict) -> CLIPTextConfig:
    size = len(vocabulary()[0])
    return CLIPTextConfig(
        vocab_size=size,
        hidden_size=32,
        intermediate_size=64,
        projection_dim=32,
        max_position_embeddings=77,
        bos_token_id=size - 2,
        eos_token_id=size - 1,
        **{"hidden_act": "quick_gelu", **plan["text"]},
    )


def unet_configuration(plan: dict) -> dict:
    levels = len(plan["unet"]["block_out_channels"])
    return {
        "sample_size": 8,
        "in_channels": 4,
        "out_channels": 4,
        "cross_attention_dim": 32,
        "down_block_types": [CROSS_DOWN] * (levels - 1) + [PLAIN_DOWN],
        "up_block_types": [PLAIN_UP] + [CROSS_UP] * (levels - 1),
        **plan["unet"],
    }


def vae_configuration(plan: dict) -> dict:
    levels = len(plan["vae"]["block_out_channels"])
    return {
        "sample_size": 64,
        "latent_channels": 4,
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        **plan["vae"],
    }


def scale_up(network: torch.nn.Module, upsampling: float) -> None:
    """Redraws every parameter at a size where each matters."""
    for name, parameter in network.named_parameters():
        if "embedding.weight" in name:
            torch.nn.init.normal_(parameter, std=1.0)
        elif parameter.ndim >= 2:
            fan_in = parameter[0].numel()
            torch.nn.init.normal_(parameter, std=gain(name, upsampling) / math.sqrt(fan_in))
        elif name.endswith("weight"):  # of a normalization
            torch.nn.init.normal_(parameter, mean=1.0, std=0.3)
        else:
            torch.nn.init.normal_(parameter, std=0.25)


def gain(name: str, upsampling: float) -> float:
    if any(part in name for part in ("to_q", "to_k", "q_proj", "k_proj")):
        return 2.0  # attention that chooses, not one that averages
    if any(part in name for part in ("to_v", "to_out", "v_proj", "out_proj", "time_emb")):
        return 1.6
    if "upsamplers" in name and not name.startswith("decoder"):
        return upsampling  # else the short way over the top skip connection hides the levels below
    return 1.2


def settle_vae(vae: AutoencoderKL) -> None:
    """Latents as wide as a trained VAE's (std 1 once scaled), pictures within range (std 0.35)."""
    pictures = smooth_noise((8, 3, 64, 64), cell=8).clamp(-1, 1)
    moments = vae.encode(pictures).latent_dist
    spread = 1 / vae.config.scaling_factor
    weight, bias = vae.quant_conv.weight, vae.quant_conv.bias
    scale = spread / moments.mean.std()
    weight[:4] *= scale
    bias[:4] *= scale
    weight[4:] *= 0.5
    bias[4:] -= 1.0
    latents = smooth_noise((8, 4, 8, 8), cell=2) * spread
    decoded = vae.decode(latents).sample
    scale = 0.35 / decoded.std()
    vae.decoder.conv_out.weight *= scale
    vae.decoder.conv_out.bias *= scale


@torch.enable_grad()
def settle_unet(
    unet: UNet2DConditionModel, text_encoder: CLIPTextModel, prediction: str = "epsilon"
) -> None:
    """Trains towards the noise, or the velocity, for a moment, so that sampling converges."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    kept = torch.cumprod(1 - betas, 0).float().reshape(-1, 1, 1, 1)
    words = text_encoder.config.vocab_size
    contexts = text_encoder(torch.randint(0, words, (64, 77))).last_hidden_state.detach()
    unet.requires_grad_(True)
    optimizer = torch.optim.Adam(unet.parameters(), lr=3e-3)
    for _ in range(TRAINING_STEPS):
        clean = smooth_noise((16, 4, 8, 8), cell=2)
        noise = torch.randn(clean.shape)
        steps = torch.randint(0, 1000, (16,))
        noisy = kept[steps].sqrt() * clean + (1 - kept[steps]).sqrt() * noise
        target = noise
        if prediction == "v_prediction":
            target = kept[steps].sqrt() * noise - (1 - kept[steps]).sqrt() * clean
        context = contexts[torch.randint(0, 64, (16,))]
        if unet.config.in_channels == 9:
            mask = (smooth_noise((16, 1, 8, 8), cell=4) > 0).float()
            noisy = torch.cat([noisy, mask, clean * (1 - mask)], 1)
        elif unet.config.in_channels == 8:  # made to repaint a blurred version of itself
            blurred = torch.nn.functional.avg_pool2d(clean, 3, 1, 1)
            noisy = torch.cat([noisy, blurred / 0.18215], 1)
        guess = unet(noisy, steps, context).sample
        loss = torch.nn.functional.mse_loss(guess, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    unet.requires_grad_(False)
    for name, parameter in unet.named_parameters():  # training has hushed the lower levels
        if "time_emb_proj" in name or "upsamplers" in name:
            parameter.data *= 2


TRAINING_STEPS = 200


def smooth_noise(shape: tuple[int, ...], cell: int) -> torch.Tensor:
    """Unit noise that varies over about `cell` pixels, as pictures and their latents do."""
    count, channels, height, width = shape
    coarse = torch.randn(count, channels, height // cell + 1, width // cell + 1)
    fine = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic")
    fine = fine + 0.3 * torch.randn(shape)
    return fine / fine.std()


def model_index(plan: dict) -> dict:
    return {
        "_class_name": plan.get("pipeline", "StableDiffusionPipeline"),
        "_diffusers_version": "0.6.0",
        "feature_extractor": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }


def write_text_encoder(folder: pathlib.Path, network: CLIPTextModel, plan: dict) -> None:
    configuration = network.config.to_dict()
    configuration["dtype"] = str(plan["type"]).removeprefix("torch.")
    configuration["architectures"] = ["CLIPTextModel"]
    save_json(folder / "config.json", dict(sorted(configuration.items())))
    weights = {
        plan["text_prefix"] + name: weight.to(plan["type"])
        for name, weight in network.state_dict().items()
    }
    if plan["text_prefix"]:  # checkpoints of that age carry this buffer too
        weights["text_model.embeddings.position_ids"] = torch.arange(77).reshape(1, 77)
    save_tensors(folder / "model.safetensors", weights)


def write_network(
    folder: pathlib.Path, network: torch.nn.Module, weights: dict, plan: dict
) -> None:
    configuration = {
        name: value for name, value in network.config.items() if not name.startswith("_use_default")
    }
    configuration["_class_name"] = type(network).__name__
    if plan["as_in_2022"]:
        configuration = {
            name: configuration[name] for name in KEYS_IN_2022 if name in configuration
        }
    save_json(folder / "config.json", dict(sorted(configuration.items())))
    weights = {name: weight.to(plan["type"]) for name, weight in weights.items()}
    save_tensors(folder / "diffusion_pytorch_model.safetensors", weights)


def old_attention_name(name: str) -> str:
    """The VAE attention's names in checkpoints of the age of Stable Diffusion 1.5."""
    if "attentions" not in name:
        return name
    for new, old in (
        ("to_q", "query"),
        ("to_k", "key"),
        ("to_v", "value"),
        ("to_out.0", "proj_attn"),
    ):
        name = name.replace(new, old)
    return name
