"""A small CLIP-style vocabulary: bytes, bytes that end a word, merges learned from a word list."""

import collections
import json
import pathlib

from transformers import CLIPTokenizer

from goldens.storing import save_json

START, END = "<|startoftext|>", "<|endoftext|>"

WORDS = """
a an the of in on at by with and from over under near between behind without very more less no not
red orange yellow green blue purple pink brown black white grey gold silver dark light bright pale
cat dog horse bird fish fox owl bear sheep mouse rabbit whale tree forest flower grass leaf rose
mountain river lake sea beach island desert snow rain cloud storm sky sun moon star night morning
evening winter spring summer autumn house castle bridge street city village garden window door roof
table chair lamp book letter bottle glass cup plate bowl apple pear lemon bread cheese boat ship
train bicycle car road field stone wall portrait painting drawing sketch photograph watercolour oil
pencil charcoal ink detailed sharp soft blurred blurry noisy clean simple quiet empty crowded old
new young small large tall wide narrow round square man woman child king queen sailor painter
gardener baker teacher walking running sleeping reading standing sitting flying swimming looking
wearing holding hat coat scarf dress glasses smile shadow reflection texture pattern colour paper
canvas frame background foreground centre corner left right high low quality low resolution ugly
it's don't we're they've i'm she'll he'd 0 1 2 3 4 5 6 7 8 9 , . ! ? ; : ( ) ... - — " ' é ü ß 猫 🎨
""".split()


def byte_alphabet() -> dict[int, str]:
    """The character for each byte (Radford et al. 2019): itself if visible, else from 256 up."""
    visible = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), 256),
    ]
    hidden = [byte for byte in range(256) if byte not in visible]
    letters = {byte: chr(byte) for byte in visible}
    letters.update({byte: chr(256 + place) for place, byte in enumerate(hidden)})
    return letters


def learn_merges(words: list[str], count: int) -> list[tuple[str, str]]:
    """Byte pair encoding (Sennrich et al. 2016): the most frequent pair first, ties by the pair."""
    letters = byte_alphabet()
    spelled = collections.Counter()
    for word in words:
        symbols = [letters[byte] for byte in word.encode()]
        symbols[-1] += "</w>"
        spelled[tuple(symbols)] += 1
    merges = []
    while len(merges) < count:
        pairs = collections.Counter()
        for symbols, times in spelled.items():
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += times
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        spelled = collections.Counter(
            {merged(word, best): times for word, times in spelled.items()}
        )
    return merges


def merged(symbols: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    joined, place = [], 0
    while place < len(symbols):
        if symbols[place : place + 2] == pair:
            joined.append(pair[0] + pair[1])
            place += 2
        else:
            joined.append(symbols[place])
            place += 1
    return tuple(joined)


def vocabulary(merge_count: int = 400) -> tuple[dict[str, int], list[tuple[str, str]]]:
    letters = list(byte_alphabet().values())
    merges = learn_merges(WORDS, merge_count)
    names = letters + [letter + "</w>" for letter in letters]
    names += [left + right for left, right in merges] + [START, END]
    return {name: place for place, name in enumerate(names)}, merges


def write_tokenizer(folder: pathlib.Path, form: str) -> None:
    """form: "files" for vocab.json and merges.txt, "single" for transformers 5's tokenizer.json; "openclip" for
    files as Stable Diffusion 2 has them, where the map of special tokens says how to pad."""
    folder.mkdir(parents=True, exist_ok=True)
    names, merges = vocabulary()
    settings = {
        "add_prefix_space": False,
        "bos_token": START,
        "do_lower_case": True,
        "eos_token": END,
        "model_max_length": 77,
        "pad_token": END,
        "tokenizer_class": "CLIPTokenizer",
        "unk_token": END,
    }
    if form in ("files", "openclip"):
        (folder / "vocab.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
        lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
        (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        save_json(folder / "tokenizer_config.json", settings)
        special = {
            key: settings[key] for key in ("bos_token", "eos_token", "unk_token", "pad_token")
        }
        if form == "openclip":
            special["pad_token"] = "!"
        save_json(folder / "special_tokens_map.json", special)
    else:
        CLIPTokenizer(vocab=names, merges=merges, model_max_length=77).save_pretrained(folder)
