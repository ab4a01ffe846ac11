"""The flags of drawings."""

from typing import Any

import numpy as np
import pytest

from animelayers.stages.quality import Quality, jumps


def run(psnr: np.ndarray, **columns: Any) -> str:
    flags = Quality().clip(recompose_psnr=np.asarray(psnr, np.float32), **columns).flags
    return " ".join(",".join(words) or "ok" for words in flags)


def test_each_doubt_has_its_word() -> None:
    psnr = np.array([50, 20, 50, 50, 50], np.float32)
    sure = np.array([1, 1, 0.2, 1, 1], np.float32)
    invented = np.array([0, 0.9, 0, 0, 0], np.float32)
    coverage = np.array([0.2, 0.2, 0.2, 0.05, 0.2], np.float32)
    flags = run(
        psnr,
        character_confidence=sure,
        background_invented=invented,
        character_coverage=coverage,
        plate_trust=0.95,
    )
    assert flags.split() == ["ok", "recompose_low,background_invented", "matte_unsure", "flicker", "ok"]


def test_what_nobody_measured_is_not_flagged() -> None:
    assert run(np.array([50.0])) == "ok"
    assert run(np.zeros(0)) == ""


def test_a_plate_that_was_tried_and_not_trusted_is_doubtful() -> None:
    said = [run(np.array([50.0, 20.0]), plate_trust=trust) for trust in (0.0, 0.6, 0.95)]
    assert said == ["ok recompose_low", "plate_doubtful recompose_low,plate_doubtful", "ok recompose_low"]


def test_a_figure_that_walks_in_does_not_flicker() -> None:
    assert not jumps(np.linspace(0, 0.4, 9), 0.25).any()
    assert jumps(np.array([0.3, 0.3, 0.0, 0.3]), 0.25).tolist() == [False, False, True, False]
    assert jumps(np.array([0.5, 0.1, 0.1, 0.1, 0.0]), 0.25).tolist() == [True, False, False, False, True]
    assert not jumps(np.array([0.5, 0.1]), 0.25).any() and jumps(np.zeros(0), 0.25).shape == (0,)


def test_shares_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="unsure"):
        Quality(unsure=2)


def test_words_of_reading_stay_and_those_of_an_earlier_look_do_not() -> None:
    words = run(
        np.array([50.0, 20.0, 50.0]),
        flags=[["damaged", "tone_mapped"], ["interlaced", "flicker"], ["recompose_low"]],
    )
    assert words == "damaged,tone_mapped interlaced,recompose_low ok"
