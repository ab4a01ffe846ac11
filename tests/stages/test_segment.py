"""Segmentation as a step, with a real segmenter of random weights, and with drawn masks where it has to be
right.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from animelayers import job
from animelayers.engine.worker import build
from animelayers.models.protocols import Segments
from animelayers.record.schema import RECORD, Row
from animelayers.samples import scene
from animelayers.stages.segment import Segment, named
from tests.lists import words_of
from tests.models import tiny_universal


class Colours:
    """A segmenter that knows a few pure colours: a real one, for drawings of nothing else."""

    KNOWN: ClassVar = {"red one": (255, 0, 0), "": (0, 255, 0), "a,b:c": (0, 0, 255)}

    def __call__(self, pictures: Sequence[np.ndarray]) -> list[Segments]:
        found = []
        for picture in pictures:
            masks = {name: (picture == colour).all(axis=2) for name, colour in self.KNOWN.items()}
            there = [name for name, mask in masks.items() if mask.any()]
            planes = np.stack([masks[n] for n in there]) if there else np.zeros((0, *picture.shape[:2]), bool)
            found.append(Segments(planes, np.linspace(0.9, 0.7, len(there)).astype(np.float32), there))
        return found


def row(frames: np.ndarray, clip_id: str = "a/b/c") -> dict[str, object]:
    return {"clip_id": clip_id, "error": "", "seconds": np.zeros(0), "frames": frames}


def painted(*boxes: tuple[tuple[int, int, int], slice, slice]) -> np.ndarray:
    frame = np.zeros((40, 60, 3), np.uint8)
    for colour, rows, columns in boxes:
        frame[rows, columns] = colour
    return frame


def scores_of(made: Row) -> list[list[int]]:
    """The segments of each drawing that have a name."""
    return [named(scores) for scores in RECORD["segment_scores"].unpacked(made["segment_scores"])]


def test_columns_of_clips_of_any_size() -> None:
    red, green = ((255, 0, 0), slice(5, 20), slice(5, 20)), ((0, 255, 0), slice(5, 20), slice(30, 50))
    blue = ((0, 0, 255), slice(25, 28), slice(5, 8))
    frames = np.stack([painted(red, green, blue), painted(green), painted()])
    one, other = Segment(Colours(), min_instance_size=20).run([row(frames), row(frames[1:2, :30], "a/b/d")])
    assert one["error"] == other["error"] == ""
    assert (
        one["segments"].shape == (3, 40, 60)
        and one["segments"].dtype == np.uint8
        and other["segments"].shape == (1, 30, 60)
    )
    assert (
        words_of(one, "segment_scores") == "red_one:0.900,:0.800 :0.900 none"
        and words_of(other, "segment_scores") == ":0.900"
    )
    assert (
        one["segments"][0, 10, 10] == 1
        and one["segments"][0, 10, 40] == 2
        and not one["segments"][0, 25:].any()
        and not one["segments"][2].any()
    )
    assert scores_of(one) == [[1], [], []]
    (all_of_it,) = Segment(Colours(), min_instance_size=1).run([row(frames[:1])])
    assert words_of(all_of_it, "segment_scores") == "red_one:0.900,:0.800,a_b_c:0.700" and scores_of(
        all_of_it
    ) == [[1, 3]]
    (empty,) = Segment(Colours()).run([row(frames[:0])])
    assert (
        empty["error"] == "" and empty["segments"].shape[0] == 0 and words_of(empty, "segment_scores") == ""
    )


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="min_instance_size"):
        Segment(Colours(), min_instance_size=0)


@pytest.mark.parametrize("name", ["mask2former", "mask2former_panoptic", "animeseg"])
def test_a_model_of_the_catalogue_is_one_override_and_comes_before_the_matte(
    name: str, tmp_path: Path
) -> None:
    pytest.importorskip("transformers")
    tiny_universal.mask2former(tmp_path)
    at = "stages.segment.step.segmenter"
    words = [
        "output=x",
        "source.path=.",
        f"model/segment={name}",
        f"{at}.weights={tmp_path}",
        f"{at}.confidence_threshold=0.3",
    ]
    made = job.stages(job.compose("decompose", words))
    assert list(made)[:2] == ["segment", "character"] and "segment" not in job.stages(
        job.compose("decompose", words[:2])
    )
    frames = scene("crossing", 2, (160, 90)).frames
    (out,) = build(made["segment"].step).run([row(frames)])
    assert out["error"] == "" and out["segments"].shape == frames.shape[:3]
    for plane, figures in zip(out["segments"], scores_of(out), strict=True):
        assert set(np.unique(plane)) - {0} == set(figures)
