from __future__ import annotations

import itertools
import runpy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers import Output, job
from animelayers.exports import (
    Caption,
    Coco,
    Exporter,
    HfImageFolder,
    HfParquet,
    Kohya,
    MusubiImage,
    Picture,
    Select,
    WebDataset,
)
from animelayers.exports.base import MARK
from animelayers.exports.caption import folder
from animelayers.exports.select import stem
from animelayers.sinks import Shards, SinkError, Tree
from tests.exports.conftest import RUN, contents, row

EVERY: list[Exporter] = [
    Kohya(mask="files", caption=Caption(trigger="勇者"), paths="relative"),
    MusubiImage(caption=Caption(trigger="hero"), paths="relative"),
    HfImageFolder(),
    HfParquet(rows_per_file=3),
    WebDataset(shard_mb=0.002),
    Coco(),
]


class Killed(BaseException):
    """As a signal is: nothing catches it."""


@pytest.mark.parametrize("exporter", EVERY, ids=lambda exporter: type(exporter).__name__)
def test_a_killed_export_goes_on_and_touches_nothing_that_is_there(
    exporter: Exporter, output: Output, tmp_path: Path
) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    first = exporter.write(output, whole)
    assert first.files == len(contents(whole)) - 1 and first.skipped == 0
    calls = itertools.count()

    def kill(_: int) -> None:
        if next(calls) == 1:
            raise Killed

    with pytest.raises(Killed):
        exporter.write(output, part, kill)
    before = contents(part)
    again = exporter.write(output, part)
    after = contents(part)
    assert {name: after[name] for name in before} == before
    assert {name: data for name, (data, _) in after.items()} == {
        name: data for name, (data, _) in contents(whole).items()
    }
    assert again.files + again.skipped == first.files and again.frames == first.frames
    assert exporter.write(output, part) == (0, first.frames, first.files) and contents(part) == after


def test_a_half_written_file_is_never_taken_for_one(output: Output, tmp_path: Path) -> None:
    Kohya().write(output, tmp_path / "x")
    target = next((tmp_path / "x").rglob("*.png"))
    whole = target.read_bytes()
    target.rename(target.with_name(".export.12345678.tmp"))  # as a kill leaves it
    target.with_name(".export.12345678.tmp").write_bytes(whole[:50])
    assert Kohya().write(output, tmp_path / "x").files == 1
    assert target.read_bytes() == whole


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (Kohya(mask="none"), "other mask"),
        (Coco(), "form Kohya"),
        (Kohya(select=Select(limit=2)), "other select"),
    ],
)
def test_a_folder_of_another_export_is_refused(
    other: Exporter, message: str, output: Output, tmp_path: Path
) -> None:
    Kohya().write(output, tmp_path / "x")
    before = contents(tmp_path / "x")
    with pytest.raises(SinkError, match=rf"holds another export \(.*{message}.*give another output"):
        other.write(output, tmp_path / "x")
    assert contents(tmp_path / "x") == before


def test_frames_that_changed_are_noticed(annotated: Output, output: Output, tmp_path: Path) -> None:
    bare = Output(annotated.path)
    bare.__dict__["_loaded"] = (annotated.table.drop_columns(["mood"]), annotated.errors, [])
    Kohya().write(bare, tmp_path / "x")
    with pytest.raises(SinkError, match="other frames or other values"):
        Kohya().write(annotated, tmp_path / "x")
    (tmp_path / "x" / MARK).write_text("{")
    with pytest.raises(SinkError, match="damaged"):
        Kohya().write(annotated, tmp_path / "x")


def test_a_frame_that_cannot_be_read_is_named_and_can_be_left_out(output: Output, tmp_path: Path) -> None:
    row = output.row("film/scene0001_frame000008")
    tar = Path(output.path) / "shards" / row["shard"]
    data = bytearray(tar.read_bytes())
    data[row["character_offset"] : row["character_offset"] + 200] = bytes(200)
    tar.write_bytes(data)
    with pytest.raises(
        SinkError, match=r"film/scene0001_frame000008: .*not those that were written.*select.without"
    ):
        Kohya(mask="none").write(Output(output.path), tmp_path / "x")
    left = Kohya(mask="none", select=Select(without=["film/scene0001_frame000008"])).write(
        Output(output.path), tmp_path / "y"
    )
    assert left.frames == 7


def test_an_output_of_folders_gives_the_same(output: Output, clips: list, tmp_path: Path) -> None:
    import pyarrow as pa

    tree = Tree(str(tmp_path / "tree"))
    rows = [made for made, _ in clips]
    plan = [
        {
            "source": r["source"],
            "episode": r["episode"],
            "kind": "image" if r["source"].endswith("png") else "video",
        }
        for r in rows
    ]
    with tree.open(RUN):
        tree.expect(pa.Table.from_pylist(plan[:1] + plan[-1:]), [])
        tree.write(rows, RUN)
    Kohya(paths="relative").write(output, tmp_path / "a")
    Kohya(paths="relative").write(Output(str(tmp_path / "tree")), tmp_path / "b")
    one, two = ({n: d for n, (d, _) in contents(tmp_path / x).items() if n != MARK} for x in "ab")
    assert one == two and len(one) == 9


def test_frames_are_chosen_by_their_columns(annotated: Output) -> None:
    def chosen(**options: object) -> list[str]:
        return [row["frame_id"] for row in Select(**options).rows(annotated)]  # type: ignore[arg-type]

    assert len(chosen()) == 9 and len(chosen(held=True)) == 13 and len(chosen(limit=4)) == 4
    assert chosen(where={"quality": ">0.99"}) == ["film/scene0000_frame000004", "film/scene0001_frame000010"]
    assert (
        len(chosen(where={"instance_ids": "lacks 2"})) == 5
        and len(chosen(where={"effect_types": "lacks fire"})) == 6
    )
    assert (
        len(chosen(where={"instance_ids": "has 2"})) == 4
        and len(chosen(where={"instance_ids": "!=1,2"})) == 5
    )
    assert chosen(where={"scene_id": ["scene0002", "scene0009"]}) == ["film/scene0002_frame000011"]
    assert chosen(where={"frame_index": 11}) == ["film/scene0002_frame000011"] and chosen(min_side=49) == []
    assert [len(shot) for shot in Select(held=True).shots(annotated)] == [6, 5, 1, 1]
    with pytest.raises(ValueError, match=r"where.sharp: the frame table has no such column"):
        chosen(where={"sharp": 1})
    with pytest.raises(ValueError, match="'much' is no number"):
        chosen(where={"quality": ">much"})


def test_text_in_a_condition_is_never_run(annotated: Output) -> None:
    assert not list(Select(where={"scene_id": "__import__('os').abort()"}).rows(annotated))


def test_captions_of_columns() -> None:
    row = {
        "caption_character": "a girl,\n smiling.",
        "mood": "",
        "shot_size": "none",
        "quality": 0.5,
        "name": "Zoë",
    }
    caption = Caption("{caption}, in a {mood} mood, {shot_size}, q{quality}", "mychar", " ||| ")
    assert (
        caption.of(row, "character", "simple red background")
        == "mychar ||| a girl, smiling, q0.5, simple red background"
    )
    assert (
        Caption().of({}, "character", "simple red background")
        == ""
        == Caption().of({"caption_frame": None}, "frame")
    )
    assert Caption(trigger="x").of({}, "character", "on red") == "x, on red"
    with pytest.raises(ValueError, match=r"caption.template: \{moood\} is no column"):
        Caption("{moood}").check(row)
    assert Caption("{0.__class__} {name}").of(row, "frame") == "{0.__class__} Zoë"


@given(st.text(max_size=80))
def test_a_concept_is_a_name_of_one_folder(text: str) -> None:
    name = folder("{who}", {"who": text}, "character")
    assert (
        name
        and not set(name) & set('/\\:*?"<>|\n\t\0')
        and name[0] not in ".-"
        and len(name.encode("utf-8", "replace")) <= 120
    )


def test_names_have_no_dot_and_tell_frames_apart(output: Output) -> None:
    names = [stem(row) for row in Select(held=True).rows(output)]
    assert len(set(names)) == len(names) == 13 and not any("." in name for name in names)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Picture(layers=["hair"]), "layers: hair is none of"),
        (lambda: Picture(background="sea"), "background: sea is none of"),
        (lambda: Picture(mask_least=300), "mask_least"),
        (lambda: Kohya(mask="alpha", picture=Picture(background="blur")), "takes away"),
        (lambda: MusubiImage(picture=Picture(background="alpha")), "drops the alpha"),
    ],
)
def test_options_that_make_no_sense(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


ALL = sorted(path.stem for path in (job.CONF / "export").glob("*.yaml"))
SHORT = {
    **dict.fromkeys(("prores", "vp9", "apng", "ffv1", "sequence", "exr"), "2 of 15 frames have no timing"),
    **dict.fromkeys(("kohya", "onetrainer", "aitoolkit"), "10 of 10 pictures have no caption"),
}
NEEDS = {
    **dict.fromkeys(("musubi", "musubi_layered"), "has no caption"),
    "musubi_video": "no shot has five frames",
    "strategies": "training set",
}


@pytest.mark.parametrize("name", ALL)
def test_what_ends_with_fewer_items_says_so_and_ends_with_3(
    name: str,
    clips: list[tuple[dict[str, Any], Any]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Pictures of a folder have no timing, and nothing has a caption: what is left out, or made up by a
    trainer, is told.
    """
    stills = [
        row(f"{name}/scene0000/000000", [0], "plain", source=f"{name}.png")[0] | {"episode": "pictures"}
        for name in ("a", "b")
    ]
    sink = Shards(str(tmp_path / "layers"))
    with sink.open(RUN):
        sink.write([*(made for made, _ in clips), *stills], RUN)
    monkeypatch.syspath_prepend(str(job.JOBS))
    export = runpy.run_path(str(job.JOBS / "export.py"))["export"]
    cfg = job.compose(
        "export", [f"source.path={tmp_path / 'layers'}", f"output={tmp_path / 'out'}", f"export={name}"]
    )
    if name in NEEDS:
        with pytest.raises(job.ConfigError, match=NEEDS[name]):
            export(cfg)
        return
    code, said = export(cfg), capsys.readouterr().err
    assert code == (3 if name in SHORT else 0) and ("warning: " in said) == (name in SHORT), said
    assert SHORT.get(name, "") in said
