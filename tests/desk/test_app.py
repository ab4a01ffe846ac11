from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the desk's extra is not installed: pip install 'animelayers[desk]'")
from starlette.testclient import TestClient

from animelayers.curate.roster import EditError
from animelayers.desk import form
from animelayers.desk.app import app
from animelayers.desk.guard import COOKIE
from animelayers.desk.pictures import Thumbs
from animelayers.desk.runs import Run, Runs
from animelayers.desk.state import Desk
from tests.exports.films import film

FRAME = "film/scene0000_frame000002"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    return Desk([str(film(folder / "out"))], token="right", cache=folder / "cache")


@pytest.fixture
def client(desk: Desk) -> TestClient:
    made = TestClient(app(desk), base_url="http://127.0.0.1:8765")
    made.cookies.set(COOKIE, "right")
    return made


def test_only_who_has_the_token_is_let_in(desk: Desk) -> None:
    stranger = TestClient(app(desk), base_url="http://127.0.0.1:8765")
    for path in ("/", "/api/shelf", "/static/desk.css", "/?token=wrong", "/api/out/out/thumb?id=x"):
        answer = stranger.get(path)
        assert answer.status_code == 403 and "token" in answer.json()["error"], path
    assert stranger.get("/health").text == "ok"
    entered = stranger.get("/?token=right", follow_redirects=False)
    assert (
        entered.status_code == 303
        and "httponly" in entered.headers["set-cookie"].lower()
        and "strict" in entered.headers["set-cookie"].lower()
    )
    assert stranger.get("/").status_code == 200


def test_no_other_page_may_ask(client: TestClient) -> None:
    assert client.get("/api/shelf", headers={"host": "evil.example"}).status_code == 403
    assert (
        client.post("/api/out/out/rows", json={}, headers={"origin": "http://evil.example"}).status_code
        == 403
    )
    assert (
        client.post("/api/out/out/rows", json={}, headers={"origin": "http://127.0.0.1:8765"}).status_code
        == 200
    )
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy and "http" not in policy


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "film/../../x", "..%2f..%2fetc/passwd"])
def test_no_path_leaves_the_outputs(client: TestClient, name: str) -> None:
    for path in ("thumb", "layer", "frame", "plate"):
        assert (
            client.get(f"/api/out/out/{path}", params={"id": name, "layer": "character"}).status_code == 404
        )
    assert client.get("/api/out/out/layer", params={"id": FRAME, "layer": name}).status_code == 404
    assert client.get(f"/static/{name}").status_code == 404
    assert client.get("/api/out/out/correct", params={"shot": name}).status_code == 404


def test_a_frame_and_its_pictures(client: TestClient) -> None:
    told = client.get("/api/out/out/frame", params={"id": FRAME}).json()
    assert (
        told["shot"] == "film_scene0000"
        and "character" in told["layers"]
        and told["row"]["frame_id"] == FRAME
    )
    assert not any(key.endswith("_offset") for key in told["row"])
    for path, params in (
        ("thumb", {}),
        ("thumb", {"layer": "character"}),
        ("layer", {"layer": "character"}),
        ("layer", {"layer": "whole"}),
    ):
        answer = client.get(f"/api/out/out/{path}", params={"id": FRAME, **params})
        assert (
            answer.headers["content-type"] in ("image/png", "image/jpeg")
            and answer.headers["x-content-type-options"] == "nosniff"
        )
    assert client.get("/api/out/out/plate", params={"id": FRAME}).status_code == 404


def test_what_cannot_be_answered_is_one_line(client: TestClient) -> None:
    for answer, status in (
        (client.get("/api/out/nobody/columns"), 404),
        (client.post("/api/out/out/rows", json={"where": {"nothing": {}}}), 422),
        (client.post("/api/out/out/rows", content=b"{"), 422),
        (client.post("/api/out/out/search", json={"words": "a cat"}), 422),
        (client.post("/api/out/out/correct", json={"shot": "film_scene0000", "do": "fly"}), 422),
        (client.get("/api/jobs?job=rm"), 404),
    ):
        assert answer.status_code == status and "\n" not in answer.json()["error"], answer.text


def test_the_form_is_the_jobs_own_and_checked_like_its_words(client: TestClient) -> None:
    fields = {one["key"]: one for one in client.get("/api/jobs?job=decompose").json()["fields"]}
    assert (
        fields["preset"]["choices"] == ["auto", "cluster", "demo", "laptop", "one_gpu"]
        and fields["dry_run"]["kind"] == "flag"
    )
    assert "telea" in fields["model/inpaint"]["choices"]
    values = {"source.path": "/films/[Group] Show - 01 (1080p).mkv", "output": "/tmp/o", "source.limit": "10"}
    checked = client.post("/api/jobs/check", json={"job": "decompose", "values": values}).json()
    assert (
        checked["command"]
        == "animelayers decompose '/films/[Group] Show - 01 (1080p).mkv' /tmp/o source.limit=10"
        and not checked["problem"]
    )
    for values, why in (
        ({"output": "/tmp/o"}, "source.path"),
        ({"source.path": "/x", "output": "/o", "preset": "laptp"}, "laptp"),
        ({"source.path": "/x", "output": "/o", "source.detector": "animee"}, "anime"),
        ({"source.path": "/x", "output": "/o", "time_limit": "soon"}, "time_limit"),
    ):
        problem = client.post("/api/jobs/check", json={"job": "decompose", "values": values}).json()[
            "problem"
        ]
        assert why in problem and "\n" not in problem, problem
    refused = client.post("/api/runs", json={"job": "decompose", "values": {"output": "/tmp/o"}})
    assert refused.status_code == 422


def test_a_bar_is_read(tmp_path: Path) -> None:
    run = Run(1, ["decompose"], str(tmp_path), None)  # type: ignore[arg-type]
    run._heard("layers:  41%|####      | 41/101 [00:16<00:34,  1.75frame/s, errors=2]")
    assert (run.bar["done"], run.bar["total"], run.bar["rate"], run.bar["left"], run.bar["errors"]) == (
        41,
        101,
        1.75,
        "00:34",
        2,
    )
    run._heard("layers:  10%|#         | 1/10 [00:05<00:45,  5.00s/frame]")
    assert run.bar["rate"] == 0.2 and run.bar["unit"] == "frame"
    run._heard("layers: 12 of 34 frames, background, 0.52 frames/s, 2 min left, 1 errors")
    assert (run.bar["what"], run.bar["done"], run.bar["total"], run.bar["rate"], run.bar["errors"]) == (
        "background",
        12,
        34,
        0.52,
        1,
    )
    run._heard("layers: 0 of 34 frames, 0.00 frames/s, time left unknown, 0 errors")
    assert (run.bar["what"], run.bar["left"]) == ("layers", "?") and run.lines == []


def test_a_job_is_started_watched_and_stopped(desk: Desk, tmp_path: Path) -> None:
    runs = Runs()
    run = runs.start(["verify", desk.shelf["out"].path], desk.shelf["out"].path)
    end = time.monotonic() + 240
    while (
        run.code is None or not any("all of it is what was written" in line for line in run.lines)
    ) and time.monotonic() < end:
        time.sleep(0.3)
    assert run.described()["state"] == "done", run.lines
    other = runs.start(["verify", str(tmp_path)], str(tmp_path))
    runs.stop(other.number)
    while other.code is None and time.monotonic() < end:
        time.sleep(0.1)
    assert other.described()["state"] == "stopped"


def test_words_of_a_form() -> None:
    assert form.words("annotate", {"source.path": "out", "device": "cpu", "name": ""}) == [
        "annotate",
        "out",
        "device=cpu",
    ]


def test_an_export_is_started_from_the_form(client: TestClient, desk: Desk, tmp_path: Path) -> None:
    fields = client.get("/api/jobs?job=export").json()["fields"]
    assert [one["key"] for one in fields[:3]] == ["export", "source.path", "output"]
    assert "kohya" in fields[0]["choices"] and any(one["key"] == "caption.trigger" for one in fields)
    values = {
        "source.path": desk.shelf["out"].path,
        "output": str(tmp_path / "set"),
        "caption.trigger": "akari",
    }
    checked = client.post("/api/jobs/check", json={"job": "export", "values": values}).json()
    assert checked["command"].startswith("animelayers export kohya ") and not checked["problem"]
    wrong = client.post(
        "/api/jobs/check", json={"job": "export", "values": {**values, "export": "kohyo"}}
    ).json()
    assert "kohyo" in wrong["problem"]
    assert "is missing" in client.post("/api/jobs/check", json={"job": "export", "values": {}}).json()[
        "problem"
    ].replace("are", "is")
    client.post("/api/runs", json={"job": "export", "values": values})
    run, end = next(iter(desk.runs)), time.monotonic() + 240
    while run.code is None and time.monotonic() < end:
        time.sleep(0.2)
    (told,) = client.get("/api/runs").json()["runs"]
    assert told["state"] in ("done", "done, with a warning") and (tmp_path / "set/dataset.toml").is_file(), (
        told
    )
    shelf = client.get("/api/shelf").json()
    assert [one["name"] for one in shelf["outputs"]] == ["out"], "what a trainer reads is no output"
    assert shelf["folder"] == str(Path(desk.shelf["out"].path).parent)


def _cast(folder: Path) -> dict[str, Any]:
    from animelayers.curate import roster
    from animelayers.curate.roster import Member
    from animelayers.sinks.store import Store

    os.makedirs(folder / "ann")
    made = {
        f"film/scene000{k}/1": Member("ann" if k < 2 else "bob", 0.8, False, 10 - k, f"p{k}.jpg")
        for k in range(4)
    }
    (folder / "ann/p0.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    store = Store(str(folder))
    store.put(roster.FILE, "t", roster.text(made).encode())
    store.put(roster.RECORD, "t", roster.record(made))
    return made


def test_characters_are_renamed_merged_and_moved_in_the_same_file(tmp_path: Path, desk: Desk) -> None:
    from animelayers.curate import cluster
    from animelayers.sinks.store import Store

    made = _cast(tmp_path / "who")
    one = Desk([desk.shelf["out"].path, str(tmp_path / "who")], token="right", cache=tmp_path / "cache")
    client = TestClient(app(one), base_url="http://127.0.0.1")
    client.cookies.set(COOKIE, "right")
    assert (
        client.get("/api/casts/who/picture", params={"track": "film/scene0000/1"}).headers["content-type"]
        == "image/jpeg"
    )
    client.post(
        "/api/casts/who",
        json={"do": "rename", "old": "bob", "new": "<b>Robert</b>".replace("<b>", "").replace("</b>", "")},
    )
    told = client.post(
        "/api/casts/who", json={"do": "move", "tracks": ["film/scene0000/1"], "to": "Robert"}
    ).json()
    assert {who["name"]: len(who["tracks"]) for who in told["characters"]} == {"Robert": 3, "ann": 1}
    _, names, by_hand = cluster.last(Store(str(tmp_path / "who")), made)
    assert names["film/scene0000/1"] == "Robert" and "film/scene0000/1" in by_hand, (
        "the next run of the job reads it"
    )
    for body, why in (
        ({"do": "rename", "old": "ann", "new": "a/b"}, "cannot be"),
        ({"do": "move", "tracks": ["x"], "to": "ann"}, "no track"),
    ):
        answer = client.post("/api/casts/who", json=body)
        assert answer.status_code == 422 and why in answer.json()["error"]


def test_outfits_stand_in_the_same_file(tmp_path: Path) -> None:
    from animelayers.curate import cluster
    from animelayers.desk import people
    from animelayers.sinks.store import Store

    made = _cast(tmp_path / "who")
    who = str(tmp_path / "who")
    people.dress(who, ["film/scene0001/1"], "winter")
    assert [(one["who"], one["outfit"]) for one in people.described(who)["characters"]] == [
        ("ann", ""),
        ("ann", "winter"),
        ("bob", ""),
    ]
    assert "film/scene0001/1" in cluster.last(Store(who), made)[2], "a hand put it there"
    people.rename(who, "ann", "akari")
    _, names, _ = cluster.last(Store(who), made)
    assert names["film/scene0000/1"] == "akari" and names["film/scene0001/1"] == "akari (winter)", (
        "the next run of the job reads it"
    )
    people.dress(who, ["film/scene0001/1"], "")
    assert {one["name"] for one in people.described(who)["characters"]} == {"akari", "bob"}
    for tracks, outfit, why in (
        (["film/scene0000/1", "film/scene0002/1"], "winter", "one character"),
        (["film/scene0000/1"], "a (b)", "cannot be"),
    ):
        with pytest.raises(EditError, match=why):
            people.dress(who, tracks, outfit)


def test_thumbnails_are_made_once(desk: Desk) -> None:
    book = desk.shelf["out"]
    row = book.output.row(FRAME)
    first = desk.thumbs(book.output, row)
    (file,) = [path for path in Path(desk.thumbs._folder).rglob("*.jpg") if path.read_bytes() == first]
    file.write_bytes(b"kept")
    assert desk.thumbs(book.output, row) == b"kept"
    file.unlink()
    assert json.dumps(len(desk.thumbs(book.output, row))) == str(len(first))


def test_tabs_that_ask_for_one_picture_at_once_get_it(desk: Desk, tmp_path: Path) -> None:
    output, thumbs = desk.shelf["out"].output, Thumbs(tmp_path)
    with ThreadPoolExecutor(16) as tabs:
        for width in range(40, 56):
            made = list(tabs.map(lambda _, w=width: thumbs(output, output.row(FRAME), "", w), range(16)))
            assert len(set(made)) == 1
    assert not list(tmp_path.rglob("*.tmp"))
