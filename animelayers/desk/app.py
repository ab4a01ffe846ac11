"""The desk's web application: pages and answers, each a few lines over what the other modules know.

Whoever has the token may look and change; nobody else is answered. Files are only read through outputs, by
frame and layer, never by path.
"""

from __future__ import annotations

import json
import shlex
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from animelayers.curate.roster import EditError
from animelayers.dataset.output import Output
from animelayers.desk import commit, compare, correct, decisions, form, people, rows
from animelayers.desk import shots as shot_list
from animelayers.desk.commit import CorrectionError
from animelayers.desk.correct import Said
from animelayers.desk.guard import Guard
from animelayers.desk.pictures import facts, place_on_plate
from animelayers.desk.runs import Run, Stages, commits
from animelayers.desk.shelf import Book
from animelayers.desk.state import Desk
from animelayers.imaging import codecs
from animelayers.sinks.store import SinkError

_LISTED = (
    "frame_id", "drawing_of", "episode", "scene_id", "frame_index", "timestamp_s", "flags", "corrected", "characters", "shot_size",
    "character_coverage", "character_confidence", "recompose_psnr", "effect_mode", "instance_ids", "background_invented",
)  # fmt: skip
_PAGE = 400
_KINDS = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff\xe0": "image/jpeg",
    b"\xff\xd8\xff": "image/jpeg",
    b"RIFF": "image/webp",
}


def app(desk: Desk, hosts: Sequence[str] = ("127.0.0.1", "localhost", "[::1]")) -> Starlette:
    """The application of a desk, which answers to these names of its machine only."""
    api = [
        Route("/shelf", _asked(desk, _shelf)),
        Route("/out/{out}/columns", _asked(desk, _columns)),
        Route("/out/{out}/rows", _asked(desk, _rows), methods=["POST"]),
        Route("/out/{out}/frame", _asked(desk, _frame)),
        Route("/out/{out}/thumb", _asked(desk, _thumb)),
        Route("/out/{out}/layer", _asked(desk, _layer)),
        Route("/out/{out}/plate", _asked(desk, _plate)),
        Route("/out/{out}/shots", _asked(desk, _shots)),
        Route("/out/{out}/shot", _asked(desk, _shot)),
        Route("/out/{out}/try", _asked(desk, _try)),
        Route("/out/{out}/search", _asked(desk, _search), methods=["POST"]),
        Route("/out/{out}/correct", _asked(desk, _correct)),
        Route("/out/{out}/correct", _asked(desk, _correction), methods=["POST"]),
        Route("/out/{out}/preview", _asked(desk, _preview)),
        Route("/compare", _asked(desk, _compare)),
        Route("/jobs", _asked(desk, _jobs)),
        Route("/jobs/check", _asked(desk, _check), methods=["POST"]),
        Route("/runs", _asked(desk, _runs)),
        Route("/runs", _asked(desk, _start), methods=["POST"]),
        Route("/runs/{number:int}/stop", _asked(desk, _stop), methods=["POST"]),
        Route("/sets/{name}", _asked(desk, _set)),
        Route("/sets/{name}", _asked(desk, _decide), methods=["POST"]),
        Route("/sets/{name}/tune", _asked(desk, _tune), methods=["POST"]),
        Route("/sets/{name}/aim", _asked(desk, _aim), methods=["POST"]),
        Route("/casts/{name}", _asked(desk, _cast)),
        Route("/casts/{name}", _asked(desk, _recast), methods=["POST"]),
        Route("/casts/{name}/picture", _asked(desk, _contact)),
    ]
    static = str(files("animelayers.desk").joinpath("static"))

    @asynccontextmanager
    async def life(_: Starlette) -> Any:
        threading.Thread(target=desk.warm, daemon=True).start()
        yield
        await run_in_threadpool(desk.runs.end)

    pages = [
        Route("/", _index),
        Route("/health", lambda _: Response("ok")),
        Mount("/api", routes=api),
        Mount("/static", StaticFiles(directory=static)),
    ]
    return Starlette(
        routes=pages, middleware=[Middleware(Guard, token=desk.token, hosts=hosts)], lifespan=life
    )


def _index(_: Request) -> Response:
    page = files("animelayers.desk").joinpath("static/index.html").read_text(encoding="utf-8")
    return Response(page, media_type="text/html", headers={"cache-control": "no-store"})


Answer = Callable[[Desk, Request, dict[str, Any]], Any]


def _asked(desk: Desk, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint: answers in a thread; what cannot be answered is one line."""

    async def asked(request: Request) -> Response:
        try:
            body = json.loads(await request.body() or b"{}") if request.method == "POST" else {}
            if not isinstance(body, dict):
                raise ValueError("what is asked is no mapping")
            found = await run_in_threadpool(partial(answer, desk, request, body))
            return found if isinstance(found, Response) else JSONResponse(found)
        except KeyError as missing:
            return JSONResponse({"error": str(missing.args[0]) if missing.args else "not there"}, 404)
        except SinkError as problem:
            return JSONResponse({"error": str(problem)}, 409)
        except (ValueError, TypeError, OSError, EditError, CorrectionError) as wrong:
            return JSONResponse({"error": str(wrong) or type(wrong).__name__}, 422)

    return asked


def _book(desk: Desk, request: Request) -> Book:
    return desk.shelf[request.path_params["out"]]


def _row(book: Book, request: Request) -> tuple[Output, dict[str, Any]]:
    output = book.output
    return output, output.row(request.query_params.get("id", ""))


def _picture(data: bytes, keep: bool = True) -> Response:
    kind = next((kind for head, kind in _KINDS.items() if data.startswith(head)), "application/octet-stream")
    return Response(
        data, media_type=kind, headers={"cache-control": "private, max-age=86400" if keep else "no-store"}
    )


def _shelf(desk: Desk, _: Request, __: dict[str, Any]) -> Any:
    desk.renew([*desk.paths, *(run.output for run in desk.runs)])
    return {
        "outputs": desk.shelf.described(),
        "sets": sorted(desk.sets),
        "casts": sorted(desk.casts),
        "places": desk.sets,
        "folder": str(desk.folder),
        "films": desk.films(),
    }


def _columns(desk: Desk, request: Request, _: dict[str, Any]) -> Any:
    book = _book(desk, request)
    table = book.output.table
    embedded = sorted(
        name for name in table.column_names if name in ("visual_frame", "clip_frame", "dinov2_frame")
    )
    return {
        "columns": rows.columns(table),
        "layers": book.output.layers,
        "embedded": embedded,
        "version": book.version,
        "frames": len(book.output),
    }


def _rows(desk: Desk, request: Request, body: dict[str, Any]) -> Any:
    book = _book(desk, request)
    chosen = desk.chosen(book, body)
    start, count = max(0, int(body.get("start", 0))), min(_PAGE, max(0, int(body.get("count", 60))))
    return {
        "total": len(chosen.at),
        "rows": chosen.page(start, count, _LISTED),
        "facets": chosen.facets([str(name) for name in body.get("facets", [])]),
        "version": book.version,
    }


def _frame(desk: Desk, request: Request, _: dict[str, Any]) -> Any:
    book = _book(desk, request)
    output, row = _row(book, request)
    layers = [name for name in output.layers if row.get(f"{name}_file") and name != "plate"]
    found: dict[str, Any] = {
        "row": rows.plain([facts(row)])[0],
        "layers": layers,
        "mode": row.get("effect_mode") or "none",
        "shot": shot_list.named(output, row),
    }
    try:
        plate, camera = output.plate(row["frame_id"])
        found["plate"] = {
            "corners": place_on_plate(plate, camera, (int(row["width"]), int(row["height"]))),
            "width": plate.shape[1],
            "height": plate.shape[0],
        }
    except (KeyError, TypeError, ValueError):
        found["plate"] = None
    return found


def _thumb(desk: Desk, request: Request, _: dict[str, Any]) -> Response:
    output, row = _row(_book(desk, request), request)
    return _picture(desk.thumbs(output, row, request.query_params.get("layer", "")))


def _layer(desk: Desk, request: Request, _: dict[str, Any]) -> Response:
    output, row = _row(_book(desk, request), request)
    name = request.query_params.get("layer", "whole")
    return _picture(
        codecs.encode_jpeg(output.composed(row), 95) if name == "whole" else output.stored(row, name)
    )


def _plate(desk: Desk, request: Request, _: dict[str, Any]) -> Response:
    output, row = _row(_book(desk, request), request)
    return _picture(codecs.encode_jpeg(output.plate(row["frame_id"])[0], 90))


def _shots(desk: Desk, request: Request, _: dict[str, Any]) -> Any:
    book = _book(desk, request)
    return {"shots": desk.shots(book)}


def _shot(desk: Desk, request: Request, _: dict[str, Any]) -> Any:
    return shot_list.sheet(desk.shot(_book(desk, request), request.query_params.get("shot", "")))


def _try(desk: Desk, request: Request, _: dict[str, Any]) -> Any:
    book = _book(desk, request)
    return {
        "values": shot_list.trial(
            book.path, book.output, desk.shot(book, request.query_params.get("shot", ""))
        )
    }


def _search(desk: Desk, request: Request, body: dict[str, Any]) -> Any:
    output = _book(desk, request).output
    if body.get("like"):
        columns = [
            name
            for name in ("visual_frame", "clip_frame", "dinov2_frame")
            if name in output.table.column_names
        ]
        if not columns:
            raise ValueError("the output has no embeddings: run animelayers annotate OUT first")
        found = output.nearest(str(body["like"]), 60, columns[0])
    else:
        found = output.search(str(body.get("words", "")), 60)
    listed = [
        {**{k: output.row(frame).get(k) for k in _LISTED}, "alike": round(float(alike), 3)}
        for frame, alike in found
    ]
    return {"rows": rows.plain(listed)}


def _correcting(desk: Desk, request: Request, shot: str) -> correct.Correction:
    book = _book(desk, request)
    return desk.corrections.of(book.output, desk.shot(book, shot), book.version)


def _correct(desk: Desk, request: Request, _: dict[str, Any]) -> Any:
    return _correcting(desk, request, request.query_params.get("shot", "")).described()


def _correction(desk: Desk, request: Request, body: dict[str, Any]) -> Any:
    book, name = _book(desk, request), str(body.get("shot", ""))
    if body.get("do") == "take back":
        desk.shot(book, name)
        count = commit.take_back(book.path, name)
        desk.corrections.forget(book.path)
        book.renew()
        return {"clips": count}
    making = _correcting(desk, request, name)
    match body.get("do"):
        case "say":
            points = [(float(x), float(y)) for x, y in body.get("points", [])]
            making.say(
                Said(
                    int(body.get("drawing", -1)),
                    str(body.get("kind", "")),
                    points,
                    float(body.get("radius", 0.01)),
                    int(body.get("label", 1)),
                )
            )
        case "undo":
            making.undo()
        case "redo":
            making.redo()
        case "stop":
            making.stop(int(body.get("first", 0)), int(body.get("last", 0)))
        case "save":
            saved = making.save()
            desk.corrections.forget(book.path)
            book.renew()
            return saved
        case other:
            raise ValueError(
                f"{other!r} is nothing a correction does: say, undo, redo, stop, save, take back"
            )
    return making.described()


def _preview(desk: Desk, request: Request, _: dict[str, Any]) -> Response:
    drawing = int(request.query_params.get("drawing", "0"))
    return _picture(
        _correcting(desk, request, request.query_params.get("shot", "")).preview(drawing), keep=False
    )


def _compare(desk: Desk, request: Request, _: dict[str, Any]) -> Any:
    one, other = (desk.shelf[request.query_params.get(side, "")].output for side in ("a", "b"))
    found = compare.differing(one, other)
    return {"total": len(found), "same": sum(row["same"] for row in found), "rows": found[:2000]}


def _jobs(desk: Desk, request: Request, _: dict[str, Any]) -> Any:
    name = request.query_params.get("job", "decompose")
    if name not in form.JOBS:
        raise KeyError(f"the desk starts no job {name!r}: there is {', '.join(form.JOBS)}")
    return {"jobs": list(form.JOBS), "fields": form.form(name)}


def _words(body: dict[str, Any]) -> list[str]:
    name, values = str(body.get("job", "")), body.get("values", {})
    if name not in form.JOBS or not isinstance(values, dict):
        raise ValueError(f"job {name!r}: there is {', '.join(form.JOBS)}")
    return form.words(name, {str(k): str(v) for k, v in values.items()})


def _check(desk: Desk, request: Request, body: dict[str, Any]) -> Any:
    words = _words(body)
    return {"command": shlex.join(["animelayers", *words]), "problem": form.problem(words[0], words)}


def _start(desk: Desk, request: Request, body: dict[str, Any]) -> Any:
    before = desk.runs[int(body["again"])] if body.get("again") else None
    words = before.words if before else _words(body)
    if problem := form.problem(words[0], words):
        raise ValueError(problem)
    places = form.JOBS[words[0]]
    output = dict(zip(places, words[1:], strict=False)).get("output") or words[1]
    values = {str(k): str(v) for k, v in body.get("values", {}).items()}
    trial = body.get("trial") or {}
    tried = (str(trial["out"]), str(trial["shot"])) if "out" in trial and "shot" in trial else None
    run = desk.runs.start(
        words, output, before.values if before else values, before.trial if before else tried
    )
    if words[0] in form.OUTPUTS:
        desk.shelf.add(output)
    return run.described()


def _runs(desk: Desk, _: Request, __: dict[str, Any]) -> Any:
    return {"runs": [_described(desk, run) for run in list(desk.runs)[::-1]]}


def _described(desk: Desk, run: Run) -> dict[str, Any]:
    """A run with the name of its output on the shelf, the newest frames in it, and what failed."""
    told = {**run.described(), "name": "", "newest": [], "failed": [], "set": _made(desk, run)}
    if run.words[0] not in form.OUTPUTS:
        return told
    book = desk.shelf.add(run.output)
    if told["code"] is not None and not run.ended:
        # who looks at it now wants all of it, not what was there a moment ago
        run.ended = True
        book.renew()
    told["name"] = book.name
    told["stages"] = desk.stages.setdefault(run.number, Stages(run.output))() if run.code is None else []
    try:
        newest = set(commits(book.path, 4))
        if newest:
            output = book.output
            told["frames"] = len(output)
            stems = {name.removesuffix(".parquet") for name in newest}
            table = output.table.select(["frame_id", "drawing_of", "shard"])
            there = pc.is_in(table["shard"], pa.array([f"{stem}.tar" for stem in stems], pa.string()))
            told["newest"] = table.filter(pc.and_(there, pc.is_null(table["drawing_of"])))[
                "frame_id"
            ].to_pylist()[-12:]
            if run.trial:
                tried = desk.shelf[run.trial[0]]
                told["pairs"] = shot_list.pairs(tried.output, desk.shot(tried, run.trial[1]), output)
                told["before"], told["apply"] = tried.name, shot_list.applied(tried.path, run.values)
            told["failed"] = [
                {k: row[k] for k in ("source", "clip_id", "error")}
                for row in output.errors.slice(0, 50).to_pylist()
            ]
    except (SinkError, KeyError, OSError, ValueError):
        pass  # it is being written; the next look tells more
    return told


def _made(desk: Desk, run: Run) -> str | None:
    """The curated set that a run has made."""
    if run.code is None or run.words[0] != "curate":
        return None
    desk.renew([run.output])
    own = Path(run.output).resolve()
    return next((name for name, path in desk.sets.items() if Path(path).resolve() == own), None)


def _stop(desk: Desk, request: Request, _: dict[str, Any]) -> Any:
    desk.runs.stop(int(request.path_params["number"]))
    return desk.runs[int(request.path_params["number"])].described()


def _named(of: dict[str, str], name: str) -> str:
    if name not in of:
        raise KeyError(f"there is no {name!r} on this desk")
    return of[name]


def _set(desk: Desk, request: Request, _: dict[str, Any]) -> Any:
    told = decisions.described(_named(desk.sets, request.path_params["name"]))
    frame = told["rows"][0]["frame_id"] if told["rows"] else ""
    told["output"] = next(
        (book.name for book in desk.shelf if book.look().state != "damaged" and frame in book.output), None
    )
    return {**told, "rows": rows.plain(told["rows"])}


def _decide(desk: Desk, request: Request, body: dict[str, Any]) -> Any:
    path = _named(desk.sets, request.path_params["name"])
    decisions.say(path, str(body.get("frame_id", "")), str(body.get("strategy", "")))
    return {"said": True}


def _tune(desk: Desk, request: Request, _: dict[str, Any]) -> Any:
    found, path = decisions.tuned(_named(desk.sets, request.path_params["name"]))
    return {**found._asdict(), "file": str(path), "text": found.text()}


def _aim(desk: Desk, request: Request, body: dict[str, Any]) -> Any:
    scored = body.get("scores", {})
    if not isinstance(scored, dict):
        raise ValueError('a result is a mapping of traits to scores, like {"long": 0.15, "close_up": 0.95}')
    found, path = decisions.aimed(_named(desk.sets, request.path_params["name"]), scored)
    goals = found.goals
    traits = [trait._asdict() for trait in found.traits]
    return {
        "traits": traits,
        "needs": dict(goals.needs),
        "targets": dict(goals.targets),
        "file": str(path),
        "text": found.text(),
    }


def _cast(desk: Desk, request: Request, _: dict[str, Any]) -> Any:
    return people.described(_named(desk.casts, request.path_params["name"]))


def _recast(desk: Desk, request: Request, body: dict[str, Any]) -> Any:
    path = _named(desk.casts, request.path_params["name"])
    if body.get("do") == "rename":
        people.rename(path, str(body.get("old", "")), str(body.get("new", "")))
    elif body.get("do") == "move":
        people.move(path, [str(track) for track in body.get("tracks", [])], str(body.get("to", "")))
    elif body.get("do") == "dress":
        people.dress(path, [str(track) for track in body.get("tracks", [])], str(body.get("outfit", "")))
    else:
        raise ValueError(f"{body.get('do')!r} is nothing to do with characters: rename, move, dress")
    return people.described(path)


def _contact(desk: Desk, request: Request, _: dict[str, Any]) -> Response:
    """A contact picture: of a track that the file names, never of a path that is given."""
    path, track = _named(desk.casts, request.path_params["name"]), request.query_params.get("track", "")
    for character in people.described(path)["characters"]:
        for member in character["tracks"]:
            if member["track"] == track and member["folder"]:
                return _picture(Path(path, member["folder"], member["picture"]).read_bytes(), keep=False)
    raise KeyError(f"no picture of {track!r}")
