"""One golden per stage: token ids, text embeddings, the VAE both ways, single UNet calls.

Tensors lie as torch has them: [N, C, H, W], [N, S, C].
"""

import pathlib

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from goldens.models import MODELS, smooth_noise
from goldens.storing import save_json, save_tensors

PROMPTS = {
    "empty": "",
    "plain": "a red cat on a blue table",
    "capitals": "A Watercolour PAINTING of The Harbour, Early Morning",
    "contractions": "it's the king's hat; we're sure they've seen it, "
    "i'm not, she'll go, he'd stay, don't",
    "upper contractions": "IT'S WE'RE THEY'VE I'M SHE'LL HE'D DON'T",
    "quote before letter": "rock 'n' roll, the '80s, 'tis, 'street', o'''s and ''ll",
    "digits": "1234 apples, 3.14 pears, 10x zoom, no. 007, x2y3",
    "punctuation": "wow!!! (really?) -- [yes]; {a:1.2}, <b> & #c @d *e* "
    "~f~ `g` ^h^ |i| \\j/ k=l+m $5 100%",
    "spaces": "  many   spaces\tand tabs\nand\r\nlines  ",
    "unusual spaces": "no\u00a0break, thin\u2009space, ideographic\u3000space, "
    "zero\u200bwidth, line\u2028separator",
    "accents": "café crème brûlée, naïve Señor Ångström, Łódź, Ærø, straße",
    "combining marks": "cafe\u0301 cre\u0300me, A\u030angstro\u0308m, n\u0303o, a\u0327\u0308b",
    "hangul by parts": "\u1112\u1161\u11ab\u1100\u1173\u11af 한글",
    "upper case beyond ASCII": "ÉCOLE ÑANDÚ ΟΔΥΣΣΕΎΣ МОСКВА İSTANBUL GROẞ Ǆ",
    "cyrillic": "Рыжая кошка на синем столе",
    "greek": "κόκκινη γάτα, Σίσυφος",
    "chinese": "桌子上的红猫，水彩画。",
    "japanese": "青いテーブルの上の赤い猫ｶﾞ",
    "arabic and hebrew": "قطة حمراء على طاولة זרقاء חתול אדום",
    "devanagari": "नीली मेज़ पर लाल बिल्ली",
    "emoji": "a 🐈 on a 🎨, 👩‍👩‍👧‍👦 and 🇫🇷 with 👍🏽 ❤️",
    "symbols and numbers": "½ cup, x², №5, Ⅷ, ①, €20, 20°C, ™, ±1 µm, ﬁne ǆ",
    "typographic marks": "“quoted” ‘single’ – en — em … don’t",
    "control characters": "a\u0000b\u0007c\u007fd\ufeffe\ufffdf",
    "beyond the basic plane": "𝔉𝔯𝔞𝔨𝔱𝔲𝔯 𝟜𝟚 𐍈 𠀋",
    "end marker inside": "a cat<|endoftext|> a dog <|startoftext|>fox",
    "end marker in capitals": "a cat <|ENDOFTEXT|> a dog",
    "long word": "pneumonoultramicroscopicsilicovolcanoconiosis" * 3,
    "exactly full": " ".join(["cat"] * 75),
    "one too many": " ".join(["cat"] * 76),
    "far too long": "a detailed painting of the old castle, a river and a bridge at night, " * 12,
    "cut inside a word": " ".join(["cat"] * 74) + " pneumonoultramicroscopic",
    "weights and brackets": "a (red:1.3) cat, [blue] table, ((detailed)), AND NOT blurry",
}

TEXTS = ["plain", "empty", "emoji", "far too long"]

# (height, width) of the latents; the odd ones cannot be halved evenly.
SIZES = [(8, 8), (6, 10), (9, 7), (7, 12), (5, 3)]
TIMESTEPS = [0.0, 1.0, 20.5, 499.25, 999.0]


def record_tokens(folder: pathlib.Path, clip_tokenizer: str | None) -> None:
    """clip_tokenizer: a folder with the published CLIP vocabulary; without it its ids stay."""
    single = next(name for name, plan in MODELS.items() if plan["tokenizer"] == "single")
    files = next(name for name, plan in MODELS.items() if plan["tokenizer"] == "files")
    tokenizers = {
        name: CLIPTokenizer.from_pretrained(folder / "models" / name / "tokenizer")
        for name in (files, single)
    }
    if clip_tokenizer:
        tokenizers["clip"] = CLIPTokenizer.from_pretrained(clip_tokenizer)
    for name, tokenizer in tokenizers.items():
        recorded = [
            {
                "case": case,
                "prompt": prompt,
                "ids": padded_ids(tokenizer, prompt),
                "whole": len(tokenizer(prompt).input_ids),
            }
            for case, prompt in PROMPTS.items()
        ]
        save_json(folder / "tokens" / f"{name}.json", {"tokenizer": name, "cases": recorded})


def padded_ids(tokenizer: CLIPTokenizer, prompt: str) -> list[int]:
    """As the diffusers pipelines ask for them."""
    return tokenizer(
        prompt, padding="max_length", max_length=tokenizer.model_max_length, truncation=True
    ).input_ids


def record_text_embeddings(folder: pathlib.Path) -> None:
    tensors, manifest = {}, {}
    for name in MODELS:
        model = folder / "models" / name
        tokenizer = CLIPTokenizer.from_pretrained(model / "tokenizer")
        encoder = CLIPTextModel.from_pretrained(model / "text_encoder", dtype=torch.float32)
        ids = torch.tensor([padded_ids(tokenizer, PROMPTS[text]) for text in TEXTS])
        answer = encoder(ids, output_hidden_states=True)
        tensors[f"{name}.last"] = answer.last_hidden_state
        tensors[f"{name}.penultimate"] = answer.hidden_states[-2][:1]
        tensors[f"{name}.pooled"] = answer.pooler_output
        manifest[name] = {"prompts": [PROMPTS[text] for text in TEXTS], "ids": ids.tolist()}
    save_tensors(folder / "text-encoder.safetensors", tensors)
    save_json(folder / "text-encoder.json", manifest)


def record_vae(folder: pathlib.Path) -> None:
    torch.manual_seed(201)
    tensors = {}
    for name in MODELS:
        vae = AutoencoderKL.from_pretrained(
            folder / "models" / name / "vae", torch_dtype=torch.float32
        )
        for height, width in ((32, 32), (24, 40)):
            case = f"{name}.{height}x{width}"
            pixels = smooth_noise((1, 3, height, width), cell=6).mul(0.5).clamp(-1, 1)
            moments = vae.encode(pixels).latent_dist
            tensors[f"{case}.pixels"] = pixels
            tensors[f"{case}.mean"] = moments.mean
            tensors[f"{case}.logvar"] = moments.logvar
            tensors[f"{case}.decoded"] = vae.decode(moments.mean).sample
    save_tensors(folder / "vae.safetensors", tensors)


def record_unet(folder: pathlib.Path) -> None:
    torch.manual_seed(202)
    tensors, cases = {}, []
    for name in MODELS:
        unet = UNet2DConditionModel.from_pretrained(
            folder / "models" / name / "unet", torch_dtype=torch.float32
        )
        for place, (size, timestep) in enumerate(zip(SIZES, TIMESTEPS)):
            count = 2 if place % 2 else 1
            case = f"{name}.{place}"
            tensors[f"{case}.sample"] = torch.randn(count, 4, *size)
            tensors[f"{case}.context"] = torch.randn(
                count, 11 if place else 77, unet.config.cross_attention_dim
            )
            answer = unet(
                tensors[f"{case}.sample"], torch.tensor(timestep), tensors[f"{case}.context"]
            )
            tensors[f"{case}.answer"] = answer.sample
            cases.append({"name": case, "model": name, "timestep": timestep})
    save_tensors(folder / "unet.safetensors", tensors)
    save_json(folder / "unet.json", cases)
