from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from animelayers import Output
from animelayers.desk import compare, rows, shots
from animelayers.desk.rows import AskError, Frames
from animelayers.desk.runs import Load, Stages
from animelayers.desk.shelf import Shelf
from animelayers.engine.ledger import Ledger
from animelayers.record.schema import RECORD
from animelayers.sinks import parquet
from animelayers.sinks.store import SinkError, Store
from tests.exports.films import film


def lists(name: str, words: np.ndarray) -> pa.Array:
    return pa.array([RECORD[name].read(word) for word in words.tolist()], RECORD[name].arrow)


@pytest.fixture(scope="module")
def many() -> Frames:
    rng = np.random.default_rng(0)
    count = 100_000
    flags = np.array(["ok", "flicker", "flicker,recompose_low", "matte_unsure"])[rng.integers(0, 4, count)]
    table = {
        "frame_id": [f"film/scene{i // 100:04d}_frame{i:06d}" for i in range(count)],
        "drawing_of": pa.array(
            [None if i % 2 == 0 else f"film/scene{i // 100:04d}_frame{i - 1:06d}" for i in range(count)],
            pa.string(),
        ),
        "flags": lists("flags", flags),
        "recompose_psnr": rng.uniform(20, 50, count),
        "characters": lists(
            "characters", np.array(["luca", "luca,alberto", "none"])[rng.integers(0, 3, count)]
        ),
        "shot_size": pa.array([["long", "close_up", None][i % 3] for i in range(count)], pa.string()),
    }
    return Frames(pa.table(table))


def test_filters_agree_with_what_python_says(many: Frames) -> None:
    where = {
        "flags": {"in": ["flicker"]},
        "recompose_psnr": {"min": 30, "max": 40},
        "who": {"in": ["alberto"]},
        "shot_size": {"not": ["long"]},
    }
    chosen = many.choose(where, "recompose_psnr", down=True)
    expected = [
        r for r in many.table.to_pylist()
        if r["drawing_of"] is None and "flicker" in r["flags"] and 30 <= r["recompose_psnr"] <= 40
        and "alberto" in r["characters"] and r["shot_size"] not in (None, "long")
    ]  # fmt: skip
    expected.sort(key=lambda r: -r["recompose_psnr"])
    assert len(expected) > 100
    assert [r["frame_id"] for r in chosen.page(0, 50, ["frame_id"])] == [r["frame_id"] for r in expected[:50]]
    found = chosen.facets(["flags", "recompose_psnr"])
    assert sum(found["recompose_psnr"]["bars"]) == len(expected)
    assert dict(map(tuple, found["flags"]["words"]))["flicker"] == len(expected)


def test_lists_are_asked_for_and_shown_as_people_write_them(many: Frames) -> None:
    fine = many.choose({"flags": {"in": ["ok"]}, "who": {"has": "ALB"}}, "flags")
    assert len(fine.at) > 1000 and {r["flags"] for r in fine.page(0, 60, ["flags"])} == {"ok"}
    assert {r["characters"] for r in fine.page(0, 60, ["characters"])} == {"luca,alberto"}
    others = many.choose({"flags": {"not": ["ok", "flicker"]}}, held=True)
    assert dict(map(tuple, others.facets(["flags"])["flags"]["words"])).keys() == {"matte_unsure"}
    counts = dict(map(tuple, many.choose({}, held=True).facets(["characters"])["characters"]["words"]))
    assert sum(counts.values()) - counts["alberto"] == 100_000 and counts["none"] > 0
    assert {one["name"]: one["kind"] for one in rows.columns(many.table)}["flags"] == "words"
    down = [r["flags"] for r in many.choose({}, "flags", down=True).page(0, 3, ["flags"])]
    assert down == ["ok"] * 3, "sorted as they are written"


def test_a_hundred_thousand_rows_take_no_waiting(many: Frames) -> None:
    def once() -> float:
        start = time.process_time()
        chosen = many.choose({"flags": {"in": ["flicker"]}, "text": {"has": "Scene0042"}}, "recompose_psnr")
        chosen.facets(["flags", "characters", "shot_size", "recompose_psnr"])
        return time.process_time() - start

    assert min(once() for _ in range(3)) < 0.5


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ({"colour": {"in": ["red"]}}, "no column 'colour'"),
        ({"flags": {"min": 3}}, "no min"),
        ({"recompose_psnr": {"min": "much"}}, "no number"),
        ({"recompose_psnr": {"has": "a"}}, "no text"),
        ({"flags": {"around": 3}}, "no way to ask"),
    ],
)
def test_a_question_without_sense_is_told(many: Frames, where: dict, why: str) -> None:
    with pytest.raises(AskError, match=why):
        many.choose(where)


def test_an_output_on_the_shelf(tmp_path: Path) -> None:
    film(tmp_path / "shelf/one")
    film(tmp_path / "shelf/deep/two", form="tree")
    shelf = Shelf([str(tmp_path / "shelf")])
    told = {one["name"]: one for one in shelf.described()}
    assert set(told) == {"one", "two"} and {one["state"] for one in told.values()} == {"whole"}
    version = shelf["one"].version
    film(tmp_path / "shelf/three")
    assert {one["name"] for one in shelf.described()} == {"one", "two", "three"} and shelf[
        "one"
    ].version == version
    damaged = next((tmp_path / "shelf/three/metadata").glob("*.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:100])
    shelf["three"].renew()
    look = shelf["three"].look()
    assert look.state == "damaged" and str(damaged.name) in look.said and "\n" not in look.said
    (tmp_path / "shelf/one/metadata").rename(tmp_path / "gone")
    assert shelf["one"].look().state in ("empty", "whole")
    with pytest.raises(SinkError, match="no output there"):
        Shelf([str(tmp_path / "nothing")])
    (tmp_path / "later").mkdir()
    assert Shelf([str(tmp_path / "later")]).described() == [], "a run may write one"


def test_shots_and_what_differs(tmp_path: Path) -> None:
    one, other = Output(str(film(tmp_path / "one"))), Output(str(film(tmp_path / "other", background="png")))
    found = shots.listed(one)
    assert [shot["frames"] for shot in shots.described(one)] == [8, 3]
    sheet = shots.sheet(found[0])
    assert sheet["rate"] == 12 and sheet["shown"][:3] == [sheet["drawings"][0]] * 2 + [sheet["drawings"][1]]
    differ = compare.differing(one, other)
    assert len(differ) == 7 and not any(row["same"] for row in differ)
    assert all(row["same"] for row in compare.differing(one, one))


def test_a_shot_is_tried_and_its_settings_are_taken(tmp_path: Path) -> None:
    out, tried = (
        Output(str(film(tmp_path / "out"))),
        Output(str(film(tmp_path / "out-try", background="png"))),
    )
    shot = shots.listed(out)[0]
    values = shots.trial(out.path, out, shot)
    assert (
        values["output"] == f"{out.path}-try"
        and values["cluster"] == "inline"
        and float(values["source.end"]) > float(values["source.start"])
    )
    found = shots.pairs(out, shot, tried, most=3)
    assert 2 <= len(found) <= 3 and all(before == after for before, after in found), (
        "the same moments of the same film"
    )
    taken = shots.applied(out.path, {**values, "preset": "demo"})
    assert (
        taken["output"] == out.path
        and taken["preset"] == "demo"
        and not {"source.start", "source.end", "cluster"} & taken.keys()
    )


def test_a_run_tells_its_load_by_stage(tmp_path: Path) -> None:
    out = film(tmp_path / "out")
    store = Store(str(out))
    store.put(
        "plan.parquet",
        "t",
        parquet.to_bytes(pa.table({"clip_id": ["film/scene0000/000000", "film/scene0001/000012"]})),
    )
    stages = Stages(str(out))
    ledger = Ledger(out / "attempts", "run")
    with ledger.inside("encode", ["film/scene0000/000000", "film/scene0001/000012"]):
        assert {one["stage"]: one["clips"] for one in stages()} == {"decode": 0, "encode": 2}
    assert {one["stage"]: one["clips"] for one in stages()} == {"decode": 0, "encode": 1}, (
        "on the mean of both looks"
    )
    told = Load()(os.getpid())
    assert (
        told["processes"][0]["name"] == "the job" and told["memory"] >= told["processes"][0]["memory"] > 10**7
    )
    assert Load()(0) == {"memory": 0, "processes": []}


def test_what_a_run_commits_is_read_beside_those_who_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("animelayers.desk.shelf._AGAIN", 0.0)
    book = next(iter(Shelf([str(film(tmp_path / "out"))])))
    before, version = book.output, book.version
    names = sorted((tmp_path / "out/metadata").glob("*.parquet"))
    names[-1].rename(tmp_path / "away.parquet")
    assert book.output is before, "nobody waits for it"
    end = time.monotonic() + 20
    while book.version == version and time.monotonic() < end:
        time.sleep(0.02)
    assert len(book.output) < len(before) and book.version != version


def test_one_shot_is_found_without_the_others(tmp_path: Path) -> None:
    output = Output(str(film(tmp_path / "out")))
    found = shots.listed(output)
    assert str([shots.one(output, shot.name) for shot in found]) == str(found) and len(found) == 2
    assert set(shots.places(output)) == {shot["name"] for shot in shots.described(output)}
    with pytest.raises(KeyError, match="no shot 'film_scene9'"):
        shots.one(output, "film_scene9")
