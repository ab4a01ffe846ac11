"""RapidOCR with its real weights, where the extra ocr is installed."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from animelayers.models.ocr import RapidOcr
from animelayers.samples import scene
from animelayers.stages.subtitle import Subtitle

pytest.importorskip("rapidocr", reason="the extra ocr is not installed")


def titled(*lines: tuple[str, int], size: tuple[int, int] = (640, 360)) -> np.ndarray:
    picture = Image.fromarray(scene("portrait", 1, size).frames[0])
    for text, y in lines:
        font = ImageFont.load_default(size[1] // 13)
        ImageDraw.Draw(picture).text(
            (size[0] / 2, y), text, "white", font, "mm", stroke_width=2, stroke_fill="black"
        )
    return np.asarray(picture)


def test_a_burnt_in_subtitle_is_read_and_only_there() -> None:
    reader = RapidOcr()
    plain, title = titled(), titled(("Chapter One", 60))
    one, two = (
        titled(("Where are you going tonight?", 330)),
        titled(("The first line", 300), ("and the second line", 335)),
    )
    ((line,), nothing) = reader([one, plain])
    assert line.text == "Where are you going tonight?" and line.score > 0.9 and nothing == []
    assert (
        abs(line.box[1] + line.box[3] / 2 - 330) < 12
        and line.box[0] < 200
        and line.box[0] + line.box[2] > 440
    )
    (texts,) = Subtitle(reader).frames(frames=[one, plain, title, two])
    # it does not see every gap between words
    assert [text.replace(" ", "") for text in texts] == [
        "Whereareyougoingtonight?",
        "",
        "",
        "Thefirstlineandthesecondline",
    ]
    assert [text.replace(" ", "") for text in Subtitle(reader, part=1.0).frames(frames=[title]).subtitle] == [
        "ChapterOne"
    ]
