"""The background stage on drawings of mixed sizes."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from animelayers.imaging.recompose import psnr, together
from animelayers.models.flow import DIS
from animelayers.models.inpaint import Fallback, OpenCV
from animelayers.models.lama import Lama
from animelayers.models.propagate import Propagate
from animelayers.record.schema import RECORD
from animelayers.samples import Scene, scene
from animelayers.stages.background import BORROWED, INVENTED, SEEN, Background
from animelayers.stages.layers import Layers


def drawing(h: int, w: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frame, alpha and true background of a round figure with an ink outline and a soft edge."""
    y, x = np.mgrid[:h, :w]
    true = np.dstack([x * 200 // w + 30, y * 150 // h + 60, np.full((h, w), 180)]).astype(np.uint8)
    radius = np.hypot(x - w / 2, y - h / 2)
    share = np.clip(h / 4 - radius + 0.5, 0, 1)
    colour = np.where((radius > h / 4 - 3)[..., None], (25, 20, 35), (240, 200, 170))
    frame = np.rint(share[..., None] * colour + (1 - share[..., None]) * true).astype(np.uint8)
    return frame, np.rint(255 * share).astype(np.uint8), true


def only(stage: Background, frame: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, float, float, float]:
    """What the stage makes of a clip of one drawing that nothing else is known of."""
    pictures, *shares = stage.clip(frames=frame[None], character=alpha[None])[:4]
    seen, borrowed, invented = (float(share[0]) for share in shares)
    return pictures[0], seen, borrowed, invented


def test_only_the_hole_and_a_band_around_it_change() -> None:
    drawings = [drawing(90, 120), drawing(64, 50)]
    stage = Background(OpenCV(), dilate=3)
    results = [only(stage, frame, alpha) for frame, alpha, _ in drawings]
    made, seen, borrowed, invented = ([r[k] for r in results] for k in range(4))
    assert borrowed == [0.0, 0.0]
    assert [s + i for s, i in zip(seen, invented, strict=True)] == pytest.approx([1, 1])
    for (frame, alpha, true), background, share in zip(drawings, made, invented, strict=True):
        near = cv2.dilate(alpha, np.ones((7, 7))) > 0
        assert np.array_equal(background[~near], frame[~near])
        assert (alpha > 8).mean() < share <= near.mean()
        assert np.abs(background.astype(int) - true).max() < 35


@pytest.mark.parametrize(("tight", "dilate"), [(0, 2), (1, 2), (2, 4)])
def test_no_ghost_of_the_outline_even_of_a_tight_matte(tight: int, dilate: int) -> None:
    frame, alpha, true = drawing(120, 160)
    alpha = cv2.erode(alpha, np.ones((2 * tight + 1,) * 2))
    background, *_ = only(Background(OpenCV(), dilate), frame, alpha)
    ink = np.abs(frame.astype(int) - true).max()
    assert np.abs(background.astype(int) - true).max() < 0.4 * ink


def test_an_empty_layer_returns_the_frame() -> None:
    frame, alpha, _ = drawing(40, 50)
    background, seen, _, invented = only(Background(OpenCV()), frame, alpha * 0)
    assert np.array_equal(background, frame)
    assert (seen, invented) == (1.0, 0.0)


def test_runs_as_a_step_and_keeps_the_contract() -> None:
    frame, alpha, _ = drawing(40, 50)
    row = {
        "clip_id": "a",
        "error": "",
        "frames": np.stack([frame] * 2),
        "character": np.stack([alpha, alpha * 0]),
    }
    (made,) = Background(OpenCV()).run([row])
    assert made["error"] == ""
    assert made["background"].shape == (2, 40, 50, 3)
    assert made["background_invented"][1] == 0


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="dilate"):
        Background(OpenCV(), dilate=-1)


def decomposed(shot: Scene, every: int = 1) -> dict:
    """The clip of a drawn shot after both stages, from its true alphas."""
    cameras = np.repeat(np.eye(3)[None], len(shot), 0)
    cameras[:, 0, 2] = shot.pan
    columns = {"frames": shot.frames, "character": shot.character, "homography": cameras}
    names = " ".join(["truth"] * len(shot.frames[::every]))
    row = {
        "clip_id": shot.name,
        "error": "",
        "matte_model": names,
        "camera_motion": "pan",
        **{k: v[::every] for k, v in columns.items()},
    }
    (made,) = Background(OpenCV()).run(Layers().run([row]))
    assert made["error"] == ""
    return made


@pytest.mark.parametrize("name", ["walk", "crossing", "pan", "fade"])
def test_what_another_frame_shows_is_borrowed_from_it(name: str) -> None:
    shot = scene(name, 24, (480, 270))
    made = decomposed(shot, 2)
    backgrounds, truth = made["background"], shot.background[::2]
    width, height = 480, 270
    for i, (background, true, alpha) in enumerate(zip(backgrounds, truth, shot.character[::2], strict=True)):
        left = int(shot.pan[::2][i])
        seen = made["plate_seen"][:height, left : left + width] > 0
        where = (alpha > 8) & seen
        if name != "fade":
            assert where.any() and psnr(background[where], true[where]) > 40
        far = cv2.dilate(alpha, np.ones((61, 61))) == 0
        assert np.array_equal(background[far], shot.frames[::2][i][far])
    assert np.allclose(
        made["background_seen"] + made["background_borrowed"] + made["background_invented"], 1, atol=1e-5
    )


def test_what_no_frame_shows_is_invented_once() -> None:
    made = decomposed(scene("portrait", 12, (480, 270)), 2)
    hole = (made["character"] > 250).all(0) & (made["plate_seen"] == 0)
    assert hole.any() and (made["background_invented"] > 0.9 * (made["character"] > 8).mean((1, 2))).all()
    assert np.abs(np.diff(made["background"].astype(int), axis=0))[:, hole].max() <= 1


def test_the_plate_is_cast_in_the_light_of_each_frame() -> None:
    shot = scene("walk", 24, (480, 270))
    light = np.linspace(0.6, 1, 12)[:, None, None, None]
    frames, truth = (np.rint(light * a[::2]).astype(np.uint8) for a in (shot.frames, shot.background))
    row = {
        "clip_id": "l", "error": "", "frames": frames, "character": shot.character[::2], "matte_model": " ".join(["truth"] * 12),
        "homography": np.repeat(np.eye(3)[None], 12, 0), "camera_motion": "still",
    }  # fmt: skip
    (made,) = Background(OpenCV()).run(Layers().run([row]))
    assert made["plate_trust"] > 0.9
    for background, true, alpha in zip(made["background"], truth, row["character"], strict=True):
        where = (alpha > 8) & (made["plate_seen"] > 0)
        assert psnr(background[where], true[where]) > 38


def test_an_effect_is_taken_out_too() -> None:
    frame, alpha, true = drawing(90, 120)
    effect = np.zeros((1, 90, 120, 4), np.uint8)
    effect[0, 5:15, 5:15] = 255
    lit = frame.copy()
    lit[5:15, 5:15] = 255
    (background,), *_ = Background(OpenCV()).clip(frames=lit[None], character=alpha[None], effect=effect)
    assert np.abs(background[5:15, 5:15].astype(int) - true[5:15, 5:15]).max() < 35


def test_a_shadow_is_taken_out_too() -> None:
    frame, alpha, true = drawing(90, 120)
    shadow = np.zeros((1, 90, 120, 4), np.uint8)
    shadow[0, 5:15, 5:15] = (90, 90, 90, 160)
    dark = together(frame, shadow=shadow[0])
    (background,), *_ = Background(OpenCV()).clip(frames=dark[None], character=alpha[None], shadow=shadow)
    assert np.abs(background[5:15, 5:15].astype(int) - true[5:15, 5:15]).max() < 35


def test_a_plate_that_is_not_trusted_changes_nothing() -> None:
    frame, alpha, _ = drawing(90, 120)
    plate, seen = np.zeros_like(frame), np.full(alpha.shape, 255, np.uint8)
    stage = Background(OpenCV())
    (background,), *_ = stage.clip(
        frames=frame[None],
        character=alpha[None],
        homography=np.eye(3)[None],
        plate=plate,
        plate_seen=seen,
        plate_trust=0.3,
    )
    assert np.array_equal(background, only(stage, frame, alpha)[0])


def test_provenance_tells_where_each_pixel_is_from_and_the_plate_goes_on_filled() -> None:
    frame, _, painted = drawing(60, 80)
    alpha, seen = np.zeros((60, 80), np.uint8), np.full((60, 80), 255, np.uint8)
    alpha[20:40, 20:60] = 255
    seen[20:40, 40:60] = 0
    plate = np.where(seen[..., None] > 0, painted, 0).astype(np.uint8)
    stage = Background(OpenCV(), dilate=0, provenance=True)
    row = {
        "clip_id": "a/b/c",
        "error": "",
        "seconds": np.zeros(0),
        "frames": frame[None],
        "character": alpha[None],
    }
    (made,) = stage.run(
        [
            row
            | {
                "homography": np.eye(3)[None],
                "plate": plate,
                "plate_seen": seen,
                "plate_trust": np.float32(1),
            }
        ]
    )
    origin = made["provenance"][0]
    assert (
        (origin[20:40, 20:40] == BORROWED).all()
        and (origin[20:40, 40:60] == INVENTED).all()
        and (origin[alpha == 0] == SEEN).all()
    )
    assert made["background_borrowed"][0] == pytest.approx((origin == BORROWED).mean())
    assert made["plate"].shape == plate.shape and made["plate"][seen == 0].min() > 0, "no black hole in it"
    assert not len(Background(OpenCV()).run([row])[0]["provenance"]), "only on request"


@pytest.mark.parametrize("name", ["walk", "pan"])
def test_without_a_plate_video_borrows_from_the_drawings_around(name: str) -> None:
    shot = scene(name, 12, (480, 270))
    columns = {"frames": shot.frames[::2], "character": shot.character[::2]}
    row = {"clip_id": name, "error": "", "plate_trust": np.float32(0.3), **columns}
    (plain,), (made,) = (
        Background(OpenCV(), video=v, provenance=True).run([row]) for v in (None, Propagate(DIS()))
    )
    hole = shot.character[::2] > 8
    truth = shot.background[::2]
    assert psnr(made["background"][hole], truth[hole]) > psnr(plain["background"][hole], truth[hole]) + 3
    for background, frame, origin, k in zip(
        made["background"], row["frames"], made["provenance"], range(6), strict=True
    ):
        assert np.array_equal(background[origin == SEEN], frame[origin == SEEN])
        assert made["background_borrowed"][k] == pytest.approx((origin == BORROWED).mean())
        assert psnr(background[origin == BORROWED], truth[k][origin == BORROWED]) > 30
    assert made["background_borrowed"].min() > 0.02 and not plain["background_borrowed"].any()


def test_video_asks_the_rest_of_the_shot_where_the_clip_lies_in_it() -> None:
    shot = scene("walk", 24, (480, 270))
    spread = [0, 10, 23]
    context = {"context": shot.frames[spread], "context_character": shot.character[spread]}
    row = {"clip_id": "w", "error": "", "frames": shot.frames[8:13:2], "character": shot.character[8:13:2]}
    stage = Background(OpenCV(), video=Propagate(DIS()))
    (alone,), (helped,) = stage.run([row]), stage.run([row | context])
    assert helped["background_borrowed"].sum() > 1.2 * alone["background_borrowed"].sum()
    assert len(helped["background"]) == 3
    elsewhere = {
        "context": context["context"][[0, 2]],
        "context_character": context["context_character"][[0, 2]],
    }
    (lost,) = stage.run([row | elsewhere])
    assert np.array_equal(lost["background"], alone["background"]), (
        "nobody knows on which side of the clip they lie"
    )


def test_the_row_tells_who_made_up_what_no_frame_shows_and_why_not_the_one_asked_for(tmp_path: Path) -> None:
    frame, alpha, _ = drawing(90, 120)
    row = {
        "clip_id": "a",
        "error": "",
        "frames": np.stack([frame, frame // 2]),
        "character": np.stack([alpha, alpha * 0]),
    }

    def told(stage: Background, **more: Any) -> list[list[str]]:
        (made,) = stage.run([row | more])
        return [RECORD[name].per_drawing(made[name]) for name in ("inpainter", "inpainting_fallback")]

    assert told(Background(OpenCV("ns"))) == [["ns", "none"], ["", ""]]
    missing = Fallback(Lama(tmp_path / "none.pt", required=False), OpenCV())
    plate = {
        "homography": np.stack([np.eye(3)] * 2),
        "plate": frame,
        "plate_seen": 255 - alpha,
        "plate_trust": np.float32(1),
    }
    plain, by_plate, passed = (
        told(Background(missing)),
        told(Background(missing), **plate),
        told(Background(missing, video=Propagate(DIS()))),
    )
    for by, why in (plain, by_plate, passed):
        assert by == ["telea", "none"]
        assert why[0].startswith("lama failed: WeightsError: no weights are called") and why[1] == ""
