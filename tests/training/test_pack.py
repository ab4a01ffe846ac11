from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from animelayers.training import pack
from animelayers.training.compose import composed
from animelayers.truth import Recipe
from tests.training.conftest import SIZE


def test_a_shot_comes_back_as_it_was_stored(still: pack.Shot, tmp_path: Path) -> None:
    path = tmp_path / "a.shot"
    pack.write(still, path)
    again = pack.read(path)
    assert np.array_equal(again.layers, still.layers) and np.array_equal(again.places, still.places)
    assert again.frames.shape == still.frames.shape == (len(still.frames), SIZE[1], SIZE[0], 3)
    assert np.abs(again.frames.astype(int) - still.frames).mean() < 4, "a JPEG's worth"
    assert (
        (again.sources, again.traits) == (still.sources, still.traits)
        and "figure:" in again.sources
        and "camera_still" in again.traits
    )
    assert [file.name for file in tmp_path.iterdir()] == ["a.shot"]


def test_what_it_shows_lies_where_the_layers_say(still: pack.Shot) -> None:
    assert still.layers[..., 0].any() and not still.layers[..., 1].any()
    assert np.allclose(still.places, np.eye(3), atol=1e-3), "a standing camera"
    never = ~(still.layers > 0).any((0, 3))
    spread = still.frames[:, never].astype(int)
    assert never.any() and np.ptp(spread, axis=0).mean() < 3, "where no layer is, all drawings show the plate"


@pytest.mark.parametrize("harm", ["cut", "flipped", "empty", "text", "pickle"])
def test_a_damaged_file_is_named(still: pack.Shot, tmp_path: Path, harm: str) -> None:
    path = tmp_path / "b.shot"
    pack.write(still, path)
    data = path.read_bytes()
    if harm == "pickle":
        whole = io.BytesIO()
        np.savez(whole, data=np.array([_Never()], object), sizes=np.array([1]))
        path.write_bytes(whole.getvalue())
    else:
        middle = len(data) // 2
        flipped = data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :]
        path.write_bytes(
            {"cut": data[:middle], "flipped": flipped, "empty": b"", "text": b"no shot at all"}[harm]
        )
    with pytest.raises(ValueError, match=r"b\.shot is no packed shot .*compose the pack again"):
        pack.read(path)


class _Never:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return _fail, ()


def _fail() -> None:
    raise AssertionError("a file was unpickled")


def test_that_pickle_would_do_harm() -> None:
    with pytest.raises(AssertionError, match="unpickled"):
        pickle.loads(pickle.dumps(_Never()))


def test_an_empty_folder_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no packed shots"):
        pack.listed(tmp_path)


def test_films_are_composed_once_and_within_a_limit(
    small: Callable[..., Recipe], ray_here: object, tmp_path: Path
) -> None:
    recipe, folder, direct = small(size=[96, 64], frames=[2, 3]), tmp_path / "pack", tmp_path / "direct.shot"
    sizes = []
    for number in range(5):
        (shot,) = pack.shots(recipe, 1, number, SIZE, 3)
        pack.write(shot, direct)
        sizes.append(direct.stat().st_size)
    names = [f"{recipe.named(1, number)}-00.shot" for number in range(5)]

    some = composed(recipe, folder, 1, 5, 1, SIZE, 3, (sum(sizes[:3]) + 1) / 1_000_000)
    assert [path.name for path in some] == names[:3] == sorted(path.name for path in folder.iterdir())
    times = [path.stat().st_mtime_ns for path in some]
    made = composed(recipe, folder, 1, 5, 1, SIZE, 3)
    assert [path.name for path in made] == names and made[-1].read_bytes() == direct.read_bytes()
    assert [path.stat().st_mtime_ns for path in some] == times, "what is there is not made again"
