from __future__ import annotations

import pickle
import subprocess
import sys
import zlib
from functools import lru_cache

import cv2
import numpy as np
import pytest

from animelayers.truth.places import places

SIZE = (256, 128)
SCENES = {
    "sky", "meadow", "forest", "street", "room", "night_city", "seaside", "mountains", "desert", "snow_field", "corridor", "studio", "white", "grey",
    "sunset", "pattern", "dark", "cave",
}  # fmt: skip
ALL = [pytest.param(place, id=place.name) for place in places()]


@lru_cache(maxsize=256)
def planes(place, seed: int) -> list[np.ndarray]:
    return place.planes(SIZE, seed)


def flat(place, seed: int) -> np.ndarray:
    picture = planes(place, seed)[0][..., :3].astype(np.float32)
    for plane in planes(place, seed)[1:]:
        share = plane[..., 3:].astype(np.float32) / 255
        picture = picture * (1 - share) + plane[..., :3] * share
    return picture


def test_every_scene_is_in_both_splits_and_no_source_is() -> None:
    train, val = places("train"), places("val")
    assert {p.scene for p in val} == SCENES <= {p.scene for p in train}
    assert not {p.source for p in train} & {p.source for p in val}
    assert len({p.name for p in places()}) == len(places()) == len(train) + len(val)
    with pytest.raises(ValueError, match="train, val"):
        places("test")


@pytest.mark.parametrize("place", ALL)
def test_planes_are_whole_and_the_first_is_opaque(place) -> None:
    painted = planes(place, 1)
    assert 1 <= len(painted) <= 3
    assert all(plane.shape == (SIZE[1], SIZE[0], 4) and plane.dtype == np.uint8 for plane in painted)
    assert (painted[0][..., 3] == 255).all()
    for near in painted[1:]:
        assert 0.01 < (near[..., 3] > 127).mean() < 0.9
        assert not near[near[..., 3] == 0].any()
    again = place.planes(SIZE, 1)
    assert all(np.array_equal(a, b) for a, b in zip(painted, again, strict=True))


@pytest.mark.parametrize("place", ALL)
def test_tags_are_true(place) -> None:
    for seed in (1, 2):
        picture = flat(place, seed)
        luma = picture @ np.array([0.299, 0.587, 0.114], np.float32)
        # What a figure's outline could be taken for: edges wider than paper, hatching and screen tone.
        soft = cv2.GaussianBlur(luma, (0, 0), 2)
        busy = np.hypot(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)) / 8
        if "light" in place.tags:
            assert luma.mean() > 165
        if "dark" in place.tags:
            assert luma.mean() < 80
        if "plain" in place.tags:
            assert np.percentile(busy, 95) < 2
        if "busy" in place.tags:
            assert (busy > 2).mean() > 0.2
        if "grey" in place.tags and "rough" not in place.tags:
            assert np.ptp(picture, axis=2).mean() < 6
        assert not {"light", "dark"} <= place.tags and not {"plain", "busy"} <= place.tags


def test_seeds_make_other_places() -> None:
    same = {p.name for p in places() if np.array_equal(flat(p, 1), flat(p, 2))}
    assert same <= {f"animelayers-{name}" for name in ("pen/white", "pen/corridor", "airbrush/white")}, (
        "paper is white, whatever colour the wall is"
    )


def test_another_process_paints_the_same() -> None:
    place = next(p for p in places("val") if p.scene == "meadow")
    here = zlib.crc32(planes(place, 1)[0].tobytes())
    code = (
        "import zlib; from animelayers.truth.places import places; "
        f"p = next(p for p in places('val') if p.scene == 'meadow'); print(zlib.crc32(p.planes({SIZE}, 1)[0].tobytes()))"
    )
    assert (
        int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        == here
    )


def test_too_small_a_size_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=places()[0].scene):
        places()[0].planes((16, 16), 0)


def test_all_travel_to_a_worker_and_odd_sizes_are_painted() -> None:
    assert [p.name for p in pickle.loads(pickle.dumps(places()))] == [p.name for p in places()]
    for place in places()[::9]:
        for size in ((61, 33), (48, 97)):
            assert place.planes(size, 0)[0].shape == (size[1], size[0], 4)
