"""Writes a diffusers folder as a single file, under the names of the original (LDM) repository."""

import json
import pathlib
import shutil

import torch
from safetensors.torch import load_file

from goldens.storing import save_tensors

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
TOWER = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
VAE_ATTENTION = {
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}


def write(folder: pathlib.Path, path: pathlib.Path, metadata: dict | None = None) -> None:
    """What a reader may ignore is there too: running averages, the schedule, an unused layer."""
    tensors, text = networks(folder), load(folder / "text_encoder")
    if json.loads((folder / "text_encoder" / "config.json").read_text())["hidden_act"] == "gelu":
        tensors.update({"cond_stage_model.model." + n: t for n, t in tower(text).items()})
    else:
        tensors.update({"cond_stage_model.transformer." + n: t for n, t in text.items()})
    tensors["alphas_cumprod"] = torch.linspace(1, 0, 10)
    tensors["model_ema.decay"] = torch.tensor(0.9999)
    save_tensors(path, tensors, metadata)


def load(folder: pathlib.Path) -> dict[str, torch.Tensor]:
    return load_file(next(folder.glob("*.safetensors")))


def networks(folder: pathlib.Path) -> dict[str, torch.Tensor]:
    """UNet and VAE."""
    unet, vae = load(folder / "unet"), load(folder / "vae")
    names = unet_names(json.loads((folder / "unet" / "config.json").read_text()))
    tensors = {"model.diffusion_model." + unet_name(n, names): t for n, t in unet.items()}
    levels = len(json.loads((folder / "vae" / "config.json").read_text())["block_out_channels"])
    for name, tensor in vae.items():
        if "attentions" in name and tensor.ndim == 2:
            tensor = tensor[..., None, None]
        tensors["first_stage_model." + vae_name(name, levels)] = tensor
    return tensors


def remove_folder(folder: pathlib.Path) -> None:
    shutil.rmtree(folder)


def unet_names(configuration: dict) -> dict[str, str]:
    """diffusers' scopes and what they are called in the original."""
    count, layers = len(configuration["block_out_channels"]), configuration["layers_per_block"]
    names = {
        "conv_in": "input_blocks.0.0",
        "time_embedding.cond_proj": "time_embed.cond_proj",
        "add_embedding.linear_1": "label_emb.0.0",
        "add_embedding.linear_2": "label_emb.0.2",
        "time_embedding.linear_1": "time_embed.0",
        "time_embedding.linear_2": "time_embed.2",
        "mid_block.resnets.0": "middle_block.0",
        "mid_block.attentions.0": "middle_block.1",
        "mid_block.resnets.1": "middle_block.2",
        "conv_norm_out": "out.0",
        "conv_out": "out.2",
    }
    place = 1
    for level in range(count):
        for layer in range(layers):
            names[f"down_blocks.{level}.resnets.{layer}"] = f"input_blocks.{place}.0"
            names[f"down_blocks.{level}.attentions.{layer}"] = f"input_blocks.{place}.1"
            place += 1
        names[f"down_blocks.{level}.downsamplers.0.conv"] = f"input_blocks.{place}.0.op"
        place += 1
    place = 0
    for level in range(count):
        attends = configuration["up_block_types"][level].startswith("Cross")
        for layer in range(layers + 1):
            names[f"up_blocks.{level}.resnets.{layer}"] = f"output_blocks.{place}.0"
            names[f"up_blocks.{level}.attentions.{layer}"] = f"output_blocks.{place}.1"
            place += 1
        last = f"output_blocks.{place - 1}.{2 if attends else 1}.conv"
        names[f"up_blocks.{level}.upsamplers.0.conv"] = last
    return names


def unet_name(name: str, names: dict[str, str]) -> str:
    scope = next(scope for scope in names if name.startswith(scope + "."))
    rest = name.removeprefix(scope + ".")
    if "resnets" in scope:
        part, kind = rest.rsplit(".", 1)
        rest = f"{RESNET[part]}.{kind}"
    return f"{names[scope]}.{rest}"


def vae_name(name: str, levels: int) -> str:
    for there, here in VAE_ATTENTION.items():
        name = name.replace(f"mid_block.attentions.0.{there}.", f"mid.attn_1.{here}.")
    name = name.replace("mid_block.resnets.0", "mid.block_1").replace(
        "mid_block.resnets.1", "mid.block_2"
    )
    for level in range(levels):
        name = name.replace(f"up_blocks.{level}.", f"up.{levels - 1 - level}.")
    name = name.replace("down_blocks.", "down.").replace(".resnets.", ".block.")
    name = name.replace("downsamplers.0.conv", "downsample.conv")
    name = name.replace("upsamplers.0.conv", "upsample.conv")
    return name.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")


def tower(text: dict[str, torch.Tensor], unused: int = 1) -> dict[str, torch.Tensor]:
    """OpenCLIP's names; query, key and value are one; one more layer, which is not used."""
    text = {name.removeprefix("text_model."): tensor for name, tensor in text.items()}
    layers = 1 + max(int(name.split(".")[2]) for name in text if name.startswith("encoder."))
    width = text["final_layer_norm.weight"].numel()
    result = {
        "token_embedding.weight": text["embeddings.token_embedding.weight"],
        "positional_embedding": text["embeddings.position_embedding.weight"],
        "ln_final.weight": text["final_layer_norm.weight"],
        "ln_final.bias": text["final_layer_norm.bias"],
        "text_projection": torch.eye(width, dtype=torch.float16),
        "logit_scale": torch.tensor(4.6, dtype=torch.float16),
    }
    for layer in range(layers + unused):
        there = f"encoder.layers.{min(layer, layers - 1)}"
        here = f"transformer.resblocks.{layer}"
        for kind in ("weight", "bias"):
            fused = [text[f"{there}.self_attn.{part}_proj.{kind}"] for part in "qkv"]
            result[f"{here}.attn.in_proj_{kind}"] = torch.cat(fused)
            for theirs, ours in TOWER.items():
                result[f"{here}.{ours}.{kind}"] = text[f"{there}.{theirs}.{kind}"].clone()
    return result
