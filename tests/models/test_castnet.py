"""CastNet knows drawn people again: the shipped weights, and what it says of what it cannot use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from animelayers.models.castnet import SIDE, CastNet, facts, ready
from animelayers.truth.people import people
from animelayers.weights import WeightsError, find

pytest.importorskip("torch")


def cel(number: int, action: str = "still", k: int = 0) -> np.ndarray:
    """A drawing by a hand nothing was trained on."""
    return [p for p in people("val") if p.source == "animelayers-wash"][number].draw(action, k, 160).rgba


def test_a_person_is_more_like_herself_in_another_pose_and_light_than_like_others_by_the_same_hand() -> None:
    net = CastNet()
    one = net([cel(n) for n in range(10)])
    dim = [cel(n, "walk", 3) for n in range(10)]
    for picture in dim:
        picture[..., :3] = picture[..., :3] * np.array([0.8, 0.85, 1.0])
    other = net([picture[: len(picture) * 2 // 3, ::-1] for picture in dim])
    assert one.shape == (10, CastNet.width) and np.allclose(np.linalg.norm(one, axis=1), 1, atol=1e-5)
    alike = one @ other.T
    assert np.mean(alike.argmax(1) == np.arange(10)) >= 0.7
    assert np.median(np.diag(alike)) > np.quantile(alike[~np.eye(10, dtype=bool)], 0.9)


def test_what_shows_nothing_is_zeros_and_where_she_lies_counts_nothing() -> None:
    net, figure = CastNet(), cel(0)
    nothing = np.zeros((9, 5, 4), np.uint8)
    found = net([nothing, figure, np.pad(figure, ((30, 2), (9, 80), (0, 0))), nothing])
    assert not found[[0, 3]].any() and net([]).shape == (0, CastNet.width)
    assert found[1] @ found[2] > 0.98
    assert ready(nothing).shape == ready(figure).shape == (SIDE, SIDE, 4) and not ready(nothing).any()


def test_the_file_says_how_it_was_made_and_another_is_refused(tmp_path: Path) -> None:
    assert facts(find("castnet"))["people"] == 3360
    with pytest.raises(WeightsError, match="holds no weights of CastNet"):
        CastNet(str(find("layernet")))
    (tmp_path / "x.safetensors").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="holds no weights of CastNet"):
        CastNet(str(tmp_path / "x.safetensors"))
