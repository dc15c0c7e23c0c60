#!/usr/bin/env python3
"""Draws the letters of labels, Sources/Imaging/Typeface, from DejaVu Sans (Debian's fonts-dejavu-core):

    Scripts/draw-typeface.py [FONT]

`letters.png` holds a letter in each cell, 32 cells in a row, as 8-bit grey: the share of a pixel that ink covers.
`letters.json` names them in that order, states how many pixels each is wide, and the sizes of a cell and of the room
to the left of a letter in it, which overhanging letters need. Needs Pillow.
"""

import json
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIZE, COLUMNS, LEFT = 14, 32, 3
SETS = [(0x20, 0x7E), (0xA1, 0x17F), (0x218, 0x21B), (0x391, 0x3A1), (0x3A3, 0x3A9), (0x3B1, 0x3C9), (0x386, 0x386),
        (0x388, 0x38A), (0x38C, 0x38C), (0x38E, 0x390), (0x3AA, 0x3B0), (0x3CA, 0x3CE), (0x400, 0x45F),
        (0x490, 0x491), (0x1E00, 0x1E9B), (0x1E9E, 0x1E9E), (0x1EA0, 0x1EF9), (0x2010, 0x2015), (0x2018, 0x201E),
        (0x2022, 0x2022), (0x2026, 0x2026), (0x2032, 0x2033), (0x2039, 0x203A), (0x20AC, 0x20AC), (0x2116, 0x2116),
        (0x2122, 0x2122), (0x2190, 0x2193), (0x2212, 0x2212), (0x221E, 0x221E), (0x2248, 0x2248), (0x2260, 0x2260),
        (0x2264, 0x2265)]


def main():
    font = ImageFont.truetype(sys.argv[1] if len(sys.argv) > 1 else "DejaVuSans.ttf", SIZE,
                              layout_engine=ImageFont.Layout.BASIC)
    letters = [chr(code) for first, last in SETS for code in range(first, last + 1) if code != 0xAD]
    widths = [round(font.getlength(letter)) for letter in letters]
    boxes = [font.getbbox(letter) for letter in letters]
    top, bottom = min(box[1] for box in boxes), max(box[3] for box in boxes)
    right = max(max(box[2] for box in boxes), max(widths))
    assert min(box[0] for box in boxes) >= -LEFT
    width, height = LEFT + right, bottom - top
    sheet = Image.new("L", (COLUMNS * width, -(-len(letters) // COLUMNS) * height))
    draw = ImageDraw.Draw(sheet)
    for index, letter in enumerate(letters):
        x, y = index % COLUMNS * width, index // COLUMNS * height
        draw.text((x + LEFT, y - top), letter, fill=255, font=font)
    folder = Path(__file__).resolve().parent.parent / "Sources/Imaging/Typeface"
    folder.mkdir(exist_ok=True)
    sheet.save(folder / "letters.png", optimize=True)
    face = {"width": width, "height": height, "left": LEFT, "columns": COLUMNS, "letters": "".join(letters),
            "widths": widths}
    (folder / "letters.json").write_text(json.dumps(face, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
