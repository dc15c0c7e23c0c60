#!/usr/bin/env python
"""Says what the processor's time of a call goes to, by sampling with Linux's perf.

    python Benchmarks/make-checkpoint.py sd15 --tokenizer FOLDER
    python Benchmarks/shares.py sd15 [--stages guided decode] [--precisions exact bf16 int8] [--rounds 3] [--table results.md]

Every stage runs in every precision in a process of its own (`gesso-benchmarks stage`); samples count from the
second call on, over all threads. Each function of the kernels belongs to one row of the table; functions that no
row names are in the last one, and `--functions` prints the largest of them all. Only shares are stated: other programs
on the machine lengthen a call, and hardly change what its parts are.
"""

import argparse
import collections
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Rows and the functions in them.
ROWS = {
    "products": ["compiled_multiply_block", "loop_256", "loop_512", "multiply", "multiply_bf16", "multiply_int8",
                 "multiply_split", "multiply_part", "multiply_steps", "work"],
    "minimal filtering's transforms": ["compiled_transform_tiles", "compiled_finish_tiles", "transform_slice",
                                       "compiled_transform_weights"],
    "softmax": ["compiled_exponentiate", "attend"],
    "norms": ["compiled_normalize_row", "compiled_sum_chunk", "compiled_scale_chunk", "normalize_chunk", "sum_chunk",
              "scale_chunk", "gesso_group_sums", "gesso_group_scales"],
    "operands: norm and activation applied, rows laid out": [
        "compiled_prepare_line", "prepare_one_line", "gesso_prepare_lines", "gather", "gather_narrow", "patch_left",
        "plain_left", "compiled_load_queries", "compiled_pair_rows", "put_row", "put_line", "put_patches",
        "put_matrix_rows", "put_zeros"],
    "operands: rounding to bf16 or int8": [
        "compiled_round_to_bf16", "compiled_round_to_int8", "compiled_find_greatest", "compiled_find_greatest_of_channels",
        "compiled_split_weights", "find_greatest_of_piece", "row_scale", "compiled_add_outliers", "compiled_find_infinite"],
    "weights from f16": ["compiled_widen_all", "compiled_lay_in_strips", "pack_panel", "pack_steps"],
    "results: residual, bias, scale": ["compiled_finish_rows", "compiled_store_results", "compiled_scale_sums",
                                      "write_results"],
    "SiLU, GELU, GEGLU": ["compiled_activate_range", "compiled_gate_row", "compiled_gate_rows", "gate_one_row",
                          "activate_chunk"],
    "copies, up- and downsampling, concatenation": ["copy_chunk", "memcpy", "memmove", "memset"],
    "waiting": ["gesso_parallel", "take_indices", "await_loop", "await_others", "worker", "pthread"],
    "the system: fresh pages, switches": [],
}


def row_of(function, library):
    if "kernel" in library:
        return "the system: fresh pages, switches"
    name = function.split(".")[0]
    for row, functions in ROWS.items():
        if name in functions or any(part in name for part in functions if part.startswith(("mem", "pthread"))):
            return row
    return "the rest"


def sampled(options, stage, precision):
    """Samples by function, and the seconds of a call."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [str(options.tool), "stage", str(options.model), stage, precision, str(options.rounds), str(options.size)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if process.stdout.readline().strip() != "ready":
            sys.exit("shares.py: gesso-benchmarks did not run the stage")
        recorder = subprocess.Popen(
            [options.perf, "record", "-q", "-e", "cpu-clock", "-F", "997", "-o", f"{folder}/data", "-p",
             str(process.pid), "--", "sleep", "3600"], stderr=subprocess.DEVNULL)
        try:
            recorder.wait(0.5)
            sys.exit("shares.py: perf cannot sample here (kernel.perf_event_paranoid?)")
        except subprocess.TimeoutExpired:
            process.stdin.write("\n")
            process.stdin.flush()
            out = process.stdout.readline()
        recorder.terminate()
        recorder.wait()
        process.communicate()
        report = subprocess.run(
            [options.perf, "report", "-i", f"{folder}/data", "--stdio", "-q", "-F", "sample,dso,sym", "-t", "\t"],
            capture_output=True, text=True)
    samples = collections.Counter()
    for line in report.stdout.splitlines():
        parts = [part.strip() for part in line.split("\t")]
        if len(parts) == 3:
            samples[parts[2].split("] ", 1)[-1], parts[1]] += int(parts[0])
    if not samples:
        sys.exit(f"shares.py: perf has no samples: {report.stderr.strip()}")
    return samples, float(out)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", type=Path)
    options.add_argument("--stages", nargs="+", default=["plain", "decode"],
                         choices=["plain", "guided", "encode", "decode", "areas"])
    options.add_argument("--precisions", nargs="+", default=["exact", "bf16", "int8"])
    options.add_argument("--size", type=int, default=512)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--functions", type=int, default=0, help="print that many functions of each stage")
    options.add_argument("--perf", default="perf")
    options.add_argument("--tool", type=Path, default=ROOT / ".build/release/gesso-benchmarks")
    options.add_argument("--table", type=Path, help="a file for the table, beside standard output")
    given = options.parse_args()
    shares, columns = {}, [(stage, precision) for stage in given.stages for precision in given.precisions]
    for column in columns:
        samples, seconds = sampled(given, *column)
        whole = sum(samples.values())
        print(*column, f"{whole} samples, {seconds:.2f} s a call", file=sys.stderr)
        for (function, library), count in samples.most_common(given.functions):
            print(f"  {100 * count / whole:5.1f} %  {function}  ({row_of(function, library)})", file=sys.stderr)
        for (function, library), count in samples.items():
            key = row_of(function, library), column
            shares[key] = shares.get(key, 0) + 100 * count / whole
    lines = [f"{given.size}x{given.size}, % of samples:", "",
             "| | " + " | ".join(f"{stage}, {precision}" for stage, precision in columns) + " |",
             "|---" * (len(columns) + 1) + "|"]
    for row in [*ROWS, "the rest"]:
        lines.append(f"| {row} | " + " | ".join(f"{shares.get((row, each), 0):.1f}" for each in columns) + " |")
    text = "\n".join(lines) + "\n"
    if given.table:
        given.table.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
