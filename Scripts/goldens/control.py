"""ControlNets in tiny models: for Stable Diffusion 1, 2 and XL, for inpainting, two at once, guess mode."""

import json
import pathlib

import diffusers
import numpy
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from PIL import Image

from goldens import ldm, models, pictures, xl
from goldens.storing import save_json, save_picture, save_tensors

NETS = {
    "edges": {"base": "models/tiny-f32", "seed": 301, "type": torch.float32},
    "shades": {"base": "models/tiny-f32", "seed": 302, "type": torch.bfloat16, "order": "bgr"},
    "inpaint": {"base": "models/tiny-f32", "seed": 303, "type": torch.float16},
    "style": {"base": "models/tiny-f32", "seed": 304, "type": torch.float16, "pools": True},
    "edges-2": {"base": "families/models/tiny-2", "seed": 305, "type": torch.float16},
    "edges-xl": {"base": "families/models/tiny-xl", "seed": 306, "type": torch.float16, "gain": 0.04},
    "edges-hole": {"base": "families/models/tiny-inpaint", "seed": 307, "type": torch.float16},
}
PIPELINES = {
    "txt2img": diffusers.StableDiffusionControlNetPipeline,
    "img2img": diffusers.StableDiffusionControlNetImg2ImgPipeline,
    "inpaint": diffusers.StableDiffusionControlNetInpaintPipeline,
}
XL_PIPELINES = {
    "txt2img": diffusers.StableDiffusionXLControlNetPipeline,
    "img2img": diffusers.StableDiffusionXLControlNetImg2ImgPipeline,
}
EDGES, SHADES = "control/edges.png", "control/shades.png"


def write_net(folder: pathlib.Path, place: pathlib.Path, plan: dict) -> None:
    """A copy of the model's UNet, changed a little, with projections that matter."""
    torch.manual_seed(plan["seed"])
    unet = UNet2DConditionModel.from_pretrained(folder / plan["base"] / "unet")
    if unet.config.in_channels == 9:  # the copy is of a UNet that is shown nothing besides
        configuration = {**unet.config, "in_channels": 4}
        four = UNet2DConditionModel.from_config(configuration)
        weights = unet.state_dict()
        weights["conv_in.weight"] = weights["conv_in.weight"][:, :4].clone()
        four.load_state_dict(weights)
        unet = four
    net = ControlNetModel.from_unet(
        unet,
        controlnet_conditioning_channel_order=plan.get("order", "rgb"),
        conditioning_embedding_out_channels=(4, 8, 8, 16),
    ).eval()
    net.register_to_config(global_pool_conditions=plan.get("pools", False))
    net.requires_grad_(False)
    # Of XL less: with more, torch's own rounding moves the UNet's answer by 4e-5.
    gain = plan.get("gain", 0.12)
    for name, parameter in net.named_parameters():
        if name.startswith(("controlnet_down_blocks", "controlnet_mid_block")):
            spread = gain / parameter[0].numel() ** 0.5 if parameter.ndim > 1 else gain / 6
            torch.nn.init.normal_(parameter, std=spread)
        elif name.startswith("controlnet_cond_embedding"):
            spread = 1.4 / parameter[0].numel() ** 0.5 if parameter.ndim > 1 else 0.2
            torch.nn.init.normal_(parameter, std=spread)
        else:
            parameter += 0.1 * parameter.std(unbiased=False) * torch.randn(parameter.shape)
        parameter.copy_(parameter.to(plan["type"]).float())
    models.write_network(
        place, net, net.state_dict(), {"type": plan["type"], "as_in_2022": False}
    )


def write_single(place: pathlib.Path, path: pathlib.Path) -> None:
    """Under the names of the original repository, with a tensor of the model it was trained with."""
    names = ldm.unet_names(
        {
            **json.loads((place / "config.json").read_text()),
            "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
        }
    )
    hints = {"conv_in": 0, "conv_out": 14, **{f"blocks.{i}": 2 * i + 2 for i in range(6)}}
    tensors = {"model.diffusion_model.out.2.bias": torch.zeros(4)}
    for name, tensor in ldm.load(place).items():
        if name.startswith("controlnet_cond_embedding."):
            scope, kind = name.removeprefix("controlnet_cond_embedding.").rsplit(".", 1)
            there = f"input_hint_block.{hints[scope]}.{kind}"
        elif name.startswith("controlnet_down_blocks."):
            number, kind = name.removeprefix("controlnet_down_blocks.").split(".")
            there = f"zero_convs.{number}.0.{kind}"
        elif name.startswith("controlnet_mid_block."):
            there = name.replace("controlnet_mid_block", "middle_block_out.0")
        else:
            there = ldm.unet_name(name, names)
        tensors["control_model." + there] = tensor
    save_tensors(path, tensors)


def control(net: str, source: str | None = EDGES, **changes) -> dict:
    return {
        "net": net, "map": source, "weight": 1.0, "start": 0.0, "end": 1.0, **changes
    }


def cases() -> list[dict]:
    edges, shades = control("edges"), control("shades", SHADES, weight=0.7)
    two, large = "tiny-2", {"model": "tiny-xl", "guidance_scale": 5.0}
    listed = [
        {**pictures.text(seed=71), "controls": [edges]},
        {**pictures.text(seed=71), "controls": [control("edges", weight=0.5)]},
        {**pictures.text(seed=72, guidance_scale=1.0), "controls": [shades]},
        {
            **pictures.text(seed=73, steps=8),
            "controls": [{**edges, "end": 0.6}, {**shades, "start": 0.25}],
        },
        {**pictures.text(seed=74), "controls": [edges], "guess": True},
        {**pictures.text(seed=75), "controls": [control("style", SHADES)]},
        {**pictures.image(seed=76, strength=0.6, steps=8), "controls": [edges]},
        {
            **pictures.image(
                seed=77, strength=0.7, steps=7, scheduler="HeunDiscreteScheduler"
            ),
            "controls": [{**edges, "start": 0.2, "end": 0.8}, shades],
            "guess": True,
        },
        {
            **pictures.image(
                seed=78, strength=0.8, steps=8, scheduler="EulerAncestralDiscreteScheduler"
            ),
            "controls": [edges],
            "size": (72, 56),
        },
        {**pictures.inpaint(seed=79, strength=1.0), "controls": [control("inpaint", None)]},
        {
            **pictures.inpaint(seed=80, strength=0.7, steps=8),
            "controls": [control("inpaint", None, weight=0.9), edges],
        },
        {
            **pictures.inpaint(model="tiny-inpaint", seed=81, strength=1.0),
            "controls": [control("edges-hole")],
        },
        {**pictures.text(model=two, seed=82), "controls": [control("edges-2")]},
        {**pictures.text(**large, seed=83), "controls": [control("edges-xl")]},
        {
            **pictures.text(**large, seed=84),
            "controls": [control("edges-xl", weight=0.8)],
            "guess": True,
        },
        {
            **pictures.image(
                **large, seed=85, strength=0.6, steps=8, scheduler="EulerDiscreteScheduler"
            ),
            "controls": [control("edges-xl")],
        },
    ]
    for case in listed:
        if "size" in case:
            width, height = case.pop("size")
            case.update(width=width, height=height)
            case["input"] = f"inputs/picture-{width}x{height}.png"
        names = "+".join(
            part["net"] + (f"-w{part['weight']}" if part["weight"] != 1 else "")
            for part in case["controls"]
        )
        guess = "-guess" if case.setdefault("guess", False) else ""
        case["name"] = f"{pictures.name(case)}-{names}{guess}"
    assert len({case["name"] for case in listed}) == len(listed), "two cases of one name"
    return [{"name": case.pop("name"), **case} for case in listed]


def record(folder: pathlib.Path) -> None:
    diffusers.utils.logging.set_verbosity_error()
    place = folder / "control"
    for name, plan in NETS.items():
        write_net(folder, place / "nets" / name, plan)
    write_single(place / "nets" / "edges", place / "single.safetensors")
    save_picture(folder / EDGES, draw_edges(64, 48))
    save_picture(folder / SHADES, draw_shades(64, 48))
    record_stages(folder, place)
    for old in (place / "pictures").glob("*.png"):
        old.unlink()
    manifest = []
    for case in cases():
        pixels, evaluations = run(folder, place, case)
        result = f"control/pictures/{case['name']}.png"
        save_picture(folder / result, pixels)
        manifest.append({**case, "result": result, "evaluations": evaluations})
    save_json(place / "pictures.json", manifest)


def base(folder: pathlib.Path, model: str) -> pathlib.Path:
    own = folder / "models" / model
    return own if own.exists() else folder / "families" / "models" / model


def run(folder: pathlib.Path, place: pathlib.Path, case: dict) -> tuple[numpy.ndarray, int]:
    nets = [
        ControlNetModel.from_pretrained(place / "nets" / part["net"], torch_dtype=torch.float32)
        for part in case["controls"]
    ]
    is_xl = case["model"] == "tiny-xl"
    extra = {} if is_xl else {"safety_checker": None}
    pipeline = (XL_PIPELINES if is_xl else PIPELINES)[case["verb"]].from_pretrained(
        base(folder, case["model"]),
        controlnet=nets if len(nets) > 1 else nets[0],
        torch_dtype=torch.float32,
        **extra,
    )
    pipeline.set_progress_bar_config(disable=True)
    scheduler = getattr(diffusers, case["scheduler"])
    pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config)
    seen = pictures.Seen(pipeline)
    maps = [read(folder, case, part) for part in case["controls"]]

    def each(key: str) -> list | float:
        values = [part[key] for part in case["controls"]]
        return values if len(values) > 1 else values[0]

    maps = maps if len(maps) > 1 else maps[0]
    given = pictures.pictured(folder, case)
    given.update({"image": maps} if case["verb"] == "txt2img" else {"control_image": maps})
    if case["verb"] == "img2img":
        given.update(width=case["width"], height=case["height"])
    answer = pipeline(
        prompt=case["prompt"],
        negative_prompt=case["negative_prompt"],
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance_scale"],
        controlnet_conditioning_scale=each("weight"),
        control_guidance_start=each("start"),
        control_guidance_end=each("end"),
        guess_mode=case["guess"],
        generator=torch.Generator("cpu").manual_seed(case["seed"]),
        output_type="np",
        callback_on_step_end=seen.step_ended,
        **given,
    )
    return (answer.images[0] * 255).round().astype("uint8"), len(seen.timesteps)


def read(folder: pathlib.Path, case: dict, part: dict) -> Image.Image | torch.Tensor:
    """A map; or the picture with -1 where it is repainted, as `make_inpaint_condition` of the model's card."""
    if part["map"]:
        size = (case["width"], case["height"])
        picture = Image.open(folder / part["map"]).convert("RGB")
        return picture if picture.size == size else picture.resize(size, Image.LANCZOS)
    picture = numpy.array(Image.open(folder / case["input"]).convert("RGB"), "float32") / 255
    mask = numpy.array(Image.open(folder / case["mask"]).convert("L"), "float32") / 255
    picture[mask > 0.5] = -1
    return torch.from_numpy(picture[None].transpose(0, 3, 1, 2).copy())


def record_stages(folder: pathlib.Path, place: pathlib.Path) -> None:
    """A call of each network, and of the UNet with what it adds."""
    torch.manual_seed(311)
    tensors = {}
    for name, plan in NETS.items():
        net = ControlNetModel.from_pretrained(place / "nets" / name, torch_dtype=torch.float32)
        unet = UNet2DConditionModel.from_pretrained(
            folder / plan["base"] / "unet", torch_dtype=torch.float32
        )
        sample = torch.randn(2, unet.config.in_channels, 7, 12)
        context = torch.randn(2, 11, unet.config.cross_attention_dim)
        picture = torch.rand(1, 3, 56, 96)
        if name == "inpaint":
            picture[:, :, 20:40, 30:70] = -1
        added = {}
        if unet.config.addition_embed_type:
            sizes = torch.tensor([[56.0, 96, 0, 8, 1024, 96]]).repeat(2, 1)
            pooled = torch.randn(2, xl.POOLED)
            added = {"added_cond_kwargs": {"text_embeds": pooled, "time_ids": sizes}}
            tensors.update({f"{name}.pooled": pooled, f"{name}.sizes": sizes})
        time = torch.tensor(499.25)
        down, middle = net(
            sample[:, :4], time, context, picture.repeat(2, 1, 1, 1), return_dict=False, **added
        )
        answer = unet(
            sample,
            time,
            context,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
            **added,
        ).sample
        tensors.update({f"{name}.down.{i}": residual for i, residual in enumerate(down)})
        tensors.update(
            {
                f"{name}.sample": sample,
                f"{name}.context": context,
                f"{name}.picture": picture,
                f"{name}.middle": middle,
                f"{name}.answer": answer,
            }
        )
    save_tensors(place / "stages.safetensors", tensors)


def draw_edges(width: int, height: int) -> numpy.ndarray:
    """White lines on black, as a map of edges."""
    y, x = numpy.mgrid[0:height, 0:width].astype(float)
    ring = abs(numpy.hypot(x - 0.6 * width, y - 0.4 * height) - 0.3 * height) < 1
    ground = abs(y - height * (0.7 - 0.1 * numpy.sin(5.0 * x / width))) < 1
    post = abs(x - 0.2 * width) < 1
    return numpy.where(ring | ground | post, 255, 0).astype("uint8")[..., None].repeat(3, -1)


def draw_shades(width: int, height: int) -> numpy.ndarray:
    """Colours that change slowly, as a map of depths or normals."""
    y, x = numpy.mgrid[0:height, 0:width].astype(float)
    pixels = numpy.stack([255 * x / width, 255 * y / height, 128 + 100 * numpy.sin(x / 9)], -1)
    return pixels.round().astype("uint8")
