"""The stand-in for the built-in model: Stable Diffusion 1.x's layout, trained for minutes on a CPU.

It knows flat forms in eleven colours and nothing else. It is there so that the tool can be tried
and tested before a proper model takes its place.
"""

import pathlib

import numpy
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from goldens import models
from goldens.scenes import draw_scene
from goldens.storing import save_json
from goldens.straight import quieten, straighten
from goldens.vocabulary import write_tokenizer

PLAN = {
    "seed": 301,
    "type": torch.float16,
    "unet": {
        "block_out_channels": [32, 32],
        "layers_per_block": 1,
        "attention_head_dim": 4,
        "norm_num_groups": 8,
        "cross_attention_dim": 32,
    },
    "vae": {"block_out_channels": [8, 16, 32, 32], "layers_per_block": 1, "norm_num_groups": 2},
    "text": {"num_hidden_layers": 2, "num_attention_heads": 4},
    "tokenizer": "files",
    "text_prefix": "text_model.",
    "as_in_2022": False,
}

SCENES = 3000
VAE_STEPS = 2500
UNET_STEPS = 1800
NOISE = 0.03  # beside latents of about one


@torch.enable_grad()
def record(folder: pathlib.Path) -> None:
    torch.manual_seed(PLAN["seed"])
    pictures, captions = draw_scenes()
    vae = AutoencoderKL(**models.vae_configuration(PLAN))
    straighten(vae)
    fit_vae(vae, pictures)
    write_tokenizer(folder / "tokenizer", PLAN["tokenizer"])
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    text_encoder = CLIPTextModel(models.text_configuration(PLAN))
    unet = UNet2DConditionModel(**models.unet_configuration(PLAN))
    quieten(unet)
    fit_unet(unet, text_encoder, tokenizer, encoded(vae, pictures), captions)
    models.write_text_encoder(folder / "text_encoder", text_encoder, PLAN)
    models.write_network(folder / "unet", unet, unet.state_dict(), PLAN)
    models.write_network(folder / "vae", vae, vae.state_dict(), PLAN)
    save_json(folder / "scheduler" / "scheduler_config.json", models.SCHEDULER)
    save_json(folder / "model_index.json", {**models.model_index(), "_gesso_standin": True})


def draw_scenes() -> tuple[torch.Tensor, list[str]]:
    chance = numpy.random.default_rng(PLAN["seed"])
    scenes = [draw_scene(chance) for _ in range(SCENES)]
    pictures = torch.from_numpy(numpy.stack([picture for picture, _ in scenes]))
    return pictures.permute(0, 3, 1, 2).contiguous(), [caption for _, caption in scenes]


def fit_vae(vae: AutoencoderKL, pictures: torch.Tensor) -> None:
    """Least absolute difference through latents kept near one, then their spread is set."""
    optimizer = torch.optim.AdamW(vae.parameters(), weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, VAE_STEPS)
    for step in range(VAE_STEPS):
        batch = cut(pictures[torch.randint(0, SCENES, (8,))], 64 if step > 0.9 * VAE_STEPS else 32)
        latents = vae.encode(batch).latent_dist.mean
        answer = vae.decode(latents + NOISE * torch.randn_like(latents)).sample
        loss = (answer - batch).abs().mean() + 1e-3 * latents.square().mean()
        descend(loss, optimizer, schedule, vae.parameters())
        tell("vae", step, loss)
    with torch.no_grad():
        mean = vae.encode(pictures[:256]).latent_dist.mean
        scale = 1 / (vae.config.scaling_factor * mean.std())
        vae.quant_conv.weight[:4] *= scale
        vae.quant_conv.bias[:4] *= scale
        vae.quant_conv.weight[4:] = 0
        vae.quant_conv.bias[4:] = 2 * (NOISE * scale).log()
        vae.post_quant_conv.weight /= scale


def cut(pictures: torch.Tensor, size: int) -> torch.Tensor:
    """The same random square of every picture."""
    top, left = torch.randint(0, pictures.shape[-1] - size + 1, (2,))
    return pictures[:, :, top : top + size, left : left + size]


@torch.no_grad()
def encoded(vae: AutoencoderKL, pictures: torch.Tensor) -> torch.Tensor:
    latents = [vae.encode(batch).latent_dist.mean for batch in pictures.split(64)]
    return torch.cat(latents) * vae.config.scaling_factor


def fit_unet(unet, text_encoder, tokenizer, latents: torch.Tensor, captions: list[str]) -> None:
    """Towards the noise (Ho et al. 2020), with the text encoder; a tenth of the captions empty."""
    ids = tokenizer(
        ["", *captions], padding="max_length", max_length=77, return_tensors="pt"
    ).input_ids
    parameters = [*unet.parameters(), *text_encoder.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, UNET_STEPS)
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    kept = torch.cumprod(1 - betas, 0).float().reshape(-1, 1, 1, 1)
    for step in range(UNET_STEPS):
        chosen = torch.randint(0, len(latents), (16,))
        times = torch.randint(0, 1000, (16,))
        noise = torch.randn(16, 4, 8, 8)
        noisy = kept[times].sqrt() * latents[chosen] + (1 - kept[times]).sqrt() * noise
        spoken = (chosen + 1) * (torch.rand(16) > 0.1)
        context = text_encoder(ids[spoken]).last_hidden_state
        loss = torch.nn.functional.mse_loss(unet(noisy, times, context).sample, noise)
        descend(loss, optimizer, schedule, parameters)
        tell("unet", step, loss)


def descend(loss: torch.Tensor, optimizer, schedule, parameters) -> None:
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    schedule.step()


def tell(what: str, step: int, loss: torch.Tensor) -> None:
    if step % 250 == 249:
        print(f"  {what} {step + 1}: {loss.item():.4f}", flush=True)
