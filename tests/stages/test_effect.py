"""The effect stage on drawn scenes whose effects are known."""

from typing import Any

import numpy as np
import pytest

from animelayers import job
from animelayers.imaging.measures import iou
from animelayers.imaging.recompose import uncovered
from animelayers.models.clipseg import ClipSeg
from animelayers.samples import combine, scene
from animelayers.stages.effect import PROMPTS, Effect
from tests.models import tiny_words

SIZE = (640, 360)


def drawings(name: str, frames: int = 12) -> dict[str, Any]:
    made = scene(name, frames, SIZE)
    first = np.unique(made.drawing, return_index=True)[1]
    row = {"clip_id": "a", "error": "", "frames": made.frames[first], "character": made.character[first]}
    return {**row, "plate": made.background[0], "plate_trust": np.float32(0.9), "truth": made.effect[first]}


@pytest.mark.parametrize(("name", "least"), [("fire", 0.6), ("glow", 0.55)])
def test_light_in_front_is_found(name: str, least: float) -> None:
    (made,) = Effect().run([row := drawings(name)])
    assert made["error"] == ""
    assert set(made["effect_mode"].split()) <= {"add", "screen"}
    assert np.mean([iou(e[..., 3], t) for e, t in zip(made["effect"], row["truth"], strict=True)]) > least
    assert (made["effect_intensity"] > made["effect_coverage"]).all()


@pytest.mark.parametrize("name", ["portrait", "walk", "crossing", "fade"])
def test_figures_that_move_are_no_effect(name: str) -> None:
    row = drawings(name)
    row["plate"] = scene(name, 12, SIZE).background[-1]
    (made,) = Effect().run([row])
    assert made["error"] == ""
    assert set(made["effect_mode"].split()) == {"none"}
    assert not made["effect"].any()
    assert np.array_equal(made["character"], row["character"])


def test_the_sky_where_hair_was_is_no_light() -> None:
    row = drawings("impact")
    calm = [k for k, alpha in enumerate(row["truth"]) if not alpha.any()]
    plate = row["plate"].copy()
    seen = np.where((row["character"] > 8).any(axis=0), 0, 255).astype(np.uint8)
    (made,) = Effect().run([{**row, "plate": plate, "plate_seen": seen}])
    assert {made["effect_mode"].split()[k] for k in calm} == {"none"}


def test_a_flash_covers_all_and_what_is_under_it_is_told_where_it_lets_through() -> None:
    row = drawings("impact")
    (made,) = Effect().run([row])
    assert made["error"] == ""
    white, after = (int(np.flatnonzero((row["truth"] == level).all((1, 2)))[0]) for level in (255, 110))
    assert (made["effect"][white] == 255).all()
    assert not made["character"][white].any()
    assert np.abs(made["effect"][after][..., 3].astype(int) - 110).max() <= 3
    assert np.array_equal(made["character"][after], row["character"][after])
    modes = made["effect_mode"].split()
    assert modes[white] == modes[after] == "over"
    assert modes[0] == "none"


def test_an_aura_that_never_goes_out_is_taken_off_the_plate_that_all_drawings_share() -> None:
    row = drawings("glow")
    frames, truth = row["frames"], scene("glow", 1, SIZE).background[0]
    row["plate"] = np.median(frames, axis=0).astype(np.uint8)
    (made,) = Effect().run([row])
    assert np.mean([iou(e[..., 3], t) for e, t in zip(made["effect"], row["truth"], strict=True)]) > 0.55
    lit = (row["truth"] > 40).all(axis=0) & (row["character"] == 0).all(axis=0)
    assert (made["plate_seen"][lit] == 0).mean() > 0.5
    errors = [np.abs(plate[lit].astype(int) - truth[lit]).mean() for plate in (made["plate"], row["plate"])]
    assert errors[0] < 0.8 * errors[1]


def test_a_clip_of_nothing_but_a_flash() -> None:
    row = drawings("impact")
    white = int(np.flatnonzero((row["truth"] == 255).all((1, 2)))[0])
    row |= {"frames": row["frames"][[white] * 4], "character": row["character"][[white] * 4]}
    (made,) = Effect().run([row])
    assert made["error"] == ""
    assert made["effect_mode"].split() == ["over"] * 4


def test_the_context_shows_what_the_effect_of_a_clip_hides() -> None:
    still, fire = scene("standing", 2, SIZE), scene("fire", 16, SIZE)
    figure, count = still.frames[0], 8
    burning = [combine(figure, a, c, "screen") for a, c in zip(fire.effect[::2], fire.effect_colour[::2], strict=True)]
    mattes, cameras = np.stack([still.character[0]] * count), np.stack([np.eye(3)] * count)
    row = {"clip_id": "a", "error": "", "frames": np.stack(burning), "character": mattes, "camera": cameras, "plate": still.background[0]}
    there = {"context": np.stack([*[figure] * 4, *burning[::2]]), "context_character": mattes, "context_camera": cameras}
    alone, (made,) = Effect().run([row])[0], Effect().run([{**row, **there}])
    assert made["effect"].shape == (count, *SIZE[::-1], 4)
    covered = [iou(e[..., 3], t) for e, t in zip(made["effect"], fire.effect[::2], strict=True)]
    before = [iou(e[..., 3], t) for e, t in zip(alone["effect"], fire.effect[::2], strict=True)]
    assert np.mean(covered) > max(0.7, np.mean(before))
    assert len(made["bare"]) == count
    for frame, layer, mode, bare in zip(burning, made["effect"], made["effect_mode"].split(), made["bare"], strict=True):
        under = (layer[..., 3] > 60) & (still.character[0] > 250)
        error, computed = (np.abs(p[under].astype(int) - figure[under]).mean() for p in (bare, uncovered(frame, layer, mode, still.character[0])))
        assert error < min(4, computed)


def test_a_panned_plate_is_where_the_camera_says() -> None:
    shot = scene("pan", 8, SIZE)
    plate = np.zeros((SIZE[1], SIZE[0] + int(shot.pan.max()), 3), np.uint8)
    for at, background in zip(shot.pan, shot.background, strict=True):
        plate[:, at : at + SIZE[0]] = background
    camera = np.array([[[1, 0, at], [0, 1, 0], [0, 0, 1]] for at in shot.pan], np.float64)
    row = {"clip_id": "a", "error": "", "frames": shot.frames.copy(), "character": shot.character, "camera": camera, "plate": plate}
    (made,) = Effect().run([row])
    assert set(made["effect_mode"].split()) == {"none"}
    fire = scene("fire", 16, SIZE)
    for k in range(8):
        row["frames"][k] = combine(row["frames"][k], fire.effect[2 * k], fire.effect_colour[2 * k], "screen")
    (made,) = Effect().run([row])
    assert "none" not in made["effect_mode"].split()
    assert np.mean([iou(e[..., 3], t) for e, t in zip(made["effect"], fire.effect[::2], strict=True)]) > 0.5


def test_without_a_trusted_plate_there_is_none() -> None:
    row = drawings("fire", 8)
    for change in ({"plate_trust": np.float32(0.1)}, {"plate": np.zeros((0, 0, 3), np.uint8)}, {"plate": None}):
        (made,) = Effect().run([{**row, **change}])
        assert set(made["effect_mode"].split()) == {"none"}
        assert made["effect"].shape == (*row["frames"].shape[:3], 4)


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_blank_clips(value: int, count: int) -> None:
    row = {
        "clip_id": "a",
        "error": "",
        "frames": np.full((count, 30, 40, 3), value, np.uint8),
        "character": np.full((count, 30, 40), value, np.uint8),
    }
    (made,) = Effect().run([{**row, "plate": np.full((30, 40, 3), 255 - value, np.uint8)}])
    assert made["error"] == ""
    assert len(made["effect"]) == len(made["effect_mode"].split()) == len(made["effect_coverage"]) == count
    assert np.isfinite(made["effect_intensity"]).all()


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="drawings"):
        Effect(drawings=1)


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> ClipSeg:
    """CLIPSeg with random weights: what it finds means nothing."""
    pytest.importorskip("transformers")
    path = tmp_path_factory.mktemp("clipseg")
    tiny_words.clipseg(path)
    return ClipSeg(str(path), device="cpu")


def test_words_are_asked_with_a_plate_and_without_and_the_figure_stays(words: ClipSeg) -> None:
    row = drawings("fire", 8)
    step = Effect(proposer=words, effect_prompts=["fire and flames", "smoke"], effect_threshold=1e-6)
    alone = {**row, "plate": np.zeros((0, 0, 3), np.uint8)}
    still = {**row, "frames": row["frames"][:1], "character": row["character"][:1]}
    for (made,), asked in ((step.run([r]), r) for r in (row, alone, still)):
        assert made["error"] == ""
        assert made["effect"].shape == (*asked["frames"].shape[:3], 4)
        types = made["effect_types"].split()
        assert len(types) == len(asked["frames"])
        assert all(t == "none" or set(t.split(",")) <= {"fire_and_flames", "smoke"} for t in types)
        assert all((t != "none") == (m != "none") for t, m in zip(types, made["effect_mode"].split(), strict=True))
        assert made["plate_seen"].shape == (asked["plate"].shape[:2])
    (found,) = step.run([row])
    assert set(found["effect_types"].split()) == {"fire_and_flames,smoke"}  # all maps are above the threshold


def test_the_types_do_not_depend_on_what_nobody_answers_to(words: ClipSeg) -> None:
    row = drawings("fire", 8)
    (without,) = Effect().run([row])
    (never,) = Effect(proposer=words, effect_threshold=1 - 1e-7).run([row])
    assert set(without["effect_types"].split()) == set(never["effect_types"].split()) == {"none"}
    for column in ("effect", "character", "effect_mode", "plate_seen"):
        assert np.array_equal(without[column], never[column])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"effect_prompts": "fire"}, "list of words"),
        ({"effect_prompts": ["fire, smoke"]}, "without commas"),
        ({"effect_threshold": 1.0}, "effect_threshold"),
    ],
)
def test_prompts_and_threshold_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Effect(**options)


def test_a_proposer_needs_prompts(words: ClipSeg) -> None:
    with pytest.raises(ValueError, match="model/effect=none"):
        Effect(proposer=words, effect_prompts=[])


def test_the_words_come_from_the_command_line() -> None:
    overrides = ["model/effect=clipseg", "stages.effect.step.effect_prompts=[summon circle glowing,fire]", "source.path=.", "output=x"]
    step = job.stages(job.compose("decompose", overrides))["effect"].step
    assert step.keywords["effect_prompts"] == ["summon circle glowing", "fire"]
    assert step.keywords["proposer"].func is ClipSeg
    default = job.stages(job.compose("decompose", ["source.path=.", "output=x"]))["effect"].step
    assert default.keywords["proposer"] is None and tuple(default.keywords["effect_prompts"]) == PROMPTS
