"""Truth sets: outputs like any other, made once, the same each time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from animelayers.dataset.output import Output
from animelayers.exports.rows import listed
from animelayers.sinks import Changed
from animelayers.truth import Recipe, compose, dataset, recomposed

ASKED = ["prop_in_front", "effect_behind", "subtitles", "shadow"]


@pytest.fixture(scope="module")
def made(
    small: Callable[..., Recipe], tmp_path_factory: pytest.TempPathFactory, ray_here: object
) -> tuple[Recipe, Output, Path]:
    folder, recipe = tmp_path_factory.mktemp("truth") / "set", small(focus=ASKED, codec="ffv1", film="clean")
    return recipe, compose(recipe, str(folder), seed=1, shots=4, workers=2), folder


def test_a_set_opens_as_an_output(made: tuple[Recipe, Output, Path]) -> None:
    _, output, folder = made
    assert len(set(output.table["clip_id"].to_pylist())) == 4 and not len(output.errors)
    assert {"character", "background", "mask", "instances", "plate"} <= set(output.layers)
    assert output.plate(next(iter(output)))[0].ndim == 3
    for ids, names in zip(
        *(output.table[name].to_pylist() for name in ("instance_ids", "characters")), strict=True
    ):
        assert len(listed("instance_ids", ids)) == len(listed("characters", names)), "who each figure is"
    assert {f"films/{name}" for name in set(output.table["source"].to_pylist())} == {
        f"films/{p.name}" for p in (folder / "films").iterdir()
    }


def test_stored_layers_give_the_lossless_film_back(made: tuple[Recipe, Output, Path]) -> None:
    _, output, folder = made
    for path in sorted((folder / "films").iterdir()):
        with av.open(str(path)) as film:
            shown = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        rows = [
            row
            for row in output.table.select(["frame_id", "source", "frame_index"]).to_pylist()
            if row["source"] == path.name
        ]
        assert [row["frame_index"] for row in rows] == list(range(len(shown)))
        for row in rows:
            assert (
                np.abs(recomposed(output, row["frame_id"]).astype(int) - shown[row["frame_index"]]).max() <= 1
            )


def test_the_card_names_every_hand(made: tuple[Recipe, Output, Path]) -> None:
    _, output, folder = made
    card = (folder / "README.md").read_text()
    hands = {hand.split(":")[1] for hands in output.table["sources"].to_pylist() for hand in hands}
    assert hands and all(f"| {hand} |" in card for hand in hands)
    assert all(f"| {word} |" in card for word in ASKED)


def test_the_same_again_changes_nothing_and_another_seed_is_refused(
    made: tuple[Recipe, Output, Path],
) -> None:
    recipe, output, folder = made
    before = {path: path.stat().st_mtime_ns for path in (folder / "shards").iterdir()}
    assert len(compose(recipe, str(folder), seed=1, shots=4)) == len(output)
    assert before == {path: path.stat().st_mtime_ns for path in (folder / "shards").iterdir()}
    with pytest.raises(Changed, match="seed"):
        compose(recipe, str(folder), seed=2, shots=4)


def test_a_lost_film_is_made_again(made: tuple[Recipe, Output, Path]) -> None:
    recipe, _, folder = made
    film = sorted((folder / "films").iterdir())[0]
    bytes_before = film.read_bytes()
    film.unlink()
    compose(recipe, str(folder), seed=1, shots=4, workers=2)
    assert film.read_bytes() == bytes_before


def test_shots_stream_as_a_dataset(small: Callable[..., Recipe], ray_here: object) -> None:
    rows = list(dataset(small(), seed=3, shots=2).iter_rows())
    assert len(rows) == 2
    for row in rows:
        assert (
            row["frames"].shape[:3] == row["character"].shape == row["effect"].shape[:3]
            and row["plate"].ndim == 3
        )
