"""The stages of time one after the other, as the main job has them, on input that is bad: whatever comes in,
what comes out keeps its promises.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from animelayers import job
from animelayers.engine.ledger import Ledger
from animelayers.engine.worker import Worker
from animelayers.imaging.motion import canvas, placed
from animelayers.record.schema import Row, blank
from animelayers.samples import scene
from animelayers.sources import Files
from tests.lists import words_of
from tests.sources.films import write

AROUND = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
"""What the background stage fills beyond a matte, by default."""


@cache
def worker(net: str) -> Worker:
    """All stages of the main job but the first look, in one worker; ``net``: a word about the net of the
    layers.
    """
    stages = job.stages(
        job.compose("decompose", ["output=nowhere", "source.path=nowhere", "~stages.character", net])
    )
    return Worker({name: stage.step for name, stage in stages.items()}, (), Ledger(Path("nowhere"), "run"))


def row(
    frames: np.ndarray,
    alphas: np.ndarray,
    context: np.ndarray | None = None,
    context_alphas: np.ndarray | None = None,
) -> Row:
    """A clip as the character stage leaves it, every drawing shown once."""
    count = len(frames)
    return {
        "clip_id": "film/scene0000/000000", "source": "film.mkv", "episode": "film", "scene_id": "scene0000",
        "error": "", "error_type": "", "attempt": np.int32(0), "note": "", "seconds": np.zeros(1),
        "frame_index": np.arange(count), "timestamp_s": np.arange(count) / 24, "drawing": np.arange(count, dtype=np.int32),
        "frames": frames, "character": alphas,
        "context": blank("context") if context is None else context,
        "context_character": blank("context_character") if context_alphas is None else context_alphas,
        "matte_model": " ".join("net" if alpha.any() else "none" for alpha in alphas), "character_confidence": np.full(count, 0.9, np.float32),
    }  # fmt: skip


def chained(clip: Row) -> Row:
    """A clip through all stages, with every promise of the record checked: with a net that sees little, and
    as it is returned, without one.
    """
    through(clip, "stages.layers.step.net.side=64")
    return through(clip, "stages.layers.step.net=null")


def through(clip: Row, net: str = "stages.layers.step.net.device=cpu") -> Row:
    """A clip through all stages with the net as the main job has it, with every promise of the record
    checked.
    """
    made = clip
    for step in worker(net).steps.values():
        (made,) = step.run([made])
        assert made["error"] == ""
    keeps_its_promises(clip, made)
    return made


def keeps_its_promises(clip: Row, made: Row) -> None:
    """What holds for any clip, however bad."""
    frames, count = clip["frames"], len(clip["frames"])
    height, width = frames.shape[1:3]
    for name, shape in {"character": (), "instances": (), "effect": (4,), "background": (3,)}.items():
        assert made[name].dtype == np.uint8 and len(made[name]) == count, name
        assert not count or made[name].shape == (count, height, width, *shape), name
    if count:
        its_places(clip, made)
    its_people(made)
    its_effects(made)
    shares = np.stack([made[f"background_{name}"] for name in ("seen", "borrowed", "invented")])
    assert ((shares >= 0) & (shares <= 1)).all() and np.allclose(shares.sum(0), 1, atol=1e-5)
    for k, frame in enumerate(frames):
        hole = (
            cv2.dilate(
                (cv2.max(made["character"][k], np.ascontiguousarray(made["effect"][k, ..., 3])) > 8).astype(
                    np.uint8
                ),
                AROUND,
            )
            > 0
        )
        if not made["plate"].size or not hole.any():
            assert np.array_equal(made["background"][k][~hole], frame[~hole]), (
                "what the frame shows is the frame's"
            )
            assert made["background_invented"][k] == pytest.approx(hole.mean(), abs=1e-6)
    assert made["layer_sizes"].shape == (count, len(made["layer_names"].split())) and made[
        "layer_sizes"
    ].sum() == len(made["layers"])
    assert made["recompose_psnr"].shape == (count,) and len(words_of(made, "flags").split()) == count


def its_places(clip: Row, made: Row) -> None:
    """Cameras and plate."""
    count, size = len(clip["frames"]), clip["frames"].shape[2:0:-1]
    assert made["homography"].shape == (count, 3, 3) and made["context_homography"].shape == (
        len(clip["context"]),
        3,
        3,
    )
    assert placed(made["homography"]).all() and made["camera_motion"] in (
        "still",
        "pan",
        "tilt",
        "zoom",
        "rotate",
        "shake",
        "unknown",
    )
    if made["camera_motion"] in ("still", "unknown"):
        assert np.array_equal(made["homography"], np.tile(np.eye(3), (count, 1, 1)))
    assert (
        made["motion_magnitude"].shape == (count,)
        and made["motion_magnitude"][0] == 0
        and (made["motion_magnitude"] >= 0).all()
    )
    assert np.isin(made["plate_seen"], (0, 255)).all() and 0 <= made["plate_trust"] <= 1
    assert made["plate"].shape[:2] == made["plate_seen"].shape
    if made["plate"].size:
        assert made["plate"].shape[1::-1] == canvas(
            np.concatenate([made["homography"], made["context_homography"]]), size
        )


def its_people(made: Row) -> None:
    """Label maps, ids, boxes and names of the models tell the same."""
    assert len(made["matte_model"].split()) == len(made["character"])
    told = zip(
        made["instances"],
        words_of(made, "instance_ids").split(),
        words_of(made, "instance_boxes").split(),
        strict=True,
    )
    for labels, ids, places in told:
        there = [int(k) for k in np.unique(labels) if k]
        assert ids == (",".join(map(str, there)) or "none")
        assert places == (
            ",".join(":".join(map(str, cv2.boundingRect((labels == k).astype(np.uint8)))) for k in there)
            or "none"
        )


def its_effects(made: Row) -> None:
    """An effect has a mode, and no other drawing has one."""
    alphas = made["effect"][..., 3]
    for alpha, mode, intensity, coverage in zip(
        alphas, made["effect_mode"].split(), made["effect_intensity"], made["effect_coverage"], strict=True
    ):
        assert mode in ("over", "add", "screen", "none") and (mode == "none") == (not alpha.any())
        assert (
            coverage == pytest.approx(alpha.mean() / 255, abs=1e-6)
            and coverage <= intensity + 1e-6 <= 1 + 2e-6
        )


def town(count: int, size: tuple[int, int] = (96, 64), pan: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A painted place with a figure, an ellipse in red, that crosses it: frames and their true alpha."""
    width, height = size
    rng = np.random.default_rng(3)
    wide = width + pan * count
    place = cv2.resize(
        rng.integers(40, 200, (max(1, height // 6), max(1, wide // 6), 3), np.uint8),
        (wide, height),
        interpolation=cv2.INTER_CUBIC,
    )
    frames, alphas = np.zeros((count, height, width, 3), np.uint8), np.zeros((count, height, width), np.uint8)
    for t in range(count):
        centre = (round(width * (0.2 + 0.6 * (t % 24) / 24)), height // 2)
        cv2.ellipse(alphas[t], centre, (max(1, width // 10), max(1, height // 3)), 0, 0, 360, 255, -1)
        frames[t] = np.where(
            alphas[t][..., None] > 0, np.uint8((220, 30, 40)), place[:, t * pan : t * pan + width]
        )
    return frames, alphas


def flat(count: int, grey: int, alpha: int, size: tuple[int, int] = (48, 32)) -> Row:
    width, height = size
    return row(
        np.full((count, height, width, 3), grey, np.uint8), np.full((count, height, width), alpha, np.uint8)
    )


@pytest.mark.parametrize("count", [0, 1, 2, 3])
@pytest.mark.parametrize("pan", [0, 3])
def test_short_clips(count: int, pan: int) -> None:
    frames, alphas = town(3, pan=pan)
    made = chained(row(frames[:count], alphas[:count]))
    if count == 1:
        assert np.array_equal(made["character"], alphas[:1]), "alone nothing is known but the matte"


@pytest.mark.parametrize("grey", [0, 118, 255])
@pytest.mark.parametrize("alpha", [0, 128, 255])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_flat_shots(grey: int, alpha: int, count: int) -> None:
    made = chained(flat(count, grey, alpha))
    assert (made["background"] == grey).all() and np.array_equal(
        made["character"], np.full_like(made["character"], alpha)
    )
    assert np.allclose(made["background_invented"], 1.0 if alpha else 0.0), (
        "behind a figure that fills the frame all is made up"
    )


@pytest.mark.parametrize("moving", [False, True])
def test_a_figure_that_fills_every_frame_leaves_nothing_but_invention(moving: bool) -> None:
    frames, alphas = town(8, pan=4 if moving else 0)
    made = chained(row(frames, np.full_like(alphas, 255)))
    assert (
        (made["character"] == 255).all()
        and (made["background_invented"] == 1).all()
        and not (made["plate_seen"] > 0).any()
    )
    assert all("background_invented" in flags for flags in words_of(made, "flags").split())


@pytest.mark.parametrize(
    "size", [(1, 1), (3, 5), (5, 3), (16, 9), (2, 200), (200, 2), (4000, 60), (641, 359)]
)
@pytest.mark.parametrize("pan", [0, 2])
def test_odd_sizes(size: tuple[int, int], pan: int) -> None:
    frames, alphas = town(4, size, pan)
    made = chained(row(frames, alphas))
    if size == (641, 359):
        assert made["camera_motion"] == ("pan" if pan else "still") and made["plate"].shape[:2] == (
            359,
            641 + 3 * pan,
        )


def test_one_picture_again_and_again() -> None:
    frames, alphas = (np.repeat(column[:1], 6, 0) for column in town(1))
    made = chained(row(frames, alphas))
    assert made["camera_motion"] == "still" and np.array_equal(made["character"], alphas)
    assert (np.ptp(made["background"].astype(int), 0) == 0).all(), "one background, not six"


def test_one_drawing_with_context_borrows_from_it() -> None:
    frames, alphas = town(12, (240, 160))
    alone, helped = (
        chained(row(frames[:1], alphas[:1])),
        chained(row(frames[:1], alphas[:1], frames[1:], alphas[1:])),
    )
    assert (alone["background_borrowed"] == 0).all() and alone["background_invented"][0] > 0.05
    assert helped["background_borrowed"][0] > 0.05 and helped["background_invented"][0] < 0.01
    no_nets = chained({**row(frames[:1], alphas[:1], frames[1:]), "context_character": None})
    assert no_nets["error"] == ""


def test_context_that_has_no_place_is_left_out() -> None:
    frames, alphas = town(6, (240, 160))
    noise = np.random.default_rng(0).integers(0, 256, frames.shape, np.uint8)
    made = chained(row(frames, alphas, noise, np.zeros_like(alphas)))
    assert made["camera_motion"] == "still" and not placed(made["context_homography"]).any()
    assert np.array_equal(made["context_homography"], np.zeros((6, 3, 3)))
    without = chained(row(frames, alphas))
    assert np.array_equal(made["background"], without["background"]) and np.array_equal(
        made["character"], without["character"]
    )


def test_noise() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (6, 64, 96, 3), np.uint8)
    alphas = np.random.default_rng(1).integers(0, 256, (6, 64, 96), np.uint8)
    made = chained(row(frames, alphas))
    assert not made["plate"].size


def test_a_cut_inside() -> None:
    frames, alphas = town(8, (240, 160))
    other = scene("portrait", 8, (240, 160))
    made = chained(
        row(np.concatenate([frames[:4], other.frames[:4]]), np.concatenate([alphas[:4], other.character[:4]]))
    )
    assert (
        made["camera_motion"] == "unknown"
        and not made["plate"].size
        and (made["background_borrowed"] == 0).all()
    )


def test_a_figure_that_flickers_on_and_off() -> None:
    frames, alphas = town(12, (240, 160))
    blinking, off = frames.copy(), alphas.copy()
    blinking[1::2], off[1::2] = np.where(alphas[0][..., None] > 0, frames[11], frames[0]), 0
    made = chained(row(blinking, off))
    assert (made["character"][1::2].mean((1, 2)) < 1).all(), "where nobody is drawn there is nobody"
    assert (made["character"][::2].mean((1, 2)) > 0.9 * alphas[::2].mean((1, 2))).all()


def test_grey_frames_and_a_fade_to_black_and_back() -> None:
    frames, alphas = town(12, (240, 160))
    grey = np.repeat(frames.mean(-1, keepdims=True).astype(np.uint8), 3, -1)
    chained(row(grey, alphas))
    light = np.abs(np.linspace(-1, 1, 13))[:12, None, None, None]
    dark = chained(row((light * frames).astype(np.uint8), alphas))["background"][6]
    assert dark.max() <= 12, "no light is carried into the black"


@pytest.mark.parametrize("name", ["walk", "standing", "portrait"])
@pytest.mark.parametrize("kind", ["as it is", "one drawing", "faded"])
def test_where_nothing_glows_there_is_no_effect(name: str, kind: str) -> None:
    shot = scene(name, 12, (240, 160))
    frames, alphas = shot.frames, shot.character
    if kind == "one drawing":
        frames, alphas = (np.repeat(column[:1], 6, 0) for column in (frames, alphas))
    elif kind == "faded":
        frames = (np.abs(np.linspace(-1, 1, 13))[:12, None, None, None] * frames).astype(np.uint8)
    assert not through(row(frames, alphas))["effect"].any()


@pytest.mark.parametrize("alpha", [1, 8, 128])
def test_half_an_alpha_everywhere(alpha: int) -> None:
    frames, _ = town(6)
    made = chained(row(frames, np.full(frames.shape[:3], alpha, np.uint8)))
    if not made["plate"].size:
        assert (made["character"] == alpha).all()


@pytest.mark.parametrize("count", [300, 1000])
def test_many_small_drawings(count: int) -> None:
    frames, alphas = town(count, (32, 20))
    made = chained(row(frames, alphas))
    off = (made["character"] > 127) != (alphas > 127)
    assert off.mean() < 0.02 and off[count - 40 :].mean() < 0.02, (
        "the last drawings are seen as well as the first"
    )


def read(path: Path) -> list[Row]:
    """The clips of a file or folder, what is red in them for the characters."""
    source = Files(str(path), row_bytes=400_000)
    return [clip | {k: v for k, v in row(clip["frames"], _red(clip["frames"]), clip["context"], _red(clip["context"])).items() if k not in clip}
            for clip in source.read(source.scan(source.inputs()))]  # fmt: skip


def _red(frames: np.ndarray) -> np.ndarray:
    reds = (frames[..., 0] > 190) & (frames[..., 1] < 90) if frames.size else np.zeros(frames.shape[:3], bool)
    return reds.astype(np.uint8) * np.uint8(255)


def test_a_folder_of_pictures_of_any_size(tmp_path: Path) -> None:
    sizes = [(96, 64), (97, 65), (1, 1), (30, 200)]
    for k, size in enumerate(sizes):
        Image.fromarray(town(1, size)[0][0]).save(tmp_path / f"scene_{k:04d}.png")
    made = [chained(clip) for clip in read(tmp_path)]
    assert [clip["frames"].shape[2:0:-1] for clip in made] == sizes


@pytest.mark.parametrize("kept", [0.5, 1.0])
def test_a_film_that_is_shorter_than_it_says(tmp_path: Path, kept: float) -> None:
    film = write(tmp_path / "film.mkv", list(town(60, (96, 64))[0]), crf="18")
    film.write_bytes(film.read_bytes()[: round(kept * film.stat().st_size)])
    clips = read(film)
    made = [chained(clip) for clip in clips if not clip["error"]]
    frames = sum(len(clip["frame_index"]) for clip in made)
    assert (frames == 60) if kept == 1 else (10 < frames < 60)
    assert all(clip["error_type"] for clip in clips if clip["error"])
    if kept == 1:
        assert len(made) > 1 and all(len(clip["context"]) for clip in made), (
            "a long shot's clips bring context along"
        )
        assert all(clip["background_invented"].max() < 0.05 for clip in made)


@given(
    seed=st.integers(0, 2**16), count=st.integers(1, 5), width=st.integers(1, 40), height=st.integers(1, 40), step=st.integers(0, 6),
    matte=st.sampled_from(["true", "noise", "none", "all", "blinking"]), context=st.integers(0, 3),
)  # fmt: skip
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_clips_keep_their_promises(
    seed: int, count: int, width: int, height: int, step: int, matte: str, context: int
) -> None:
    rng = np.random.default_rng(seed)
    frames, alphas = town(count + context, (width, height), step)
    frames = np.clip(frames + rng.normal(0, rng.choice([0, 3, 60]), frames.shape), 0, 255).astype(np.uint8)
    if matte == "noise":
        alphas = rng.integers(0, 256, alphas.shape, np.uint8)
    elif matte in ("none", "all"):
        alphas = np.full_like(alphas, 255 * (matte == "all"))
    elif matte == "blinking":
        alphas[rng.random(len(alphas)) < 0.5] = 0
    chained(row(frames[:count], alphas[:count], frames[count:], alphas[count:]))
