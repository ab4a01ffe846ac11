"""The encode stage: what it stores, and that it adds up."""

import numpy as np
import pytest

from animelayers.imaging import codecs
from animelayers.imaging.recompose import blend, psnr, recompose, together
from animelayers.models.inpaint import OpenCV
from animelayers.stages.background import Background
from animelayers.stages.encode import Encode
from tests.stages.test_background import drawing


def clip(h: int = 90, w: int = 120) -> dict[str, object]:
    frame, alpha, _ = drawing(h, w)
    row = {
        "clip_id": "a",
        "error": "",
        "frames": np.stack([frame] * 2),
        "character": np.stack([alpha, alpha * 0]),
    }
    (made,) = Background(OpenCV()).run([row])
    return made


def files(row: dict, drawing: int) -> dict[str, np.ndarray]:
    ends = np.cumsum(row["layer_sizes"].ravel())
    parts = np.split(np.frombuffer(row["layers"], np.uint8), ends[:-1])
    names = row["layer_names"].split()
    assert ends[-1] == len(row["layers"])
    return {name: codecs.decode(parts[drawing * len(names) + i].tobytes()) for i, name in enumerate(names)}


@pytest.mark.parametrize(("background", "least"), [("jpeg", 40), ("png", 48), ("webp", 48)])
def test_stored_layers_recompose_as_said(background: str, least: float) -> None:
    row = clip()
    (made,) = Encode(background=background).run([row])
    assert made["error"] == ""
    suffix = codecs.SUFFIXES[background]
    assert made["layer_names"] == f"character.png mask.png background.{suffix}"
    assert made["layer_sizes"].shape == (2, 3)
    assert (made["width"], made["height"]) == (120, 90)
    for i in range(2):
        stored = files(made, i)
        again = recompose(stored["character.png"], stored[f"background.{suffix}"])
        assert psnr(again, row["frames"][i]) == pytest.approx(made["recompose_psnr"][i], abs=1e-4)
        assert made["recompose_psnr"][i] >= least
        assert np.array_equal(stored["mask.png"] == 255, stored["character.png"][..., 3] >= 128)
        assert set(np.unique(stored["mask.png"])) <= {0, 255}
        assert made["character_coverage"][i] == pytest.approx(
            stored["character.png"][..., 3].mean() / 255, abs=1e-5
        )


def test_the_quality_of_a_large_frame_is_near_that_of_all_its_pixels() -> None:
    row = clip(720, 1000)
    row["frames"] = row["frames"] + np.random.default_rng(0).integers(0, 4, row["frames"].shape, np.uint8)
    row["background"] = row["background"] + np.random.default_rng(0).integers(
        0, 4, row["frames"].shape, np.uint8
    )
    (made,) = Encode().run([row])
    for i in range(2):
        stored = files(made, i)
        again = recompose(stored["character.png"], stored["background.jpg"])
        assert psnr(again, row["frames"][i]) == pytest.approx(made["recompose_psnr"][i], abs=0.1)


def test_bbox_and_coverage() -> None:
    (made,) = Encode().run([clip()])
    x, y, w, h = made["character_bbox"][0]
    assert (x + w // 2, y + h // 2) == (60, 45)
    assert abs(w - 45) <= 1
    assert not made["character_bbox"][1].any()
    assert made["character_coverage"][1] == 0


def test_soft_mask_and_chosen_layers() -> None:
    row = clip()
    (made,) = Encode(layers=["mask"], mask="soft").run([row])
    assert made["layer_names"] == "mask.png"
    assert np.array_equal(files(made, 0)["mask.png"], row["character"][0])


@pytest.mark.parametrize(
    ("missing", "names"),
    [("background", "character.png mask.png"), ("character", "background.jpg")],
)
def test_a_layer_no_stage_made_is_left_out(missing: str, names: str) -> None:
    row = clip()
    del row[missing]
    (made,) = Encode().run([row])
    assert made["error"] == ""
    assert made["layer_names"] == names


def test_one_pixel_and_an_empty_clip() -> None:
    row = {
        "clip_id": "a",
        "error": "",
        "frames": np.full((1, 1, 1, 3), 7, np.uint8),
        "character": np.zeros((1, 1, 1), np.uint8),
        "background": np.full((1, 1, 1, 3), 7, np.uint8),
    }
    (made,) = Encode(background="png").run([row])
    assert made["error"] == ""
    assert made["recompose_psnr"][0] == 100


def test_misspelt_options_name_the_choices() -> None:
    with pytest.raises(ValueError, match="background=jpg is unknown: one of png, jpeg, webp"):
        Encode(background="jpg")
    with pytest.raises(ValueError, match="layers=effects is unknown"):
        Encode(layers=["effects"])
    with pytest.raises(ValueError, match="quality"):
        Encode(quality=0)


@pytest.mark.parametrize("mode", ["over", "add", "screen"])
def test_an_effect_lies_in_front_of_the_other_layers(mode: str) -> None:
    row = clip()
    effect = np.zeros((2, 90, 120, 4), np.uint8)
    effect[0, 20:60, 30:90] = (30, 60, 20, 128)
    bare = row["frames"]
    row["frames"] = np.stack([blend(bare[0], effect[0], mode), bare[1]])
    (made,) = Encode(background="png").run([{**row, "effect": effect, "effect_mode": f"{mode} none"}])
    assert made["error"] == ""
    assert made["layer_names"] == "character.png mask.png background.png effect.png"
    for i in range(2):
        stored = files(made, i)
        assert np.array_equal(stored["effect.png"], effect[i])
        below = recompose(stored["character.png"], stored["background.png"])
        assert psnr(below, bare[i]) > 40
        again = blend(below, stored["effect.png"], mode)
        assert psnr(again, row["frames"][i]) == pytest.approx(made["recompose_psnr"][i], abs=1e-4)
        assert made["recompose_psnr"][i] > 42


def test_clips_without_an_effect_store_none() -> None:
    row = clip()
    (made,) = Encode().run(
        [{**row, "effect": np.zeros((2, 90, 120, 4), np.uint8), "effect_mode": "none none"}]
    )
    assert made["layer_names"] == "character.png mask.png background.jpg"


def test_what_is_no_part_of_the_frame_is_stored_beside_it() -> None:
    labels = np.zeros((2, 90, 120), np.uint8)
    labels[0, 10:20, 10:30] = 2
    others = {
        "plate": np.full((95, 130, 3), 90, np.uint8),
        "instances": labels,
        "provenance": labels * np.uint8(64),
    }
    (made,) = Encode(background="png").run([{**clip(), **others}])
    names = made["layer_names"].split()
    assert names[3:] == ["plate.png", "instances.png", "provenance.png"]
    assert (
        made["layer_sizes"][1, names.index("plate.png")]
        == 0
        < made["layer_sizes"][0, names.index("plate.png")]
    ), "once a clip"
    parts = np.split(np.frombuffer(made["layers"], np.uint8), np.cumsum(made["layer_sizes"].ravel())[:-1])
    for name, expected in zip(names[3:], (others["plate"], labels[0], others["provenance"][0]), strict=True):
        assert np.array_equal(codecs.decode(parts[names.index(name)].tobytes()), expected)
    (alone,) = Encode().run([{**clip(), "instances": np.minimum(labels, 1)}])
    assert "instances.png" not in alone["layer_names"], "with one character the mask says it all"


def test_a_shadow_lies_between_the_background_and_the_character() -> None:
    row = clip()
    shadow = np.zeros((*row["frames"].shape[:3], 4), np.uint8)
    shadow[0, 60:80, 20:100] = (90, 80, 120, 140)
    row["frames"] = np.stack([together(b, shadow=s) for b, s in zip(row["background"], shadow, strict=True)])
    row["frames"][row["character"] > 200] = (250, 200, 170)
    (made,) = Encode(background="png").run([row | {"shadow": shadow}])
    assert made["error"] == "" and made["layer_names"].split()[-1] == "shadow.png"
    stored = files(made, 0)
    assert np.array_equal(stored["shadow.png"], shadow[0])
    again = together(stored["background.png"], stored["character.png"], stored["shadow.png"])
    assert psnr(again, row["frames"][0]) == pytest.approx(made["recompose_psnr"][0], abs=1e-4)
    assert made["recompose_psnr"].min() > 45
    assert "shadow" not in Encode().run([row | {"shadow": 0 * shadow}])[0]["layer_names"]
    assert (
        "shadow"
        not in Encode(layers=["character", "background"]).run([row | {"shadow": shadow}])[0]["layer_names"]
    )
