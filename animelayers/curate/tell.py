"""The files that tell of a set: decisions.parquet, processing_report.json, and a page to look at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa

from animelayers.curate.analyse import METRICS, Analysis
from animelayers.curate.decide import Decisions, mix
from animelayers.curate.wishes import Wishes
from animelayers.imaging import codecs
from animelayers.imaging.sheet import contact_sheet, fit
from animelayers.output import Output
from animelayers.report import put, render, sample
from animelayers.sinks import metadata
from animelayers.sinks.store import Store

_SAMPLES, _CLOSEST, _FAILURES, _WIDTH, _BARS = 6, 24, 10, 240, 20


def decided(analysis: Analysis, names: Sequence[str], decisions: Decisions, reasons: Sequence[str]) -> pa.Table:
    """decisions.parquet: frame_id, name (of its files), strategy ('none' for none), confidence, reasoning, ruled, margin, score_STRATEGY, metrics."""
    words = np.array([*decisions.strategies, "none"])
    columns: dict[str, Any] = {
        "frame_id": list(analysis.frame_id), "name": list(names), "strategy": words[decisions.chosen], "confidence": decisions.confidence,
        "reasoning": list(reasons), "ruled": words[decisions.ruled], "margin": decisions.margin,
    }  # fmt: skip
    scores = {f"score_{name}": decisions.scores[:, s] for s, name in enumerate(decisions.strategies)}
    return pa.table({**columns, **scores, **{name: getattr(analysis, name) for name in METRICS}})


def processed(decisions: pa.Table, results: Mapping[str, Mapping[str, Any]], strategies: Sequence[str], output: str) -> dict[str, Any]:
    """processing_report.json: the summary, and a result per frame; files under `output`, the set as the user names it."""
    rows, done = [], dict.fromkeys(strategies, 0)
    columns = ["frame_id", "name", "strategy", "confidence", "reasoning"]
    for row in decisions.select(columns).to_pylist():
        result = results.get(row["frame_id"]) or {"success": False, "outputs": [], "error": row["reasoning"]}
        done[row["strategy"]] = done.get(row["strategy"], 0) + result["success"]
        rows.append(
            {
                "frame": f"{row['name']}.png",
                "strategy": row["strategy"],
                "confidence": round(row["confidence"], 2),
                "reasoning": row["reasoning"],
                "outputs": [f"{output.rstrip('/')}/{file}" for file in result["outputs"]],
                "success": result["success"],
                "error": result["error"],
            }
        )
    good = sum(done.values())
    done.pop("none", None)
    return {"summary": {"total_frames": len(rows), "successful": good, "failed": len(rows) - good, "strategies": done}, "results": rows}


def keep(store: Store, decisions: pa.Table, report: Mapping[str, Any] | None) -> None:
    """Write decisions.parquet, and processing_report.json if the decisions were carried out."""
    store.put("decisions.parquet", "decide", metadata.to_bytes(decisions))
    if report is not None:
        store.put("processing_report.json", "report", json.dumps(report, indent=1, ensure_ascii=False).encode(errors="surrogateescape") + b"\n")


def closing(
    output: str, decisions: Decisions, wishes: Wishes, report: Mapping[str, Any] | None, unmeasured: int, page: bool
) -> tuple[list[str], int]:
    """The lines that close a run, and its exit code: 3 where frames failed or could not be measured, 1 where all failed.

    ``report``: as `processed` gives it, None where nothing was carried out. ``page``: whether there is one.
    """
    total, mixed = len(decisions.chosen), decisions.mix()
    lines = [f"{total} distinct drawings"]
    lines += [f"  {name:<18}{n:>7}  {n / total:6.1%}  target {wishes.targets[name]:.0%}" for name, n in mixed.items()]
    failures = [row for row in report["results"] if not row["success"]] if report else []
    code = 3 if unmeasured or failures else 0
    if report and failures:
        lines.append(f"{len(failures)} failed:")
        lines += [f"  {row['frame']}: {row['error']}" for row in failures[:_FAILURES]]
        lines += [f"  … and {len(failures) - _FAILURES} more in processing_report.json"] * (len(failures) > _FAILURES)
        code = code if report["summary"]["successful"] else 1
    if unmeasured:
        lines.append(f"{unmeasured} drawings could not be measured and are left out")
    lines.append(f"{'set' if report else 'decided, nothing made'}  {output}")
    lines += [f"report  {output.rstrip('/')}/report/index.html"] * page
    return lines, code


def page(
    store: Store,
    output: Output,
    table: pa.Table,
    decisions: Decisions,
    wishes: Wishes,
    changes: Sequence[tuple[str, float, Mapping[str, int]]],
    report: Mapping[str, Any] | None,
    unmeasured: int,
) -> None:
    """Write report/index.html: mix against targets, what if, distributions, samples and the closest decisions, with small pictures."""
    store.folder("report/pictures")
    strategies, total = decisions.strategies, max(1, len(table))
    solved, ruled = decisions.mix(), mix(decisions.ruled, strategies)
    confidence = {name: _mean(decisions.confidence[decisions.chosen == s]) for s, name in enumerate(strategies)}
    closest = table.take(np.argsort(np.where(decisions.chosen < 0, np.inf, np.abs(decisions.margin)), kind="stable")[:_CLOSEST])
    shown = {name: sample(table.filter(pa.compute.equal(table["strategy"], name)), _SAMPLES) for name in strategies}
    for row in closest.to_pylist():
        _small(store, row["name"], _picture(output, row["frame_id"]))
    outputs = {row["frame"]: row["outputs"] for row in report["results"]} if report else {}
    for row in [row for rows in shown.values() for row in rows]:
        made = _made(store, outputs.get(f"{row['name']}.png", ()))
        row["made"] = made is not None
        _small(store, f"{row['name']}.made" if row["made"] else row["name"], _picture(output, row["frame_id"]) if made is None else made)
    html = render(
        files("animelayers.curate").joinpath("report.html"),
        total=len(table), wishes=wishes, strategies=strategies, solved=solved, ruled=ruled, share=lambda n: n / total, confidence=confidence,
        changes=changes, metrics={name: _distribution(table, name, strategies) for name in METRICS}, samples=shown, closest=closest.to_pylist(),
        report=report, failures=[row for row in report["results"] if not row["success"]][:200] if report else [], unmeasured=unmeasured,
    )  # fmt: skip
    put(store.fs, store.path("report/index.html"), html)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else 0.0


def _small(store: Store, name: str, picture: np.ndarray | None) -> None:
    if picture is not None:
        put(store.fs, store.path(f"report/pictures/{name}.jpg"), codecs.encode_jpeg(picture, 85))


def _made(store: Store, outputs: Sequence[str]) -> np.ndarray | None:
    """What a strategy made of a frame, small, side by side; None where nothing is there."""
    files = ["/".join(path.rsplit("/", 3)[1:]) for path in outputs if path.endswith(".png")]
    found = [codecs.decode(data) for file in files if (data := store.read(file)) is not None]
    return contact_sheet([fit(picture, _WIDTH) for picture in found], columns=min(2, len(found))) if found else None


def _picture(output: Output, frame_id: str) -> np.ndarray | None:
    """The frame put together again, small; None if it cannot be read, which its result tells."""
    from animelayers.curate.execute import Stored

    try:
        return fit(Stored(output, output.row(frame_id))["frame"], _WIDTH)
    except Exception:  # the boundary of the page: a damaged layer costs its picture, not the report
        return None


def _distribution(table: pa.Table, name: str, strategies: Sequence[str]) -> dict[str, Any]:
    """Bars of a metric: labels, and heights per strategy as shares of the highest bar."""
    values, chosen = np.array(table[name].to_pylist()), np.array(table["strategy"].to_pylist())
    if name in ("shot_size", "instance_count"):
        kinds = [k for k in ("close_up", "medium", "full_body", "far", "none")] if name == "shot_size" else sorted(set(values.tolist()))
        labels, place = [str(k) if name == "shot_size" else f"{k:.0f}" for k in kinds], np.array([kinds.index(v) for v in values.tolist()], int)
    else:
        labels = [f"{k / _BARS:g}" if k % (_BARS // 4) == 0 else "" for k in range(_BARS)]
        place = np.clip((values * _BARS).astype(int), 0, _BARS - 1)
    bars = np.array([np.bincount(place[chosen == s], minlength=len(labels)) for s in strategies])
    return {"labels": labels, "bars": (bars / max(1, bars.sum(0).max())).T.tolist(), "counts": bars.sum(0).tolist()}
