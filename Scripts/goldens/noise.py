"""Normal numbers of torch's CPU generator, recorded on a processor with AVX2."""

import pathlib

import numpy
import torch

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
    storing.save_tensors(folder / "noise.safetensors", tensors)
    about = {
        "tensors": "by seed: the values of `draws`, one generator for all, end to end",
        "draws": DRAWS,
        "checksum": " ".join(checksum.__doc__.split()),
        "checksum_count": MILLION,
        "checksums": sums,
    }
    storing.save_json(folder / "noise.json", about)
