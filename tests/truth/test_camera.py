"""What the camera shows, against what it should."""

from __future__ import annotations

import numpy as np
import pytest

from animelayers.truth.camera import KINDS, Camera, canvas


@pytest.mark.parametrize("kind", KINDS)
def test_a_painting_holds_what_every_frame_shows(kind: str) -> None:
    amount = {"zoom": -0.2, "rotate": 6.0}.get(kind, 0.3)
    seats, (width, height) = canvas(Camera(kind, amount, seed=3).path(9, (160, 96)), (160, 96))
    corners = np.array([[0, 0, 1], [159, 0, 1], [0, 95, 1], [159, 95, 1]], float)
    reached = np.concatenate([corners @ seat.T for seat in seats])[:, :2]
    assert (reached >= -1e-6).all() and (reached <= (width - 1 + 1e-6, height - 1 + 1e-6)).all()
    assert (kind == "still") == np.allclose(seats, np.eye(3))


def test_a_pan_goes_as_far_as_it_is_told() -> None:
    path = Camera("pan", 0.5, eased=False).path(11, (160, 96))
    assert path[-1, 0, 2] - path[0, 0, 2] == pytest.approx(48)
    assert np.allclose(np.diff(path[:, 0, 2]), 4.8)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="one of still, pan"):
        Camera("fall").path(3, (160, 96))
