"""Writes a checkpoint of Stable Diffusion's full-size shapes with random f16 weights, to measure with.

    python Benchmarks/make-checkpoint.py FOLDER [--family sd15|sd21|sdxl] [--tokenizer FOLDER]
        [--single-file FILE]

`--single-file` writes the same weights once more under the names of the original repositories. It needs
torch, diffusers and transformers, 2.1 GB of disk (SDXL: 7 GB) and 4 GB of memory (SDXL: 14 GB). The
pictures it makes mean nothing; the arithmetic is that of the real one.
"""

import argparse
import json
import pathlib
import shutil
import sys

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Scripts"))
from goldens import ldm, xl  # noqa: E402

UNET = dict(
    sample_size=64,
    in_channels=4,
    out_channels=4,
    block_out_channels=(320, 640, 1280, 1280),
    layers_per_block=2,
    attention_head_dim=8,
    cross_attention_dim=768,
    down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
)
VAE = dict(
    sample_size=512,
    block_out_channels=(128, 256, 512, 512),
    layers_per_block=2,
    latent_channels=4,
    down_block_types=("DownEncoderBlock2D",) * 4,
    up_block_types=("UpDecoderBlock2D",) * 4,
)
CLIP = dict(
    vocab_size=49408,
    hidden_size=768,
    intermediate_size=3072,
    num_hidden_layers=12,
    num_attention_heads=12,
    projection_dim=768,
    pad_token_id=1,
    bos_token_id=49406,
    eos_token_id=49407,
)
SCHEDULER = {
    "_class_name": "PNDMScheduler",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "clip_sample": False,
}
FAMILIES = {
    "sd15": {},
    "sd21": {
        "unet": dict(
            sample_size=96,
            attention_head_dim=(5, 10, 20, 20),
            cross_attention_dim=1024,
            use_linear_projection=True,
        ),
        "vae": dict(sample_size=768),
        "text": dict(
            hidden_size=1024,
            intermediate_size=4096,
            num_hidden_layers=23,
            num_attention_heads=16,
            projection_dim=512,
            hidden_act="gelu",
        ),
        "scheduler": {"_class_name": "DDIMScheduler", "prediction_type": "v_prediction"},
    },
    "sdxl": {
        "unet": dict(
            sample_size=128,
            block_out_channels=(320, 640, 1280),
            attention_head_dim=(5, 10, 20),
            transformer_layers_per_block=(1, 2, 10),
            cross_attention_dim=2048,
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=2816,
            down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * 2,
            up_block_types=("CrossAttnUpBlock2D",) * 2 + ("UpBlock2D",),
        ),
        "vae": dict(sample_size=1024, scaling_factor=0.13025),
        "text_2": dict(
            hidden_size=1280,
            intermediate_size=5120,
            num_hidden_layers=32,
            num_attention_heads=20,
            projection_dim=1280,
            hidden_act="gelu",
        ),
        "scheduler": xl.SCHEDULER,
    },
}


def networks(plan: dict) -> dict:
    """What makes each network; one is in memory at a time."""
    text = CLIPTextConfig(**CLIP | plan.get("text", {}))
    made = {
        "unet": lambda: UNet2DConditionModel(**UNET | plan.get("unet", {})),
        "vae": lambda: AutoencoderKL(**VAE | plan.get("vae", {})),
        "text_encoder": lambda: CLIPTextModel(text),
    }
    if "text_2" in plan:
        second = CLIPTextConfig(**CLIP | plan["text_2"])
        made["text_encoder_2"] = lambda: CLIPTextModelWithProjection(second)
    return made


def model_index(family: str, scheduler: dict) -> dict:
    if family == "sdxl":
        return xl.model_index({"scheduler": scheduler})
    return {
        "_class_name": "StableDiffusionPipeline",
        "scheduler": ["diffusers", scheduler["_class_name"]],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "safety_checker": [None, None],
        "feature_extractor": [None, None],
    }


def write_tokenizer(folder: pathlib.Path, encoder: str, source: pathlib.Path) -> None:
    tokenizer = folder / encoder.replace("text_encoder", "tokenizer")
    shutil.copytree(source, tokenizer, dirs_exist_ok=True)
    configuration = json.loads((folder / encoder / "config.json").read_text())
    if configuration["hidden_act"] == "gelu":  # OpenCLIP pads with "!"
        for name in ("tokenizer_config.json", "special_tokens_map.json"):
            said = json.loads((source / name).read_text()) if (source / name).exists() else {}
            (tokenizer / name).write_text(json.dumps({**said, "pad_token": "!"}))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--family", choices=FAMILIES, default="sd15")
    parser.add_argument("--tokenizer", type=pathlib.Path, help="folder of CLIP's vocabulary")
    parser.add_argument("--single-file", type=pathlib.Path, metavar="FILE")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float16)
    folder, plan = arguments.folder, FAMILIES[arguments.family]
    scheduler = SCHEDULER | plan.get("scheduler", {})
    for name, make in networks(plan).items():
        make().half().save_pretrained(folder / name)
    (folder / "scheduler").mkdir(exist_ok=True)
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(scheduler))
    (folder / "model_index.json").write_text(json.dumps(model_index(arguments.family, scheduler)))
    if arguments.tokenizer:
        for encoder in [name for name in networks(plan) if name.startswith("text_encoder")]:
            write_tokenizer(folder, encoder, arguments.tokenizer)
    if arguments.single_file:
        if arguments.family == "sdxl":
            xl.write_single(folder, arguments.single_file)
        else:  # no shape tells what is predicted
            is_velocity = scheduler.get("prediction_type") == "v_prediction"
            said = {"modelspec.prediction_type": "v"} if is_velocity else None
            ldm.write(folder, arguments.single_file, said)


if __name__ == "__main__":
    main()
