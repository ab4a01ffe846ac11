"""Held drawings: folded under the noise of real codecs, split wherever somebody drew, moved or dimmed
something.
"""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers.imaging.held import Fold
from animelayers.samples import scene
from tests.sources import films

SIZE = (480, 270)


@pytest.fixture(scope="module")
def still() -> np.ndarray:
    """A drawn figure before a meadow, uint8 (270, 480, 3)."""
    return scene("standing", 1, SIZE).frames[0]


def drawings(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The drawing of every frame of a clip, and the first frame that shows each."""
    fold = Fold()
    numbers = np.array([fold.add(frame) for frame in frames], np.int32)
    return numbers, np.unique(numbers, return_index=True)[1]


def coded(path: Path, pictures: list[np.ndarray], crf: int, **options: str) -> np.ndarray:
    films.write(path, pictures, crf=str(crf), preset="veryfast", **options)
    with av.open(str(path)) as film:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)])


def mouth(picture: np.ndarray, shade: int, x: int = 300, y: int = 90) -> np.ndarray:
    drawn = picture.copy()
    drawn[y : y + 6, x : x + 10] = np.clip(drawn[y : y + 6, x : x + 10].astype(int) - shade, 0, 255)
    return drawn


def moved(picture: np.ndarray, across: float, scale: float = 1.0) -> np.ndarray:
    height, width = picture.shape[:2]
    matrix = np.array([[scale, 0, across + (1 - scale) * width / 2], [0, scale, (1 - scale) * height / 2]])
    return cv2.warpAffine(
        picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )


def merged(found: np.ndarray, truth: np.ndarray) -> int:
    """Pairs of frames that were folded and should not have been."""
    return int(((found[:, None] == found) & (truth[:, None] != truth)).sum()) // 2


@pytest.mark.parametrize("crf", [18, 23, 28])
@pytest.mark.parametrize("name", ["portrait", "walk"])
def test_twos_and_a_talking_mouth_are_found(tmp_path: Path, name: str, crf: int) -> None:
    shot = scene(name, 16, SIZE)
    found, first = drawings(coded(tmp_path / "a.mkv", list(shot.frames), crf))
    truth = np.unique([frame.tobytes() for frame in shot.frames], return_inverse=True)[1]
    assert merged(found, truth) == 0
    assert len(first) <= len(set(truth.tolist())) + 2  # in doubt it splits
    assert found[first].tolist() == list(range(len(first)))


@pytest.mark.parametrize("crf", [18, 28])
@pytest.mark.parametrize("shade", [40, 90])
def test_a_mouth_of_ten_pixels_splits_and_comes_again(
    tmp_path: Path, still: np.ndarray, shade: int, crf: int
) -> None:
    found, _ = drawings(
        coded(tmp_path / "a.mkv", [mouth(still, shade * (t // 3 % 2)) for t in range(12)], crf)
    )
    truth = np.arange(12) // 3 % 2
    assert merged(found, truth) == 0 and (np.diff(found) != 0).sum() <= 4
    assert found.max() <= 2


CHANGES = {
    "pan": lambda picture, t: moved(picture, 0.25 * t),
    "zoom": lambda picture, t: moved(picture, 0, 1.003**t),
    "fade": lambda picture, t: (picture * (1 - 0.01 * t)).astype(np.uint8),
    "grain": lambda picture, t: np.clip(
        picture + np.random.default_rng(t).normal(0, 6, (*picture.shape[:2], 1)), 0, 255
    ).astype(np.uint8),
}


@pytest.mark.parametrize("change", CHANGES)
def test_slow_changes_of_the_whole_split(tmp_path: Path, still: np.ndarray, change: str) -> None:
    found, _ = drawings(coded(tmp_path / "a.mkv", [CHANGES[change](still, t) for t in range(12)], 18))
    assert found.tolist() == list(range(12))


def test_slow_drift_never_goes_far(still: np.ndarray) -> None:
    """What moves too little to be seen from frame to frame is held against the first frame of its drawing."""
    found, first = drawings(np.stack([moved(still, 0.02 * t) for t in range(30)]))
    for number, start in enumerate(first):
        assert 0.02 * (np.flatnonzero(found == number)[-1] - start) < 0.1


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(0, 100))
def test_what_is_folded_and_unfolded_is_the_clip_within_the_noise(shown: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    cels = rng.integers(0, 255, (4, 9, 12, 3), np.uint8)
    clip = np.stack([cv2.resize(cels[n], (96, 72), interpolation=cv2.INTER_CUBIC) for n in shown])
    noisy = np.clip(clip + rng.integers(-2, 3, clip.shape), 0, 255).astype(np.uint8)
    for frames, noise in ((clip, 0), (noisy, 4)):
        found, first = drawings(frames)
        assert found.dtype == np.int32 and len(found) == len(frames)
        assert found[first].tolist() == list(range(len(first))) and found.max() == len(first) - 1
        assert cv2.absdiff(frames[first][found].reshape(-1, 1), frames.reshape(-1, 1)).max() <= noise
        assert merged(found, np.array(shown)) == 0
        assert len(first) == len(set(shown))


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(6)), st.integers(0, 9))
def test_no_order_of_noise_hides_a_line(order: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    page = np.full((72, 96, 3), 180, np.uint8)
    noises = [rng.normal(0, 1 + n / 2, page.shape) for n in range(6)]
    lined = page.copy()
    lined[30:33, 20:60] = 60
    frames = [
        np.clip(picture + noises[n], 0, 255).astype(np.uint8) for n in order for picture in (page, lined)
    ]
    assert merged(drawings(np.stack(frames))[0], np.tile([0, 1], 6)) == 0


def test_odd_clips() -> None:
    assert [part.shape for part in drawings(np.zeros((0, 8, 8, 3), np.uint8))] == [(0,), (0,)]
    for shape in ((1, 1, 1, 3), (3, 1, 5, 3), (4, 7, 2, 3)):
        for shade in (0, 255):
            assert drawings(np.full(shape, shade, np.uint8))[0].tolist() == [0] * shape[0]
    flash = np.stack([np.full((20, 30, 3), shade, np.uint8) for shade in (0, 255, 0, 0)])
    assert drawings(flash)[0].tolist() == [0, 1, 0, 0]


def test_a_change_of_size_is_a_new_drawing() -> None:
    fold = Fold()
    assert [fold.add(np.zeros((side, 20, 3), np.uint8)) for side in (20, 20, 24)] == [0, 0, 1]
    assert fold.count == 2


def test_only_the_last_drawings_come_again() -> None:
    shades = [np.full((16, 16, 3), shade, np.uint8) for shade in (0, 60, 120, 180)]
    fold = Fold(recent=2)
    assert [fold.add(shades[n]) for n in (0, 1, 0, 2, 0, 3, 1)] == [0, 1, 0, 2, 0, 3, 4]
