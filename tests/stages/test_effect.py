"""The effect stage on drawn scenes whose effects are known."""

from typing import Any

import numpy as np
import pytest

from animelayers.imaging.measures import iou
from animelayers.samples import combine, scene
from animelayers.stages.effect import Effect

SIZE = (640, 360)


def drawings(name: str, frames: int = 12) -> dict[str, Any]:
    made = scene(name, frames, SIZE)
    first = np.unique(made.drawing, return_index=True)[1]
    row = {"clip_id": "a", "error": "", "frames": made.frames[first], "character": made.character[first]}
    return {**row, "plate": made.background[0], "plate_trust": np.float32(0.9), "truth": made.effect[first]}


@pytest.mark.parametrize(("name", "least"), [("fire", 0.6), ("glow", 0.55)])
def test_light_in_front_is_found(name: str, least: float) -> None:
    (made,) = Effect().run([row := drawings(name)])
    assert made["error"] == ""
    assert set(made["effect_mode"].split()) <= {"add", "screen"}
    assert np.mean([iou(e[..., 3], t) for e, t in zip(made["effect"], row["truth"], strict=True)]) > least
    assert (made["effect_intensity"] > made["effect_coverage"]).all()


@pytest.mark.parametrize("name", ["portrait", "walk", "crossing", "fade"])
def test_figures_that_move_are_no_effect(name: str) -> None:
    row = drawings(name)
    row["plate"] = scene(name, 12, SIZE).background[-1]
    (made,) = Effect().run([row])
    assert made["error"] == ""
    assert set(made["effect_mode"].split()) == {"none"}
    assert not made["effect"].any()
    assert np.array_equal(made["character"], row["character"])


def test_the_context_shows_what_the_effect_of_a_clip_hides() -> None:
    still, fire = scene("standing", 2, SIZE), scene("fire", 16, SIZE)
    figure, count = still.frames[0], 8
    burning = [combine(figure, a, c, "screen") for a, c in zip(fire.effect[::2], fire.effect_colour[::2], strict=True)]
    mattes, cameras = np.stack([still.character[0]] * count), np.stack([np.eye(3)] * count)
    row = {"clip_id": "a", "error": "", "frames": np.stack(burning), "character": mattes, "camera": cameras, "plate": still.background[0]}
    there = {"context": np.stack([*[figure] * 4, *burning[::2]]), "context_character": mattes, "context_camera": cameras}
    alone, (made,) = Effect().run([row])[0], Effect().run([{**row, **there}])
    assert made["effect"].shape == (count, *SIZE[::-1], 4)
    covered = [iou(e[..., 3], t) for e, t in zip(made["effect"], fire.effect[::2], strict=True)]
    before = [iou(e[..., 3], t) for e, t in zip(alone["effect"], fire.effect[::2], strict=True)]
    assert np.mean(covered) > max(0.7, np.mean(before))


def test_a_panned_plate_is_where_the_camera_says() -> None:
    shot = scene("pan", 8, SIZE)
    plate = np.zeros((SIZE[1], SIZE[0] + int(shot.pan.max()), 3), np.uint8)
    for at, background in zip(shot.pan, shot.background, strict=True):
        plate[:, at : at + SIZE[0]] = background
    camera = np.array([[[1, 0, at], [0, 1, 0], [0, 0, 1]] for at in shot.pan], np.float64)
    row = {"clip_id": "a", "error": "", "frames": shot.frames.copy(), "character": shot.character, "camera": camera, "plate": plate}
    (made,) = Effect().run([row])
    assert set(made["effect_mode"].split()) == {"none"}
    fire = scene("fire", 16, SIZE)
    for k in range(8):
        row["frames"][k] = combine(row["frames"][k], fire.effect[2 * k], fire.effect_colour[2 * k], "screen")
    (made,) = Effect().run([row])
    assert "none" not in made["effect_mode"].split()
    assert np.mean([iou(e[..., 3], t) for e, t in zip(made["effect"], fire.effect[::2], strict=True)]) > 0.5


def test_without_a_trusted_plate_there_is_none() -> None:
    row = drawings("fire", 8)
    for change in ({"plate_trust": np.float32(0.1)}, {"plate": np.zeros((0, 0, 3), np.uint8)}, {"plate": None}):
        (made,) = Effect().run([{**row, **change}])
        assert set(made["effect_mode"].split()) == {"none"}
        assert made["effect"].shape == (*row["frames"].shape[:3], 4)


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_blank_clips(value: int, count: int) -> None:
    row = {
        "clip_id": "a",
        "error": "",
        "frames": np.full((count, 30, 40, 3), value, np.uint8),
        "character": np.full((count, 30, 40), value, np.uint8),
    }
    (made,) = Effect().run([{**row, "plate": np.full((30, 40, 3), 255 - value, np.uint8)}])
    assert made["error"] == ""
    assert len(made["effect"]) == len(made["effect_mode"].split()) == len(made["effect_coverage"]) == count
    assert np.isfinite(made["effect_intensity"]).all()


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="drawings"):
        Effect(drawings=1)
