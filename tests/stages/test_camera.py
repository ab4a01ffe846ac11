"""The camera stage on drawn shots."""

from __future__ import annotations

import numpy as np
import pytest

from animelayers.imaging.motion import canvas
from animelayers.models.flow import DIS
from animelayers.samples import scene
from animelayers.stages.camera import Camera


def row(frames: np.ndarray, character: np.ndarray, **more: np.ndarray) -> dict[str, object]:
    return {"clip_id": "a", "error": "", "frames": frames, "character": character, **more}


def test_a_drawn_pan() -> None:
    shot = scene("pan", 6, (480, 270))
    (made,) = Camera(DIS()).run(
        [
            row(
                shot.frames[:4],
                shot.character[:4],
                context=shot.frames[4:],
                context_character=shot.character[4:],
            )
        ]
    )
    assert made["error"] == "" and made["camera_motion"] == "pan"
    way = np.concatenate([made["homography"], made["context_homography"]])[:, :2, 2]
    assert np.abs(way[:, 0] - way[0, 0] - shot.pan + shot.pan[0]).max() < 0.15 and not way[:, 1].any()
    both = np.concatenate([made["homography"], made["context_homography"]])
    assert canvas(both, (480, 270)) == (480 + shot.pan[5], 270)
    length = made["motion_magnitude"]
    # the figure, a tenth of the frame, does not move with the place
    assert length[0] == 0 and np.abs(length[1:] - np.diff(shot.pan)[:3]).max() < 2.5


def test_a_held_shot_without_context() -> None:
    shot = scene("standing", 6, (320, 180))
    (made,) = Camera(DIS()).run([row(shot.frames[::3], shot.character[::3])])
    assert made["error"] == "" and made["camera_motion"] == "still"
    assert np.array_equal(made["homography"], np.tile(np.eye(3), (2, 1, 1))) and made[
        "context_homography"
    ].shape == (
        0,
        3,
        3,
    )
    assert made["motion_magnitude"].dtype == np.float32 and 0 < made["motion_magnitude"][1] < 3


@pytest.mark.parametrize("number", [0, 1])
def test_clips_of_no_drawing_and_of_one(number: int) -> None:
    frames, none = np.zeros((number, 40, 60, 3), np.uint8), np.zeros((0, 40, 60), np.uint8)
    (made,) = Camera(DIS()).run(
        [row(frames, frames[..., 0], context=np.zeros((0, 40, 60, 3), np.uint8), context_character=none)]
    )
    assert (
        made["error"] == ""
        and made["homography"].shape == (number, 3, 3)
        and made["motion_magnitude"].shape == (number,)
    )
    assert made["camera_motion"] == "still"


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="side"):
        Camera(DIS(), side=3)
