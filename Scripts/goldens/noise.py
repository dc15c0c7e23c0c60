"""Normal numbers of torch's CPU generator, recorded on a processor with AVX2, what torchsde makes of them,
those of A1111's setting NV, and the noise of pictures by A1111's rules."""

import math
import pathlib

import numpy
import torch
import torchsde

from goldens import storing

SEEDS = [0, 1, 42, 2**31 + 5, 2**32 + 7, 2**63 + 11, 2**64 - 1]
# Below 16 values torch takes another path, with a spare number kept from call to call.
DRAWS = [[3], [16], [17], [1], [5], [1, 4, 8, 8], [31], [15], [2], [1, 4, 5, 7], [64], [7], [33]]
MILLION = 1_000_003


def checksum(values: torch.Tensor) -> str:
    """The sum over i of (2i + 1) times the i-th bit pattern, modulo 2**64."""
    bits = values.numpy().view(numpy.uint32).astype(numpy.uint64)
    weights = 2 * numpy.arange(len(bits), dtype=numpy.uint64) + 1
    return f"{int((bits * weights).sum(dtype=numpy.uint64)):016x}"


def record(folder: pathlib.Path) -> None:
    if torch.backends.cpu.get_cpu_capability() == "DEFAULT":
        raise SystemExit("noise: torch rounds differently on processors without AVX2")
    tensors = {}
    sums = {}
    for seed in SEEDS:
        generator = torch.Generator().manual_seed(seed)
        drawn = [torch.randn(shape, generator=generator).flatten() for shape in DRAWS]
        tensors[f"{seed}"] = torch.cat(drawn)
        generator = torch.Generator().manual_seed(seed)
        sums[f"{seed}"] = checksum(torch.randn(MILLION, generator=generator))
        drawn = [philox(seed, draw, math.prod(shape)) for draw, shape in enumerate(DRAWS)]
        tensors[f"nv.{seed}"] = torch.from_numpy(numpy.concatenate(drawn))
    paths = [record_path(tensors, index, *each) for index, each in enumerate(PATHS)]
    pictures = [record_picture(tensors, index, each) for index, each in enumerate(PICTURES)]
    storing.save_tensors(folder / "noise.safetensors", tensors)
    about = {
        "tensors": "by seed: the values of `draws`, one generator for all, end to end; nv.SEED: the "
        "same of Philox",
        "draws": DRAWS,
        "checksum": " ".join(checksum.__doc__.split()),
        "checksum_count": MILLION,
        "checksums": sums,
        "paths": paths,
        "pictures": pictures,
    }
    storing.save_json(folder / "noise.json", about)


def philox(seed: int, draw: int, count: int) -> numpy.ndarray:
    """Philox 4x32-10 (Salmon et al. 2011) on the counters (draw, 0, 0..<count, 0), and the sine half of
    Box and Muller's pair from its first two words.

    As in A1111 the constants are of single precision, and all that is done with them is of double.
    """
    low = numpy.uint64(0xFFFFFFFF)
    words = [numpy.full(count, word, numpy.uint64) for word in (draw, 0, 0, 0)]
    words[2] = numpy.arange(count, dtype=numpy.uint64)
    keys = [numpy.uint64(seed & 0xFFFFFFFF), numpy.uint64(seed >> 32)]
    for _ in range(10):
        first, second = words[0] * numpy.uint64(0xD2511F53), words[2] * numpy.uint64(0xCD9E8D57)
        half = numpy.uint64(32)
        words = [
            second >> half ^ words[1] ^ keys[0], second & low,
            first >> half ^ words[3] ^ keys[1], first & low,
        ]
        keys = [
            numpy.uint64(int(key) + step & 0xFFFFFFFF)
            for key, step in zip(keys, (0x9E3779B9, 0xBB67AE85))
        ]
    unit = float(numpy.float32(2.3283064e-10))
    turn = float(numpy.float32(2.3283064e-10 * 6.2831855))
    radius = numpy.sqrt(-2 * numpy.log(words[0] * unit + unit / 2))
    return (radius * numpy.sin(words[1] * turn + turn / 2)).astype(numpy.float32)


# Seed, shape, and the levels between which increments are asked for, first the ends of the span.
PATHS = [
    (7, [1, 4, 8, 8], [0.0291675, 14.614641, 9.5, 5.25, 3.0, 1.7, 0.61, 0.2, 0.05, 0.0291675]),
    (2**40 + 3, [4, 5, 7], [0.03, 80.0, 79.999, 40.015, 40.014, 0.5, 0.031]),
    (0, [3], [0.1, 1.0, 0.55, 0.325, 0.3]),
]


def record_path(tensors: dict, index: int, seed: int, shape: list, levels: list) -> dict:
    """What k-diffusion and diffusers call BrownianTreeNoiseSampler, on one torchsde interval."""
    levels = [float(numpy.float32(level)) for level in levels]
    tree = torchsde.BrownianInterval(
        t0=levels[0], t1=levels[1], size=shape, dtype=torch.float32, entropy=seed, tol=1e-6,
        pool_size=24, halfway_tree=True,
    )
    rows = []
    for start, end in zip(levels[1:], levels[2:]):
        # Rounded correctly: some builds of torch round every fifth root the other way.
        distance = numpy.sqrt(numpy.abs(numpy.float32(end) - numpy.float32(start)))
        rows.append((tree(end, start) * -1 / torch.tensor(distance)).flatten())
    tensors[f"path.{index}"] = torch.stack(rows)
    return {"seed": seed, "shape": shape, "levels": levels}


PICTURES = [
    {"seed": 5},
    {"seed": 5, "variation_seed": 9, "variation_strength": 0.3},
    {"seed": 5, "variation_seed": 5, "variation_strength": 0.3},
    {"seed": 5, "resized_from": [6, 12]},
    {"seed": 5, "resized_from": [11, 7], "variation_seed": 9, "variation_strength": 0.8},
    {"seed": 5, "seed_delta": 31337},
]
SIZE = [4, 8, 9]


def record_picture(tensors: dict, index: int, settings: dict) -> dict:
    """The noise of the start and of one step, as AUTOMATIC1111 draws it for one picture."""
    settings = {
        "variation_seed": 0, "variation_strength": 0.0, "resized_from": None, "seed_delta": 0,
        **settings,
    }
    seeded = lambda seed: torch.Generator().manual_seed(seed)
    own = seeded(settings["seed"])
    size = settings["resized_from"]
    shape = [SIZE[0], *size] if size else SIZE
    noise = torch.randn(shape, generator=seeded(settings["seed"]) if size else own)
    share = settings["variation_strength"]
    if share:
        other = torch.randn(shape, generator=seeded(settings["variation_seed"]))
        unit = lambda x: x / x.norm(dim=1, keepdim=True)
        cosine = (unit(noise) * unit(other)).sum(1, keepdim=True)
        if cosine.mean() > 0.9995:
            noise = noise * share + other * (1 - share)
        else:
            angle = cosine.acos()
            weights = ((1 - share) * angle).sin() / angle.sin(), (share * angle).sin() / angle.sin()
            noise = weights[0] * noise + weights[1] * other
    if size:
        whole = torch.randn(SIZE, generator=own)
        here, there = [slice(None)], [slice(None)]
        for full, part in zip(SIZE[1:], size):
            margin = (full - part) // 2
            length = part if margin >= 0 else part + 2 * margin
            here.append(slice(max(margin, 0), max(margin, 0) + length))
            there.append(slice(max(-margin, 0), max(-margin, 0) + length))
        whole[tuple(here)] = noise[tuple(there)]
        noise = whole
    if settings["seed_delta"]:
        own = seeded(settings["seed"] + settings["seed_delta"])
    step = torch.randn(SIZE, generator=own)
    tensors[f"picture.{index}"] = torch.stack([noise, step])
    return {"shape": SIZE, **settings}
