"""What diffusers' AutoencoderTiny makes of a part of a photo with the published weights of TAESD.

Neither the weights nor the photo are in the repository: the recording holds latents and every fourth
pixel of what they decode to. The test looks for both in `../shared` and is skipped without them.
"""

import pathlib

import numpy
import torch
from diffusers import AutoencoderTiny
from PIL import Image
from safetensors.torch import load_file

from goldens.storing import save_tensors

PHOTO = "bertrand-gabioud-CpuFzIsHYJ0.png"
LEFT, TOP, WIDTH, HEIGHT = 200, 150, 128, 96


def record(base: pathlib.Path, shared: pathlib.Path) -> None:
    picture = Image.open(shared / "photos" / PHOTO).convert("RGB")
    part = numpy.asarray(picture.crop((LEFT, TOP, LEFT + WIDTH, TOP + HEIGHT)))
    pixels = torch.from_numpy(part.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    results = {}
    for name, channels in [("taesd", 4), ("taesdxl", 4), ("taesd3", 16), ("taef1", 16)]:
        vae = AutoencoderTiny(latent_channels=channels)
        state = {}
        for half, first in [("encoder", 0), ("decoder", 1)]:
            for key, value in load_file(str(shared / "real-weights" / f"{name}_{half}.safetensors")).items():
                number, rest = key.split(".", 1)
                state[f"{half}.layers.{int(number) - first}.{rest}"] = value.float()
        vae.load_state_dict(state)
        latents = vae.encode(pixels).latents
        results[name + ".latents"] = latents
        results[name + ".decoded"] = vae.decode(latents).sample[:, :, ::4, ::4].clone()
    save_tensors(base / "published-taesd.safetensors", results)
