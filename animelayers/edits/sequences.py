"""Edits in folders of numbered pictures."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from animelayers.dataset.output import Output
from animelayers.edits.edit import Edit, keep, take_background, take_characters, take_effect, take_shadow
from animelayers.edits.notes import read_note, row_of
from animelayers.exports.sequence import NOTE
from animelayers.exports.stack import CHARACTER, EFFECT, Layer
from animelayers.imaging import codecs
from animelayers.imaging.edited import remasked
from animelayers.record.layers import LAYERS
from animelayers.record.schema import Row
from animelayers.storage import below

_SHAPES = {layer.name: {1: "L", 3: "RGB", 4: "RGBA"}[layer.channels] for layer in LAYERS}
DESK = "desk"
"""What the note of corrections made at the desk says: they are of the layers as they were before any
correction.
"""


def sequence(output: Output, path: Path, root: Path, edits: dict[str, Edit]) -> Iterator[str]:
    """Take over what was changed in the numbered pictures of a shot; gives a line for each that cannot be."""
    for file, facts in sorted(read_note(path).get("files", {}).items()):
        try:
            picture, name = path.parent / below(file), str((path.parent / file).relative_to(root))
        except ValueError as outside:
            yield f"{path.relative_to(root)}: {outside}"
            continue
        if Path(file).name != file or not picture.is_file():
            continue
        try:
            data = picture.read_bytes()
            if hashlib.sha256(data).hexdigest()[:32] == facts["digest"]:
                continue
            row = row_of(output, facts["frame_id"])
            edit = _picture(output, row, str(facts["layer"]), data, str(facts["digest"]))
            edit.files.append(name)
            edit.by = "spread" if facts.get("by") == "spread" else "hand"
            yield from (f"{name}: {line}" for line in keep(edits, edit))
        except Exception as problem:  # one bad picture or note never ends an import
            yield f"{name}: {problem or type(problem).__name__}"


def _picture(output: Output, row: Row, layer: str, data: bytes, known: str) -> Edit:
    with Image.open(io.BytesIO(data)) as opened:
        if opened.size != (row["width"], row["height"]):
            raise ValueError(
                f"is {opened.width} x {opened.height} pixels, its frame {row['width']} x {row['height']}"
            )
        after = np.asarray(opened.convert(_SHAPES[layer]))
    stored = output.stored(row, layer) if row.get(f"{layer}_file") else None
    if stored is not None and hashlib.sha256(stored).hexdigest()[:32] != known:
        raise ValueError(
            f"was exported from another {layer} than {output.path} has: export again, or import into the output it came from"
        )
    before, edit = np.zeros_like(after) if stored is None else codecs.decode(stored), Edit(row["frame_id"])
    if layer == "background":
        take_background(edit, before, after)
    elif layer == "shadow":
        take_shadow(edit, before, after)
    elif layer == "effect":
        mode = row.get("effect_mode") or "none"
        take_effect(
            edit,
            Layer(EFFECT, before, mode=mode),
            Layer(EFFECT, after, mode="over" if mode == "none" else mode),
        )
    elif layer == "instances":
        edit.whose = after
    elif layer == "character":
        take_characters(edit, before, [(Layer(CHARACTER, before), Layer(CHARACTER, after))])
    elif (before != after).any():
        whole = codecs.decode(output.stored(row, "character"))
        edit.character = np.dstack([whole[..., :3], remasked(whole[..., 3], before, after)])
    return edit


def of_desk(folder: Path) -> bool:
    """Whether a folder holds corrections that were made at the desk. Raises ValueError for a damaged note."""
    return any(read_note(path).get("export") == DESK for path in sorted(folder.rglob(NOTE)))


def named(path: Path, root: Path) -> set[str]:
    """Pictures that the note in a folder names, below `root`."""
    note = path.parent / NOTE
    return (
        {str((path.parent / file).relative_to(root)) for file in read_note(note).get("files", {})}
        if note.is_file()
        else set()
    )
