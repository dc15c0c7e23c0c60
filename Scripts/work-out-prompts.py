#!/usr/bin/env python3
"""Works out Fixtures/Prompts/schedules.jsonl: the texts of prompts at each step, from the grammar.

The grammar of AUTOMATIC1111's prompts is written below for an Earley parser (package lark), and its
rules for numbers, alternation and AND are applied to the trees. Run it from anywhere:
    pip install lark && python Scripts/work-out-prompts.py
"""

import json
import pathlib
import re

import lark

GRAMMAR = lark.Lark(
    r"""
    !start: (words | SIGN)*
    words: (weighted | change | turns | text | BLANK)*
    !weighted: "(" words ")" | "(" words ":" words ")" | "[" words "]"
    change: "[" [words ":"] words ":" [BLANK] NUMBER [BLANK] "]"
    turns: "[" words ("|" [words])+ "]"
    BLANK: /\s+/
    SIGN: /[][():]/
    text: /(?:\\.|[^]\\[():|])+/
    %import common.SIGNED_NUMBER -> NUMBER
    """
)
PROMPTS = """
test
a [b:3]
a [b: 3]
[a:3 ]
a [[[b]]:2]
[(a:2):3]
a [b : c : 1] d
a[b:[c:d:2]:1]e
a [unbalanced
a [b:.5] c
a [b:c:0.25] d
a [{b|d{:.5] c
((a][:b:c [d:3]
[a|(b:1.1)]
[fe|]male
[fe|||]male
[|b]
[a|b|c|d]
a [b:1.5] c
[a:b:1.0]
[a:b:1.]
[a:b:1e1]
[a:b:5e-1]
[a:b:99]
[a:b:0]
[a:b:0.0]
[a:b:-3]
[a:b:+3]
[a:b:.25]
[a::3]
[:a:3]
[::3]
[a::0.6] b [c:0.25]
a | b [c:d:3]
(a|b) [c:d:3]
[a:b|c:3]
[a|b:3]
[a:b:c:3]
[a:b]
(a:b:c) [d:3]
\\[a:3\\] [b:4]
[a\\:b:c:3]
[a\\|b|c]
a [b:3] \\
[ a | b ]
[(a:b):3]
([a:b:3]:1.2)
(([a:b:3]))
[[a:b:3]|c]
[[a|b]:c:5]
[a [b:c:2] d:e:5]
[3:4:5]
[a:b: 3
a:b
[]
[|]
[(a:[b:c:3]:4]
a [b:c:0.25] [d|e] (f:1.3)
[a[b:3]
[a]b:3]
[a:b:0.5]:
[x:y:nan]
[x:y:5.5.5]
[a:(b:1.2) [c]:4] d
a AND b
a AND b :1.2
a :0.5 AND b:-1
[a:b:3] AND [c|d] :0.7
aANDb
a AND
[a AND b:3]
a and b
a AND b AND c: 2.
""".strip().split("\n")
STEPS = 10


class Texts(lark.Transformer):
    """The text of a tree at a step, counted from 1."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def change(self, parts):
        before, after, _, number, _ = parts
        last = float(number) * (STEPS if "." in number else 1)
        return (before or "") if self.step <= min(STEPS, int(last)) else after

    def turns(self, parts):
        return parts[(self.step - 1) % len(parts)] or ""

    def __default__(self, data, parts, meta):
        return "".join(str(part) for part in parts if part is not None)


def texts(prompt):
    """The text at each evaluation: the first two count as step 1."""
    try:
        tree = GRAMMAR.parse(prompt)
    except lark.exceptions.LarkError:
        return [prompt] * STEPS
    return [Texts(max(index, 1)).transform(tree) for index in range(STEPS)]


def branches(prompt):
    parts = re.split(r"\bAND\b", prompt)
    for part in parts:
        match = re.fullmatch(
            r"\s*(.*?)(?:\s*:\s*([-+]?(?:\d+\.?\d*|\.\d+)))?\s*", part, re.DOTALL)
        weighs = len(parts) > 1 and match and match[2]
        yield texts(match[1] if weighs else part), float(match[2]) if weighs else 1.0


file = pathlib.Path(__file__).resolve().parent.parent / "Fixtures/Prompts/schedules.jsonl"
file.parent.mkdir(exist_ok=True)
with file.open("w") as output:
    for prompt in PROMPTS:
        case = {"prompt": prompt, "steps": STEPS, "parts": []}
        for each, weight in branches(prompt):
            case["parts"].append({"weight": weight, "texts": each})
        output.write(json.dumps(case, ensure_ascii=False) + "\n")
