from __future__ import annotations

import numpy as np
import pytest

from animelayers.imaging.trimap import trimap
from animelayers.models.closed_form import ClosedForm
from animelayers.samples import Scene, scene


@pytest.fixture(scope="module")
def solver() -> ClosedForm:
    return ClosedForm()


@pytest.fixture(scope="module")
def shot() -> Scene:
    return scene("standing", 1, (160, 90))


def test_the_band_is_solved_and_the_rest_kept(solver: ClosedForm, shot: Scene) -> None:
    truth = shot.character[0]
    known = trimap(truth)
    (alpha,) = solver([shot.frames[0]], [known])
    assert alpha.dtype == np.float32 and alpha.min() >= 0 and alpha.max() <= 1
    assert (alpha[known == 255] == 1).all() and (alpha[known == 0] == 0).all()
    band = known == 128
    assert np.abs(alpha - truth / 255)[band].mean() < 0.5 * np.abs(0.5 - truth / 255)[band].mean()
    (reduced,) = ClosedForm(most=500)([shot.frames[0]], [known])
    assert (
        reduced.shape == truth.shape
        and np.abs(reduced - alpha)[band].mean() < 0.2
        and not np.array_equal(reduced, alpha)
    )


def test_one_by_one_equals_all_at_once_and_flat_pictures_hurt_nothing(
    solver: ClosedForm, shot: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    flat = np.full((20, 30, 3), 90, np.uint8)
    ring, sure, open_ = (
        np.full((20, 30), 128, np.uint8),
        np.zeros((20, 30), np.uint8),
        np.full((20, 30), 128, np.uint8),
    )
    ring[8:12, 10:20], ring[0] = 255, 0
    made = solver([flat, shot.frames[0], flat, flat], [ring, trimap(shot.character[0]), sure, open_])
    assert np.array_equal(made[1], solver([shot.frames[0]], [trimap(shot.character[0])])[0])
    assert np.isfinite(made[0]).all() and not made[2].any() and (made[3] == 0.5).all()
    assert capfd.readouterr().out == "" and solver([], []) == []


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="most"):
        ClosedForm(most=0)
