#!/usr/bin/env python3
"""Records what transformers' CLIPTokenizer makes of prompts with CLIP's vocabulary.

    python Scripts/record-clip-tokens.py FOLDER > Fixtures/Prompts/clip-tokens.json

FOLDER holds vocab.json and merges.txt as published with CLIP. Recorded with transformers 5.24.
"""
import json
import sys

from transformers import CLIPTokenizer

PROMPTS = [
    "", "a photo of a cat", "A watercolor painting, wet on wet, soft bleeding edges", "it's 42°C",
    "masterpiece, best quality, (detailed eyes:1.2)", "日本語の風景 🌊", "naïve café – “quoted”",
    "trending on artstation, 8k uhd, f/1.8, 35mm", "antidisestablishmentarianism xyzzyqwq",
    "newline\nand\ttab   spaces", "<|endoftext|> in the middle", "!!!???...", "word " * 90,
]

tokenizer = CLIPTokenizer.from_pretrained(sys.argv[1])
records = [{"prompt": text, "ids": tokenizer(text, truncation=True, max_length=77).input_ids} for text in PROMPTS]
print(json.dumps(records, ensure_ascii=False))
