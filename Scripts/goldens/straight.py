"""Starts a tiny VAE as a plain 8 x 8 average and its smooth enlargement: training adds detail.

Four channels carry the signal through the main path; beside them stand two constants, ±ANCHOR, in
each group, which keep the normalizations from taking the signal's own mean and spread away. Side
branches add nothing at first.
"""

import torch
from diffusers import AutoencoderKL

ANCHOR = 6.0
LINEAR = 5.0  # silu(x + LINEAR) is nearly x + LINEAR


def signal(channels: int) -> list[int]:
    """Two channels in either of the two groups."""
    return [0, 1, channels // 2, channels // 2 + 1]


def anchors(channels: int) -> list[int]:
    return [2, 3, channels // 2 + 2, channels // 2 + 3]


@torch.no_grad()
def quieten(network: torch.nn.Module) -> None:
    """Side branches add nothing at first."""
    for name, parameter in network.named_parameters():
        if any(part in name for part in ("conv2.", "to_out.", "proj_out.", "ff.net.2.")):
            parameter.zero_()


@torch.no_grad()
def straighten(vae: AutoencoderKL) -> None:
    quieten(vae)
    centre = kernel([0, 1, 0])
    carry(vae.encoder.conv_in, centre, sources=[0, 1, 2])
    carry(vae.decoder.conv_in, centre, sources=[0, 1, 2, 3])
    for name, layer in vae.named_modules():
        if name.endswith("downsamplers.0.conv"):
            carry(layer, kernel([1, 1, 0]))
        elif name.endswith("upsamplers.0.conv"):
            carry(layer, kernel([1, 2, 1]))
        elif name.endswith("conv_shortcut"):
            carry(layer, torch.ones(1, 1))
    finish(vae.encoder.conv_norm_out, vae.encoder.conv_out, outputs=4)
    finish(vae.decoder.conv_norm_out, vae.decoder.conv_out, outputs=3)
    for layer in (vae.quant_conv, vae.post_quant_conv):
        layer.weight.copy_(torch.eye(len(layer.weight))[..., None, None])
        layer.bias.zero_()


def kernel(taps: list[float]) -> torch.Tensor:
    """Taps across and down, with sum one."""
    row = torch.tensor(taps, dtype=torch.float32)
    return torch.outer(row, row) / row.sum() ** 2


def carry(layer: torch.nn.Conv2d, taps: torch.Tensor, sources: list[int] | None = None) -> None:
    targets, fixed = signal(layer.out_channels), anchors(layer.out_channels)
    for target, source in zip(targets, sources or signal(layer.in_channels)):
        layer.weight[target] = 0
        layer.weight[target, source] = taps
    layer.bias[targets] = 0
    layer.weight[fixed] = 0
    layer.bias[fixed] = torch.tensor([ANCHOR, -ANCHOR, ANCHOR, -ANCHOR])


def finish(norm: torch.nn.GroupNorm, layer: torch.nn.Conv2d, outputs: int) -> None:
    """Undoes the normalization and passes through the straight part of silu."""
    places = signal(layer.in_channels)[:outputs]
    spread = ANCHOR * (4 / layer.in_channels) ** 0.5
    norm.weight[places] = spread
    norm.bias[places] = LINEAR
    layer.weight[:] = 0
    layer.bias[:] = 0
    layer.weight[range(outputs), places, 1, 1] = 1
    layer.bias[:outputs] = -LINEAR
