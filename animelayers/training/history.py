"""What is written down while a net is trained: a line of JSON every few steps and at every judgement."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HISTORY = "history.jsonl"


def note(folder: Path, line: dict[str, Any]) -> None:
    """Add a line; its `samples` tell where in the training it stands."""
    with (folder / HISTORY).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def noted(folder: Path) -> list[dict[str, Any]]:
    """All lines; one that was not written to its end is left out."""
    path, lines = folder / HISTORY, []
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    return lines


def forget(folder: Path, after: int) -> None:
    """Drop what was noted later than the checkpoint that training goes on from, so that no stretch stands
    there twice.
    """
    kept = [line for line in noted(folder) if line["samples"] <= after]
    (folder / HISTORY).write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
