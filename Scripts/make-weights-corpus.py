#!/usr/bin/env python3
"""Writes Fixtures/Weights: add-ons of every layout that people bring, for the small
models of Fixtures/Parity.

Run from the repository root with numpy at hand; the same bytes come out each time. Each folder's
cases.json says what a file must come to: "same" as another file, an error that holds some words, or
remarks that do.
"""

import json
import pathlib
import struct

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "Fixtures" / "Weights"
NAMES = {np.float32: "F32", np.float16: "F16", np.float64: "F64", np.int64: "I64", np.int32: "I32",
         np.int8: "I8", np.uint8: "U8", np.int16: "I16", np.bool_: "BOOL", np.uint16: "BF16"}


def write(path: pathlib.Path, tensors: dict[str, np.ndarray], metadata: dict[str, str] | None = None):
    path.parent.mkdir(parents=True, exist_ok=True)
    header, body = {"__metadata__": metadata} if metadata else {}, b""
    for name, tensor in tensors.items():
        data = np.ascontiguousarray(tensor).tobytes()
        header[name] = {"dtype": NAMES[tensor.dtype.type], "shape": list(tensor.shape),
                        "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def read(path: pathlib.Path) -> dict[str, np.ndarray]:
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    types = {word: kind for kind, word in NAMES.items()}
    return {
        name: np.frombuffer(data[8 + size:][slice(*entry["data_offsets"])],
                            types[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in json.loads(data[8:8 + size]).items() if name != "__metadata__"
    }


def numbers(seed: int, *shape: int) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(shape) * 0.2).astype(np.float32)


# Layers of tiny-f16 as diffusers, the original repository and ComfyUI call them: out, in.
UNET = [
    ("down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q",
     "input_blocks.1.1.transformer_blocks.0.attn1.to_q", 8, 8),
    ("down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_v",
     "input_blocks.1.1.transformer_blocks.0.attn2.to_v", 8, 32),
    ("mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0",
     "middle_block.1.transformer_blocks.0.attn1.to_out.0", 16, 16),
]
TEXT = [("encoder.layers.0.self_attn.q_proj", 32, 32), ("encoder.layers.1.mlp.fc1", 64, 32)]
RANK = 2


def pair(index: int, out: int, inner: int) -> tuple[np.ndarray, np.ndarray]:
    return numbers(2 * index, RANK, inner), numbers(2 * index + 1, out, RANK)


def flat(name: str) -> str:
    return name.replace(".", "_")


def kohya(alpha=np.array(2, np.float32), text: bool = True) -> dict[str, np.ndarray]:
    tensors = {}
    names = ["lora_unet_" + flat(layer) for layer, _, _, _ in UNET]
    sizes = [(out, inner) for _, _, out, inner in UNET]
    if text:
        names += ["lora_te_text_model_" + flat(layer) for layer, _, _ in TEXT]
        sizes += [(out, inner) for _, out, inner in TEXT]
    for index, (name, (out, inner)) in enumerate(zip(names, sizes)):
        down, up = pair(index, out, inner)
        tensors[name + ".lora_down.weight"] = down
        tensors[name + ".lora_up.weight"] = up
        if alpha is not None:
            tensors[name + ".alpha"] = alpha
    return tensors


def named(unet: str, text: str, down: str, up: str, original: bool = False) -> dict[str, np.ndarray]:
    """The same LoRA by other names, without alphas."""
    layers = [(unet + (old if original else new), out, inner) for new, old, out, inner in UNET]
    layers += [(text + "text_model." + name, out, inner) for name, out, inner in TEXT]
    tensors = {}
    for index, (name, out, inner) in enumerate(layers):
        low, high = pair(index, out, inner)
        tensors[name + down], tensors[name + up] = low, high
    return tensors


def loras():
    cases = {}

    def case(name: str, tensors: dict, metadata=None, **expected):
        write(OUT / "LoRA" / f"{name}.safetensors", tensors, metadata)
        cases[name] = expected

    reference = kohya()
    case("reference", reference)
    same = {"same": "reference"}
    case("no-alpha", kohya(None), **same)
    case("alpha-int64", kohya(np.array(2, np.int64)), **same)
    case("alpha-int32-of-one-dimension", kohya(np.array([2], np.int32)), **same)
    case("alpha-f64", kohya(np.array(2, np.float64)), **same)
    case("alpha-bf16", kohya(np.array(0x4000, np.uint16)), **same)
    ab = (".lora_A.weight", ".lora_B.weight")
    case("alpha-u8", kohya(np.array(2, np.uint8)), **same)
    case("alpha-i16-of-two-dimensions", kohya(np.array([[2]], np.int16)), **same)
    case("comfy-names", named("diffusion_model.", "text_encoders.clip_l.transformer.",
                              ".lora_down.weight", ".lora_up.weight", original=True), **same)
    case("comfy-names-ab", named("diffusion_model.", "clip_l.transformer.", *ab, original=True), **same)
    case("original-names", named("model.diffusion_model.", "cond_stage_model.transformer.", *ab,
                                 original=True), **same)
    case("diffusers-names", named("unet.", "text_encoder.", *ab), **same)
    case("text-encoder-1", named("unet.", "text_encoder_1.", *ab), **same)
    case("text-encoders-0", named("unet.", "text_encoders_0.", *ab), **same)
    case("to-out-without-a-number",
         {key.replace("to_out_0", "to_out"): value for key, value in reference.items()}, **same)
    case("called-by-its-writer", reference, {"ss_output_name": "ink drawing"}, **same)
    case("adapter-name", named("base_model.model.", "base_model.model.", ".lora_A.my-style.weight",
                               ".lora_B.my-style.weight"), **same)
    case("attention-processors",
         {key.replace(".attn1.", ".attn1.processor.").replace(".attn2.", ".attn2.processor."): value
          for key, value in named("unet.", "text_encoder.", "_lora.down.weight",
                                  "_lora.up.weight").items()}, **same)

    # What wrappers of a network put in front, and types that are converted.
    peft = named("unet.", "text_encoder.", *ab)
    case("wrapped-by-processors", {"module." + key: value for key, value in peft.items()}, **same)
    case("compiled", {key.replace("unet.", "unet._orig_mod."): value for key, value in peft.items()}, **same)
    case("wrapped-in-shards",
         {key.replace("unet.", "unet._fsdp_wrapped_module."): value for key, value in peft.items()}, **same)
    case("wrapped-by-checkpoints",
         {key.replace("blocks.0.attn", "blocks.0._checkpoint_wrapped_module.attn"): value
          for key, value in peft.items()}, **same)
    case("wrapped-within", named("unet.base_model.model.", "text_encoder.base_model.model.", *ab), **same)
    case("wrapped-twice", named("base_model.model.base_model.model.unet.", "base_model.model.text_encoder.", *ab),
         **same)
    case("factors-without-ending", named("unet.", "text_encoder.", ".lora_down", ".lora_up"), **same)
    case("behind-a-word", {"pipe." + key: value for key, value in peft.items()}, **same)
    case("kohya-words-with-dots", named("lora_unet.", "lora_te.", ".lora_down.weight", ".lora_up.weight"), **same)
    case("one-clip", named("unet.", "clip_l.", ".lora_down.weight", ".lora_up.weight"), **same)
    case("f64", {key: value.astype(np.float64) for key, value in reference.items()}, **same)

    case("diffusion-names", named("diffusion.", "clip_l.", ".lora_down.weight", ".lora_up.weight"), **same)
    case("behind-state-dict", {"state_dict." + key: value for key, value in reference.items()}, **same)
    case("behind-state-dict-without-component",
         {"state_dict." + key: value for key, value in named("", "text_encoder.", *ab).items()}, **same)
    case("kohya-behind-a-word", {"network." + key: value for key, value in reference.items()}, **same)

    # What diffusers says of the strength, for all layers and for some.
    first, last = UNET[0][0], TEXT[1][0]
    weaker = dict(reference)
    weaker["lora_unet_" + flat(first) + ".alpha"] = np.array(6, np.float32)
    weaker["lora_te_text_model_" + flat(last) + ".alpha"] = np.array(1, np.float32)
    case("alphas-that-differ", weaker)

    def said(**values) -> dict[str, str]:
        return {"lora_adapter_metadata": json.dumps(values)}

    alphas = {"unet.lora_alpha": 2, "text_encoder.lora_alpha": 2}
    case("alpha-patterns", peft, said(**alphas, **{"unet.alpha_pattern": {first: 6},
                                                   "text_encoder.alpha_pattern": {"1.mlp.fc1": 1, "fc1": 9}}),
         same="alphas-that-differ")
    case("alpha-patterns-from-the-beginning",
         peft, said(**alphas, **{"unet.alpha_pattern": {"^" + first: 6, "^to_q": 9},
                                 "text_encoder.alpha_pattern": {"^text_model." + last: 1}}),
         same="alphas-that-differ")
    case("alpha-pattern-that-is-an-expression", peft, said(**alphas, **{"unet.alpha_pattern": {".*to_q": 6}}),
         error=["alpha_pattern .*to_q is a regular expression"])
    case("alpha-that-is-a-text", peft, said(lora_alpha="8"), error=["its alpha is no number"])
    case("adapter-metadata-that-is-broken", peft, {"lora_adapter_metadata": "{"},
         error=["it says how strong the LoRA is, and cannot be read"])

    # A bias of the second factor, which alpha scales.
    out = "unet." + UNET[2][0]
    case("zero-bias-of-a-factor", {**peft, out + ".lora_B.bias": np.zeros(16, np.float32)}, **same)
    case("bias-difference", {**peft, out + ".diff_b": numbers(89, 16)})
    case("bias-of-a-factor", {**peft, out + ".lora_B.bias": numbers(89, 16)}, same="bias-difference")
    case("bias-of-a-named-adapter",
         {**{key.replace(".weight", ".style.weight"): value for key, value in peft.items()},
          out + ".lora_B.style.bias": numbers(89, 16)}, same="bias-difference")
    case("no-rank", {**reference, "lora_unet_" + flat(UNET[2][0]) + ".lora_down.weight": numbers(1, 0, 16),
                     "lora_unet_" + flat(UNET[2][0]) + ".lora_up.weight": numbers(1, 16, 0)},
         error=["has no rank"])

    # Parts beside the layers.
    words = {"remarks": ["mychar"], "words": ["mychar"], **same}
    case("bundled-embedding", {**reference, "bundle_emb.mychar.string_to_param.*": numbers(90, 2, 32)}, **words)
    case("bundled-emb-params", {"bundle_emb.mychar.emb_params": numbers(90, 2, 32), **reference}, **words)
    case("bundled-of-xl", {**reference, "bundle_emb.mychar.clip_l": numbers(90, 2, 32),
                           "bundle_emb.mychar.clip_g": numbers(91, 2, 32)}, **words)
    mid = "lora_unet_" + flat(UNET[2][0])
    case("zero-bias-difference", {**reference, mid + ".diff_b": np.zeros(16, np.float32)}, **same)
    case("zero-of-unknown-role", {**reference, mid + ".lora_gate": np.zeros(16, np.float32)}, **same)
    to_q = "lora_unet_" + flat(UNET[0][0])
    name = "lora_unet_" + flat(UNET[1][0])
    case("factor-that-was-learned", {**reference, name + ".lora_up.weight": reference[name + ".lora_up.weight"] / 2,
                                     name + ".scalar": np.array(2, np.float32)}, **same)
    case("scale-in-the-place-of-alpha", {**reference, name + ".alpha": np.array(6, np.float32),
                                         name + ".scale": np.array([1], np.float32)}, **same)
    case("scale-that-is-no-number", {**reference, name + ".scale": numbers(74, 8)},
         error=["changes layers in a way that is not known", "scale"])
    case("zero-bias-of-a-layer-without", {**reference, to_q + ".diff_b": np.zeros(8, np.float32)}, **same)
    case("unknown-of-no-layer", {**reference, "trainer_state.step": np.array(7, np.int64),
                                 "logit_scale": np.array(1, np.float32)},
         remarks=["2 tensors are left out, which change no layer of the model: trainer_state.step"], **same)
    case("layers-of-the-model", {**peft, "unet." + UNET[0][0] + ".base_layer.weight": numbers(87, 8, 8)},
         remarks=["1 tensor is left out, which changes no layer of the model: unet.down_blocks.0"], **same)
    case("counts-of-ranks",
         {**reference, **{key.replace(".alpha", ".rank_num"): np.array(2, np.int64) for key in reference
                          if key.endswith(".alpha")}},
         remarks=["5 tensors are left out, which change no layer of the model: lora_unet_down_blocks_0"], **same)
    case("averages-beside", {**{"ema." + key: 2 * value for key, value in reference.items()}, **reference},
         remarks=["15 tensors are left out, which change no layer of the model: ema.lora_te"], **same)
    case("averages-beside-by-dots", {**peft, **{"lora_ema." + key: 2 * value for key, value in peft.items()}},
         remarks=["10 tensors are left out, which change no layer of the model: lora_ema.text"], **same)
    case("whole-weights-beside", {**peft, "unet.conv_in.weight": numbers(86, 8, 4, 3, 3),
                                  "unet.conv_in.bias": numbers(82, 8)},
         remarks=["2 tensors are left out, which are whole weights and no change of a layer: unet.conv_in.weight"],
         **same)
    case("whole-weight-by-kohyas-name", {**reference, "lora_unet_conv_in.weight": numbers(86, 8, 4, 3, 3)},
         remarks=["1 tensor is left out, which is a whole weight and no change of a layer: lora_unet_conv_in"],
         **same)
    case("trained-whole", {**peft, "unet.conv_in.modules_to_save.weight": numbers(86, 8, 4, 3, 3)},
         error=["changes layers in a way that is not known", "modules_to_save"])
    case("unknown-of-a-layer", {**reference, mid + ".lora_gate": numbers(92, 16)},
         error=["changes layers in a way that is not known", "lora_gate"])
    case("bias-of-a-layer-without", {**reference, to_q + ".diff_b": numbers(93, 8)},
         error=["changes a bias that the layer has not"])

    # LoHa, whose parts have no ending behind the adapter's name.
    loha = {}
    layers = [("unet." + name, out, inner) for name, _, out, inner in UNET]
    layers += [("text_encoder.text_model." + name, out, inner) for name, out, inner in TEXT]
    for index, (name, out, inner) in enumerate(layers):
        for factor in range(2):
            seed = 60 + 4 * index + 2 * factor
            loha[f"{name}.hada_w{factor + 1}_a"] = numbers(seed, out, RANK)
            loha[f"{name}.hada_w{factor + 1}_b"] = numbers(seed + 1, RANK, inner)
    case("loha", loha)
    case("loha-of-a-named-adapter", {key + ".my-style": value for key, value in loha.items()}, same="loha")
    case("loha-of-peft", {"base_model.model." + key.removeprefix("unet."): value for key, value in loha.items()}, same="loha")

    # GLoRA, whose factors LyCORIS first had the other way round.
    glora, turned = {}, {}
    for index, (name, out, inner) in enumerate(layers):
        for factor, (rows, columns) in {"a": (inner, inner), "b": (out, inner)}.items():
            high, low = numbers(400 + index, rows, RANK), numbers(500 + index, RANK, columns)
            glora[f"{name}.{factor}1.weight"], glora[f"{name}.{factor}2.weight"] = high, low
            turned[f"{name}.{factor}2.weight"], turned[f"{name}.{factor}1.weight"] = high, low
    case("glora", glora)
    case("glora-turned", turned, same="glora")

    # DoRA's magnitudes: of LyCORIS as a column, of PEFT always for rows, of AI Toolkit by a word of its own.
    conv = "unet.down_blocks.0.resnets.0.conv1"
    dora = {**peft, conv + ab[0]: numbers(600, RANK, 8, 3, 3), conv + ab[1]: numbers(601, 8, RANK, 1, 1)}
    sizes = {key.removesuffix(ab[1]): value.shape[0] for key, value in dora.items() if key.endswith(ab[1])}

    def magnitudes(ending: str, column: bool = False) -> dict[str, np.ndarray]:
        result = {}
        for index, (name, size) in enumerate(sizes.items()):
            shape = [size, 1] if column else [size]
            if name == conv:
                shape = [size, 1, 1, 1] if column else [1, size, 1, 1]
            result[name + ending] = (numbers(700 + index, size) + 1).reshape(shape)
        return result

    def kohyas(name: str) -> str:
        return "lora_unet_" + flat(name.removeprefix("unet.")) if name.startswith("unet.") else \
            "lora_te_" + flat(name.removeprefix("text_encoder."))

    case("dora-of-lycoris", {**dora, **magnitudes(".dora_scale", column=True)})
    rows = {"same": "dora-of-lycoris"}
    case("dora-of-peft", {**dora, **magnitudes(".lora_magnitude_vector")}, **rows)
    case("dora-of-peft-with-ending", {**dora, **magnitudes(".lora_magnitude_vector.weight")}, **rows)
    case("dora-of-a-named-adapter",
         {**{key.replace(".weight", ".style.weight"): value for key, value in dora.items()},
          **magnitudes(".lora_magnitude_vector.style.weight")}, **rows)
    case("dora-by-another-word", {**dora, **magnitudes(".magnitude")}, **rows)
    # A converter of diffusers leaves dots in the magnitudes' names alone.
    case("dora-spelled-in-two-ways",
         {**{kohyas(key.removesuffix(end)) + word: value for key, value in dora.items()
             for end, word in zip(ab, (".lora_down.weight", ".lora_up.weight")) if key.endswith(end)},
          **{kohyas(key.split(".lora_mag")[0]).replace("attn1_", "attn1.").replace("attn2_", "attn2.")
             + ".lora_magnitude_vector": value
             for key, value in magnitudes(".lora_magnitude_vector").items()}}, **rows)
    case("dora-of-other-rows", {**dora, conv + ".lora_magnitude_vector": numbers(710, 9)},
         error=["lora_magnitude_vector is not a number for each row"])
    case("projection-that-is-not-used",
         {**reference, **{f"lora_te1_text_projection.{end}": value for end, value in
                          {"lora_down.weight": numbers(711, 2, 32), "lora_up.weight": numbers(712, 32, 2),
                           "alpha": np.array(2, np.float32)}.items()}},
         remarks=["3 tensors are left out, which change no layer of the model: lora_te1_text_projection.alpha"], **same)

    # Kinds and families that are not applied.
    case("alphas-alone", {key: value for key, value in reference.items() if key.endswith(".alpha")},
         error=["holds parts of a LoRA without those that change a layer"])
    case("ip-adapter", {"image_proj.proj.weight": numbers(85, 8, 8), "ip_adapter.1.to_k_ip.weight": numbers(84, 8, 8)},
         error=["is an IP-Adapter, which is not applied"])
    case("ip-adapter-with-factors",
         {"ip_adapter.0.to_q_lora.down.weight": numbers(85, 2, 8), "ip_adapter.0.to_q_lora.up.weight": numbers(84, 8, 2),
          "ip_adapter.1.to_k_ip.weight": numbers(83, 8, 8), "image_proj.proj.weight": numbers(82, 8, 8)},
         error=["is an IP-Adapter, which is not applied"])
    case("custom-diffusion", {UNET[1][0].replace("attn2.", "attn2.processor.") + "_custom_diffusion.weight": numbers(81, 8, 32)},
         error=["is Custom Diffusion, which is not applied"])
    case("hypernetwork", {"768.0.linear.0.weight": numbers(85, 8, 8), "768.0.linear.0.bias": numbers(84, 8),
                          "768.1.linear.0.weight": numbers(83, 8, 8)},
         error=["looks like a hypernetwork"])
    case("mlx", {UNET[0][0] + ".lora_a": numbers(81, 8, 2), UNET[0][0] + ".lora_b": numbers(80, 2, 8)},
         error=["is a LoRA in MLX's layout, which is not applied"])
    case("vera", {"base_model.model." + UNET[0][0] + ".vera_lambda_b": numbers(83, 8)},
         error=["is VeRA, which is not applied"])
    for name, layer, family in [
            ("image-transformer", "diffusion_model.transformer_blocks.0.attn.to_q", "a diffusion transformer"),
            ("layers-of-a-transformer", "diffusion_model.layers.0.attention.to_q", "Lumina, Z-Image or a model"),
            ("cascade", "lora_prior_unet_down_blocks_0_0_attention_attn_to_q", "Stable Cascade"),
            ("motion", "down_blocks.0.motion_modules.0.attention_blocks.0.to_q", "AnimateDiff"),
            ("qwen", "lora_unet_transformer_blocks_0_img_mlp_net_0_proj", "Qwen-Image"),
            ("language", "base_model.model.model.layers.0.self_attn.q_proj", "a language model"),
            ("video-transformer", "diffusion_model.blocks.0.cross_attn.k", "Wan or another diffusion transformer")]:
        case(name, {layer + ".lora_down.weight": numbers(96, 2, 8), layer + ".lora_up.weight": numbers(97, 8, 2)},
             error=[f"made for another kind of model ({family}", "the model has none of its layers"])
    double = "lora_unet_double_blocks_0_img_attn_qkv"
    case("double-blocks", {double + ".lora_down.weight": numbers(96, 2, 8), double + ".lora_up.weight": numbers(97, 8, 2)},
         error=["made for Flux or a model built like it"])
    case("ia3", {to_q + ".weight": numbers(94, 8, 1), to_q + ".on_input": np.array(False)},
         error=["is IA3, which is not applied"])
    case("oft-of-peft", {to_q + ".oft_R.weight": numbers(78, 2, 6)}, error=["is OFT in PEFT's layout, which is not applied"])
    case("adalora", {**{"base_model.model." + UNET[0][0] + f".lora_{side}": numbers(79, 2, 8) for side in "AB"},
                     "base_model.model." + UNET[0][0] + ".lora_E": numbers(77, 2, 1)},
         error=["is AdaLoRA, which is not applied"])
    case("flux-of-xlabs", {f"double_blocks.0.processor.qkv_lora1.{side}.weight": numbers(76, 2, 8)
                           for side in ("down", "up")},
         error=["is a LoRA for Flux in XLabs' layout, which is not applied"])
    case("bias-of-another-size", {**reference, mid + ".diff_b": numbers(75, 8)},
         error=["diff_b has shape [8], the layer's bias [16]"])
    case("control-lora", {"lora_controlnet": np.zeros(0, np.float32), "input_blocks.1.1.proj_in.up": numbers(88, 8, 2)},
         error=["is a Control-LoRA, which is not applied"])
    case("boft", {to_q + ".oft_blocks": numbers(95, 2, 4, 2, 2), to_q + ".alpha": np.array(0, np.float32)},
         error=["is BOFT, which is not applied"])
    case("two-adapters", {**named("unet.", "text_encoder.", ".lora_A.one.weight", ".lora_B.one.weight"),
                          **named("unet.", "text_encoder.", ".lora_A.two.weight", ".lora_B.two.weight")},
         error=["holds several adapters, one, two"])
    flux = "transformer.single_transformer_blocks.0.attn.to_q"
    case("flux", {flux + ".lora_A.weight": numbers(96, 2, 8), flux + ".lora_B.weight": numbers(97, 8, 2)},
         error=["made for Flux"])
    third = "text_encoders.t5xxl.transformer.encoder.block.0.layer.0.SelfAttention.q"
    case("third-text-encoder", {**reference, third + ".lora_A.weight": numbers(96, 2, 8),
                                third + ".lora_B.weight": numbers(97, 8, 2)},
         error=["1 of 6 keys are for layers the model has not: text_encoders.t5xxl"])
    long = "diffusion_model." + "very_long_name_of_a_block." * 8
    case("long-names", {**reference, **{f"{long}{i}.lora_{side}.weight": numbers(i, 2, 2)
                                        for i in range(9) for side in ("down", "up")}},
         error=["9 of 14 keys are for layers the model has not: diffusion_model.very"])

    # LoRAs of 2022: layers are counted.
    attention = [(f"attn1.to_{x}", 1) for x in "qkv"] + [("attn1.to_out.0", 1), ("ff.net.0.proj", 8)]
    attention += [("attn2.to_q", 1), ("attn2.to_k", 0), ("attn2.to_v", 0), ("attn2.to_out.0", 1)]
    blocks = [f"down_blocks.{i}.attentions.{j}" for i in range(2) for j in range(2)]
    blocks += [f"up_blocks.{i}.attentions.{j}" for i in (1, 2) for j in range(3)] + ["mid_block.attentions.0"]
    counted, by_name, index = {}, {}, 0
    for block in blocks:
        width = 8 if block.startswith(("down_blocks.0", "up_blocks.2")) else 16
        for part, kind in attention:
            out, inner = (width * kind if kind else width), (width if kind else 32)
            down, up = numbers(1000 + 2 * index, RANK, inner), numbers(1001 + 2 * index, out, RANK)
            counted[f"unet:{index}:down"], counted[f"unet:{index}:up"] = down, up
            name = f"unet.{block}.transformer_blocks.0.{part}"
            by_name[name + ab[0]], by_name[name + ab[1]] = down, up
            index += 1
    for index in range(8):
        part = ["k_proj", "v_proj", "q_proj", "out_proj"][index % 4]
        down, up = numbers(3000 + index, RANK, 32), numbers(4000 + index, 32, RANK)
        counted[f"text_encoder:{index}:down"], counted[f"text_encoder:{index}:up"] = down, up
        name = f"text_encoder.text_model.encoder.layers.{index // 4}.self_attn.{part}"
        by_name[name + ab[0]], by_name[name + ab[1]] = down, up
    case("counted-by-name", by_name)
    classes = {"unet": '["CrossAttention", "Attention", "GEGLU"]', "text_encoder": '["CLIPAttention"]'}
    case("counted", counted, classes, same="counted-by-name")
    case("counted-with-embedding", {**counted, "<s1>": numbers(98, 32)}, {**classes, "<s1>": "<embed>"},
         same="counted-by-name", remarks=["<s1>"], words=["<s1>"])
    save("LoRA", cases)


def embeddings():
    cases = {}

    def case(name: str, tensors: dict, **expected):
        write(OUT / "Embeddings" / f"{name}.safetensors", tensors)
        cases[name] = expected

    one, two = numbers(200, 2, 32), numbers(201, 2, 32)
    case("reference", {"emb_params": one}, words=["reference"])
    case("string-to-param", {"string_to_param.*": one}, same="reference", words=["string-to-param"])
    case("diffusers-token", {"<my-token>": one}, same="reference", words=["diffusers-token", "<my-token>"])
    case("many-tokens", {"<s0>": one, "<s1>": two}, same="reference", words=["<s0>", "<s1>"])
    case("token-beside-a-count", {"<my-token>": one, "step": np.array(500, np.int64)}, same="reference",
         words=["token-beside-a-count", "<my-token>"])
    case("three-dimensions", {"emb_params": one[None]}, same="reference", words=["three-dimensions"])
    case("f64", {"emb_params": one.astype(np.float64)}, same="reference", words=["f64"])
    case("other-family", {"emb_params": numbers(202, 2, 1024)}, error=["made for Stable Diffusion 2.x"])
    case("lora", kohya(), error=["looks like a LoRA"])
    case("xl-reference", {"clip_l": one, "clip_g": two}, words=["xl-reference"])
    case("xl-text-encoders", {"text_encoders_0": one, "text_encoders_1": two}, same="xl-reference",
         words=["xl-text-encoders"])
    case("xl-turned-around", {"text_encoders_1": two, "text_encoders_0": one}, same="xl-reference",
         words=["xl-turned-around"])
    case("xl-components", {"text_encoder": one, "text_encoder_2": two}, same="xl-reference",
         words=["xl-components"])
    case("xl-uneven", {"clip_l": numbers(93, 3, 32), "clip_g": two}, words=["xl-uneven"])
    case("xl-long-for-one", {"clip_l": numbers(94, 80, 32), "clip_g": two}, words=["xl-long-for-one"])
    case("xl-half", {"clip_l": one},
         error=["made for another kind of model: it holds vectors for clip_l alone, the model needs some for clip_g"])
    case("whole-numbers", {"emb_params": (one * 99).astype(np.int8)},
         error=["tensor emb_params is I8; weights must be floats"])
    case("no-vectors", {"string_to_param.*": one[:0]}, error=["tensor string_to_param.* is [0, 32], not rows of vectors"])
    save("Embeddings", cases)


def vaes():
    """Of tiny-bf16's VAE under the original repository's names."""
    source = read(ROOT / "Fixtures/Parity/models/tiny-bf16/vae/diffusion_pytorch_model.safetensors")
    cases = {}

    def case(name: str, tensors: dict, **expected):
        write(OUT / "VAE" / f"{name}.safetensors", tensors)
        cases[name] = expected

    old = {"query": "q", "key": "k", "value": "v", "proj_attn": "proj_out", "to_q": "q", "to_k": "k",
           "to_v": "v", "to_out.0": "proj_out", "group_norm": "norm"}
    levels = 1 + max(int(name.split(".")[2]) for name in source if name.startswith("encoder.down_blocks."))

    def original(name: str) -> str:
        name = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        name = name.replace("mid_block.resnets.0", "mid.block_1").replace("mid_block.resnets.1", "mid.block_2")
        for new, short in old.items():
            name = name.replace(f"mid_block.attentions.0.{new}.", f"mid.attn_1.{short}.")
        parts = name.split(".")
        if parts[1] in ("down_blocks", "up_blocks"):
            level = int(parts[2]) if parts[1] == "down_blocks" else levels - 1 - int(parts[2])
            rest = ".".join(parts[3:]).replace("resnets.", "block.")
            rest = rest.replace("downsamplers.0.conv", "downsample.conv").replace("upsamplers.0.conv", "upsample.conv")
            return f"{parts[0]}.{parts[1].split('_')[0]}.{level}.{rest}"
        return name

    reference = {}
    for name, tensor in source.items():
        name = original(name)
        isProjection = ".attn_1." in name and name.endswith("weight") and tensor.ndim == 2
        reference[name] = tensor[:, :, None, None] if isProjection else tensor
    case("reference", reference)
    same = {"same": "reference"}
    left = {"loss.logvar": np.array(0, np.float32), "loss.discriminator.main.0.weight": numbers(300, 2, 3, 4, 4),
            "model_ema.decay": np.array(0.999, np.float32), "model_ema.num_updates": np.array(5, np.int64)}
    case("training-leftovers", {**left, **reference}, **same)
    case("optimizer-and-averages", {**reference, "optimizer.state.0.exp_avg": numbers(301, 3),
                                    "global_step": np.array(9, np.int64),
                                    "model_ema.decoderconv_inweight": numbers(302, 16, 4, 3, 3)}, **same)
    for name, parts in [("today", ["to_q", "to_k", "to_v", "to_out.0"]),
                        ("before", ["query", "key", "value", "proj_attn"])]:
        mixed = {}
        for key, tensor in reference.items():
            for short, new in zip(["q", "k", "v", "proj_out"], parts):
                key = key.replace(f"attn_1.{short}.", f"attn_1.{new}.")
            mixed[key] = tensor
        case(f"mixed-attention-names-{name}", mixed, **same)
    case("mixed-shortcut-names",
         {key.replace("nin_shortcut", "conv_shortcut") if key.startswith("decoder.") else key: tensor
          for key, tensor in reference.items()}, **same)
    case("diffusers-shortcut-names",
         {key.replace("nin_shortcut", "conv_shortcut"): tensor for key, tensor in reference.items()},
         **same)
    case("prefixed", {"vae." + key: tensor for key, tensor in reference.items()}, **same)
    case("first-stage", {**{"first_stage_model." + key: tensor for key, tensor in reference.items()},
                         "first_stage_model.loss.logvar": np.array(0, np.float32)}, **same)
    case("encoder-alone", {key: tensor for key, tensor in reference.items() if key.startswith("encoder.")},
         error=["looks like the encoder of a VAE alone; give a file or folder with a VAE"])
    case("averages-alone", {"model_ema." + key.replace(".", ""): tensor for key, tensor in reference.items()},
         error=["looks like averages of training (EMA) alone"])
    save("VAE", cases)


def save(folder: str, cases: dict):
    (OUT / folder / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")


loras()
embeddings()
vaes()
