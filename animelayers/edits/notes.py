"""What lies beside exported files and tells which frames they are of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from animelayers.dataset.output import Output
from animelayers.record.schema import Row


def read_note(path: Path) -> dict[str, Any]:
    """What the note of a layered file or of a folder of pictures says. Raises ValueError for one that is
    damaged.
    """
    try:
        note = json.loads(path.read_text())
        if not isinstance(note, dict) or not isinstance(note.get("layers", note.get("files")), dict):
            raise ValueError("not of an export")
        return note
    except ValueError as damaged:
        raise ValueError(f"{path.name} is damaged: {damaged}") from damaged


def row_of(output: Output, frame_id: str) -> Row:
    """The row of a frame. Raises ValueError for one that the output has not."""
    if frame_id not in output:
        raise ValueError(f"frame {frame_id!r} is not in {output.path}")
    return output.row(frame_id)
