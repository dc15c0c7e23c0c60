#!/usr/bin/env python
"""Measures Gesso in every precision against PyTorch and OpenVINO on one checkpoint.

    python Benchmarks/make-checkpoint.py sd15 --tokenizer FOLDER
    python Benchmarks/compare.py sd15 --openvino --rounds 1 --table results.md
    python Benchmarks/compare.py sd15 [--quick] [--rounds 3] [--sizes 512] [--threads 2] [--openvino] [--avx2]
    python Benchmarks/make-checkpoint.py sdxl --family sdxl --tokenizer FOLDER
    python Benchmarks/compare.py sdxl --sizes 1024 --steps 5 --rounds 1 --only-edits

Two tables: single calls of the UNet and the autoencoder, and whole edits. Columns take turns, round by round, on
the same machine with the same threads, each in a process of its own. A single call counts at its least, in
seconds on the clock and, in brackets, in seconds of the processor over all threads, which other programs on a
busy machine lengthen less; whole edits count at their medians. PyTorch in bf16 is `torch.autocast`; OpenVINO's
default is what it computes in where nothing is asked for.

The first command takes about a quarter of an hour on two cores, and some minutes more the first time, when the
networks are converted for OpenVINO; `--quick` takes a third of that, with one counted call of each stage and one edit of 5 steps.

An edit is an img2img (20 steps, strength 0.6, guidance 7.5: 12 evaluations of both branches), and a short one
without guidance. Stable Diffusion XL in f32 wants 20 GB of memory of diffusers, which drops the text encoders
here when they have answered.
"""

import argparse
import contextlib
import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parent.parent
EDITS = {"guided": {"strength": 0.6, "guidance": 7.5}, "plain": {"strength": 0.3, "guidance": 1.0}}
# What holds Gesso, and oneDNN, MKL and PyTorch's own kernels, to AVX2.
AVX2 = {"GESSO_KERNELS": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2"}
NAMES = {"exact": "Gesso, exact", "bf16": "Gesso, bf16", "int8": "Gesso, int8", "torch f32": "PyTorch, f32",
         "torch bf16": "PyTorch, bf16", "openvino f32": "OpenVINO, f32", "openvino": "OpenVINO's default"}
PEERS = ["torch f32", "torch bf16", "openvino f32", "openvino"]


def picture(folder, size):
    """A smooth picture with some noise, for all to edit."""
    import numpy as np
    from PIL import Image

    y, x = np.mgrid[0:size, 0:size] / size
    noise = np.random.default_rng(1).normal(0, 12, (size, size, 3))
    values = np.stack([200 * y + 40, 180 * x + 30, 128 + 90 * np.sin(9 * (x + y))], 2) + noise
    path = Path(folder) / f"{size}.png"
    Image.fromarray(values.clip(0, 255).astype("uint8")).save(path)
    return path


def run(command, **environment):
    """Wall-clock seconds, peak resident bytes and standard output of a command."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, **environment})
    out, errors = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    if status != 0:
        sys.exit(f"compare.py: {command[0]} failed: {errors.decode().strip().splitlines()[-1:]}")
    return wall, usage.ru_maxrss * 1024, usage.ru_utime, out.decode()


def peer(options, *words):
    """What a peer's process prints; it has as many threads as Gesso."""
    threads = str(options.threads)
    wall, memory, processor, out = run(
        [sys.executable, __file__, str(options.model), "--threads", threads, "--steps", str(options.steps), *words],
        OMP_NUM_THREADS=threads, MKL_NUM_THREADS=threads, HF_HUB_OFFLINE="1")
    return {**json.loads(out.splitlines()[-1]), "wall": wall, "memory": memory, "processor": processor}


# Single calls: {stage: (seconds, the processor's)}

def gesso_calls(options, size):
    """Those of all precisions, which take turns in one process."""
    _, _, _, out = run([str(ROOT / ".build/release/gesso-benchmarks"), "precisions", str(options.model), str(size),
                        str(options.calls), str(options.threads)])
    found = {}
    for each in json.loads(out):
        found.setdefault(each["precision"], {})[each["stage"]] = (each["wall"], each["processor"])
    return found


def least(call, count):
    """The least wall-clock and processor's seconds of some calls, after one that is not counted."""
    call()
    times = []
    for _ in range(count):
        began, processor = time.monotonic(), time.process_time()
        call()
        times.append((time.monotonic() - began, time.process_time() - processor))
    return [min(each) for each in zip(*times)]


def inputs(unet, size):
    import torch

    def noise(*shape):
        return torch.randn(*shape, generator=torch.Generator().manual_seed(1))

    side = size // 8
    return {"plain": (noise(1, 4, side, side), torch.tensor(481), noise(1, 77, unet.config.cross_attention_dim)),
            "guided": (noise(2, 4, side, side), torch.tensor(481), noise(2, 77, unet.config.cross_attention_dim)),
            "encode": (noise(1, 3, size, size),), "decode": (noise(1, 4, side, side),)}


def modules(options):
    """The networks as functions of tensors."""
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel

    class Called(torch.nn.Module):
        def __init__(self, network, call):
            super().__init__()
            self.network, self.call = network, call

        def forward(self, *values):
            return self.call(self.network, *values)

    unet = UNet2DConditionModel.from_pretrained(options.model, subfolder="unet", torch_dtype=torch.float32).eval()
    vae = AutoencoderKL.from_pretrained(options.model, subfolder="vae", torch_dtype=torch.float32).eval()
    step = Called(unet, lambda network, *values: network(*values).sample)
    return unet, {"plain": step, "guided": step,
                  "encode": Called(vae, lambda network, x: network.encode(x).latent_dist.mean),
                  "decode": Called(vae, lambda network, x: network.decode(x).sample)}


def torch_calls(options, bf16):
    import torch

    torch.set_num_threads(options.threads)
    unet, stages = modules(options)
    given = inputs(unet, options.size)
    cast = torch.autocast("cpu", dtype=torch.bfloat16) if bf16 else contextlib.nullcontext()
    with torch.no_grad(), cast:
        return {name: least(lambda: module(*given[name]), options.calls) for name, module in stages.items()}


def converted(options, size):
    """Where OpenVINO's networks are kept."""
    return options.model / f"openvino-{size}"


def compiled_by_openvino(options, network, f32):
    import openvino

    settings = {"INFERENCE_NUM_THREADS": options.threads} | ({"INFERENCE_PRECISION_HINT": "f32"} if f32 else {})
    return openvino.Core().compile_model(network, "CPU", settings)


def openvino_calls(options, f32):
    """The networks are converted once and kept beside the model, for sizes of their own."""
    import openvino
    import torch

    folder = converted(options, options.size)
    found = {}
    if not folder.exists():
        unet, stages = modules(options)
        given = inputs(unet, options.size)
        for name, module in stages.items():
            with torch.no_grad():
                network = openvino.convert_model(module, example_input=given[name],
                                                 input=[list(value.shape) for value in given[name]])
            openvino.save_model(network, folder / f"{name}.xml")
            torch.save(given[name], folder / f"{name}.pt")
    for name in ("plain", "guided", "encode", "decode"):
        compiled = compiled_by_openvino(options, folder / f"{name}.xml", f32)
        values = [value.numpy() for value in torch.load(folder / f"{name}.pt")]
        found[name] = least(lambda: compiled(values), options.calls)
        del compiled
    return found


CALLS = [("UNet call, no guidance", "plain"), ("UNet call, both branches of guidance", "guided"),
         ("VAE encode", "encode"), ("VAE decode", "decode")]


def merged(a, b):
    """The lesser of what two rounds found."""
    return {stage: [min(pair) for pair in zip(values, b[stage])] for stage, values in a.items()} if a else b


def call_table(options, size, found):
    columns = list(found)
    lines = ["", f"{size}x{size}, {options.threads} threads, least of {options.rounds} rounds of {options.calls} calls: "
             "seconds on the clock (seconds of the processor)", "",
             "| | " + " | ".join(NAMES[name] for name in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for label, stage in CALLS:
        cells = [f"{found[name][stage][0]:.2f} ({found[name][stage][1]:.2f})" for name in columns]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return lines


def compare_calls(options, size):
    found = {}
    for index in range(options.rounds):
        print(f"{size}x{size}, round {index + 1}, calls, gesso", file=sys.stderr)
        for name, times in gesso_calls(options, size).items():
            found[name] = merged(found.get(name), times)
        yield call_table(options, size, found)
        for name in options.peers:
            print(f"{size}x{size}, round {index + 1}, calls, {name}", file=sys.stderr)
            times = peer(options, "--calls-of", name, "--size", str(size), "--calls", str(options.calls))
            found[name] = merged(found.get(name), {stage: times[stage] for _, stage in CALLS})
            yield call_table(options, size, found)


# Whole edits

def gesso_edit(options, source, edit, folder, precision):
    settings = EDITS[edit]
    wall, memory, processor, out = run([
        str(ROOT / ".build/release/gesso"), "img2img", str(source), "--model", str(options.model),
        "--prompt", "a lighthouse at dusk", "--steps", str(options.steps), "--scheduler", "ddim",
        "--strength", str(settings["strength"]), "--guidance-scale", str(settings["guidance"]),
        "--precision", precision, "--seed", "1", "--threads", str(options.threads), "--json", "--quiet",
        "--overwrite", "-o", str(Path(folder) / "gesso.png")])
    seconds = json.loads(out)["seconds"]
    return {"wall": wall, "memory": memory, "processor": processor, "edit": sum(seconds.values()) - seconds["load"]}


def use_openvino(options, pipe, guided):
    """Lets OpenVINO compute in the place of a pipeline's UNet and autoencoder, which are freed."""
    import torch
    from PIL import Image

    folder = converted(options, Image.open(options.source).width)
    f32 = options.by.endswith("f32")

    def answer(name):
        compiled = compiled_by_openvino(options, folder / f"{name}.xml", f32)
        return lambda *values: torch.from_numpy(compiled([value.numpy() for value in values])[0])

    class Network(torch.nn.Module):
        def __init__(self, replaced):
            super().__init__()
            self.config, self.dtype, self.device = replaced.config, torch.float32, torch.device("cpu")

    class UNet(Network):
        step = staticmethod(answer("guided" if guided else "plain"))

        def forward(self, sample, timestep, encoder_hidden_states, **_):
            return (self.step(sample, timestep, encoder_hidden_states),)

    class Autoencoder(Network):
        from_picture, to_picture = staticmethod(answer("encode")), staticmethod(answer("decode"))

        def encode(self, picture):
            return SimpleNamespace(latents=self.from_picture(picture))

        def decode(self, latents, **_):
            return (self.to_picture(latents),)

    pipe.unet, pipe.vae = UNet(pipe.unet), Autoencoder(pipe.vae)
    gc.collect()


def torch_edit(options):
    """The same edit in diffusers."""
    import torch
    from diffusers import AutoPipelineForImage2Image, DDIMScheduler
    from PIL import Image

    torch.set_num_threads(options.threads)
    pipe = AutoPipelineForImage2Image.from_pretrained(options.model, torch_dtype=torch.float32)
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    settings = EDITS[options.edit_of]
    if options.by.startswith("openvino"):
        use_openvino(options, pipe, settings["guidance"] > 1)
    started = time.monotonic()
    prompt = {"prompt": "a lighthouse at dusk"}
    if hasattr(pipe, "text_encoder_2"):
        guided = settings["guidance"] > 1
        names = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds",
                 "negative_pooled_prompt_embeds")
        with torch.no_grad():
            prompt = dict(zip(names, pipe.encode_prompt(**prompt, do_classifier_free_guidance=guided)))
        pipe.text_encoder = pipe.text_encoder_2 = None
        gc.collect()
    bf16 = options.by == "torch bf16"
    with torch.autocast("cpu", dtype=torch.bfloat16) if bf16 else contextlib.nullcontext():
        pipe(**prompt, image=Image.open(options.source), strength=settings["strength"],
             num_inference_steps=options.steps, guidance_scale=settings["guidance"],
             generator=torch.Generator().manual_seed(1))
    return {"edit": time.monotonic() - started}


ROWS = [("{} img2img, model loaded", "edit", "s"), ("the same with loading, whole process", "wall", "s"),
        ("the processor's seconds of that", "processor", "s"), ("peak resident memory", "memory", "GB")]


def edit_table(options, size, times):
    """The medians of all that is measured so far."""
    columns = [name for name in NAMES if (options.edits[0], "wall", name) in times]
    lines = ["", f"{size}x{size}, {options.threads} threads, {options.steps} steps, medians of "
             f"{len(times[options.edits[-1], 'wall', columns[-1]])}:", "",
             "| | " + " | ".join(NAMES[name] for name in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for edit in options.edits:
        for label, key, unit in ROWS:
            scale = 1e9 if unit == "GB" else 1
            cells = [f"{statistics.median(times[edit, key, name]) / scale:.2f} {unit}" for name in columns]
            lines.append(f"| {label.format(edit)} | " + " | ".join(cells) + " |")
    return lines


def peers(options, size):
    """Who makes whole edits; OpenVINO does where its networks were converted for single calls."""
    return [name for name in options.peers if not name.startswith("openvino") or converted(options, size).exists()]


def compare_edits(options, size, folder):
    source, times = picture(folder, size), {}
    for index in range(options.rounds):
        for edit in options.edits:
            for name in ("exact", "bf16", "int8", *peers(options, size)):
                print(f"{size}x{size}, round {index + 1}, {edit}, {name}", file=sys.stderr)
                if name in ("exact", "bf16", "int8"):
                    measured = gesso_edit(options, source, edit, folder, name)
                else:
                    measured = peer(options, "--edit-of", edit, "--source", str(source), "--by", name)
                for key, value in measured.items():
                    times.setdefault((edit, key, name), []).append(value)
        yield edit_table(options, size, times)


def compare(options):
    """All lines of the result, again and again as there are more of them."""
    done = [machine(options)]
    with tempfile.TemporaryDirectory() as folder:
        for size in options.sizes:
            if not options.only_edits:
                for lines in compare_calls(options, size):
                    yield done + lines
                done += lines
            if not options.only_calls:
                for lines in compare_edits(options, size, folder):
                    yield done + lines
                done += lines


def machine(options):
    import diffusers
    import torch

    text = Path("/proc/cpuinfo").read_text()
    names = [line.split(":")[1].strip() for line in text.splitlines() if line.startswith("model name")]
    flags = {word for line in text.splitlines() if line.startswith("flags") for word in line.split()}
    units = [name for name in ("amx_bf16", "amx_int8", "avx512_bf16", "avx512_vnni", "avx_vnni") if name in flags]
    wide = "held to AVX2" if options.avx2 else ", ".join(["AVX-512" if "avx512f" in flags else "AVX2", *units])
    peers = f"PyTorch {torch.__version__.split('+')[0]}, diffusers {diffusers.__version__}"
    if any(name.startswith("openvino") for name in options.peers):
        import openvino

        peers += f", OpenVINO {openvino.__version__.split('-')[0]}"
    return (f"{date.today()}, {names[0] if names else platform.processor()} ({wide}), {len(names)} cores, load "
            f"{os.getloadavg()[0]:.1f}; {peers}; Gesso with the f16 checkpoint")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", type=Path)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--calls", type=int, default=2, help="of each stage in a round, after one that is not counted")
    options.add_argument("--quick", action="store_true",
                         help="one round of one call of each stage, and one guided edit of 5 steps")
    options.add_argument("--steps", type=int, default=20, help="of which 0.6 and 0.3 are run")
    options.add_argument("--sizes", type=int, nargs="+", default=[512])
    options.add_argument("--edits", choices=EDITS, nargs="+", default=list(EDITS))
    options.add_argument("--only-calls", action="store_true", help="leave out whole edits")
    options.add_argument("--only-edits", action="store_true", help="leave out single calls")
    options.add_argument("--openvino", action="store_true", help="measure OpenVINO, too")
    options.add_argument("--peers", choices=PEERS, nargs="*", help="measure these alone beside Gesso")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--avx2", action="store_true", help="hold Gesso and PyTorch to AVX2")
    options.add_argument("--table", type=Path, help="a file for the table, beside standard output")
    options.add_argument("--calls-of", help=argparse.SUPPRESS)
    options.add_argument("--size", type=int, help=argparse.SUPPRESS)
    options.add_argument("--edit-of", choices=EDITS, help=argparse.SUPPRESS)
    options.add_argument("--by", choices=NAMES, help=argparse.SUPPRESS)
    options.add_argument("--source", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.calls_of:
        library, _, precision = given.calls_of.partition(" ")
        found = torch_calls(given, precision == "bf16") if library == "torch" else openvino_calls(given, precision == "f32")
        print(json.dumps(found))
        return
    if given.edit_of:
        print(json.dumps(torch_edit(given)))
        return
    if given.quick:
        given.rounds, given.calls, given.steps, given.edits = 1, 1, 5, ["guided"]
    if given.peers is None:
        given.peers = [name for name in PEERS if given.openvino or name.startswith("torch")]
    if given.avx2:
        os.environ.update(AVX2)
    for lines in compare(given):
        text = "\n".join(lines) + "\n"
        if given.table:                          # what is measured stays, whatever becomes of the rest
            given.table.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
