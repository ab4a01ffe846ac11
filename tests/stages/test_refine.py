"""The refining stage as a step, with the weight-free models."""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.models.closed_form import ClosedForm
from animelayers.record.schema import blank
from animelayers.samples import scene
from animelayers.stages.refine import Refine


def row(**columns: object) -> dict[str, object]:
    shot = scene("standing", 6, (320, 180))
    return {
        "clip_id": "a",
        "error": "",
        "frames": shot.frames[::3],
        "character": shot.character[::3],
        **columns,
    }


def test_drawings_of_clips_of_any_size_come_back_refined() -> None:
    shot = scene("portrait", 1, (240, 136))
    other = {"clip_id": "b", "error": "", "frames": shot.frames, "character": shot.character}
    one, two = Refine(ClosedForm(), lines=True).run([row(), other])
    assert one["error"] == two["error"] == ""
    assert (
        one["character"].shape == (2, 180, 320)
        and two["character"].shape == (1, 136, 240)
        and one["character"].dtype == np.uint8
    )
    given = np.asarray(row()["character"])
    far = cv2.dilate((given[0] > 0).astype(np.uint8), np.ones((41, 41), np.uint8)) == 0
    assert not one["character"][0][far].any() and not np.array_equal(one["character"], given)


def test_an_eroded_matte_gets_its_outline_back() -> None:
    given = row()
    truth = np.asarray(given["character"])
    eroded = np.stack([cv2.erode(alpha, np.ones((3, 3), np.uint8)) for alpha in truth])
    (made,) = Refine(ClosedForm()).run([{**given, "character": eroded}])
    errors = [np.abs(alphas.astype(int) - truth).mean() for alphas in (eroded, made["character"])]
    assert errors[1] < errors[0]


def test_without_a_model_and_without_a_character_nothing_changes() -> None:
    given = row()
    (same,) = Refine().run([given])
    assert np.array_equal(same["character"], given["character"])
    empty = np.zeros_like(given["character"])
    (none,) = Refine(ClosedForm(), lines=True).run(
        [{**given, "character": empty, "segments": np.zeros_like(empty)}]
    )
    assert none["error"] == "" and not none["character"].any()
    (blank_,) = Refine(ClosedForm(), lines=True).run(
        [{**given, "frames": blank("frames"), "character": blank("character")}]
    )
    assert blank_["error"] == "" and blank_["character"].shape == (0, 0, 0)


def test_a_figure_of_which_nothing_is_sure_stays() -> None:
    given = row()
    alpha = np.zeros_like(given["character"])
    alpha[:, 20:22, 20:80] = 255
    (made,) = Refine(ClosedForm()).run([{**given, "character": alpha}])
    assert np.array_equal(made["character"], alpha)
