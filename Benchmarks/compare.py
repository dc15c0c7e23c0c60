#!/usr/bin/env python
"""Measures Gesso against diffusers (and OpenVINO) on one checkpoint.

    python Benchmarks/make-checkpoint.py sd15 --tokenizer FOLDER
    python Benchmarks/compare.py sd15 [--rounds 3] [--sizes 512] [--threads 2] [--openvino] [--avx2] [--table results.md]
    python Benchmarks/make-checkpoint.py sdxl --family sdxl --tokenizer FOLDER
    python Benchmarks/compare.py sdxl --sizes 1024 --steps 5 --rounds 1

Runs of the two take turns on the same machine with the same threads, each in a process of its own;
the table gives medians and their ratios. One round is a whole img2img (20 steps, strength 0.6,
guidance 7.5: 12 evaluations of both branches) and a short one without guidance. Stable Diffusion XL
in f32 wants 20 GB of memory of diffusers, which drops the text encoders here when they have answered.
"""

import argparse
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

ROOT = Path(__file__).resolve().parent.parent
EDITS = {"guided": {"strength": 0.6, "guidance": 7.5}, "plain": {"strength": 0.3, "guidance": 1.0}}
# What holds Gesso, and oneDNN, MKL and PyTorch's own kernels, to AVX2.
AVX2 = {"GESSO_KERNELS": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2"}


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
    return wall, usage.ru_maxrss * 1024, out.decode()


def gesso(options, source, edit, folder):
    settings = EDITS[edit]
    wall, memory, out = run([
        str(ROOT / ".build/release/gesso"), "img2img", str(source), "--model", str(options.model),
        "--prompt", "a lighthouse at dusk", "--steps", str(options.steps), "--scheduler", "ddim",
        "--strength", str(settings["strength"]), "--guidance-scale", str(settings["guidance"]),
        "--seed", "1", "--threads", str(options.threads), "--json", "--quiet", "--overwrite",
        "-o", str(Path(folder) / "gesso.png")])
    report = json.loads(out)
    seconds = report["seconds"]
    return {"wall": wall, "memory": memory, "load": seconds["load"], "encode": seconds["encode"],
            "decode": seconds["decode"], "step": seconds["denoise"] / report["evaluations"],
            "edit": sum(seconds.values()) - seconds["load"]}


def diffusers(options, source, edit, folder):
    threads = str(options.threads)
    wall, memory, out = run(
        [sys.executable, __file__, str(options.model), "--peer", edit, "--source", str(source),
         "--threads", threads, "--steps", str(options.steps)],
        OMP_NUM_THREADS=threads, MKL_NUM_THREADS=threads, HF_HUB_OFFLINE="1")
    return {**json.loads(out.splitlines()[-1]), "wall": wall, "memory": memory}


def peer(options):
    """The same edit in diffusers; its stages are timed inside of the pipeline's own call."""
    import torch
    from diffusers import AutoPipelineForImage2Image, DDIMScheduler
    from PIL import Image

    torch.set_num_threads(options.threads)
    started = time.monotonic()
    pipe = AutoPipelineForImage2Image.from_pretrained(options.model, torch_dtype=torch.float32)
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    times = {"load": time.monotonic() - started, "encode": 0, "decode": 0, "unet": 0}
    calls = 0

    def timed(function, name):
        def call(*arguments, **named):
            nonlocal calls
            begun = time.monotonic()
            result = function(*arguments, **named)
            times[name] += time.monotonic() - begun
            calls += name == "unet"
            return result
        return call

    pipe.vae.encode = timed(pipe.vae.encode, "encode")
    pipe.vae.decode = timed(pipe.vae.decode, "decode")
    pipe.unet.forward = timed(pipe.unet.forward, "unet")
    settings = EDITS[options.peer]
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
    pipe(**prompt, image=Image.open(options.source), strength=settings["strength"],
         num_inference_steps=options.steps, guidance_scale=settings["guidance"],
         generator=torch.Generator().manual_seed(1))
    times["edit"] = time.monotonic() - started
    times["step"] = times.pop("unet") / calls
    print(json.dumps(times))


def openvino_step(model, size, threads):
    """Seconds of one UNet call without guidance in OpenVINO, f32; the best of three."""
    import numpy as np
    import openvino
    import torch
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(model, subfolder="unet", torch_dtype=torch.float32)
    inputs = (torch.randn(1, 4, size // 8, size // 8), torch.tensor(500),
              torch.randn(1, 77, unet.config.cross_attention_dim))
    with torch.no_grad():
        converted = openvino.convert_model(unet, example_input=inputs)
    compiled = openvino.Core().compile_model(
        converted, "CPU", {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"})
    arrays = [np.asarray(each) for each in inputs]
    times = []
    for _ in range(3):
        begun = time.monotonic()
        compiled(arrays)
        times.append(time.monotonic() - begun)
    return min(times)


ROWS = [("one UNet call, no guidance", "plain", "step", "s"),
        ("one UNet call, both branches of guidance", "guided", "step", "s"),
        ("VAE encode", "guided", "encode", "s"), ("VAE decode", "guided", "decode", "s"),
        ("img2img, model loaded", "guided", "edit", "s"),
        ("the same with loading, whole process", "guided", "wall", "s"),
        ("peak resident memory", "guided", "memory", "GB")]


def table(options, size, times):
    """The medians of all that is measured so far."""
    rounds = len(times[options.edits[-1], "wall", "diffusers"])
    lines = ["", f"{size}x{size}, {options.threads} threads, {options.steps} steps, medians of {rounds}:", "",
             "| | Gesso | diffusers | ratio |", "|---|---|---|---|"]
    for label, edit, key, unit in ROWS:
        if edit not in options.edits:
            continue
        ours, theirs = (statistics.median(times[edit, key, name]) for name in ("gesso", "diffusers"))
        scale = 1e9 if unit == "GB" else 1
        lines.append(f"| {label} | {ours / scale:.2f} {unit} | {theirs / scale:.2f} {unit} "
                     f"| {ours / theirs:.2f} |")
    return lines


def compare(options):
    """All lines of the result, again and again as there are more of them."""
    done = [machine(options)]
    with tempfile.TemporaryDirectory() as folder:
        for size in options.sizes:
            source = picture(folder, size)
            times = {}
            for index in range(options.rounds):
                for edit in options.edits:
                    for name, tool in [("gesso", gesso), ("diffusers", diffusers)]:
                        print(f"{size}x{size}, round {index + 1}, {edit}, {name}", file=sys.stderr)
                        measured = tool(options, source, edit, folder)
                        for key, value in measured.items():
                            times.setdefault((edit, key, name), []).append(value)
                yield done + table(options, size, times)
            done += table(options, size, times)
            if not options.openvino:
                continue
            import openvino

            step = openvino_step(options.model, size, options.threads)
            ours = statistics.median(times["plain", "step", "gesso"])
            done.append(f"| one UNet call against OpenVINO {openvino.__version__.split('-')[0]}, f32 "
                        f"| {ours:.2f} s | {step:.2f} s | {ours / step:.2f} |")
            yield done


def machine(options):
    import diffusers
    import torch

    names = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    has_more = "avx512f" in Path("/proc/cpuinfo").read_text()
    wide = "held to AVX2" if options.avx2 else "AVX-512" if has_more else "AVX2"
    return (f"{date.today()}, {names[0] if names else platform.processor()} ({wide}), {len(names)} cores; "
            f"PyTorch {torch.__version__.split('+')[0]}, diffusers {diffusers.__version__}, f32; "
            "Gesso with the f16 checkpoint")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", type=Path)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--steps", type=int, default=20, help="of which 0.6 and 0.3 are run")
    options.add_argument("--sizes", type=int, nargs="+", default=[512])
    options.add_argument("--edits", choices=EDITS, nargs="+", default=list(EDITS))
    options.add_argument("--openvino", action="store_true", help="measure OpenVINO's UNet, too")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--avx2", action="store_true", help="hold Gesso and PyTorch to AVX2")
    options.add_argument("--table", type=Path, help="a file for the table, beside standard output")
    options.add_argument("--peer", choices=EDITS, help=argparse.SUPPRESS)
    options.add_argument("--source", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.peer:
        peer(given)
        return
    if given.avx2:
        os.environ.update(AVX2)
    for lines in compare(given):
        text = "\n".join(lines) + "\n"
        if given.table:                          # what is measured stays, whatever becomes of the rest
            given.table.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
