from __future__ import annotations

import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest

from animelayers import Output, job
from animelayers.desk import commit, correct, shots
from animelayers.desk.commit import CorrectionError
from animelayers.desk.correct import Correction, Said
from animelayers.shot.spread import EFFECT
from animelayers.sources import Layers
from tests.exports.films import film
from tests.sinks.clips import contents


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return film(tmp_path / "out", background="png")


def opened(out: Path) -> Correction:
    output = Output(str(out))
    return Correction(output, shots.listed(output)[0])


def right(label: int, x: float = 0.62) -> Said:
    return Said(0, "click", [(x, 0.5)], 0.01, label)


def test_a_click_takes_a_figure_away_in_all_drawings_of_the_shot(out: Path) -> None:
    correction = opened(out)
    correction.say(right(correct.BACKGROUND))
    told = correction.described()
    assert [drawing["changed"] for drawing in told["drawings"]] == [True] * len(told["drawings"]), (
        "each drawing shows the same cel"
    )
    for before, after in zip(correction.before, correction.found.labels, strict=True):
        assert (after == 2).sum() < 0.1 * (before == 2).sum(), "the blue figure is gone"
        assert (after == 1).sum() > 0.9 * (before == 1).sum(), "the red one stays"
    assert min(drawing["strength"] for drawing in told["drawings"]) > 0.2


def test_undo_redo_and_a_stop(out: Path) -> None:
    correction = opened(out)
    correction.say(right(correct.BACKGROUND))
    correction.stop(0, 1)
    assert [drawing["changed"] for drawing in correction.described()["drawings"]][:3] == [True, True, False]
    correction.undo()
    assert not any(drawing["changed"] for drawing in correction.described()["drawings"])
    correction.redo()
    assert sum(drawing["changed"] for drawing in correction.described()["drawings"]) == 2


def test_what_is_saved_stands_at_once_and_the_output_stays_as_it_was(out: Path) -> None:
    before = contents(out)
    correction = opened(out)
    correction.say(right(correct.BACKGROUND))
    saved = correction.save()
    assert saved["problems"] == [] and len(saved["changed"]) == len(correction.before)
    after = contents(out)
    assert {name: after.get(name) for name in before} == before
    base, now = Output(str(out), corrected=False), Output(str(out))
    assert list(base) == list(now)
    first = saved["changed"][0]
    row = now.row(first)
    assert row["corrected"] == "hand" and row["instance_ids"] == [1] and row["flags"] == []
    assert {now.row(frame)["corrected"] for frame in saved["changed"][1:]} == {"spread"}
    assert now.layer(first, "character")[..., 3].sum() < 0.7 * base.layer(first, "character")[..., 3].sum()
    held = [frame for frame in now if now.row(frame)["drawing_of"] == first]
    assert held and all(now.read(frame, "character") == now.read(first, "character") for frame in held), (
        "a held frame is its drawing"
    )
    other = next(frame for frame in now if frame.startswith("film/scene0001"))
    assert now.read(other, "character") == base.read(other, "character")
    (clip,) = [
        row
        for row in Layers(str(out)).read(Layers(str(out)).plan())
        if row["clip_id"] == "film/scene0000/000000"
    ]
    assert clip["corrected"].split()[0] == "hand", "later jobs see it too"
    assert commit.take_back(str(out), "film_scene0000") == 2
    assert Output(str(out)).read(first, "character") == base.read(first, "character")


def test_import_edits_makes_the_same_of_what_is_saved(out: Path, tmp_path: Path) -> None:
    correction = opened(out)
    correction.say(right(correct.BACKGROUND))
    saved = correction.save()
    import_edits = runpy.run_path(str(job.JOBS / "import_edits.py"))["import_edits"]
    words = [f"source.path={out}", f"edits={out}/edits", f"output={tmp_path / 'new'}", "reinpaint=true"]
    assert import_edits(job.compose("import_edits", words)) == 0
    desk, imported = Output(str(out)), Output(str(tmp_path / "new"))
    for frame in desk:
        for layer in ("character", "mask", "background", "instances"):
            assert desk.read(frame, layer) == imported.read(frame, layer), (frame, layer)
    assert imported.row(saved["changed"][1])["corrected"] == "spread"


def test_part_of_one_figure_is_said_to_be_another(out: Path) -> None:
    correction = opened(out)
    there = np.argwhere(correction.before[0] == 2)
    (top, left), (bottom, right) = there.min(0), there.max(0)
    height, width = correction.before[0].shape
    x, y = (left + 0.5) / width, ((top + bottom) / 2 + 0.5) / height
    square = [(x, top / height), ((right + 1) / width, top / height), ((right + 1) / width, y), (x, y)]
    correction.say(Said(0, "lasso", square, 0.01, 3))
    correction.stop(0, 0)
    saved = correction.save()
    assert saved["problems"] == []
    now = Output(str(out))
    assert now.row(saved["changed"][0])["instance_ids"] == [1, 2, 3]
    assert now.layer(saved["changed"][0], "instances")[int(top) + 3, int((left + right) / 2)] == 3


def test_a_second_correction_builds_on_the_first(out: Path) -> None:
    for where, label in ((0.62, 0), (0.3, 0)):
        correction = opened(out)
        correction.say(Said(0, "click", [(where, 0.5)], 0.01, label))
        correction.save()
    row = Output(str(out)).row("film/scene0000_frame000000")
    assert row["instance_ids"] == [] and row["character_coverage"] < 0.01


def test_a_brush_is_as_painted_and_an_effect_leaves_the_figure(out: Path) -> None:
    correction = opened(out)
    correction.say(Said(0, "brush", [(0.05, 0.1), (0.2, 0.1)], 0.05, 1))
    correction.say(Said(1, "lasso", [(0.5, 0.2), (0.75, 0.2), (0.75, 0.8), (0.5, 0.8)], 0.01, EFFECT))
    correction.save()
    now = Output(str(out))
    one, two = (
        correction.described()["drawings"][0]["frame_id"],
        correction.described()["drawings"][1]["frame_id"],
    )
    stroke = (
        cv2.erode(
            Said(0, "brush", [(0.05, 0.1), (0.2, 0.1)], 0.05, 1).drawn((64, 96)).astype(np.uint8),
            np.ones((3, 3), np.uint8),
        )
        > 0
    )
    assert (now.layer(one, "character")[..., 3][stroke] == 255).all()
    assert now.row(two)["effect_mode"] == "over" and now.layer(two, "effect")[30, 60, 3] > 200
    assert now.layer(two, "character")[30, 60, 3] == 0


def test_a_correction_of_layers_that_were_made_again_is_left_aside(out: Path, tmp_path: Path) -> None:
    correction = opened(out)
    correction.say(right(correct.BACKGROUND))
    correction.save()
    other = film(tmp_path / "other", background="jpeg")
    (out / "corrections").rename(tmp_path / "kept")
    (tmp_path / "kept").rename(other / "corrections")
    now = Output(str(other))
    assert "corrected" not in now.table.column_names and now.row("film/scene0000_frame000000")[
        "instance_ids"
    ] == [1, 2]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Said(9, "click", [(0.5, 0.5)], 0.01, 1), "drawings"),
        (Said(0, "spray", [(0.5, 0.5)], 0.01, 1), "click"),
        (Said(0, "click", [(7.0, 0.5)], 0.01, 1), "shares"),
        (Said(0, "click", [(0.5, 0.5)], 0.01, 254), "label"),
    ],
)
def test_what_makes_no_sense_is_refused(out: Path, said: Said, why: str) -> None:
    with pytest.raises(CorrectionError, match=why):
        opened(out).say(said)


def test_nothing_said_is_nothing_saved(out: Path) -> None:
    with pytest.raises(CorrectionError, match="nothing was changed"):
        opened(out).save()


def test_what_was_corrected_is_verified_too(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    correction = opened(out)
    correction.say(right(0))
    correction.save()
    check = runpy.run_path(str(job.JOBS / "verify.py"))["check"]
    assert check(job.compose("verify", [f"output={out}"])) == 0
    (shard, *_) = sorted((out / "corrections" / "shards").iterdir())
    data = bytearray(shard.read_bytes())
    data[600] ^= 255
    shard.write_bytes(data)
    assert check(job.compose("verify", [f"output={out}"])) == 3
    assert "damaged" in capsys.readouterr().err
