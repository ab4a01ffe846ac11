"""What film teaches: only what can be believed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from animelayers.dataset.output import Output
from animelayers.exports.select import Select
from animelayers.exports.shots import shots
from animelayers.training import pack
from animelayers.training.film import packed, taught, teaches
from tests.exports.films import film
from tests.training.test_views import crossing


def test_a_shot_teaches_where_who_moves_is_told() -> None:
    shot = crossing()
    assert teaches(shot)
    assert not teaches(shot._replace(layers=np.zeros_like(shot.layers))), "somebody moves, and is nobody"
    half = shot.layers.copy()
    half[: len(half) // 2] = 0
    assert not teaches(shot._replace(layers=half))


def test_who_never_moves_is_not_believed() -> None:
    shot = crossing()
    stays = shot._replace(
        frames=np.repeat(shot.frames[2:3], len(shot.frames), 0),
        layers=np.repeat(shot.layers[2:3], len(shot.frames), 0),
    )
    assert not teaches(stays)
    ground = np.median(shot.frames, 0).astype(np.uint8)
    empty = stays._replace(
        frames=np.repeat(ground[None], len(shot.frames), 0), layers=np.zeros_like(shot.layers)
    )
    assert teaches(empty), "where nobody is and nothing moves, that is known"


def test_without_a_camera_or_with_few_drawings_nothing_is_known() -> None:
    shot = crossing()
    assert not teaches(shot._replace(places=np.zeros_like(shot.places)))
    assert not teaches(pack.Shot(shot.frames[:3], shot.layers[:3], shot.places[:3], "", ""))


def test_an_output_is_looked_through_once(tmp_path: Path) -> None:
    out = film(tmp_path / "out", background="png")
    output = Output(str(out))
    every = list(shots(output, Select()))
    made = packed(output, every[0])
    assert made.frames.shape == made.layers.shape and made.places.shape == (len(made.frames), 3, 3)
    kept, count = taught(str(out), tmp_path / "pack")
    assert count == len(every) and kept == len(list((tmp_path / "pack").glob("*.shot")))
    (tmp_path / "pack/film.json").touch()
    before = (tmp_path / "pack/film.json").stat().st_mtime_ns
    assert taught(str(out), tmp_path / "pack") == (kept, count)
    assert (tmp_path / "pack/film.json").stat().st_mtime_ns == before
