"""The layers of a shot, by the packaged net on drawn shots; what is tested is what holds however well that
net does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest

from animelayers.imaging.recompose import blend
from animelayers.models.clipseg import ClipSeg
from animelayers.models.layernet import LayerNet
from animelayers.record.schema import RECORD, Row, blank
from animelayers.samples import Scene, scene
from animelayers.shot.params import Params
from animelayers.stages.layers import Layers
from tests.lists import words_of
from tests.models import tiny_words

WIDTH, HEIGHT = SIZE = (192, 112)


@pytest.fixture(scope="module")
def net() -> LayerNet:
    return LayerNet(side=96, precision="fp32")


@cache
def shot(name: str) -> Scene:
    return scene(name, 24, SIZE)


def row(name: str = "walk", at: slice = slice(0, 24, 3), matte_model: str = "layernet", **others: Any) -> Row:
    """A clip of a drawn shot with its true mattes, as the stages before leave it."""
    made = shot(name)
    frames, alphas = made.frames[at], made.character[at]
    words = " ".join(matte_model if alpha.any() else "none" for alpha in alphas)
    clip = {
        "clip_id": name,
        "error": "",
        "frames": frames,
        "character": alphas,
        "matte_model": words,
        "homography": cameras(made, at),
    }
    return {**clip, "camera_motion": "pan" if made.pan.any() else "still", **others}


def cameras(made: Scene, at: slice) -> np.ndarray:
    seats = np.repeat(np.eye(3)[None], len(made.pan[at]), 0)
    seats[:, 0, 2] = made.pan[at]
    return seats


def context(name: str, at: slice) -> Row:
    made = shot(name)
    return {
        "context": made.frames[at],
        "context_character": made.character[at],
        "context_homography": cameras(made, at),
    }


def through(stage: Layers, clip: Row) -> Row:
    """A clip through the stage, with every promise of the record checked."""
    (made,) = stage.run([clip])
    assert made["error"] == ""
    frames, count = clip["frames"], len(clip["frames"])
    for name in Layers.writes:
        column = RECORD[name]
        if column.array:
            assert made[name].dtype == column.dtype and made[name].ndim == column.ndim, name
    assert made["character"].shape == frames.shape[:3] and made["effect"].shape == (*frames.shape[:3], 4)
    assert made["effect_intensity"].shape == made["effect_coverage"].shape == (count,)
    for name in ("matte_model", "effect_mode", "effect_types"):
        assert len(RECORD[name].per_drawing(made[name])) == count, name
    assert made["plate"].shape[:2] == made["plate_seen"].shape and 0 <= made["plate_trust"] <= 1
    assert bool(made["plate"].size) == (made["plate_trust"] > 0)
    assert np.isin(made["plate_seen"], (0, 255)).all() and not made["plate"][made["plate_seen"] == 0].any()
    alphas, modes = made["effect"][..., 3], made["effect_mode"].split()
    assert [mode != "none" for mode in modes] == [bool(alpha.any()) for alpha in alphas] and {*modes} <= {
        "none",
        "over",
        "add",
        "screen",
    }
    assert made["effect_coverage"] == pytest.approx(alphas.mean((1, 2)) / 255 if count else 0, abs=1e-5)
    assert (
        (made["effect_coverage"] >= 0)
        & (made["effect_coverage"] <= made["effect_intensity"] + 1e-6)
        & (made["effect_intensity"] <= 1)
    ).all()
    there = sum(mode != "none" for mode in modes)
    assert made["frame_without_effect"].shape == ((there, *frames.shape[1:]) if there else (0, 0, 0, 3))
    return made


def same(one: Row, two: Row, names: Sequence[str] = Layers.writes) -> bool:
    return all(np.array_equal(one[name], two[name]) for name in names)


@pytest.mark.parametrize("name", ["walk", "pan", "fire"])
def test_a_drawn_shot_keeps_the_contract_and_its_columns_are_not_changed(net: LayerNet, name: str) -> None:
    clip = row(name, slice(0, 24, 4))
    for value in clip.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    made = through(Layers(net), clip)
    assert same(made, through(Layers(net), clip)), "again the same"
    for alpha, word in zip(made["character"], made["matte_model"].split(), strict=True):
        assert word == ("layernet" if alpha.any() else "none")


def test_the_plate_is_the_place_that_is_painted() -> None:
    made = through(Layers(), row("walk"))
    seen, truth = made["plate_seen"] > 0, shot("walk").background[0]
    assert made["plate"].shape == (HEIGHT, WIDTH, 3) and made["plate_trust"] > 0.9 and seen.mean() > 0.7
    assert np.abs(made["plate"].astype(int) - truth)[seen].mean() < 2
    panned, moved = through(Layers(), row("pan")), int(shot("pan").pan[21])
    assert moved > 4 and panned["plate"].shape == (HEIGHT, WIDTH + moved, 3), "as wide as the camera went"


def test_without_a_net_the_mattes_stay_and_there_are_no_effects() -> None:
    for clip in (row("walk", matte_model="modnet"), row("fire", matte_model="modnet")):
        made = through(Layers(), clip)
        assert (
            np.array_equal(made["character"], clip["character"])
            and made["matte_model"] == clip["matte_model"]
        )
        assert not made["effect"].any() and made["plate"].size
        assert {*words_of(made, "effect_types").split()} == {"none"} and not made["effect_intensity"].any()


def test_a_camera_that_nobody_knows_gives_no_plate(net: LayerNet) -> None:
    for change in ({"camera_motion": "unknown"}, {"homography": None}):
        made = through(Layers(net), row("walk", slice(0, 6, 2), **change))
        assert not made["plate"].size and not made["plate_seen"].size and made["plate_trust"] == 0
        assert {*made["effect_mode"].split()} <= {"none", "over"}


def test_one_drawing_has_a_plate_only_with_the_context_of_its_shot(net: LayerNet) -> None:
    one = slice(0, 1)
    assert not through(Layers(net), row("walk", one))["plate"].size
    helped = through(Layers(), row("walk", one, **context("walk", slice(2, 24, 2))))
    assert (helped["plate_seen"] > 0).mean() > 0.7
    nobody_looked = context("walk", slice(2, 24, 2)) | {"context_character": None}
    assert not through(Layers(net), row("walk", one, **nobody_looked))["plate"].size


def test_a_plate_that_explains_less_than_asked_for_is_none() -> None:
    clip = row("walk")
    noise = np.random.default_rng(0).integers(0, 255, clip["frames"].shape, np.uint8)
    assert not through(Layers(), {**clip, "frames": noise})["plate"].size
    assert through(Layers(params={"trust": 0}), {**clip, "frames": noise})["plate"].shape == (
        HEIGHT,
        WIDTH,
        3,
    )


@pytest.mark.parametrize("rule", Layers.rules)
def test_each_rule_may_be_left_out(net: LayerNet, rule: str) -> None:
    # what settles mattes is seen where there are many, and the rest where there is fire
    clip = row("crossing" if rule in ("snapping", "paint", "agreement") else "fire", slice(0, 24, 4))
    whole, less = (
        through(Layers(net, params=FAINT), clip),
        through(Layers(net, params=FAINT, without=[rule]), clip),
    )
    if rule == "effects":
        assert (
            whole["effect"].any()
            and not less["effect"].any()
            and {*less["effect_mode"].split()} == {"none"}
            and not len(less["frame_without_effect"])
        )
        assert same(whole, less, ("character", "matte_model", "plate", "plate_seen"))
    elif rule in ("snapping", "paint", "agreement"):
        assert not np.array_equal(whole["character"], less["character"])
    elif rule == "doubt":
        assert not ((whole["character"] > 127) & (less["character"] < 100)).any(), (
            "it takes away, and adds nothing"
        )
    elif rule == "evidence":
        assert not np.array_equal(whole["character"], less["character"])
        apart = through(Layers(net, without=["evidence", "agreement"]), clip)
        for k in (0, 5):
            lone = {name: clip[name][k : k + 1] for name in ("frames", "character", "homography")}
            assert np.array_equal(
                through(Layers(net), clip | lone | {"matte_model": "layernet"})["character"][0],
                apart["character"][k],
            ), "each for itself"
    else:
        assert same(whole, less, ("character", "matte_model"))
        assert (less["plate_seen"] > 0).mean() >= (whole["plate_seen"] > 0).mean() - 0.01, (
            "what is no cover hides nothing"
        )


FAINT = {"lit": 0.05, "faint": 0.02}
"""What takes the slightest label for an effect, so that there are some."""


def test_an_unknown_rule_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="evidence, paint, agreement, doubt, snapping, effects, shadows"):
        Layers(without=["shadow"])


def test_the_matte_of_another_model_has_its_say(net: LayerNet) -> None:
    disc = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(disc, (WIDTH // 2, HEIGHT // 2), 30, 255, -1)
    flat = {
        "frames": np.full((1, HEIGHT, WIDTH, 3), 118, np.uint8),
        "character": disc[None],
        "homography": None,
    }
    stage = Layers(net, without=["snapping"])  # a flat picture has no edges to snap to
    mine, theirs, both = (
        through(stage, row("walk", slice(0, 1), **flat, matte_model=name))
        for name in ("layernet", "modnet", "modnet+layernet")
    )
    there = disc > 0
    assert mine["character"][0][there].mean() < 32 and mine["matte_model"] in ("none", "layernet"), (
        "its own is asked again, not counted twice"
    )
    assert 96 < theirs["character"][0][there].mean() < 160, "half a say"
    assert theirs["matte_model"] == both["matte_model"] == "modnet+layernet" and np.array_equal(
        theirs["character"], both["character"]
    )
    assert theirs["character"][0][~cv2.dilate(disc, np.ones((25, 25))).astype(bool)].mean() < 4


@pytest.mark.parametrize("with_net", [False, True])
@pytest.mark.parametrize("shape", [(0, 0), (30, 40)])
def test_an_empty_clip_stays_empty(net: LayerNet, with_net: bool, shape: tuple[int, int]) -> None:
    nothing = {
        "frames": np.zeros((0, *shape, 3), np.uint8),
        "character": np.zeros((0, *shape), np.uint8),
        "homography": np.zeros((0, 3, 3)),
        "matte_model": "",
    }
    made = through(Layers(net if with_net else None), row("walk") | nothing)
    assert (
        not made["plate"].size
        and made["matte_model"] == made["effect_mode"] == words_of(made, "effect_types") == ""
    )


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (2, 90), (90, 2)])
@pytest.mark.parametrize("count", [1, 4])
def test_pictures_of_any_size(net: LayerNet, size: tuple[int, int], count: int) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (count, *size, 3), np.uint8)
    clip = {
        "frames": frames,
        "character": np.full((count, *size), 255, np.uint8),
        "homography": np.repeat(np.eye(3)[None], count, 0),
    }
    for stage in (Layers(net), Layers(), Layers(net, params=FAINT)):
        through(stage, row("walk") | clip | {"matte_model": " ".join(["modnet"] * count)})


@pytest.mark.parametrize("grey", [0, 118, 255])
def test_flat_shots_have_no_layers_but_their_plate(net: LayerNet, grey: int) -> None:
    frames = np.full((4, HEIGHT, WIDTH, 3), grey, np.uint8)
    nobody = {
        "frames": frames,
        "character": np.zeros(frames.shape[:3], np.uint8),
        "homography": np.repeat(np.eye(3)[None], 4, 0),
        "matte_model": "none " * 4,
    }
    made = through(Layers(net), row("walk") | nobody)
    assert (
        not made["character"].any()
        and made["matte_model"].split() == ["none"] * 4
        and not made["effect"].any()
    )
    assert (made["plate"] == grey).all() and (made["plate_seen"] == 255).all()


def test_what_came_with_the_input_stays(net: LayerNet) -> None:
    clip = row("walk", slice(0, 6, 2), given=np.full((3, HEIGHT, WIDTH), 77, np.uint8))
    (made,) = Layers(net).run([clip])
    assert (made["character"] == 77).all() and made["matte_model"] == "given given given"


def test_effects_before_a_plate_give_the_drawings_back(net: LayerNet) -> None:
    clip = row("fire")
    made = through(Layers(net, params=FAINT), clip)
    bare = iter(made["frame_without_effect"])
    for k, mode in enumerate(made["effect_mode"].split()):
        if mode != "none":
            under, effect = next(bare), made["effect"][k]
            plain = effect[..., 3] == 0
            assert np.array_equal(under[plain], clip["frames"][k][plain]), (
                "only where the effect is it changes anything"
            )
            soft = ~plain & (effect[..., 3] < 200)
            again = blend(under, effect, mode).astype(int)
            assert np.percentile(np.abs(again - clip["frames"][k])[soft], 90) <= 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"effect_threshold": 0}, "effect_threshold"),
        ({"effect_threshold": 1.0}, "effect_threshold"),
        ({"effect_prompts": "fire"}, "list of words"),
        ({"effect_prompts": ["fire, smoke"]}, "without commas"),
        ({"effect_prompts": [" "]}, "list of words"),
        ({"params": {"snap": 33}}, "snap=33"),
        ({"params": {"snapping": 3}}, "snapping.* there is: rounds, "),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Layers(**options)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> ClipSeg:
    """CLIPSeg with random weights: what it finds means nothing."""
    pytest.importorskip("transformers")
    path = tmp_path_factory.mktemp("clipseg")
    tiny_words.clipseg(path)
    return ClipSeg(str(path), device="cpu")


def test_the_words_of_a_proposer_find_effects_and_name_them(net: LayerNet, words: ClipSeg) -> None:
    clip, prompts = row("fire", slice(0, 8, 2), homography=None), ["fire and flames", "smoke"]
    surely = through(Layers(net, words, prompts, 1e-6), clip)
    assert words_of(surely, "effect_types").split() == ["fire_and_flames,smoke"] * 4
    assert (surely["effect_coverage"] > 0.9).all(), "all maps are above it"
    never, silent = through(Layers(net, words, prompts, 1 - 1e-6), clip), through(Layers(net), clip)
    assert same(never, silent) and {*words_of(never, "effect_types").split()} == {"none"}
    alone = through(Layers(None, words, prompts, 1e-6), clip)
    assert alone["effect"].any() and np.array_equal(alone["character"], clip["character"]), (
        "without a net there are words"
    )
    known = through(Layers(net, words, prompts, 1e-6), row("fire", slice(0, 8, 2)))
    types = words_of(known, "effect_types").split()
    assert [t != "none" for t in types] == [m != "none" for m in known["effect_mode"].split()]


def test_a_proposer_needs_words(words: ClipSeg) -> None:
    with pytest.raises(ValueError, match="model/effect=none"):
        Layers(proposer=words, effect_prompts=[])


def test_a_clip_that_failed_before_is_left_alone_and_its_neighbour_is_not(net: LayerNet) -> None:
    lost, clip = row("walk", slice(0, 1), error="camera: lost"), row("walk", slice(0, 6, 2))
    failed, made = Layers(net).run([lost, clip])
    assert failed["error"] == "camera: lost" and np.array_equal(failed["plate"], blank("plate"))
    assert same(made, through(Layers(net), clip))


def test_every_parameter_is_used_as_it_is_told() -> None:
    assert Layers().params == Params() and Layers(params={"rounds": 1}).params.rounds == 1
