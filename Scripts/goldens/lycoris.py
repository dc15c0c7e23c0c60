"""LyCORIS' kinds of changes to weights, as its own modules merge them (pip install lycoris-lora einops toml).

Each file holds a change to layers of tiny-f32's UNet, made by numbers; `merged.safetensors` what the
modules make of the layers' weights, at strength 1 and, for kinds that are linear in it, at 0.7. GLoRA
is recorded with alpha equal to the rank: when it merges, the package multiplies by alpha / rank twice
in GLoRA, LoHa and LoKr, and once when they run beside the layer, which is what counts here.
"""

import pathlib

import torch
from diffusers import UNet2DConditionModel

from goldens.storing import save_tensors

LINEAR = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k"
CONV = "down_blocks.0.resnets.0.conv1"
NORM = "down_blocks.0.attentions.0.transformer_blocks.0.norm1"
GROUPS = "down_blocks.0.resnets.0.norm1"


def modules() -> dict:
    from lycoris.modules.diag_oft import DiagOFTModule
    from lycoris.modules.full import FullModule
    from lycoris.modules.glora import GLoRAModule
    from lycoris.modules.locon import LoConModule
    from lycoris.modules.loha import LohaModule
    from lycoris.modules.lokr import LokrModule
    from lycoris.modules.norms import NormModule

    def rank(**more):
        return {"lora_dim": 2, "alpha": 1, **more}

    def small(**more):
        return {"lora_dim": 1, "alpha": 0.5, **more}

    both = [LINEAR, CONV]
    return {
        "locon": (LoConModule, rank(use_tucker=True), both),
        "loha": (LohaModule, rank(), both),
        "loha-tucker": (LohaModule, rank(use_tucker=True), [CONV]),
        "lokr": (LokrModule, small(factor=4), both),
        "lokr-both": (LokrModule, small(factor=4, decompose_both=True), both),
        "lokr-tucker": (LokrModule, small(factor=4, use_tucker=True), [CONV]),
        "lokr-full": (LokrModule, rank(factor=4, full_matrix=True), both),
        "glora": (GLoRAModule, {"lora_dim": 2, "alpha": 2}, both),
        "oft": (DiagOFTModule, {"lora_dim": 4, "constraint": 0}, both),
        "oft-constrained": (DiagOFTModule, {"lora_dim": 4, "constraint": 0.01}, [LINEAR]),
        "oft-rescaled": (DiagOFTModule, {"lora_dim": 4, "constraint": 0, "rescaled": True}, both),
        "dora": (LoConModule, rank(weight_decompose=True), both),
        "dora-inputs": (LoConModule, rank(weight_decompose=True, wd_on_out=False), both),
        "dora-loha": (LohaModule, rank(weight_decompose=True), [LINEAR]),
        "dora-lokr": (LokrModule, small(weight_decompose=True, factor=4), [CONV]),
        "full": (FullModule, {}, both),
        "norm": (NormModule, {}, [NORM, GROUPS]),
    }


def record(base: pathlib.Path, folder: pathlib.Path) -> None:
    unet = UNet2DConditionModel.from_pretrained(base / "unet")
    merged = {}
    for number, (kind, (module, options, layers)) in enumerate(modules().items()):
        tensors = {}
        for layer in layers:
            torch.manual_seed(100 * number + len(layer))
            own = unet.get_submodule(layer)
            made = module("x", own, 1.0, **options)
            for name, value in made.named_parameters():
                # A magnitude stays near what it was, everything else is drawn.
                if name in ("dora_scale", "rescale"):
                    value.data.mul_(1 + 0.2 * torch.randn_like(value))
                elif not name.startswith("org_"):
                    value.data.copy_(0.3 * torch.randn_like(value))
            if kind == "full":
                difference = 0.1 * torch.randn_like(own.weight)
                state = {"diff": difference, "diff_b": 0.1 * torch.randn_like(own.bias)} if own.bias is not None else {"diff": difference}
                results = {"1": own.weight + difference, "0.7": own.weight + 0.7 * difference}
                if own.bias is not None:
                    merged[f"{kind}/{layer}.bias/1"] = own.bias + state["diff_b"]
            else:
                state = made.custom_state_dict() if hasattr(made, "custom_state_dict") and made.custom_state_dict() is not None else made.state_dict()
                state = {key: value for key, value in state.items() if not key.startswith("org_")}
                results = {"1": result(made, 1.0, own)}
                if not kind.startswith(("dora", "oft-rescaled")):
                    results["0.7"] = result(made, 0.7, own)
                if kind == "norm":
                    merged[f"{kind}/{layer}.bias/1"] = own.bias + state["b_norm"]
            for strength, value in results.items():
                merged[f"{kind}/{layer}.weight/{strength}"] = value.detach().clone()
            prefix = "lora_unet_" + layer.replace(".", "_") + "."
            tensors |= {prefix + key: value.detach().clone() for key, value in state.items()}
        save_tensors(folder / f"{kind}.safetensors", tensors)
    save_tensors(folder / "merged.safetensors", merged)


def result(made, strength: float, own) -> torch.Tensor:
    if hasattr(made, "w_norm"):
        return own.weight + strength * made.w_norm
    if hasattr(made, "get_weight"):
        difference = made.get_weight(own.weight.shape)
        if made.wd:
            return made.apply_weight_decompose(own.weight + difference, 1)
        return own.weight + strength * difference
    return made.get_merged_weight(strength)[0]
