"""The cels stage on drawn scenes whose layers are known."""

from typing import Any

import cv2
import numpy as np
import pytest

from animelayers.imaging.cels import CEL, PAINTED, UNKNOWN
from animelayers.imaging.measures import iou
from animelayers.samples import Scene, scene
from animelayers.stages.cels import Cels

SIZE = (480, 270)


def row(shot: Scene, alphas: np.ndarray, kind: str = "still", **more: Any) -> dict[str, Any]:
    """A clip of a drawn shot: its distinct drawings, which in a shot that pans are all frames."""
    at = np.arange(len(shot)) if shot.pan.any() else np.unique(shot.drawing, return_index=True)[1]
    cameras = np.repeat(np.eye(3)[None], len(at), 0)
    cameras[:, 0, 2] = shot.pan[at]
    return {"clip_id": shot.name, "error": "", "frames": shot.frames[at], "character": alphas[at], "camera": cameras, "camera_motion": kind, **more}


def truth(shot: Scene) -> np.ndarray:
    at = np.arange(len(shot)) if shot.pan.any() else np.unique(shot.drawing, return_index=True)[1]
    return shot.character[at]


def run(clip: dict[str, Any]) -> dict[str, Any]:
    (made,) = Cels().run([clip])
    assert made["error"] == ""
    return made


def coarse(alphas: np.ndarray) -> np.ndarray:
    """What a net leaves of true alphas: a soft edge that wavers by a few pixels."""
    sizes = (1, 5, 3, 7)
    return np.stack([cv2.blur(cv2.dilate(a, np.ones((sizes[i % 4],) * 2)), (9, 9)) for i, a in enumerate(alphas)])


@pytest.mark.parametrize("name", ["walk", "crossing", "pan"])
def test_outlines_of_what_moves_become_sharper_than_the_nets(name: str) -> None:
    shot = scene(name, 24, SIZE)
    before, known = coarse(shot.character), truth(shot)
    made = run(row(shot, before, "pan" if shot.pan.any() else "still"))
    assert made["plate_trust"] > 0.9
    was, now = (np.mean([iou(a, t) for a, t in zip(alphas, known, strict=True)]) for alphas in (row(shot, before)["character"], made["character"]))
    assert now > 0.95 and now > was


def test_a_figure_is_carried_into_drawings_whose_matte_is_empty() -> None:
    shot = scene("walk", 24, SIZE)
    given = coarse(shot.character)
    clip = row(shot, given)
    clip["character"] = clip["character"].copy()
    clip["character"][[2, 7]] = 0
    made = run(clip)
    assert min(iou(made["character"][i], truth(shot)[i]) for i in (2, 7)) > 0.9


def test_scenery_a_net_takes_for_a_figure_now_and_then_is_dropped() -> None:
    shot = scene("walk", 24, SIZE)
    clip = row(shot, shot.character)
    clip["character"] = clip["character"].copy()
    clip["character"][::3, 20:70, 400:460] = 255
    made = run(clip)
    assert not made["character"][:, 20:70, 400:460].any()


def test_a_walker_no_net_knows_is_found() -> None:
    shot = scene("walk", 24, SIZE)
    made = run(row(shot, np.zeros_like(shot.character)))
    assert np.mean([iou(a, t) for a, t in zip(made["character"], truth(shot), strict=True)]) > 0.8


def test_fire_does_not_become_a_figure() -> None:
    shot = scene("fire", 16, SIZE)
    made = run(row(shot, shot.character))
    at = np.unique(shot.drawing, return_index=True)[1]
    fire = (shot.effect[at] > 128) & (shot.character[at] == 0)
    assert (made["character"][fire] > 127).mean() < 0.1


def test_of_a_figure_that_stays_motion_says_nothing_and_the_mattes_stop_flickering() -> None:
    shot = scene("portrait", 16, SIZE)
    clip = row(shot, coarse(shot.character))
    made = run(clip)
    held = (truth(shot) == 255).all(0) & (np.ptp(clip["frames"].astype(int), 0).max(-1) == 0)
    assert (made["moving"][:, held] == UNKNOWN).mean() > 0.99
    assert (made["plate_seen"][held] > 0).mean() < 1e-3
    flicker = [np.abs(np.diff(a.astype(int), axis=0)).mean() for a in (clip["character"], made["character"])]
    assert flicker[1] < 0.5 * flicker[0]


def test_the_motion_matte_is_right_where_it_speaks() -> None:
    shot = scene("walk", 24, SIZE)
    made, known = run(row(shot, shot.character)), truth(shot)
    assert (known[made["moving"] == PAINTED] < 128).mean() > 0.995
    assert (known[made["moving"] == CEL] > 0).mean() > 0.98
    assert (made["moving"][known == 255] == CEL).mean() > 0.9


def untouched(clip: dict[str, Any]) -> dict[str, Any]:
    made = run(clip)
    assert np.array_equal(made["character"], clip["character"])
    assert (made["moving"] == UNKNOWN).all()
    assert made["plate"].shape == (0, 0, 3) and made["plate_seen"].shape == (0, 0)
    return made


def test_a_single_drawing_and_an_unknown_camera_change_nothing() -> None:
    shot = scene("walk", 8, SIZE)
    single = {k: v[:1] if isinstance(v, np.ndarray) else v for k, v in row(shot, shot.character).items()}
    assert untouched(single)["plate_trust"] == 0
    assert untouched(row(shot, shot.character, "unknown"))["plate_trust"] == 0


def test_moving_backgrounds_are_not_trusted() -> None:
    rng = np.random.default_rng(0)
    water = np.stack([cv2.GaussianBlur(rng.integers(0, 256, (120, 160, 3), np.uint8), (0, 0), 3) for _ in range(8)])
    water = np.clip((water.astype(int) - 128) * 6 + 128, 0, 255).astype(np.uint8)
    clip = {
        "clip_id": "w", "error": "", "frames": water, "character": np.zeros(water.shape[:3], np.uint8),
        "camera": np.repeat(np.eye(3)[None], 8, 0), "camera_motion": "still",
    }  # fmt: skip
    assert untouched(clip)["plate_trust"] < 0.5


@pytest.mark.parametrize("grey", [0, 255])
@pytest.mark.parametrize("alpha", [0, 255])
def test_flat_shots_and_figures_that_fill_the_frame(grey: int, alpha: int) -> None:
    frames = np.full((4, 40, 60, 3), grey, np.uint8)
    clip = {
        "clip_id": "f", "error": "", "frames": frames, "character": np.full((4, 40, 60), alpha, np.uint8),
        "camera": np.repeat(np.eye(3)[None], 4, 0), "camera_motion": "still",
    }  # fmt: skip
    made = run(clip)
    assert np.array_equal(made["character"], clip["character"])
    assert not (made["plate_seen"] > 0).any() or alpha == 0


def test_context_fills_the_plate_and_an_unplaced_one_is_left_out() -> None:
    shot = scene("walk", 24, SIZE)
    clip = row(shot, shot.character)
    few = {k: v[:3] if isinstance(v, np.ndarray) else v for k, v in clip.items()}
    cameras = clip["camera"][6:].copy()
    cameras[-1] = 0
    alone, helped = run(few), run({**few, "context": clip["frames"][6:], "context_character": clip["character"][6:], "context_camera": cameras})
    assert (helped["plate_seen"] > 0).mean() > 0.995 > (alone["plate_seen"] > 0).mean()


def test_no_drawings_give_blank_columns() -> None:
    clip = row(scene("walk", 2, (64, 36)), np.zeros((2, 36, 64), np.uint8))
    made = run({k: v[:0] if isinstance(v, np.ndarray) else v for k, v in clip.items()})
    assert made["character"].shape[0] == made["moving"].shape[0] == 0


def test_a_trust_that_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match="trust"):
        Cels(trust=2)


def test_a_matte_that_dropped_out_of_a_figure_that_stays_makes_no_half_figures() -> None:
    shot = scene("standing", 12, SIZE)
    clip = row(shot, shot.character)
    clip["character"] = clip["character"].copy()
    clip["character"][1] = 0
    made = run(clip)
    overlaps = [iou(a, t) for a, t in zip(made["character"], truth(shot), strict=True)]
    assert overlaps[1] > 0.75
    assert min(overlaps[:1] + overlaps[2:]) > 0.95
    always = cv2.erode((shot.character == 255).all(axis=0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert (made["character"][:, always] > 250).mean() > 0.85
    assert not made["plate_seen"][always].any()
