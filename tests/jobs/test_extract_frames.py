from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers import job
from animelayers.samples import scene, write
from animelayers.sinks import Changed
from animelayers.sources import Files
from animelayers.sources.chosen import Chosen, chosen
from animelayers.sources.names import numbered
from tests.jobs.conftest import HERE, ROOT
from tests.sinks.clips import contents
from tests.sources.films import pattern
from tests.sources.films import write as write_film

Extract = Callable[..., int]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of two shots."""
    folder = tmp_path_factory.mktemp("films")
    write(
        [scene(name, frames=18, size=(192, 108), seed=1) for name in ("portrait", "standing")], "film", folder
    )
    return folder


@pytest.fixture(scope="module")
def extract() -> Extract:
    """The job in this process, without Ray."""
    body = runpy.run_path(str(ROOT / "jobs" / "extract_frames.py"))["extract_frames"]

    def call(source: Path, output: Path, *words: str) -> int:
        return int(
            body(job.compose("extract_frames", [f"source.path={source}", f"output={output}", *HERE, *words]))
        )

    return call


def test_named_frames_that_the_other_jobs_read(films: Path, extract: Extract, tmp_path: Path) -> None:
    output = tmp_path / "frames"
    assert extract(films, output, "source.per_scene=3", "source.held=false") == 0
    pictures = sorted(output.glob("*.png"))
    numbers = [numbered(file.name.encode()) for file in pictures]
    assert [n.scene for n in numbers if n] == [0, 0, 0, 1, 1, 1] and len(pictures) == 6
    source = Files(str(films), held=False)
    (film,) = {row["source"] for row in source.scan(source.inputs()).to_pylist()}
    frames = np.concatenate([clip["frames"] for clip in source.read(source.scan(source.inputs()))])
    for file, number in zip(pictures, numbers, strict=True):
        assert number is not None and abs(number.seconds - number.frame / 24) < 0.006
        assert np.array_equal(cv2.imread(str(file))[..., ::-1], frames[number.frame])
    told = json.loads((output / "frames.json").read_text())
    assert [each["file"] for each in told["frames"]] == [file.name for file in pictures] and {
        each["source"] for each in told["frames"]
    } == {film}
    again = [(item.numbered, item.kind) for item in Files(str(output)).inputs()]
    assert again == [(True, "image")] * 6
    before = contents(output)
    assert extract(films, output, "source.per_scene=3", "source.held=false") == 0
    after = contents(output)
    assert {name for name in before if before[name] != after[name]} <= {"dataset.json"}, (
        "run again it does nothing"
    )
    with pytest.raises(Changed, match="per_scene"):
        extract(films, output, "source.per_scene=2", "source.held=false")


def test_distinct_drawings_and_a_limit(films: Path, extract: Extract, tmp_path: Path) -> None:
    assert extract(films, tmp_path / "out", "source.limit=12", "stages.pictures.step.format=jpeg") == 0
    told = json.loads((tmp_path / "out" / "frames.json").read_text())["frames"]
    files = sorted(file.name for file in (tmp_path / "out").glob("*.jpg"))
    assert len(told) == 12 and sorted({each["file"] for each in told}) == files and len(files) < 12, (
        "drawings on twos are stored once"
    )


def test_bad_values_are_told(films: Path, extract: Extract, tmp_path: Path) -> None:
    with pytest.raises(job.ConfigError, match="per_scene"):
        extract(films, tmp_path / "out", "source.per_scene=0")
    with pytest.raises(job.ConfigError, match=r"source\.every"):
        extract(films, tmp_path / "out", "source.every=2", "source.fps=3")


def test_key_frames_of_a_film(tmp_path: Path) -> None:
    film = write_film(
        tmp_path / "film.mp4", [pattern(n) for n in range(30)], g="12", keyint_min="12", sc_threshold="0"
    )
    for options, expected in (
        ({}, [0, 12, 24]),
        ({"per_scene": 1}, [12]),
        ({"end": 1.0}, [0, 12]),
        ({"limit": 2}, [0, 12]),
    ):
        source = Chosen(str(film), key_frames=True, detector="none", **options)
        assert [
            n for row in source.limited(source.scan(source.inputs())).to_pylist() for n in row["indices"]
        ] == expected


@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=60),
    st.booleans(),
    st.none() | st.integers(1, 5),
)
def test_each_scene_gives_some_of_what_was_taken(
    frames: list[tuple[bool, bool, bool]], key_frames: bool, per_scene: int | None
) -> None:
    table = np.array(frames, bool).reshape(-1, 3)
    taken, cut, keys = table.T
    scenes = np.cumsum(cut)
    left = chosen(taken, scenes, keys, key_frames, per_scene)
    assert not (left & ~taken).any() and set(scenes[left]) == set(scenes[taken])
    for scene_number in set(scenes.tolist()):
        inside = left & (scenes == scene_number)
        if per_scene is not None:
            assert np.count_nonzero(inside) <= per_scene
        if key_frames and (keys & taken & (scenes == scene_number)).any():
            assert keys[inside].all()
