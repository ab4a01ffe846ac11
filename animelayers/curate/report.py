"""The files that tell of a set: decisions.parquet, and a page to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from animelayers.curate.analyse import METRICS, Analysis
from animelayers.curate.decide import Decisions, mix
from animelayers.curate.goals import Goals
from animelayers.dataset.output import Output
from animelayers.imaging import codecs
from animelayers.imaging.sheet import contact_sheet, fit
from animelayers.report.page import put, render, sample
from animelayers.sinks import parquet
from animelayers.sinks.curated import DECISIONS
from animelayers.sinks.store import Store

_SAMPLES, _CLOSEST, _FAILURES, _WIDTH, _BARS = 6, 24, 10, 240, 20


def decided(
    analysis: Analysis, names: Sequence[str], decisions: Decisions, reasons: Sequence[str]
) -> pa.Table:
    """decisions.parquet: frame_id, name (of its files), strategy ('none' for none), confidence, reasoning,
    ruled, margin, score_STRATEGY, metrics.
    """
    words = np.array([*decisions.strategies, "none"])
    columns: dict[str, Any] = {
        "frame_id": list(analysis.frame_id), "name": list(names), "strategy": words[decisions.chosen], "confidence": decisions.confidence,
        "reasoning": list(reasons), "ruled": words[decisions.ruled], "margin": decisions.margin,
    }  # fmt: skip
    scores = {f"score_{name}": decisions.scores[:, s] for s, name in enumerate(decisions.strategies)}
    return pa.table({**columns, **scores, **{name: getattr(analysis, name) for name in METRICS}})


def outcomes(decisions: pa.Table, rows: pa.Table, strategies: Sequence[str]) -> dict[str, Any]:
    """What became of every decision: ``summary``, and a result per frame with the rows of the set that were
    made of it.

    ``rows``: the set's frame table, failures among them.
    """
    made: dict[str, list[dict[str, Any]]] = {}
    for row in rows.to_pylist():
        made.setdefault(row["origin"], []).append(row)
    found, done = [], dict.fromkeys(strategies, 0)
    for row in decisions.select(["frame_id", "name", "strategy", "reasoning"]).to_pylist():
        pictures = made.get(row["frame_id"], [])
        error = (
            next((one["error"] for one in pictures if one["error"]), None) if pictures else row["reasoning"]
        )
        done[row["strategy"]] = done.get(row["strategy"], 0) + (error is None)
        found.append(
            {
                **row,
                "frame": row["name"],
                "pictures": [] if error else pictures,
                "success": error is None,
                "error": error,
            }
        )
    good = sum(done.values())
    done.pop("none", None)
    return {
        "summary": {
            "total_frames": len(found),
            "successful": good,
            "failed": len(found) - good,
            "strategies": done,
        },
        "results": found,
    }


def keep(store: Store, decisions: pa.Table) -> None:
    """Write decisions.parquet."""
    store.put(DECISIONS, "decide", parquet.to_bytes(decisions))


def closing(
    output: str,
    decisions: Decisions,
    goals: Goals,
    report: Mapping[str, Any] | None,
    unmeasured: int,
    page: bool,
    left: Mapping[str, int] = MappingProxyType({}),
    lacking: Mapping[str, str] = MappingProxyType({}),
) -> tuple[list[str], int]:
    """The lines that close a run, and its exit code: 3 where frames failed or could not be measured, 1 where
    all failed.

    ``report``: as `outcomes` gives it, None where nothing was carried out. ``page``: whether there is one.
    ``left``: drawings left out by reason. ``lacking``: why targets are not met.
    """
    total, mixed = len(decisions.chosen), decisions.mix()
    lines = [f"{total} distinct drawings"]
    lines += [
        f"  {name:<18}{n:>7}  {n / total:6.1%}  target {goals.targets[name]:.0%}"
        for name, n in mixed.items()
        if n or name in lacking
    ]
    lines += [f"target not met: {name}: {why}" for name, why in lacking.items()]
    lines += [f"left out: {', '.join(f'{number} {reason}' for reason, number in left.items())}"] * bool(left)
    failures = [row for row in report["results"] if not row["success"]] if report else []
    code = 3 if unmeasured or failures else 0
    if report and failures:
        lines.append(f"{len(failures)} failed:")
        lines += [f"  {row['frame']}: {row['error']}" for row in failures[:_FAILURES]]
        lines += [f"  … and {len(failures) - _FAILURES} more in report/index.html"] * (
            len(failures) > _FAILURES
        )
        code = code if report["summary"]["successful"] else 1
    if unmeasured:
        lines.append(f"{unmeasured} drawings could not be measured and are left out")
    lines.append(f"{'set' if report else 'decided, nothing made'}  {output}")
    lines += [f"report  {output.rstrip('/')}/report/index.html"] * page
    return lines, code


def page(
    target: str,
    output: Output,
    table: pa.Table,
    decisions: Decisions,
    goals: Goals,
    changes: Sequence[tuple[str, float, Mapping[str, int]]],
    report: Mapping[str, Any] | None,
    unmeasured: int,
    left: Mapping[str, int] = MappingProxyType({}),
    lacking: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write report/index.html of the set `target`: mix against targets, what if, distributions, samples, the
    closest decisions.
    """
    store = Store(target)
    store.folder("report/pictures")
    strategies, total = decisions.strategies, max(1, len(table))
    solved, ruled = decisions.mix(), mix(decisions.ruled, strategies)
    confidence = {
        name: _mean(decisions.confidence[decisions.chosen == s]) for s, name in enumerate(strategies)
    }
    closest = table.take(
        np.argsort(np.where(decisions.chosen < 0, np.inf, np.abs(decisions.margin)), kind="stable")[:_CLOSEST]
    )
    shown = {
        name: sample(table.filter(pa.compute.equal(table["strategy"], name)), _SAMPLES) for name in strategies
    }
    for row in closest.to_pylist():
        _small(store, row["name"], _picture(output, row["frame_id"]))
    pictures = {row["frame_id"]: row["pictures"] for row in report["results"]} if report else {}
    for row in [row for rows in shown.values() for row in rows]:
        made = _made(target, pictures.get(row["frame_id"], ()))
        row["made"] = made is not None
        _small(
            store,
            f"{row['name']}.made" if row["made"] else row["name"],
            _picture(output, row["frame_id"]) if made is None else made,
        )
    html = render(
        files("animelayers.curate").joinpath("report.html"),
        total=len(table), goals=goals, strategies=strategies, solved=solved, ruled=ruled, share=lambda n: n / total, confidence=confidence,
        changes=changes, metrics={name: _distribution(table, name, strategies) for name in METRICS}, samples=shown, closest=closest.to_pylist(),
        report=report, failures=[row for row in report["results"] if not row["success"]][:200] if report else [], unmeasured=unmeasured,
        left=left, lacking=lacking,
    )  # fmt: skip
    put(store.fs, store.path("report/index.html"), html)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else 0.0


def _small(store: Store, name: str, picture: np.ndarray | None) -> None:
    if picture is not None:
        put(store.fs, store.path(f"report/pictures/{name}.jpg"), codecs.encode_jpeg(picture, 85))


def _made(target: str, pictures: Sequence[dict[str, Any]]) -> np.ndarray | None:
    """What a strategy made of a frame, small, side by side; None where nothing is there."""
    if not pictures:
        return None
    output = Output(target)
    return contact_sheet(
        [fit(output.picture(row, "frame"), _WIDTH) for row in pictures], columns=min(2, len(pictures))
    )


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
        kinds = (
            [k for k in ("close_up", "medium", "full_body", "long", "none")]
            if name == "shot_size"
            else sorted(set(values.tolist()))
        )
        labels, place = (
            [str(k) if name == "shot_size" else f"{k:.0f}" for k in kinds],
            np.array([kinds.index(v) for v in values.tolist()], int),
        )
    else:
        labels = [f"{k / _BARS:g}" if k % (_BARS // 4) == 0 else "" for k in range(_BARS)]
        place = np.clip((values * _BARS).astype(int), 0, _BARS - 1)
    bars = np.array([np.bincount(place[chosen == s], minlength=len(labels)) for s in strategies])
    return {
        "labels": labels,
        "bars": (bars / max(1, bars.sum(0).max())).T.tolist(),
        "counts": bars.sum(0).tolist(),
    }
