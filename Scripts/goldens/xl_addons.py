"""What is added to Stable Diffusion XL: LoRAs, embeddings, clip skip, weighted prompts; strength 0.9999.

All of it on tiny-xl, whose text encoders have two layers; for clip skip they have these layers twice.
"""

import pathlib
import shutil
import tempfile

import diffusers
import torch
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from goldens import addons, pictures, xl
from goldens.storing import save_json, save_picture, save_tensors

MODEL = "tiny-xl"
PROMPT = addons.PROMPT
NEGATIVE = "blurry, low quality"


def pipeline_of(folder: pathlib.Path):
    pipeline = diffusers.StableDiffusionXLPipeline.from_pretrained(
        folder, torch_dtype=torch.float32
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = diffusers.DDIMScheduler.from_config(pipeline.scheduler.config)
    return pipeline


def picture(pipeline, **given):
    answer = pipeline(
        num_inference_steps=6,
        guidance_scale=5.0,
        generator=torch.Generator("cpu").manual_seed(7),
        output_type="np",
        width=64,
        height=48,
        **given,
    )
    return (answer.images[0] * 255).round().astype("uint8")


# Kohya's scripts give XL's layers the names of the original repository.
ORIGINAL = {
    "down_blocks_1_attentions_0": "input_blocks_3_1",
    "mid_block_attentions_0": "middle_block_1",
    "up_blocks_0_attentions_1": "output_blocks_1_1",
}


CASES = [
    {"name": "none", "loras": []},
    {"name": "kohya", "loras": [["kohya", 1.0]]},
    {"name": "peft", "loras": [["peft", 0.7]]},
    {"name": "both", "loras": [["kohya", 0.6], ["peft", -0.5]]},
]


def record_loras(folder: pathlib.Path, place: pathlib.Path) -> None:
    pipeline = pipeline_of(folder)
    unet, first, second = pipeline.unet, pipeline.text_encoder, pipeline.text_encoder_2
    plans = [
        ("lora_unet_", unet, addons.UNET),
        ("lora_te1_text_model_", first, addons.TEXTS),
        ("lora_te2_text_model_", second, addons.TEXTS),
    ]
    addons.kohya(place, plans, 401, 0.3)
    plans = [
        ("unet.", unet, r"attn2\.to_[qk]|resnets\.0\.conv1$|time_emb_proj"),
        ("text_encoder.text_model.", first, r"self_attn\.(q|v)_proj"),
        ("text_encoder_2.text_model.", second, r"self_attn\.(k|out)_proj"),
    ]
    addons.peft(place, plans, 402, 0.3)
    addons.original(place, ORIGINAL)
    for case in CASES:
        pipeline = pipeline_of(folder)
        addons.put_in(pipeline, case["loras"], place)
        pixels = picture(pipeline, prompt=PROMPT, negative_prompt=NEGATIVE)
        save_picture(place / f"{case['name']}.png", pixels)
    save_json(place / "pictures.json", CASES)


def record_embeddings(folder: pathlib.Path, place: pathlib.Path) -> None:
    """Two vectors for each encoder.

    The whole text is embedded at its end mark. transformers looks for that by its number only where the
    configuration names it; else it takes the largest number of all, which a new word's would be.
    """
    torch.manual_seed(403)
    vectors = {"clip_l": torch.randn(2, 32), "clip_g": torch.randn(2, 32)}
    save_tensors(place / "twovectors.safetensors", vectors)
    pipeline = pipeline_of(folder)
    end = pipeline.tokenizer_2.eos_token_id
    for network in (pipeline.text_encoder_2, getattr(pipeline.text_encoder_2, "text_model", None)):
        if network is not None:
            network.config.eos_token_id = end
            network.eos_token_id = end
    for name, part in (("clip_l", ""), ("clip_g", "_2")):
        pipeline.load_textual_inversion(
            {"twovectors": vectors[name]},
            token="twovectors",
            text_encoder=getattr(pipeline, f"text_encoder{part}"),
            tokenizer=getattr(pipeline, f"tokenizer{part}"),
        )
    pixels = picture(pipeline, prompt="a cat in twovectors on a table", negative_prompt=NEGATIVE)
    save_picture(place / "embeddings.png", pixels)


def record_clip_skip(folder: pathlib.Path, place: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        deeper = pathlib.Path(temporary) / "deeper"
        shutil.copytree(folder, deeper)
        for part in ("text_encoder", "text_encoder_2"):
            weights = load_file(deeper / part / "model.safetensors")
            for name in list(weights):
                for layer in (0, 1):
                    if f".layers.{layer}." in name:
                        again = name.replace(f".layers.{layer}.", f".layers.{layer + 2}.")
                        weights[again] = weights[name].clone()
            save_tensors(deeper / part / "model.safetensors", weights)
            configuration = (deeper / part / "config.json").read_text()
            changed = configuration.replace('"num_hidden_layers": 2', '"num_hidden_layers": 4')
            assert changed != configuration
            (deeper / part / "config.json").write_text(changed)
        pipeline = pipeline_of(deeper)
        for skip in (None, 1, 2):
            pixels = picture(
                pipeline, prompt=PROMPT, negative_prompt=NEGATIVE, clip_skip=skip
            )
            save_picture(place / f"deeper-skip{skip or 0}.png", pixels)


def encoded(folder: pathlib.Path, text: str) -> tuple[torch.Tensor, torch.Tensor]:
    """A1111's rules for each encoder by itself; the whole is the first chunk's, without weights."""
    states, pooled = [], None
    for part, kind in (("", CLIPTextModel), ("_2", CLIPTextModelWithProjection)):
        tokenizer = CLIPTokenizer.from_pretrained(folder / f"tokenizer{part}")
        encoder = kind.from_pretrained(folder / f"text_encoder{part}", dtype=torch.float32)
        chunks = []
        for ids, weights in addons.chunked(tokenizer, text):
            ids = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]
            end = ids.index(tokenizer.eos_token_id)
            ids = ids[: end + 1] + [tokenizer.pad_token_id] * (len(ids) - end - 1)
            answer = encoder(torch.tensor([ids]), output_hidden_states=True)
            plain = answer.hidden_states[-2]
            if part and pooled is None:
                pooled = answer.text_embeds
            scaled = plain * torch.tensor([1.0, *weights, 1.0])[None, :, None]
            chunks.append(scaled * (plain.mean() / scaled.mean()))
        states.append(torch.cat(chunks, dim=1))
    return torch.cat(states, dim=-1), pooled


WEIGHTED = "a (red:1.3) cat BREAK on a ((blue)) [table]"


def record_prompts(folder: pathlib.Path, place: pathlib.Path) -> None:
    """With a negative prompt of one chunk, and with none, which diffusers makes zeros all through."""
    pipeline = pipeline_of(folder)
    states, pooled = encoded(folder, WEIGHTED)
    negative, negative_pooled = encoded(folder, "(blurry:1.4), low quality")
    empty, _ = encoded(folder, "")
    pixels = picture(
        pipeline,
        prompt_embeds=states,
        pooled_prompt_embeds=pooled,
        negative_prompt_embeds=torch.cat([negative, empty], dim=1),
        negative_pooled_prompt_embeds=negative_pooled,
    )
    save_picture(place / "weighted.png", pixels)
    pixels = picture(pipeline, prompt_embeds=states, pooled_prompt_embeds=pooled)
    save_picture(place / "weighted-zeroed.png", pixels)


def record_strength(root: pathlib.Path, place: pathlib.Path) -> None:
    """The inpainting pipeline's own strength, and 1."""
    manifest = []
    for strength in (0.9999, 1.0):
        case = pictures.inpaint(
            model=MODEL, guidance_scale=5.0, seed=60, steps=8, strength=strength,
            scheduler="EulerDiscreteScheduler",
        )
        case = {"name": pictures.name(case), **case}
        source = {**case, **{key: f"../{case[key]}" for key in ("input", "mask")}}
        pixels, _, facts = pictures.run(root / "families", source, xl.PIPELINES)
        save_picture(place / f"{case['name']}.png", pixels)
        manifest.append({**case, "result": f"addons/xl/{case['name']}.png", **facts})
    save_json(place / "strength.json", manifest)


def record(root: pathlib.Path) -> None:
    diffusers.utils.logging.set_verbosity_error()
    folder = root / "families" / "models" / MODEL
    place = root / "addons" / "xl"
    shutil.rmtree(place, ignore_errors=True)
    record_loras(folder, place)
    record_embeddings(folder, place)
    record_clip_skip(folder, place)
    record_prompts(folder, place)
    record_strength(root, place)
