"""What is claimed to be an effect, and what of it is believed."""

from __future__ import annotations

import numpy as np
import pytest

from animelayers.imaging import claims
from animelayers.imaging.beneath import Plates, shrunk, small_size
from animelayers.imaging.front import Front, Shot, alone, separated
from animelayers.imaging.measures import iou
from animelayers.samples import combine, scene

SIZE = (640, 360)


def burning(name: str, frames: int = 16) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Drawings of a scene with the flames of another in front of all of them, its mattes, its background, the flames' alpha."""
    shot, fire = scene(name, frames, SIZE), scene("fire", frames, SIZE)
    first = np.unique(shot.drawing, return_index=True)[1]
    pictures = [combine(shot.frames[k], fire.effect[k], fire.effect_colour[k], "screen") for k in first]
    return np.stack(pictures), shot.character[first], shot.background[0], fire.effect[first]


def in_shot(frames: np.ndarray, mattes: np.ndarray, plate: np.ndarray, claimed: list[np.ndarray] | None) -> Front | None:
    own = range(len(frames))
    shot = Shot(frames, mattes, Plates(plate, None, None, SIZE), own, [], claimed)
    return separated(shot, shrunk(frames, small_size(frames.shape[1:])), 4e-4)[0]


def everywhere(count: int, value: bool = True) -> list[np.ndarray]:
    return [np.full((180, 320), value)] * count


def test_a_hole_is_filled_from_around() -> None:
    rows, columns = np.mgrid[:90, :121]
    slope = np.dstack([columns, rows, rows + columns]).astype(np.uint8)
    hole = (abs(rows - 40) < 20) & (abs(columns - 60) < 25)
    found = claims.filled(slope, hole)
    assert np.array_equal(found[~hole], slope[~hole])
    assert np.abs(found.astype(int) - slope)[hole].mean() < 12
    flat = np.full((31, 17, 3), 77, np.uint8)
    assert (claims.filled(np.where(hole[:31, :17, None], 0, flat).astype(np.uint8), hole[:31, :17]) == 77).all()
    corner = np.zeros((31, 17), bool)
    corner[:30] = True
    assert (claims.filled(flat, corner) == 77).all()


def test_a_prompt_has_an_effect_where_its_map_has_a_fifth_of_it() -> None:
    alpha = np.zeros((10, 10), np.uint8)
    alpha[:, :5] = 200
    maps = np.zeros((3, 10, 10), np.float32)
    maps[0, :, 4:] = 0.9
    maps[1, :, :2] = 0.6
    maps[2, :, 5:] = 1
    assert claims.named(maps, alpha, ["fire", "smoke", "rain"], 0.5) == ["smoke", "fire"]
    assert claims.named(maps, alpha, ["fire", "smoke", "rain"], 0.7) == ["fire"]
    assert claims.named(maps, np.zeros_like(alpha), ["fire", "smoke", "rain"], 0.5) == []


@pytest.mark.parametrize("name", ["standing", "walk", "crossing"])
def test_a_claim_to_the_whole_picture_takes_nothing_of_a_figure(name: str) -> None:
    shot = scene(name, 12, SIZE)
    first = np.unique(shot.drawing, return_index=True)[1]
    frames, mattes = shot.frames[first], shot.character[first]
    only_figures = [matte[::2, ::2] > 0 for matte in mattes]
    for claimed in (everywhere(len(frames)), only_figures):
        front = in_shot(frames, mattes, shot.background[0], claimed)
        if front is not None:
            shown = mattes > 200
            assert np.mean(front.effect[..., 3][shown] > 12) < 0.01
            assert np.mean(front.character[shown] > 127) > 0.99


def test_a_figure_behind_a_flame_keeps_its_alpha_and_the_flame_its_own() -> None:
    frames, mattes, plate, truth = burning("standing")
    claimed = [alpha[::2, ::2] > 25 for alpha in truth]
    front, by_motion = in_shot(frames, mattes, plate, claimed), in_shot(frames, mattes, plate, None)
    assert front is not None and by_motion is not None
    ours, before = (np.mean([iou(e, t) for e, t in zip(f.effect[..., 3], truth, strict=True)]) for f in (front, by_motion))
    assert ours >= before - 0.01
    assert np.mean([iou(c, m) for c, m in zip(front.character, mattes, strict=True)]) > 0.97


def paired(frames, mattes):
    """Drawings with their mattes, and the same shrunk."""
    return [list(zip(*sides, strict=True)) for sides in ((frames, mattes), (shrunk(frames, (320, 180)), shrunk(mattes, (320, 180))))]


def test_what_burns_in_every_drawing_is_painted_out_of_the_plate() -> None:
    shot = scene("fire", 16, SIZE)
    first = np.unique(shot.drawing, return_index=True)[1]
    frames, mattes, truth = shot.frames[first], shot.character[first], shot.effect[first]
    burnt = np.median(frames, axis=0).astype(np.uint8)
    free = mattes.max(axis=0) == 0
    plate = np.where(free[..., None], burnt, shot.background[0])
    claimed = [alpha[::2, ::2] > 25 for alpha in truth]
    plates = Plates(plate.copy(), None, None, SIZE)
    hole, _ = plates.without(*paired(frames, mattes), claimed)
    always = (truth > 60).all(axis=0) & free
    assert np.mean(hole[always]) > 0.9 and not hole[~np.logical_or.reduce([a > 0 for a in truth])].mean() > 0.1
    error, before = (np.abs(p.astype(int) - shot.background[0])[always].mean() for p in (plates.plate, plate))
    assert error < before
    untouched = Plates(shot.background[0], None, None, SIZE)
    assert not untouched.without(*paired(shot.background[:4], np.zeros((4, *SIZE[::-1]), np.uint8)), everywhere(4))[0].any()


def test_alone_an_effect_lies_around_the_figures() -> None:
    frames, mattes, _, truth = burning("portrait", 4)
    claimed = [alpha[::2, ::2] > 25 for alpha in truth]
    front = alone(frames, mattes, claimed, 4e-4)
    assert front is not None and np.array_equal(front.character, mattes)
    assert (front.effect[..., 3].astype(int) + mattes).max() <= 255
    free = mattes == 0
    ours = np.mean([iou(np.where(f, e, 0), np.where(f, t, 0)) for e, t, f in zip(front.effect[..., 3], truth, free, strict=True)])
    assert ours > 0.5
    assert set(front.modes) <= {"over", "add", "screen"}
    assert alone(frames, mattes, [matte[::2, ::2] > 127 for matte in mattes], 4e-4) is None
    assert alone(frames, np.zeros_like(mattes), everywhere(len(frames)), 4e-4) is None
    assert alone(frames, mattes, everywhere(len(frames), False), 4e-4) is None
