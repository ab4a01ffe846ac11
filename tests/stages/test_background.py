"""The background stage on drawings of mixed sizes."""

import cv2
import numpy as np
import pytest

from animelayers.models.inpaint import OpenCV
from animelayers.stages.background import Background


def drawing(h: int, w: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frame, alpha and true background of a round figure with an ink outline and a soft edge."""
    y, x = np.mgrid[:h, :w]
    true = np.dstack([x * 200 // w + 30, y * 150 // h + 60, np.full((h, w), 180)]).astype(np.uint8)
    radius = np.hypot(x - w / 2, y - h / 2)
    share = np.clip(h / 4 - radius + 0.5, 0, 1)
    colour = np.where((radius > h / 4 - 3)[..., None], (25, 20, 35), (240, 200, 170))
    frame = np.rint(share[..., None] * colour + (1 - share[..., None]) * true).astype(np.uint8)
    return frame, np.rint(255 * share).astype(np.uint8), true


def test_only_the_hole_and_a_band_around_it_change() -> None:
    drawings = [drawing(90, 120), drawing(64, 50)]
    stage = Background(OpenCV(), dilate=3)
    made, seen, borrowed, invented = stage.frames([d[0] for d in drawings], [d[1] for d in drawings])
    assert borrowed == [0.0, 0.0]
    assert [s + i for s, i in zip(seen, invented, strict=True)] == [1.0, 1.0]
    for (frame, alpha, true), background, share in zip(drawings, made, invented, strict=True):
        near = cv2.dilate(alpha, np.ones((7, 7))) > 0
        assert np.array_equal(background[~near], frame[~near])
        assert (alpha > 8).mean() < share <= near.mean()
        assert np.abs(background.astype(int) - true).max() < 35


@pytest.mark.parametrize(("tight", "dilate"), [(0, 2), (1, 2), (2, 4)])
def test_no_ghost_of_the_outline_even_of_a_tight_matte(tight: int, dilate: int) -> None:
    frame, alpha, true = drawing(120, 160)
    alpha = cv2.erode(alpha, np.ones((2 * tight + 1,) * 2))
    ((background,), *_) = Background(OpenCV(), dilate).frames([frame], [alpha])
    ink = np.abs(frame.astype(int) - true).max()
    assert np.abs(background.astype(int) - true).max() < 0.4 * ink


def test_an_empty_layer_returns_the_frame() -> None:
    frame, alpha, _ = drawing(40, 50)
    (background,), (seen,), _, (invented,) = Background(OpenCV()).frames([frame], [alpha * 0])
    assert np.array_equal(background, frame)
    assert (seen, invented) == (1.0, 0.0)


def test_runs_as_a_step_and_keeps_the_contract() -> None:
    frame, alpha, _ = drawing(40, 50)
    row = {"clip_id": "a", "error": "", "frames": np.stack([frame] * 2), "character": np.stack([alpha, alpha * 0])}
    (made,) = Background(OpenCV()).run([row])
    assert made["error"] == ""
    assert made["background"].shape == (2, 40, 50, 3)
    assert made["background_invented"][1] == 0


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="dilate"):
        Background(OpenCV(), dilate=-1)
