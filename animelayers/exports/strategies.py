"""A training set as plain folders: a folder per strategy, and processing_report.json, as people's own scripts
read them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from animelayers.dataset.output import Output
from animelayers.exports import picture as pictures
from animelayers.exports.base import Exporter, Piece
from animelayers.record.schema import Row
from animelayers.sinks import dataset, parquet
from animelayers.sinks.curated import DECISIONS
from animelayers.sinks.store import Store

REPORT = "processing_report.json"
_UNSAFE = re.compile(r'[\x00-\x1f\x7f\ud800-\udfff/\\:*?"<>|]')
_LONGEST = 180  # bytes: with a strategy's suffix and '.png' below the 255 that a file name may have


@dataclass(frozen=True, kw_only=True)
class Strategies(Exporter):
    """STRATEGY/images/NAME_character.png, masks/NAME_mask.png and captions/NAME_character.txt of a training
    set, and processing_report.json: every frame with its strategy, confidence, reasoning, files and error.
    """

    def pieces(self, output: Output) -> Iterator[Piece]:
        """A picture with its caption and its mask each. Raises ValueError for an output that is no training
        set.
        """
        if not pictures.curated(output):
            raise ValueError(
                f"{output.path} is no training set: animelayers curate {output.path} SET makes one"
            )
        called = self._called(output)
        for row in self.select.rows(output):
            files = _files(row, called[row["origin"]])
            yield Piece(tuple(files.values()), partial(_make, output, row, files), 1, row["frame_id"])

    def index(self, output: Output, folder: str) -> Iterator[Piece]:
        """processing_report.json."""
        yield Piece((REPORT,), lambda: {REPORT: self._report(output, folder)}, 0)

    def _called(self, output: Output) -> dict[str, str]:
        frames = sorted(
            {*output.table["origin"].to_pylist(), *self._decisions(output)["frame_id"].to_pylist()}
        )
        return dict(zip(frames, names(frames), strict=True))

    def _decisions(self, output: Output) -> pa.Table:
        return parquet.read(
            Store(output.path), DECISIONS, ["frame_id", "strategy", "confidence", "reasoning"]
        )

    def _report(self, output: Output, folder: str) -> bytes:
        told, called, root = [], self._called(output), dataset.public_path(Store(output.path), folder)
        errors = (
            dict(zip(output.errors["origin"].to_pylist(), output.errors["error"].to_pylist(), strict=True))
            if len(output.errors)
            else {}
        )
        made: dict[str, list[str]] = {}
        for row in self.select.rows(output):
            made.setdefault(row["origin"], []).extend(
                f"{root}/{file}" for file in _files(row, called[row["origin"]]).values()
            )
        for row in self._decisions(output).to_pylist():
            frame = row["frame_id"]
            error = errors.get(frame) or (
                None if frame in made else row["reasoning"] if row["strategy"] == "none" else "not made yet"
            )
            told.append(
                {
                    "frame": f"{called[frame]}.png",
                    "strategy": row["strategy"],
                    "confidence": round(row["confidence"], 2),
                    "reasoning": row["reasoning"],
                    "outputs": made.get(frame, []),
                    "success": error is None,
                    "error": error,
                }
            )
        done = Counter({row["strategy"]: 0 for row in told if row["strategy"] != "none"} | {})
        done.update(row["strategy"] for row in told if row["success"])
        good = sum(done.values())
        summary: dict[str, Any] = {
            "total_frames": len(told),
            "successful": good,
            "failed": len(told) - good,
            "strategies": dict(done),
        }
        return (
            json.dumps({"summary": summary, "results": told}, indent=1, ensure_ascii=False).encode(
                errors="surrogateescape"
            )
            + b"\n"
        )


def names(frame_ids: Iterable[str]) -> list[str]:
    """A name for each frame that is fit for a file and that no other has, case aside; those that would clash
    carry a digest.
    """
    ids = list(frame_ids)
    plain = [
        _UNSAFE.sub("_", name).lstrip(".-").encode()[:_LONGEST].decode(errors="ignore") or "_" for name in ids
    ]
    shared = Counter(name.casefold() for name in plain)
    digest = (
        f"{name}_{hashlib.sha256(i.encode(errors='surrogatepass')).hexdigest()[:8]}"
        for name, i in zip(plain, ids, strict=True)
    )
    return [
        longer if shared[name.casefold()] > 1 else name for name, longer in zip(plain, digest, strict=True)
    ]


def _files(row: Row, name: str) -> dict[str, str]:
    """Of each of a picture's parts its file."""
    whole = f"{name}_{row['kind']}" if row["kind"] else name
    masked = name if row["kind"] == "character" else whole
    files = {"frame": f"{row['strategy']}/images/{whole}.png"}
    files |= {"mask": f"{row['strategy']}/masks/{masked}_mask.png"} if row.get("mask_file") else {}
    return files | ({"caption": f"{row['strategy']}/captions/{whole}.txt"} if row.get("caption") else {})


def _make(output: Output, row: Row, files: dict[str, str]) -> dict[str, bytes]:
    return {
        file: str(row["caption"]).encode() if part == "caption" else output.stored(row, part)
        for part, file in files.items()
    }
