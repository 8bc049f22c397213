"""
A small catalogue of our own, for trying things: families, simple products, and images that are drawn when needed.
"""

import csv
from importlib.resources import files
from pathlib import Path

from PIL import Image, ImageDraw

_SIZE = 900
_PAPER = (247, 245, 240)
_INK = (60, 58, 54)
_COLOURS = {
    "white": (235, 233, 228),
    "navy": (38, 56, 92),
    "moss": (104, 122, 82),
    "rust": (170, 84, 52),
    "sand": (206, 184, 148),
    "slate": (96, 106, 116),
}


def write_sample(folder: Path) -> Path:
    """Write the sample catalogue and its images below a folder; return the CSV file's path. Idempotent."""
    folder.mkdir(parents=True, exist_ok=True)
    catalogue = folder / "catalogue.csv"
    text = files(__package__).joinpath("catalogue.csv").read_text(encoding="utf-8")
    catalogue.write_text(text, encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        for column in ("Image Src", "Variant Image"):
            if row[column]:
                _draw(folder / row[column])
    return catalogue


def _draw(path: Path) -> None:
    """Draw an image by its name, `<shape>-<colour>.png`."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    shape, _, colour = path.stem.partition("-")
    image = Image.new("RGB", (_SIZE, _SIZE), _PAPER)
    draw = ImageDraw.Draw(image)
    draw.ellipse((170, 760, 730, 830), fill=(228, 224, 216))
    _SHAPES[shape](draw, _COLOURS[colour])
    image.save(path, optimize=True)


def _mug(draw: ImageDraw.ImageDraw, fill: tuple[int, int, int]) -> None:
    draw.ellipse((540, 340, 780, 620), outline=_INK, width=34)
    draw.rounded_rectangle((220, 260, 620, 790), radius=60, fill=fill, outline=_INK, width=10)
    draw.ellipse((220, 215, 620, 305), fill=_INK)


def _shirt(draw: ImageDraw.ImageDraw, fill: tuple[int, int, int]) -> None:
    outline = [(330, 170), (190, 240), (90, 430), (215, 490), (270, 400), (270, 800), (630, 800), (630, 400)]
    outline += [(685, 490), (810, 430), (710, 240), (570, 170)]
    draw.polygon(outline, fill=fill, outline=_INK, width=10)
    draw.chord((340, 100, 560, 270), 0, 180, fill=_PAPER, outline=_INK, width=10)


def _cap(draw: ImageDraw.ImageDraw, fill: tuple[int, int, int]) -> None:
    draw.chord((200, 260, 660, 860), 180, 360, fill=fill, outline=_INK, width=10)
    draw.rounded_rectangle((400, 545, 840, 605), radius=30, fill=fill, outline=_INK, width=10)


def _notebook(draw: ImageDraw.ImageDraw, fill: tuple[int, int, int]) -> None:
    draw.rounded_rectangle((240, 150, 680, 800), radius=24, fill=fill, outline=_INK, width=10)
    draw.line((320, 155, 320, 795), fill=_INK, width=8)
    draw.rounded_rectangle((400, 260, 620, 360), radius=12, fill=_PAPER, outline=_INK, width=6)


def _bag(draw: ImageDraw.ImageDraw, fill: tuple[int, int, int]) -> None:
    draw.arc((320, 110, 580, 520), 180, 360, fill=_INK, width=26)
    draw.polygon([(210, 320), (690, 320), (740, 800), (160, 800)], fill=fill, outline=_INK, width=10)


_SHAPES = {"mug": _mug, "shirt": _shirt, "cap": _cap, "notebook": _notebook, "bag": _bag}
