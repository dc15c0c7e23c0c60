"""The model's own small vocabulary, in the files a CLIP tokenizer reads."""

import json
import re
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))
from goldens.vocabulary import END, START, WORDS, byte_alphabet, learn_merges  # noqa: E402

import scenes  # noqa: E402


def caption_words(seeds=4000):
    """Every word the captions use."""
    found = set()
    for seed in range(seeds):
        found.update(re.findall(r"[a-z]+|[0-9]|[^\sa-z0-9]+", scenes.caption(scenes.plan(seed), np.random.default_rng(seed))))
    return sorted(found)


def write(folder, size):
    """vocab.json and merges.txt with `size` entries: bytes, bytes that end a word, merges, the two marks.

    The captions' words weigh most, so each of them becomes one token; the rest is common words.
    """
    folder.mkdir(parents=True, exist_ok=True)
    letters = list(byte_alphabet().values())
    merges = learn_merges(caption_words() * 50 + WORDS, size - 2 * len(letters) - 2)
    names = letters + [letter + "</w>" for letter in letters]
    names += [left + right for left, right in merges] + [START, END]
    ids = {name: place for place, name in enumerate(names)}
    (folder / "vocab.json").write_text(json.dumps(ids, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    marks = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END}
    settings = marks | {"add_prefix_space": False, "do_lower_case": True, "model_max_length": 77,
                        "tokenizer_class": "CLIPTokenizer"}
    for name, value in (("tokenizer_config", settings), ("special_tokens_map", marks)):
        (folder / f"{name}.json").write_text(json.dumps(value, indent=1) + "\n")
    return len(ids)
