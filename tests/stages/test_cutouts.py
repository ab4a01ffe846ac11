from __future__ import annotations

import numpy as np
import pytest

from animelayers.imaging import codecs
from animelayers.record.schema import Row
from animelayers.sinks.frames import files
from animelayers.stages.cutouts import CutOuts
from tests.lists import words_of


def row(frames: np.ndarray, segments: np.ndarray) -> Row:
    return {"clip_id": "a/b/0", "error": "", "frames": frames, "segments": segments, "drawing": np.arange(len(frames)),
            "frame_index": np.arange(len(frames)), "attempt": 0, "error_type": ""}  # fmt: skip


def test_each_segment_is_cut_out_and_masked() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (3, 30, 40, 3), np.uint8)
    segments = np.zeros((3, 30, 40), np.uint8)
    segments[0, 2:12, 3:9], segments[0, 20:25, 10:40], segments[2, 0, 0] = 1, 2, 1
    segments[0, 5, 5] = 0
    (made,) = CutOuts().run([row(frames, segments)])
    assert made["error"] == ""
    assert words_of(made, "segment_boxes") == "3:2:6:10,10:20:30:5 none 0:0:1:1" and (
        made["width"],
        made["height"],
    ) == (40, 30)
    assert made["character_coverage"] == pytest.approx([(59 + 150) / 1200, 0, 1 / 1200])
    first, second, third = files(made)
    assert (
        list(first) == ["instance001.png", "mask001.png", "instance002.png", "mask002.png"]
        and second == {}
        and list(third) == list(first)[:2]
    )
    cut, mask = codecs.decode(bytes(first["instance001.png"])), codecs.decode(bytes(first["mask001.png"]))
    assert np.array_equal(mask, (segments[0] == 1) * np.uint8(255)) and cut.shape == (10, 6, 4)
    assert np.array_equal(cut[..., 3], mask[2:12, 3:9]) and not cut[3, 2].any(), "transparent, black below"
    assert np.array_equal(cut[cut[..., 3] > 0][:, :3], frames[0][segments[0] == 1])


def test_nothing_in_any_drawing_and_gaps() -> None:
    empty = row(np.zeros((2, 4, 5, 3), np.uint8), np.zeros((2, 4, 5), np.uint8))
    (made,) = CutOuts().run([empty])
    assert (
        made["layers"] == b""
        and made["layer_names"] == ""
        and made["layer_sizes"].shape == (2, 0)
        and files(made) == [{}, {}]
    )
    (bad,) = CutOuts().run([{**empty, "segments": np.full((2, 4, 5), 2, np.uint8)}])
    assert bad["error"] == "cutouts: label 1 of 2 is not in the map"
