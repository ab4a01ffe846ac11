"""Outputs that are damaged, being written, gone or of another release, and two desks on one."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

pytest.importorskip("starlette", reason="the desk's extra is not installed: pip install 'animelayers[desk]'")
from starlette.testclient import TestClient

from animelayers import Output
from animelayers.desk import correct, shots
from animelayers.desk.app import app
from animelayers.desk.commit import CorrectionError
from animelayers.desk.correct import Correction, Said
from animelayers.desk.guard import COOKIE
from animelayers.desk.load import measure, multiplied
from animelayers.desk.state import Desk
from animelayers.sinks import Shards
from tests.exports.films import film

FRAME = "film/scene0000_frame000000"


def client(desk: Desk) -> TestClient:
    made = TestClient(app(desk), base_url="http://127.0.0.1:8765")
    made.cookies.set(COOKIE, desk.token)
    return made


def cut(out: Path) -> None:
    for path in (out / "metadata").glob("*.parquet"):
        path.write_bytes(path.read_bytes()[:90])


def newer(out: Path) -> None:
    told = json.loads((out / "dataset.json").read_text())
    (out / "dataset.json").write_text(json.dumps({**told, "format": 99}))


@pytest.mark.parametrize(
    ("damage", "state", "why"),
    [
        (cut, "damaged", "metadata"),
        (newer, "damaged", "update the package"),
        (lambda out: shutil.rmtree(out), "empty", "nothing is committed"),
    ],
)
def test_an_output_that_cannot_be_read_is_one_clear_line(
    tmp_path: Path, damage: Callable[[Path], None], state: str, why: str
) -> None:
    out = film(tmp_path / "out")
    desk = Desk([str(out)], cache=tmp_path / "cache")
    asked = client(desk)
    assert asked.get("/api/out/out/frame", params={"id": FRAME}).status_code == 200
    damage(out)
    desk.shelf["out"].renew()
    (told,) = asked.get("/api/shelf").json()["outputs"]
    assert told["state"] == state and why in told["said"] and "\n" not in told["said"]
    for answer in (
        asked.get("/api/out/out/shots"),
        asked.post("/api/out/out/rows", json={}),
        asked.get("/api/out/out/layer", params={"id": FRAME}),
    ):
        if answer.status_code != 200:
            assert (
                answer.status_code in (404, 409, 422)
                and "\n" not in answer.json()["error"]
                and answer.json()["error"]
            )


def test_an_output_that_is_being_written_shows_what_is_there(tmp_path: Path) -> None:
    out = film(tmp_path / "out")
    sink = Shards(str(out))
    with sink.open("another run"):
        asked = client(Desk([str(out)], cache=tmp_path / "cache"))
        (told,) = asked.get("/api/shelf").json()["outputs"]
        assert (
            told["state"] == "being written" and asked.post("/api/out/out/rows", json={}).json()["total"] == 7
        )


def test_an_output_of_an_earlier_release_is_shown(tmp_path: Path) -> None:
    out = film(tmp_path / "out")
    for path in (out / "metadata").glob("*.parquet"):  # it had fewer columns, and no digests in its footers
        table = pq.read_table(path)
        later = [
            name
            for name in table.column_names
            if name == "flags" or name.startswith(("shadow", "effect_types", "corrected"))
        ]
        pq.write_table(table.drop_columns(later).replace_schema_metadata(None), path)
    asked = client(Desk([str(out)], cache=tmp_path / "cache"))
    assert asked.post("/api/out/out/rows", json={"facets": ["flags"]}).json()["total"] == 7
    assert asked.get("/api/out/out/frame", params={"id": FRAME}).json()["layers"]


def test_two_desks_on_one_output_lose_nothing(tmp_path: Path) -> None:
    out = str(film(tmp_path / "out", background="png"))
    one, other = (Correction(Output(out), shots.listed(Output(out))[0]) for _ in range(2))
    for correction, x in ((one, 0.62), (other, 0.3)):
        correction.say(
            Said(
                0,
                "lasso",
                [(x - 0.06, 0.4), (x + 0.06, 0.4), (x + 0.06, 0.6), (x - 0.06, 0.6)],
                0.01,
                correct.BACKGROUND,
            )
        )
    one.save()
    saved = Output(out).read(FRAME, "character")
    with pytest.raises(CorrectionError, match="corrected elsewhere meanwhile"):
        other.save()
    assert Output(out).read(FRAME, "character") == saved
    again = Correction(Output(out), shots.listed(Output(out))[0])
    again.say(other.said[0])
    again.save()
    assert (Output(out).layer(FRAME, "character")[..., 3] > 127).sum() < (
        Output(out, corrected=False).layer(FRAME, "character")[..., 3] > 127
    ).sum()


def test_many_tabs_on_many_frames_get_their_answers(tmp_path: Path) -> None:
    out = str(film(tmp_path / "out"))
    multiplied(out, 3000)
    figures, told = measure(out, tmp_path, tabs=3, rounds=1)
    kinds = Counter(what for what, _ in told["answers"])
    assert (
        told["frames"] == 3000 and kinds["a filter with its facets"] == 3 and kinds["a small picture"] > 100
    )
    assert {figure.goal for figure in figures} == {1.0, None} and all(
        figure.at_most for figure in figures if figure.goal
    )


def test_a_job_that_is_killed_leaves_a_clear_end(tmp_path: Path) -> None:
    from animelayers.desk.runs import Runs

    runs = Runs()
    run = runs.start(["verify", str(film(tmp_path / "out"))], str(tmp_path / "out"))
    run.process.kill()
    run.process.wait(60)
    assert run.described()["state"] == "ended with -9" and run.described()["memory"] == 0


def test_what_a_run_committed_last_is_there_when_it_has_ended(tmp_path: Path) -> None:
    out = film(tmp_path / "out")
    last = max((out / "metadata").glob("*.parquet"))
    last.rename(tmp_path / last.name)
    desk = Desk([str(out)], cache=tmp_path / "cache")
    asked = client(desk)
    run = desk.runs.start(["decompose", "--help"], str(out))
    run.process.wait(120)
    before = asked.post("/api/out/out/rows", json={}).json()["total"]
    (tmp_path / last.name).rename(last)
    (told,) = asked.get("/api/runs").json()["runs"]
    assert (told["state"], told["frames"]) == ("done", len(Output(str(out)))) and before < 7
    assert asked.post("/api/out/out/rows", json={}).json()["total"] == 7
