from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from animelayers.models.protocols import Mattes
from animelayers.stages.character import Character
from tests.lists import listed


class Bright:
    """A matte that takes what is bright for a figure, and counts the pictures it is shown."""

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, pictures: Sequence[np.ndarray]) -> Mattes:
        self.seen += len(pictures)
        alpha = [(picture[..., 0] > 127).astype(np.float32) for picture in pictures]
        return Mattes(alpha, ["bright"] * len(pictures), [0.5] * len(pictures))


def pictures(count: int, left: int) -> np.ndarray:
    made = np.zeros((count, 32, 48, 3), np.uint8)
    made[:, 8:24, left : left + 16] = 255
    return made


def row(frames: np.ndarray, **columns: Any) -> dict[str, Any]:
    return {"clip_id": "a/b/c", "error": "", "seconds": np.zeros(0), "frames": frames, **columns}


def test_drawings_of_clips_of_any_size_go_to_the_model_together() -> None:
    matte = Bright()
    one, other = Character(matte, radius=0).run([row(pictures(2, 4)), row(pictures(3, 20)[:, :28])])
    assert one["character"].shape == (2, 32, 48) and other["character"].shape == (3, 28, 48)
    assert one["matte_model"] == "bright bright" and one["character_confidence"].tolist() == [0.5, 0.5]
    assert np.array_equal(one["character"] > 0, pictures(2, 4)[..., 0] > 0)
    assert one["context_character"].shape == (0, 0, 0) and matte.seen == 5


def test_the_context_of_a_shot_is_looked_at_once_for_all_its_clips() -> None:
    matte = Bright()
    step = Character(matte, radius=0)
    rows = [row(pictures(1, left), context=pictures(3, 30)) for left in (0, 4, 8)]
    made = [
        *step.run(rows[:2]),
        *step.run(rows[2:]),
        *step.run([row(pictures(1, 0), context=pictures(2, 2))]),
    ]
    assert matte.seen == 3 + 3 + 1 + 2
    assert all(
        np.array_equal(clip["context_character"], (pictures(3, 30)[..., 0] > 0) * np.uint8(255))
        for clip in made[:3]
    )
    assert made[3]["context_character"].shape == (2, 32, 48)


def test_a_figure_the_model_missed_is_taken_from_the_segmenter() -> None:
    frames = pictures(2, 4)
    segments = np.zeros((2, 32, 48), np.uint8)
    segments[:, 8:24, 4:20], segments[0, 8:24, 28:44], segments[1, 8:24, 28:44] = 1, 2, 2
    given = row(
        frames,
        segments=segments,
        segment_scores=listed("segment_scores", "person:0.9,person:0.8 person:0.9,:0.8"),
    )
    (made,) = Character(Bright(), radius=0).run([given])
    assert np.array_equal(made["character"][0] > 127, segments[0] > 0)  # and a piece without a name is none
    assert np.array_equal(made["character"][1] > 127, segments[1] == 1)
    (alone,) = Character(Bright(), radius=0).run([row(frames)])
    nobody = row(
        frames, segments=np.zeros_like(segments), segment_scores=listed("segment_scores", "none none")
    )
    (same,) = Character(Bright(), radius=0).run([nobody])
    assert np.array_equal(alone["character"], same["character"])
