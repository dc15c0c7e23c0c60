"""The refiner of Stable Diffusion XL in a tiny model: one text encoder, OpenCLIP's, and five numbers
about the picture, an aesthetic score the last."""

import pathlib

import diffusers
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModelWithProjection

from goldens import ldm, models, pictures, xl
from goldens.families import VAE
from goldens.storing import save_json, save_picture, save_tensors
from goldens.vocabulary import write_tokenizer

NAME = "tiny-xl-refiner"
PIPELINES = {
    "img2img": diffusers.StableDiffusionXLImg2ImgPipeline,
    "inpaint": diffusers.StableDiffusionXLInpaintPipeline,
}
PLAN = {
    "seed": 124,
    "unet": {
        "cross_attention_dim": 32,
        "projection_class_embeddings_input_dim": xl.POOLED + 5 * xl.SIZE,
    },
}


def write_model(folder: pathlib.Path) -> None:
    torch.manual_seed(PLAN["seed"])
    text = CLIPTextModelWithProjection(xl.text_configuration(True)).eval()
    unet = UNet2DConditionModel(**xl.unet_configuration(PLAN)).eval()
    vae = AutoencoderKL(
        **models.vae_configuration({"vae": {**VAE, "scaling_factor": 0.13025}})
    ).eval()
    for network in (text, unet, vae):
        network.requires_grad_(False)
        models.scale_up(network, 1.8)
    models.settle_vae(vae)
    settle_unet(unet, text)
    for network in (text, unet, vae):
        for parameter in network.parameters():
            parameter.copy_(parameter.half().float())
    half = {"type": torch.float16, "as_in_2022": False}
    configuration = {**text.config.to_dict(), "dtype": "float16"}
    configuration["architectures"] = [type(text).__name__]
    save_json(folder / "text_encoder_2" / "config.json", dict(sorted(configuration.items())))
    save_tensors(
        folder / "text_encoder_2" / "model.safetensors",
        {
            n if n.startswith(("text_model.", "text_projection.")) else "text_model." + n: w.half()
            for n, w in text.state_dict().items()
        },
    )
    models.write_network(folder / "unet", unet, unet.state_dict(), half)
    models.write_network(folder / "vae", vae, vae.state_dict(), half)
    write_tokenizer(folder / "tokenizer_2", "openclip")
    save_json(folder / "scheduler" / "scheduler_config.json", xl.SCHEDULER)
    index = {
        **xl.model_index({}),
        "_class_name": "StableDiffusionXLImg2ImgPipeline",
        "force_zeros_for_empty_prompt": False,
        "requires_aesthetics_score": True,
        "text_encoder": [None, None],
        "tokenizer": [None, None],
    }
    save_json(folder / "model_index.json", index)


@torch.enable_grad()
def settle_unet(unet: UNet2DConditionModel, text: CLIPTextModelWithProjection) -> None:
    """Trains towards the noise for a moment, so that sampling converges."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    kept = torch.cumprod(1 - betas, 0).float().reshape(-1, 1, 1, 1)
    answer = text(
        torch.randint(0, text.config.vocab_size, (64, 77)), output_hidden_states=True
    )
    contexts, wholes = answer.hidden_states[-2].detach(), answer.text_embeds.detach()
    unet.requires_grad_(True)
    optimizer = torch.optim.Adam(unet.parameters(), lr=3e-3)
    for _ in range(2 * models.TRAINING_STEPS):
        clean = models.smooth_noise((16, 4, 8, 8), cell=2)
        noise = torch.randn(clean.shape)
        steps, chosen = torch.randint(0, 1000, (16,)), torch.randint(0, 64, (16,))
        scores = 2.5 + 3.5 * torch.rand(16, 1)
        guess = unet(
            kept[steps].sqrt() * clean + (1 - kept[steps]).sqrt() * noise,
            steps,
            contexts[chosen],
            added_cond_kwargs={
                "text_embeds": wholes[chosen],
                "time_ids": torch.cat(
                    [torch.tensor([[64.0, 64, 0, 0]]).repeat(16, 1), scores], 1
                ),
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
    refiner = {"model": NAME, "guidance_scale": 5.0, "steps": 8}
    listed = [
        pictures.image(**refiner, seed=61, strength=0.3, scheduler="EulerDiscreteScheduler"),
        pictures.image(**refiner, seed=62, strength=0.7, negative_prompt=""),
        pictures.image(
            **{**refiner, "guidance_scale": 1.0}, seed=63, strength=0.6, width=72, height=56
        ),
        pictures.inpaint(**refiner, seed=64, strength=0.6),
    ]
    return [{"name": pictures.name(case), **case} for case in listed]


def record(folder: pathlib.Path) -> None:
    diffusers.utils.logging.set_verbosity_error()
    place = folder / "families"
    model = place / "models" / NAME
    write_model(model)
    tensors = ldm.networks(model)
    second = ldm.load(model / "text_encoder_2")
    projection = second.pop("text_projection.weight")
    tower = ldm.tower(second, unused=0)
    tower["text_projection"] = projection.T.contiguous()
    tensors.update({f"conditioner.embedders.0.model.{n}": t for n, t in tower.items()})
    save_tensors(place / "single" / f"{NAME}.safetensors", tensors)
    record_stages(place, model)
    for old in (place / "refiner").glob("*.png"):
        old.unlink()
    manifest = []
    for case in cases():
        source = {**case, **{key: case[key] and f"../{case[key]}" for key in ("input", "mask")}}
        pixels, _, facts = pictures.run(place, source, PIPELINES)
        save_picture(place / "refiner" / f"{case['name']}.png", pixels)
        manifest.append({**case, "result": f"families/refiner/{case['name']}.png", **facts})
    save_json(place / "refiner.json", manifest)


def record_stages(place: pathlib.Path, model: pathlib.Path) -> None:
    """A call of the UNet."""
    torch.manual_seed(222)
    unet = UNet2DConditionModel.from_pretrained(model / "unet", torch_dtype=torch.float32)
    sample, context = torch.randn(2, 4, 7, 12), torch.randn(2, 11, 32)
    pooled = torch.randn(2, xl.POOLED)
    sizes = torch.tensor([[56.0, 96, 0, 8, 2.5], [56.0, 96, 0, 8, 6.0]])
    answer = unet(
        sample,
        torch.tensor(499.25),
        context,
        added_cond_kwargs={"text_embeds": pooled, "time_ids": sizes},
    ).sample
    save_tensors(
        place / "refiner.safetensors",
        {
            "sample": sample,
            "context": context,
            "pooled": pooled,
            "sizes": sizes,
            "answer": answer,
        },
    )
