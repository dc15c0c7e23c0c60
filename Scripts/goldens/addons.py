"""What is added to a model: LoRAs, textual inversion embeddings, clip skip, weighted prompts, TAESD."""

import pathlib
import re
import types

import diffusers
import torch
from diffusers import AutoencoderTiny
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTokenizer

from goldens import pictures
from goldens.models import smooth_noise
from goldens.storing import save_json, save_picture, save_tensors

MODEL = "tiny-f32"
LINEAR = (torch.nn.Linear, torch.nn.Conv2d)
UNET = r"attn\d\.to_|ff\.net|proj_(in|out)$"
TEXTS = r"layers\.\d+\.(self_attn|mlp)\."


def layers(network: torch.nn.Module, wanted: str) -> dict[str, torch.nn.Module]:
    return {
        name: layer
        for name, layer in network.named_modules()
        if isinstance(layer, LINEAR) and re.search(wanted, name)
    }


def pair(layer: torch.nn.Module, rank: int, size: float) -> tuple[torch.Tensor, torch.Tensor]:
    """down and up whose product is `size` of a weight of the layer."""
    weight = layer.weight
    down = torch.randn(rank, *weight.shape[1:]) / weight[0].numel() ** 0.5
    up = torch.randn(weight.shape[0], rank, *([1] * (weight.ndim - 2))) * size / rank**0.5
    return down, up


def kohya(folder: pathlib.Path, plans: list[tuple], seed: int, size: float) -> None:
    """Layers of each (prefix, network, pattern of their names) with alphas; kohya's names."""
    torch.manual_seed(seed)
    tensors = {}
    for prefix, network, wanted in plans:
        for name, layer in layers(network, wanted).items():
            name = prefix + name.removeprefix("text_model.").replace(".", "_")
            down, up = pair(layer, 2, size)
            tensors[name + ".lora_down.weight"], tensors[name + ".lora_up.weight"] = down, up
            tensors[name + ".alpha"] = torch.tensor(1.5)
    save_tensors(folder / "kohya.safetensors", half(tensors))


def peft(folder: pathlib.Path, plans: list[tuple], seed: int, size: float) -> None:
    """The same with PEFT's names, without alphas."""
    torch.manual_seed(seed)
    tensors = {}
    for prefix, network, wanted in plans:
        for name, layer in layers(network, wanted).items():
            name = prefix + name.removeprefix("text_model.")
            tensors[name + ".lora_A.weight"], tensors[name + ".lora_B.weight"] = pair(layer, 3, size)
    save_tensors(folder / "peft.safetensors", half(tensors))


ORIGINAL = {
    "down_blocks_0_attentions_0": "input_blocks_1_1",
    "mid_block_attentions_0": "middle_block_1",
    "up_blocks_1_attentions_1": "output_blocks_3_1",
}


def original(folder: pathlib.Path, renamed: dict[str, str] = ORIGINAL) -> None:
    """Some of kohya's layers again, under the names of the original repository."""
    tensors = {}
    for name, tensor in load_file(folder / "kohya.safetensors").items():
        for here, there in renamed.items():
            if here in name:
                tensors[name.replace(here, there)] = tensor
    save_tensors(folder / "original.safetensors", tensors)


def half(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.half() for name, tensor in tensors.items()}


def lora_cases() -> list[dict]:
    return [
        {"name": "kohya", "loras": [["kohya", 1.0]], "skip": None},
        {"name": "peft", "loras": [["peft", 0.7]], "skip": None},
        {"name": "both", "loras": [["kohya", 0.6], ["peft", -0.5]], "skip": None},
        {"name": "clip-skip", "loras": [], "skip": 1},
        {"name": "none", "loras": [], "skip": None},
    ]


def pipeline_of(root: pathlib.Path):
    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(
        root / "models" / MODEL, torch_dtype=torch.float32, safety_checker=None
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = diffusers.DDIMScheduler.from_config(pipeline.scheduler.config)
    return pipeline


def picture(pipeline, prompt: str, skip: int | None = None):
    answer = pipeline(
        prompt=prompt,
        negative_prompt="blurry, low quality",
        num_inference_steps=6,
        guidance_scale=7.5,
        generator=torch.Generator("cpu").manual_seed(7),
        output_type="np",
        width=64,
        height=48,
        clip_skip=skip,
    )
    return (answer.images[0] * 255).round().astype("uint8")


PROMPT = "a red cat on a blue table"


def put_in(pipeline, loras: list, place: pathlib.Path) -> None:
    """LoRAs by name and weight."""
    for name, _ in loras:
        pipeline.load_lora_weights(str(place / f"{name}.safetensors"), adapter_name=name)
    if loras:
        names, weights = zip(*loras)
        pipeline.set_adapters(list(names), list(weights))


def record_loras(root: pathlib.Path, place: pathlib.Path) -> None:
    pipeline = pipeline_of(root)
    unet, text = pipeline.unet, pipeline.text_encoder
    kohya(place, [("lora_unet_", unet, UNET), ("lora_te_text_model_", text, TEXTS)], 301, 0.4)
    # Convolutions of 1x1 and 3x3, too.
    some = r"attn2\.to_[qk]|resnets\.0\.conv\d$|conv_shortcut|time_emb_proj"
    text_plan = ("text_encoder.text_model.", text, r"self_attn\.(q|v)_proj")
    peft(place, [("unet.", unet, some), text_plan], 302, 0.4)
    original(place)
    for case in lora_cases():
        pipeline = pipeline_of(root)
        put_in(pipeline, case["loras"], place)
        encoder = pipeline.text_encoder
        if case["skip"] and not hasattr(encoder, "text_model"):
            # diffusers looks for the last normalization where transformers 4 had it.
            former = types.SimpleNamespace(final_layer_norm=encoder.final_layer_norm)
            object.__setattr__(encoder, "text_model", former)
        save_picture(place / f"{case['name']}.png", picture(pipeline, PROMPT, case["skip"]))
    save_json(place / "pictures.json", lora_cases())


def record_embeddings(root: pathlib.Path, place: pathlib.Path) -> None:
    """One vector under its token's name as diffusers writes it, three under `emb_params` as A1111."""
    torch.manual_seed(303)
    save_tensors(place / "mystyle.safetensors", {"<my-style>": torch.randn(32)})
    vectors = torch.randn(3, 32)
    save_tensors(place / "manyvectors.safetensors", {"emb_params": vectors})
    pipeline = pipeline_of(root)
    pipeline.load_textual_inversion(place / "mystyle.safetensors")
    pipeline.load_textual_inversion(place / "manyvectors.safetensors", token="manyvectors")
    prompt = "a cat in <my-style>, manyvectors on a table"
    save_picture(place / "embeddings.png", picture(pipeline, prompt))


TINY = {
    "encoder_block_out_channels": (8, 8, 8, 8),
    "decoder_block_out_channels": (8, 8, 8, 8),
    "num_encoder_blocks": (1, 1, 1, 1),
    "num_decoder_blocks": (1, 1, 1, 1),
}


def record_tiny(root: pathlib.Path, place: pathlib.Path) -> None:
    """An AutoencoderTiny as a folder, and as the two files of the original repository."""
    torch.manual_seed(304)
    vae = AutoencoderTiny(**TINY).eval()
    for parameter in vae.parameters():
        if parameter.ndim == 4:
            torch.nn.init.normal_(parameter, std=1.1 / parameter[0].numel() ** 0.5)
        else:
            torch.nn.init.normal_(parameter, std=0.1)
    images = smooth_noise((4, 3, 64, 64), 8).clamp(-1, 1)
    last = vae.encoder.layers[-1]
    scale = 1 / vae.encode(images).latents.std()
    last.weight.data *= scale
    last.bias.data *= scale
    last = vae.decoder.layers[-1]
    last.weight.data *= 0.3 / (vae.decode(smooth_noise((4, 4, 8, 8), 2)).sample / 2).std()
    last.bias.data += 0.5
    for parameter in vae.parameters():
        parameter.data = parameter.half().float()
    weights = half(vae.state_dict())
    save_tensors(place / "taesd" / "diffusion_pytorch_model.safetensors", weights)
    configuration = {k: v for k, v in vae.config.items() if not k.startswith("_")}
    save_json(place / "taesd" / "config.json", {"_class_name": "AutoencoderTiny", **configuration})
    for side, shift in (("encoder", 0), ("decoder", 1)):
        tensors = {}
        for name, tensor in weights.items():
            if name.startswith(side):
                index, rest = name.removeprefix(side + ".layers.").split(".", 1)
                tensors[f"{int(index) + shift}.{rest}"] = tensor
        save_tensors(place / f"taesd_{side}.safetensors", tensors)
    torch.manual_seed(305)
    pixels, latents = smooth_noise((1, 3, 48, 64), 8).clamp(-1, 1), torch.randn(1, 4, 6, 8) * 1.5
    stages = {
        "pixels": pixels,
        "latents": latents,
        "encoded": vae.encode(pixels).latents,
        "decoded": vae.decode(latents).sample,
    }
    save_tensors(place / "taesd-stages.safetensors", stages)
    case = pictures.image(seed=51, strength=0.6, steps=8, model=MODEL)
    pipeline = diffusers.StableDiffusionImg2ImgPipeline.from_pretrained(
        root / "models" / MODEL, torch_dtype=torch.float32, safety_checker=None, vae=vae
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = diffusers.DDIMScheduler.from_config(pipeline.scheduler.config)
    answer = pipeline(
        prompt=PROMPT,
        negative_prompt="blurry, low quality",
        num_inference_steps=8,
        guidance_scale=7.5,
        generator=torch.Generator("cpu").manual_seed(51),
        output_type="np",
        **pictures.pictured(root, case),
    )
    save_picture(place / "taesd.png", (answer.images[0] * 255).round().astype("uint8"))


# The rules of AUTOMATIC1111's prompts, put down anew from their description.
ATTENTION = re.compile(
    r"\\\(|\\\)|\\\[|\\]|\\\\|\\|\(|\[|:\s*([+-]?[.\d]+)\s*\)|\)|]|[^\\()\[\]:]+|:"
)


def weighted_parts(text: str) -> list[list]:
    parts, round_open, square_open = [], [], []

    def multiply(start: int, factor: float) -> None:
        for part in parts[start:]:
            part[1] *= factor

    for match in ATTENTION.finditer(text):
        piece, weight = match[0], match[1]
        if piece[0] == "\\":
            parts.append([piece[1:], 1.0])
        elif piece == "(":
            round_open.append(len(parts))
        elif piece == "[":
            square_open.append(len(parts))
        elif weight is not None and round_open:
            multiply(round_open.pop(), float(weight))
        elif piece == ")" and round_open:
            multiply(round_open.pop(), 1.1)
        elif piece == "]" and square_open:
            multiply(square_open.pop(), 1 / 1.1)
        else:
            for place, sub in enumerate(re.split(r"\s*\bBREAK\b\s*", piece)):
                if place > 0:
                    parts.append(["BREAK", -1])
                parts.append([sub, 1.0])
    for start in round_open:
        multiply(start, 1.1)
    for start in square_open:
        multiply(start, 1 / 1.1)
    parts = parts or [["", 1.0]]
    merged = parts[:1]
    for part in parts[1:]:
        if part[1] == merged[-1][1]:
            merged[-1][0] += part[0]
        else:
            merged.append(part)
    return merged


def chunked(tokenizer, text: str) -> list[tuple[list[int], list[float]]]:
    """Chunks of 75 tokens; one that is full gives up to 20 tokens after its last comma to the next."""
    comma = tokenizer.convert_tokens_to_ids(",</w>")
    chunks, ids, weights, last_comma = [], [], [], -1

    def close(kept: int | None = None) -> None:
        nonlocal ids, weights, last_comma
        kept = len(ids) if kept is None else kept
        padding = 75 - kept
        chunks.append((ids[:kept] + [tokenizer.eos_token_id] * padding, weights[:kept] + [1.0] * padding))
        ids, weights, last_comma = ids[kept:], weights[kept:], -1

    for part, weight in weighted_parts(text):
        if part == "BREAK" and weight == -1:
            close()
            continue
        for token in tokenizer(part, add_special_tokens=False).input_ids:
            if token == comma:
                last_comma = len(ids)
            elif len(ids) == 75 and last_comma != -1 and len(ids) - last_comma <= 20:
                close(last_comma + 1)
            if len(ids) == 75:
                close()
            ids.append(token)
            weights.append(weight)
    if ids or not chunks:
        close()
    return chunks


def encoded(tokenizer, encoder, text: str) -> torch.Tensor:
    """Every chunk by itself: hidden states times weights, then the mean of the whole restored."""
    states = []
    for ids, weights in chunked(tokenizer, text):
        ids = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]
        plain = encoder(torch.tensor([ids])).last_hidden_state
        scaled = plain * torch.tensor([1.0, *weights, 1.0])[None, :, None]
        states.append(scaled * (plain.mean() / scaled.mean()))
    return torch.cat(states, dim=1)


WEIGHTED = [
    "a red cat",
    "a (red:1.3) cat on a ((blue)) [table]",
    "a \\(red\\) (cat (on a:1.2) blue) table:0.5",
    "(a cat:0.8), [a [blue] table",
    "a red cat BREAK on a blue table",
    "(unclosed ((cat) and ) a table]",
    ", ".join(["a red cat on a blue table in the evening light"] * 9),
    " ".join(["cat"] * 160),
    "",
    "(a cat: 1.5 ) and ((house:0.7) tree) :1.2)",
]


def record_prompts(root: pathlib.Path, place: pathlib.Path) -> None:
    model = root / "models" / MODEL
    tokenizer = CLIPTokenizer.from_pretrained(model / "tokenizer")
    encoder = CLIPTextModel.from_pretrained(model / "text_encoder", dtype=torch.float32)
    tensors, listed = {}, []
    for place_, prompt in enumerate(WEIGHTED):
        chunks = chunked(tokenizer, prompt)
        if len(prompt) < 100:
            tensors[f"{place_}"] = encoded(tokenizer, encoder, prompt)
        listed.append(
            {
                "prompt": prompt,
                "parts": [{"text": text, "weight": weight} for text, weight in weighted_parts(prompt)],
                "ids": [ids for ids, _ in chunks],
            }
        )
    save_tensors(place / "weighted.safetensors", tensors)
    save_json(place / "weighted.json", listed)
    pipeline = pipeline_of(root)
    positive = encoded(tokenizer, encoder, WEIGHTED[4])
    negative = encoded(tokenizer, encoder, "(blurry:1.4), low quality")
    empty = encoded(tokenizer, encoder, "")
    negative = torch.cat([negative, empty], dim=1)
    answer = pipeline(
        prompt_embeds=positive,
        negative_prompt_embeds=negative,
        num_inference_steps=6,
        guidance_scale=7.5,
        generator=torch.Generator("cpu").manual_seed(7),
        output_type="np",
        width=64,
        height=48,
    )
    save_picture(place / "weighted.png", (answer.images[0] * 255).round().astype("uint8"))


def record(root: pathlib.Path) -> None:
    diffusers.utils.logging.set_verbosity_error()
    place = root / "addons"
    record_loras(root, place)
    record_embeddings(root, place)
    record_tiny(root, place)
    record_prompts(root, place)
