from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers.imaging.evidence import STILL
from animelayers.training.pack import Shot
from animelayers.training.views import Doubts, View, in_one_light, views

CERTAIN = Doubts(none=0, unlooked=0, exact=1, lost=0, missed=0, holes=0, shifted=0, lit=0)


def crossing(drawings: int = 6, size: tuple[int, int] = (80, 48), pan: float = 0.0) -> Shot:
    """A square that crosses a painted ground, under a camera that stands or pans by whole pixels."""
    width, height = size
    rng = np.random.default_rng(1)
    ground = rng.integers(60, 200, (height, width + 40, 3), np.uint8)
    frames, layers, places = [], [], []
    for d in range(drawings):
        left = round(d * pan)
        frame, layer = ground[:, left : left + width].copy(), np.zeros((height, width, 3), np.uint8)
        x = 4 + 10 * d
        frame[20:36, x : x + 10], layer[20:36, x : x + 10, 0] = 250, 255
        frames.append(frame)
        layers.append(layer)
        places.append([[1, 0, left], [0, 1, 0], [0, 0, 1]])
    return Shot(np.stack(frames), np.stack(layers), np.array(places, np.float32), "figure:a", "one")


@settings(max_examples=40)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 7),
    st.integers(1, 3),
    st.sampled_from([(32, 32), (64, 32), (48, 64), (96, 48)]),
    st.sampled_from([0, 2]),
)
def test_a_view_is_well_formed(
    seed: int, drawings: int, most: int, size: tuple[int, int], pan: float
) -> None:
    view = views(crossing(drawings, pan=pan), size, np.random.default_rng(seed), most)
    wide = (most, size[1], size[0])
    assert (
        view.pictures.shape == view.plates.shape == view.layers.shape == (*wide, 3)
        and view.known.shape == view.difference.shape == view.change.shape == wide
    )
    assert {part.dtype for part in view[:6]} == {np.dtype(np.uint8)}
    assert isinstance(view.steady, bool) and view.steady >= (pan == 0)
    assert (view.difference <= 3 * view.known.astype(int) + 3).all(), (
        "nothing differs from a plate nobody knows, but for scaling"
    )
    again = views(crossing(drawings, pan=pan), size, np.random.default_rng(seed), most)
    assert all(np.array_equal(a, b) for a, b in zip(view, again, strict=True)), "equal chances, equal views"


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_without_evidence_nothing_is_told(seed: int) -> None:
    view = views(crossing(), (64, 32), np.random.default_rng(seed), 2, Doubts(none=1.0))
    assert (
        not any(part.any() for part in (view.plates, view.known, view.difference, view.change))
        and view.pictures.any()
    )


@pytest.mark.parametrize("pan", [0, 2])
@pytest.mark.parametrize("seed", range(6))
def test_a_plate_without_doubts_is_the_ground(seed: int, pan: float) -> None:
    shot = crossing(pan=pan)
    view = views(shot, shot.frames.shape[2:0:-1], np.random.default_rng(seed), 2, CERTAIN)  # type: ignore[arg-type]
    bare = (view.layers[..., 0] == 0) & (view.known == 255)
    assert bare.mean() > 0.5
    off = np.abs(view.plates.astype(int) - view.pictures)[bare].max(-1)
    assert (off > 2).mean() < 0.02, "cut and scaled alike"
    figure = (view.layers[..., 0] == 255) & (view.known == 255)
    assert figure.any() and view.difference[figure].mean() > 100 > 20 > view.difference[bare].mean()
    assert (view.change[figure] > 2 * STILL).mean() > 0.9 and (view.change[bare] == STILL).any()


def test_a_plate_made_before_anybody_looked_shows_what_stays() -> None:
    shot = crossing()
    stays = shot._replace(frames=np.repeat(shot.frames[2:3], 6, 0), layers=np.repeat(shot.layers[2:3], 6, 0))
    view: View = views(
        stays, (80, 48), np.random.default_rng(0), 1, CERTAIN._replace(unlooked=1.0, exact=0.0)
    )
    figure = view.layers[..., 0] == 255
    assert figure.any() and (view.known[figure] == 255).all() and not view.difference[figure].any()
    view = views(stays, (80, 48), np.random.default_rng(0), 1, CERTAIN)
    assert not view.known[view.layers[..., 0] == 255].any(), "and one made afterwards has a hole there"


def test_drawings_of_a_fade_are_shown_in_one_light() -> None:
    shot = crossing()
    dark = np.array([0.3, 0.6, 1, 1, 1, 1])[:, None, None, None]
    faded = shot._replace(frames=np.rint(shot.frames * dark).astype(np.uint8), traits="fade,one")
    off = np.abs(in_one_light(faded).astype(int) - shot.frames)
    assert off.max() <= 4, "a step of the dark drawings is three of the bright ones"
    astray = faded._replace(places=np.zeros_like(faded.places))
    for other in (astray, faded._replace(traits="one"), faded._replace(frames=faded.frames[:2])):
        assert in_one_light(other) is other.frames, "nobody knows what it would be"
