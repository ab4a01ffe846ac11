from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers.samples import SCENES, scene
from animelayers.sources.film import Film
from animelayers.sources.scan import scan_film
from animelayers.sources.shots import DETECTORS, Shots

PLACES = ("portrait", "standing", "walk", "glow", "empty")
"""Scenes of different places; others share them."""

SIZE = (256, 144)


@cache
def drawn(name: str) -> np.ndarray:
    """24 frames of a drawn scene, uint8 BGR."""
    return np.ascontiguousarray(scene(name, 24, SIZE).frames[..., ::-1])


def cuts(*parts: np.ndarray, detector: str = "anime") -> list[int]:
    shots = Shots(detector)
    for picture in np.concatenate(parts):
        shots.add(picture)
    return (np.flatnonzero(np.diff(shots.numbers())) + 1).tolist()


def dimmed(pictures: np.ndarray, light: np.ndarray, to: float = 0.0) -> np.ndarray:
    share = light[:, None, None, None]
    return np.round(pictures * share + to * (1 - share)).astype(np.uint8)


def grey(level: int, frames: int) -> np.ndarray:
    return np.full((frames, SIZE[1], SIZE[0], 3), level, np.uint8)


@given(st.permutations(PLACES), st.integers(1, 24), st.integers(5, 24), st.integers(4, 24))
@settings(max_examples=12, deadline=None)
def test_a_cut_at_any_frame_between_places_is_found_exactly(
    places: list[str], first: int, middle: int, last: int
) -> None:
    parts = [drawn(name)[:count] for name, count in zip(places, (first, middle, last), strict=False)]
    assert cuts(*parts) == [first, first + middle]


@pytest.mark.parametrize("name", SCENES)
def test_nothing_in_a_drawn_shot_is_a_cut(name: str) -> None:
    assert cuts(drawn(name)) == []


@given(st.sampled_from(PLACES), st.integers(1, 4), st.integers(2, 18), st.sampled_from([0, 128, 255]))
@settings(max_examples=10, deadline=None)
def test_a_flash_is_no_cut(name: str, frames: int, at: int, level: int) -> None:
    film = drawn(name).copy()
    film[at : at + frames] = level
    assert cuts(film) == []


def test_impact_frames_are_no_cut() -> None:
    film = drawn("standing").copy()
    film[9] = 255 - film[9]
    film[10] = np.where(cv2.Canny(film[10], 50, 150)[..., None] > 0, 0, 255)
    film[11] = 255 - film[11]
    assert cuts(film) == []


def test_a_flash_on_a_cut_is_one_cut() -> None:
    (cut,) = cuts(drawn("portrait")[:12], grey(255, 2), drawn("walk")[:12])
    assert 12 <= cut <= 14


@pytest.mark.parametrize("speed", [4, 16, 48, 96])
@pytest.mark.parametrize("direction", [-1, 1])
def test_a_pan_is_no_cut(speed: int, direction: int) -> None:
    sheet = np.concatenate(
        [
            cv2.resize(scene(name, 1, (480, 270)).frames[0], SIZE)
            for name in ("standing", "empty", "walk", "portrait")
        ],
        axis=1,
    )
    starts = np.arange(0, sheet.shape[1] - SIZE[0], speed)[:48][::direction]
    assert cuts(np.stack([sheet[:, x : x + SIZE[0]] for x in starts])) == []


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("length", [12, 40])
def test_a_fade_through_a_colour_is_one_cut_at_its_flattest_frame(level: int, length: int) -> None:
    down, held = np.linspace(1, 0, length + 1), [0] * (length + 1)
    out, into = (
        dimmed(drawn("standing")[held], down, level),
        dimmed(drawn("walk")[held[1:]], down[::-1][1:], level),
    )
    (cut,) = cuts(drawn("standing"), out, grey(level, 6), into, drawn("walk"))
    assert abs(cut - (24 + length + 3)) <= 2


def test_a_fade_to_black_and_back_to_the_same_place_is_no_cut() -> None:
    down = np.linspace(1, 0, 41)
    assert (
        cuts(
            drawn("walk"),
            dimmed(drawn("walk")[[0] * 41], down),
            grey(0, 8),
            dimmed(drawn("walk")[[0] * 41], down[::-1]),
            drawn("walk"),
        )
        == []
    )


def test_a_film_that_fades_in_or_out_has_no_cut_there() -> None:
    light = np.linspace(0, 1, 12)
    assert cuts(grey(0, 10), dimmed(drawn("walk")[:12], light), drawn("walk")) == []
    assert cuts(drawn("walk"), dimmed(drawn("walk")[:12], light[::-1]), grey(0, 10)) == []


def test_a_fade_out_before_a_hard_start_ends_where_the_picture_starts() -> None:
    assert cuts(
        drawn("walk"), dimmed(drawn("walk")[:12], np.linspace(1, 0, 12)), grey(0, 10), drawn("portrait")
    ) == [46]
    assert cuts(
        drawn("walk"), grey(0, 10), dimmed(drawn("portrait")[:12], np.linspace(0, 1, 12)), drawn("portrait")
    ) == [24]


def test_black_between_two_cuts_is_a_shot() -> None:
    assert cuts(drawn("walk"), grey(0, 10), drawn("portrait")) == [24, 34]


@pytest.mark.parametrize("detector", [name for name in DETECTORS if name != "transnetv2"])
@pytest.mark.parametrize(
    "shape",
    [(1, 1, 1, 3), (1, 90, 256, 3), (40, 3, 2, 3), (40, 144, 256, 3), (12, 2000, 1, 3), (12, 1, 256, 3)],
)
@pytest.mark.parametrize("level", [0, 255])
def test_films_without_a_picture_are_one_shot(detector: str, shape: tuple[int, ...], level: int) -> None:
    assert cuts(np.full(shape, level, np.uint8), detector=detector) == []


def test_no_frames_and_noise() -> None:
    assert Shots("anime").numbers().tolist() == []
    noise = np.random.default_rng(0).integers(0, 256, (20, 96, 128, 3), np.uint8)
    assert len(cuts(noise)) < 20


@pytest.mark.parametrize("detector", ["anime", "adaptive", "none"])
def test_a_change_of_size_is_a_cut(detector: str) -> None:
    shots = Shots(detector)
    for picture in [*drawn("walk")[:10], *drawn("walk")[10:20, :100]]:
        shots.add(picture)
    assert shots.numbers().tolist() == [0] * 10 + [1] * 10


def test_an_unknown_detector_is_refused() -> None:
    with pytest.raises(ValueError, match="none of anime"):
        Shots("adaptiv")


@pytest.mark.parametrize(
    "name", ["layered_clips/vn_open.mp4", "clips3d/sintel_trailer_480.mp4", "clips3d/bigbuckbunny_720p.mp4"]
)
def test_cuts_of_real_clips_are_found_to_the_frame(data: Path, name: str) -> None:
    known = {f"open/{name}": {"cuts": [48, 88]}} | json.loads((data / "truth_shots.json").read_text())
    truth = known[f"open/{name}"]
    with (data / name).open("rb") as file, Film(file, 10**8) as film:
        numbers = scan_film(film, "anime", lambda times: False).shots.numbers()
    found = set((np.flatnonzero(np.diff(numbers)) + 1).tolist())
    assert set(truth["cuts"]) <= found
    fades = (
        [(0, 40), (118, 132), (190, 310), (366, 396), (423, 470), (490, 545), (675, 2000)]
        if "sintel" in name
        else []
    )
    assert [cut for cut in found - set(truth["cuts"]) if not any(a <= cut <= b for a, b in fades)] == []
