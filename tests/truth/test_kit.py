"""Parts from folders: what is taken, and what is left out and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from animelayers.truth import Parts, PartsError
from animelayers.truth.kit import FileFigure, FilePlace, examined, load

HEAD = "file\tkind\tsource\tlicence\tcredit\ttags\tsplit"


def figure(path: Path, size: tuple[int, int] = (60, 100), margin: int = 8, alpha: int = 255) -> Path:
    picture = np.zeros((size[1], size[0], 4), np.uint8)
    picture[margin : size[1] - margin, margin : size[0] - margin] = (200, 60, 60, alpha)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)
    return path


def kit(root: Path, *rows: str) -> Path:
    (root / "PARTS.tsv").write_text("\n".join([HEAD, *rows]) + "\n")
    return root


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    figure(tmp_path / "figures/ink/good.png")
    figure(tmp_path / "figures/ink/empty.png", alpha=0)
    cut = np.array(Image.open(figure(tmp_path / "figures/ink/cut.png")))
    cut[:50, 8:-8] = cut[50, 30]
    Image.fromarray(cut).save(tmp_path / "figures/ink/cut.png")
    Image.new("RGB", (60, 100), "red").save(tmp_path / "figures/ink/flat.jpg")
    figure(tmp_path / "figures/ink/walk/0.png")
    figure(tmp_path / "figures/ink/walk/1.png", (64, 100))
    (tmp_path / "figures/ink/broken.png").write_bytes(b"no picture")
    files = ("good.png", "empty.png", "cut.png", "flat.jpg", "walk", "broken.png")
    rows = [f"figures/ink/{file}\tfigures\tink\tMIT\tI. Nk\tperson\tval" for file in files]
    rows += [
        "figures/ink/good.png\tfigures\tink\tMIT\tI. Nk\tperson\t",
        "figures/ink/good.png\tfigures\tink\tsecret\tI. Nk\tperson\tval",
    ]
    rows += [
        "figures/ink/good.png\tfigures\tink\tCC-BY-ND-4.0\tI. Nk\tperson\tval",
        "figures/ink/gone.png\tfigures\tink\tMIT\t\t\tval",
    ]
    rows += [
        "../outside.png\tfigures\tink\tMIT\t\t\tval",
        "figures/ink/good.png\tfigures\tink\tCC-BY-4.0\tI. Nk\tperson\ttrain",
    ]
    return kit(tmp_path, *rows)


def test_each_bad_part_is_named_with_its_reason(folder: Path) -> None:
    found = load(folder, "val")
    assert found.reasons() == {
        "no split": 1,
        "unknown licence secret": 1,
        "licence CC-BY-ND-4.0 forbids derived works": 1,
        "not there": 1,
        "outside the folder": 1,
    }
    said = Parts("val", str(folder)).refused
    assert (
        said.startswith(f"5 parts of truth.parts={folder} are left out: ") and "1 outside the folder" in said
    )
    reasons = {part.name.split("/")[-1]: examined(part) for part in found.parts["figures"]}
    assert reasons == {
        "good": "",
        "empty": "empty",
        "cut": "cut off",
        "flat": "no alpha",
        "walk": "drawings of different sizes",
        "broken": "unreadable (UnidentifiedImageError)",
    }


def test_a_folder_that_gives_nothing_is_an_error_and_no_film_of_other_parts(tmp_path: Path) -> None:
    elsewhere = figure(tmp_path / "elsewhere/good.png")
    (tmp_path / "kit/figures/ink").mkdir(parents=True)
    (tmp_path / "kit/figures/ink/good.png").symlink_to(elsewhere)
    row = "figures/ink/good.png\tfigures\tink\tMIT\tI. Nk\tperson\ttrain"
    folder = str(kit(tmp_path / "kit", row))
    for split in ("train", "val"):
        with pytest.raises(PartsError, match=r"nothing of it can be used: 1 parts .* 1 outside the folder"):
            Parts(split, folder)


def test_a_bad_part_is_never_chosen_and_is_counted(folder: Path) -> None:
    parts = Parts("val", str(folder))
    rng = np.random.default_rng(0)
    mine = [part for part in parts.figures if isinstance(part, FileFigure)]
    assert {parts.choose(rng, mine).name for _ in range(30)} == {"figures/ink/good"}
    assert {"empty", "no alpha", "cut off"} <= {reason for _, reason in parts.left_out}


def test_a_folder_of_ones_own_needs_no_table(tmp_path: Path) -> None:
    for source in range(12):
        figure(tmp_path / f"figures/hand{source}/a.png")
        figure(tmp_path / f"figures/hand{source}/run/0.png")
        figure(tmp_path / f"figures/hand{source}/run/1.png")
    Image.new("RGB", (200, 120), "blue").save(tmp_path / "figures" / "note.txt", "PNG")
    (tmp_path / "backgrounds").mkdir()
    Image.new("RGB", (200, 120), "blue").save(tmp_path / "backgrounds/sky.png")
    train, val = load(tmp_path, "train"), load(tmp_path, "val")
    hands = [{part.source for part in kit.parts["figures"]} for kit in (train, val)]
    assert hands[0] and hands[1] and not hands[0] & hands[1]
    assert {len(part.paths) for part in train.parts["figures"]} == {1, 2}
    places = train.parts["backgrounds"] + val.parts["backgrounds"]
    assert [type(place) for place in places] == [FilePlace]


def test_a_place_smaller_than_the_frame_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "backgrounds").mkdir()
    Image.new("RGB", (40, 30), "blue").save(tmp_path / "backgrounds/small.png")
    split = (load(tmp_path, "train").parts["backgrounds"] + load(tmp_path, "val").parts["backgrounds"])[
        0
    ].split
    parts = Parts(split, str(tmp_path), size=(128, 72))
    with pytest.raises(PartsError, match="can be used"):
        parts.choose(
            np.random.default_rng(0), [place for place in parts.places if isinstance(place, FilePlace)]
        )
    assert ("backgrounds/small", "smaller than the frame") in parts.left_out


def test_a_drawing_keeps_its_colour_up_to_its_edge(tmp_path: Path) -> None:
    figure(tmp_path / "figures/a/b.png")
    part = (load(tmp_path, "train").parts["figures"] + load(tmp_path, "val").parts["figures"])[0]
    assert isinstance(part, FileFigure)
    cut = part.draw("still", 0, 33)
    assert cut.rgba.shape[0] == 33
    assert np.abs(cut.rgba[cut.rgba[..., 3] > 0][:, :3].astype(int) - (200, 60, 60)).max() <= 2


@pytest.mark.parametrize(
    ("folder", "words"), [("nowhere", "no such folder"), ("", "neither PARTS.tsv nor pictures")]
)
def test_a_folder_that_is_no_kit_says_so(tmp_path: Path, folder: str, words: str) -> None:
    with pytest.raises((FileNotFoundError, ValueError), match=words):
        load(tmp_path / folder)
