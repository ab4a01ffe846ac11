from __future__ import annotations

import runpy
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pyarrow.compute as pc
import pytest

from animelayers import Output, job
from animelayers.curate.roster import parse
from animelayers.imaging.seams import boxes
from animelayers.record.schema import RECORD
from animelayers.samples import scene
from animelayers.sinks import Columns, Shards
from tests.sinks.clips import clip, png

ROOT = Path(__file__).resolve().parents[2]
RUN = "0" * 32
PEOPLE = {"akari": np.eye(8)[0], "ren": np.eye(8)[1], "sora": np.eye(8)[2]}
SCENES = {
    "portrait": ["akari"],
    "crossing": ["ren", "akari"],
    "pan": ["akari"],
    "impact": ["ren"],
    "standing": ["sora"],
}
AKARI = {"portrait/scene0000/1", "crossing/scene0000/2", "pan/scene0000/1"}
REN = {"crossing/scene0000/1", "impact/scene0000/1"}
Run = Callable[..., int]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output of drawn scenes, as the main job and the embed stage would have left it; embeddings point at
    who it is, with some noise.
    """
    path = tmp_path_factory.mktemp("output")
    rng = np.random.default_rng(0)
    clips, embedded = [], []
    for name, people in SCENES.items():
        shot = scene(name, 5, (240, 136))
        drawings = int(shot.drawing.max()) + 1
        first = [int(np.flatnonzero(shot.drawing == d)[0]) for d in range(drawings)]
        files = []
        for t in first:
            files += [
                png(np.dstack([shot.character_colour[t], shot.character[t]])),
                png(shot.background[t]),
                png(shot.instances[t]),
            ]
        found = [boxes(shot.instances[t]) for t in first]
        row = clip(
            f"{name}/scene0000/000000",
            shot.drawing.tolist(),
            files,
            names="character.png background.png instances.png",
        )
        row["instance_ids"] = RECORD["instance_ids"].gather([[*each] for each in found])
        row["instance_boxes"] = RECORD["instance_boxes"].gather([[*each.values()] for each in found])
        row |= {"width": np.int64(240), "height": np.int64(136)}
        row["character_coverage"] = np.array([shot.character[t].mean() / 255 for t in first], np.float32)
        clips.append(row)
        vectors = np.stack(
            [np.concatenate([PEOPLE[who] + rng.normal(0, 0.05, 8) for who in people]) for _ in first]
        ).astype(np.float32)
        embedded.append({**row, "visual_instances": vectors})
    for sink, rows in (
        (Shards(str(path)), clips),
        (Columns(str(path), "embed_visual", ["visual_instances"]), embedded),
    ):
        with sink.open(RUN):
            sink.write(rows, RUN)
    return path


@pytest.fixture
def output(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "out"))


@pytest.fixture
def run(output: Path, tmp_path: Path) -> Run:
    body = runpy.run_path(str(ROOT / "jobs" / "cluster_characters.py"))["cluster_characters"]

    def call(*words: str) -> int:
        columns = ["embedding=visual", "colours=0.5", "min_frames=2"]
        given = [f"source.path={output}", f"output={tmp_path / 'cast'}", *columns, *words]
        return int(body(job.compose("cluster_characters", given)))

    return call


def cast_of(folder: Path) -> dict[str, str]:
    text = (folder / "characters.yaml").read_text()
    return parse(
        text, [line.split("- ")[1].split(" ")[0] for line in text.splitlines() if line.startswith("  - ")]
    )


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "run.lock"
    }


def replace(folder: Path, *pairs: tuple[str, str]) -> None:
    text = (folder / "characters.yaml").read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    (folder / "characters.yaml").write_text(text)


def test_people_are_found_shown_and_told_of_every_frame(run: Run, output: Path, tmp_path: Path) -> None:
    assert run() == 0
    names = cast_of(tmp_path / "cast")
    assert (
        len({names[track] for track in AKARI}) == len({names[track] for track in REN}) == 1
        and len(set(names.values())) == 3
    )
    table = Output(str(output)).table
    crossing = table.filter(pc.equal(table["episode"], "crossing")).to_pylist()
    assert {tuple(row["characters"]) for row in crossing} == {
        (names["crossing/scene0000/1"], names["crossing/scene0000/2"])
    }
    assert all(0.5 < row["characters_confidence"] <= 1 for row in crossing)
    picture = cv2.imread(str(tmp_path / "cast" / names["portrait/scene0000/1"] / "portrait~scene0000~1.jpg"))
    assert picture is not None and picture.shape[0] > 100 and picture.std() > 20
    before = {**files(tmp_path / "cast"), **files(output / "metadata")}
    marked = files(output / "annotations" / "identity" / "metadata")
    assert run() == 0
    assert {**files(tmp_path / "cast"), **files(output / "metadata")} == before
    assert files(output / "annotations" / "identity" / "metadata") == marked, "the same again"


def test_edits_are_kept(run: Run, output: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cast"
    run()
    names = cast_of(folder)
    akari, ren, sora = (
        names[track] for track in ("pan/scene0000/1", "impact/scene0000/1", "standing/scene0000/1")
    )
    replace(folder, (f"- name: {akari} ", "- name: Akari Möller "), (f"- name: {sora} ", f"- name: {ren} "))
    assert run() == 0
    names = cast_of(folder)
    assert {names[track] for track in AKARI} == {"Akari Möller"} and names[
        "standing/scene0000/1"
    ] == ren == names["impact/scene0000/1"]
    (folder / "twin").mkdir()
    (folder / "Akari Möller" / "pan~scene0000~1.jpg").rename(folder / "twin" / "pan~scene0000~1.jpg")
    replace(folder, ("  - impact/scene0000/1", "  # "))
    (folder / "characters.yaml").write_text(
        (folder / "characters.yaml").read_text() + "- name: unknown\n  tracks: [impact/scene0000/1]\n"
    )
    assert run() == 0 and run() == 0
    names = cast_of(folder)
    assert (
        names["pan/scene0000/1"] == "twin"
        and names["portrait/scene0000/1"] == "Akari Möller"
        and names["impact/scene0000/1"] == "unknown"
    )
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == sorted(
        {"Akari Möller", "twin", "unknown", ren}
    )
    table = Output(str(output)).table
    of = {row["episode"]: (row["characters"], row["characters_confidence"]) for row in table.to_pylist()}
    assert of["pan"] == (["twin"], 1.0) and of["impact"] == (["unknown"], 0.0)


def test_a_track_put_back_to_be_decided_joins_the_character_it_is_like(run: Run, tmp_path: Path) -> None:
    run()
    names = cast_of(tmp_path / "cast")
    replace(
        tmp_path / "cast",
        (f"- name: {names['pan/scene0000/1']} ", "- name: akari "),
        ("  - pan/scene0000/1 ", "  # "),
    )
    run()
    assert cast_of(tmp_path / "cast")["pan/scene0000/1"] == "akari"


def test_references_give_the_names_by_colour(run: Run, output: Path, tmp_path: Path) -> None:
    for name, plan in (("Akari", "fade"), ("Sora", "standing")):
        shot = scene(name=plan, frames=16, size=(240, 136), seed=4)
        (tmp_path / "known" / name).mkdir(parents=True)
        (tmp_path / "known" / name / "1.png").write_bytes(
            png(np.dstack([shot.character_colour[15], shot.character[15]]))
        )
    assert run(f"references={tmp_path / 'known'}", "embedding=null") == 0
    names = cast_of(tmp_path / "cast")
    assert (
        {names[track] for track in AKARI} == {"Akari"}
        and names["standing/scene0000/1"] == "Sora"
        and names["impact/scene0000/1"].startswith("char")
    )


def test_the_net_of_the_package_needs_no_columns(run: Run, output: Path, tmp_path: Path) -> None:
    shutil.rmtree(output / "annotations")
    assert run("embedding=cast", "colours=0.3", "min_similarity=null") == 0
    names = cast_of(tmp_path / "cast")
    assert names["crossing/scene0000/1"] != names["crossing/scene0000/2"], "they are in one frame"
    assert len({names[track] for track in AKARI}) < len(AKARI), "she is known again"
    assert names["standing/scene0000/1"] not in {names[track] for track in AKARI | REN}


def test_who_is_small_and_in_one_shot_alone_is_unknown(run: Run, tmp_path: Path) -> None:
    assert run("min_height=1", "min_frames=1") == 0
    names = cast_of(tmp_path / "cast")
    assert names["standing/scene0000/1"] == "unknown" and "unknown" not in {names[track] for track in AKARI}


def test_small_ones_are_unknown(run: Run, tmp_path: Path) -> None:
    assert run("min_frames=6") == 0
    names = cast_of(tmp_path / "cast")
    assert names["standing/scene0000/1"] == "unknown" and "unknown" not in {names[track] for track in AKARI}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["embedding=clip"],
            r"neither clip_instances nor clip_character: run animelayers annotate .*embed_clip",
        ),
        (["embedding=dino"], "there is cast, visual, clip, dinov2"),
        (["colours=2"], "a share"),
        (["method=kmeans"], "needs count"),
        (["references=nowhere"], "there is no nowhere/NAME"),
        (["drawings=0"], "1 or more"),
    ],
)
def test_what_is_missing_is_told(run: Run, words: list[str], told: str) -> None:
    with pytest.raises(job.ConfigError, match=told):
        run(*words)


def test_a_bad_edit_changes_nothing(run: Run, tmp_path: Path) -> None:
    run()
    replace(tmp_path / "cast", ("  - pan/scene0000/1 ", "  - pan/scene0000/9 "))
    before = files(tmp_path / "cast")
    with pytest.raises(
        job.ConfigError,
        match=r"line \d+: there is no track 'pan/scene0000/9'; did you mean 'pan/scene0000/1'",
    ):
        run()
    assert files(tmp_path / "cast") == before


def test_an_output_without_tracks_is_told(tmp_path: Path) -> None:
    body = runpy.run_path(str(ROOT / "jobs" / "cluster_characters.py"))["cluster_characters"]
    with Shards(str(tmp_path / "out")).open(RUN):
        Shards(str(tmp_path / "out")).write([clip("e/scene0000/000000", [0])], RUN)
    with pytest.raises(job.ConfigError, match="run stage track"):
        body(
            job.compose(
                "cluster_characters", [f"source.path={tmp_path / 'out'}", f"output={tmp_path / 'cast'}"]
            )
        )


def test_outfits_are_proposed_once_and_then_a_persons_own(run: Run, output: Path, tmp_path: Path) -> None:
    assert run("outfits=0.999") == 0
    first = cast_of(tmp_path / "cast")
    hers = {first[track] for track in AKARI}
    assert (
        len(hers) > 1
        and {name.partition(" (")[0] for name in hers} == {"character_01"}
        and "character_01 (outfit 1)" in hers
    )
    assert {name for names in Output(str(output)).table["characters"].to_pylist() for name in names} & hers
    text = (
        (tmp_path / "cast" / "characters.yaml")
        .read_text()
        .replace("character_01 (outfit 1)", "akari (winter)")
    )
    (tmp_path / "cast" / "characters.yaml").write_text(text)
    assert run("outfits=0.999") == 0
    assert cast_of(tmp_path / "cast") == {
        track: name.replace("character_01 (outfit 1)", "akari (winter)") for track, name in first.items()
    }
