"""What lies over the picture and belongs to nobody in it: bars, subtitles, a station's mark."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from animelayers.truth.layer import Layer
from animelayers.truth.plan import FilmPlan

_SIZE = 0.052  # of letters, share of the frame's height


def overlays(plan: FilmPlan, shot: int) -> list[Layer]:
    """The layers laid over every frame of a shot."""
    width, height = plan.size
    layers = []
    if plan.letterbox:
        bar = round(plan.letterbox * height)
        black = np.zeros((bar, width, 4), np.uint8)
        black[..., 3] = 255
        layers += [Layer("overlay", 1, (0, 0), black), Layer("overlay", 2, (0, height - bar), black)]
    if plan.subtitles and plan.subtitles[shot]:
        text = _written(plan.subtitles[shot], round(_SIZE * height))
        layers.append(
            Layer(
                "overlay",
                3,
                (max(0, (width - text.shape[1]) // 2), round(0.95 * height) - text.shape[0]),
                text[:, :width],
            )
        )
    if plan.logo:
        mark = _mark(round(0.09 * height), plan.seed)
        layers.append(
            Layer("overlay", 4, (width - mark.shape[1] - round(0.03 * width), round(0.05 * height)), mark)
        )
    return layers


def _written(text: str, size: int) -> np.ndarray:
    """A text in white with a dark rim, RGBA uint8, as broadcasters burn it in."""
    font = ImageFont.load_default(size)
    rim = max(1, size // 9)
    box = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox(
        (0, 0), text, font=font, stroke_width=rim, align="center"
    )
    left, top, right, bottom = (round(v) for v in box)
    planes = []
    for stroke in (rim, 0):
        plane = Image.new("L", (right - left + 2, bottom - top + 2))
        where = (1 - left, 1 - top)
        ImageDraw.Draw(plane).multiline_text(
            where, text, fill=255, font=font, stroke_width=stroke, align="center"
        )
        planes.append(np.array(plane))
    rgba = np.zeros((*planes[0].shape, 4), np.uint8)
    rgba[..., :3] = np.where(
        planes[0] > 0, np.rint(planes[1] / np.maximum(planes[0], 1) * 245).clip(0, 245), 0
    ).astype(np.uint8)[..., None]
    rgba[..., 3] = planes[0]
    return rgba


def _mark(size: int, seed: int) -> np.ndarray:
    """A half-transparent mark of a ring and two letters."""
    rng = np.random.default_rng([seed, 5])
    wide = round(size * rng.uniform(1.0, 1.8))
    plane = Image.new("L", (wide, size))
    pen = ImageDraw.Draw(plane)
    pen.ellipse((1, 1, wide - 2, size - 2), outline=255, width=max(1, size // 12))
    letters = "".join(chr(65 + int(rng.integers(26))) for _ in range(2))
    pen.text(
        (wide / 2, size / 2),
        letters,
        fill=255,
        font=ImageFont.load_default(max(8, round(size * 0.42))),
        anchor="mm",
    )
    rgba = np.full((size, wide, 4), int(rng.choice([255, 235])), np.uint8)
    rgba[..., 3] = np.array(plane) * np.float32(rng.uniform(0.5, 0.85))
    return rgba
