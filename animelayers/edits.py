"""Layers that were changed by hand in an exported folder: found by their digests, read, and named by what they are of."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from animelayers.imaging import codecs
from animelayers.imaging.edited import NOISE, differs, joined, painted, remasked
from animelayers.output import Output
from animelayers.schema import Row
from animelayers.sinks.export.documents import Documents
from animelayers.sinks.export.ora import Ora, read_ora
from animelayers.sinks.export.psd import Psd, read_psd
from animelayers.sinks.export.sequence import NOTE
from animelayers.sinks.export.stack import BACKGROUND, CHARACTER, EFFECT, FRAME, PLATE, Layer, decoded, digest, digests, off_black, stack

MODES = ("over", "add", "screen")
_DOCUMENTS: Mapping[str, tuple[type[Documents], Callable[[bytes], list[Layer]]]] = {".psd": (Psd, read_psd), ".ora": (Ora, read_ora)}
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
_SHAPES = {"character": "RGBA", "effect": "RGBA", "background": "RGB", "mask": "L"}


@dataclass
class Edit:
    """What was changed of a drawing, named by the frame its layers are stored under.

    ``character`` RGBA uint8 (H, W, 4), with ``colours`` bool (H, W) where its colour is the hand's own and not to be solved; ``whose`` uint8
    (H, W), the id of the character each changed pixel belongs to, 0 where that is not told; ``background`` uint8 (H, W, 3); ``effect`` RGBA
    uint8 and its ``mode``. None, or '', is what was left alone. ``files``: where it was found.
    """

    frame_id: str
    files: list[str] = field(default_factory=list)
    character: np.ndarray | None = None
    colours: np.ndarray | None = None
    whose: np.ndarray | None = None
    background: np.ndarray | None = None
    effect: np.ndarray | None = None
    mode: str = ""

    @property
    def layers(self) -> list[str]:
        """Names of what was changed."""
        found = [name for name in ("character", "background", "effect") if getattr(self, name) is not None]
        return [*found, *(["effect_mode"] if self.mode and "effect" not in found else [])]


class Found(NamedTuple):
    """The edits by frame id, and a line about each thing that could not be taken."""

    edits: dict[str, Edit]
    problems: list[str]


def find(output: Output, folder: str | Path) -> Found:
    """Look through an exported folder of PSD or OpenRaster files or numbered pictures for what differs from what was exported.

    Raises ValueError for a folder that is not there or holds no export.
    """
    root, found = Path(folder), Found({}, [])
    if not root.is_dir():
        raise ValueError(f"edits={folder}: no such folder")
    known = False
    for path in sorted(path for path in root.rglob("*") if path.is_file() and not path.name.startswith(".")):
        suffix, name = path.suffix.lower(), str(path.relative_to(root))
        try:
            if suffix in _DOCUMENTS:
                found.problems.extend(f"{name}: {line}" for line in _document(output, path, name, found.edits))
            elif path.name == NOTE:
                found.problems.extend(_sequence(output, path, root, found.edits))
            elif suffix in _PICTURES and name not in _named(path, root):
                raise ValueError("is none of the exported pictures, left out")
            known |= suffix in _DOCUMENTS or path.name == NOTE
        except (ValueError, OSError) as problem:
            found.problems.append(f"{name}: {problem}")
    if not known:
        raise ValueError(f"edits={folder}: no export is there: no PSD or OpenRaster file and no {NOTE}")
    return found


def _document(output: Output, path: Path, name: str, edits: dict[str, Edit]) -> Iterator[str]:
    """Take over what was changed in a layered file; gives a line for each of its layers that cannot be."""
    kind, read = _DOCUMENTS[path.suffix.lower()]
    beside = Path(f"{str(path)[: -len(path.suffix)]}.json")
    if not beside.is_file():
        raise ValueError(f"no {beside.name} beside it tells which frame it is of")
    note = _note(beside)
    row = _row(output, str(note.get("frame_id", "")))
    layers = {layer.name: layer for layer in read(path.read_bytes()) if layer.name not in (PLATE, FRAME)}
    known, mode = dict(note["layers"]), row.get("effect_mode") or "none"
    changed = {name for name, layer in layers.items() if known.get(name) != digest(layer.picture)}
    if EFFECT in layers and layers[EFFECT].mode != mode and EFFECT in known:
        changed.add(EFFECT)
    yield from (f"has no layer {name!r} any more, left as it was" for name in sorted(set(known) - set(layers)))
    for layer in [layers[name] for name in sorted(changed - set(known) - {EFFECT})]:
        yield f"layer {layer.name!r} is none of the export's, left out: merge it into one of them"
        changed.discard(layer.name)
    if not changed:
        return
    size = (int(row["height"]), int(row["width"]))
    if bad := next((layers[name].picture.shape[:2] for name in changed if layers[name].picture.shape[:2] != size), None):
        raise ValueError(f"is {bad[1]} x {bad[0]} pixels, its frame {size[1]} x {size[0]}")
    before = {layer.name: layer for layer in kind.prepared(stack(decoded(output, row), row, plate=False, frame=False))}
    if digests([*before.values()]) != known:
        raise ValueError(f"was exported from other layers than {output.path} has: export again, or import into the output it came from")
    edit = Edit(row["frame_id"], [name])
    if BACKGROUND in changed:
        _background(edit, before[BACKGROUND].picture[..., :3], layers[BACKGROUND].picture)
    if EFFECT in changed:
        _effect(edit, before.get(EFFECT), layers[EFFECT], straight=kind is not Psd)
    if parts := [name for name in before if name.startswith(CHARACTER)]:
        _characters(edit, decoded(output, row)["character"], [(before[name], layers.get(name, before[name])) for name in parts])
    yield from _kept(edits, edit)


def _characters(edit: Edit, whole: np.ndarray, parts: list[tuple[Layer, Layer]]) -> None:
    changed = np.logical_or.reduce([differs(before.picture, after.picture) for before, after in parts])
    if changed.any():
        made, place = joined([after.picture for _, after in parts])
        ids = np.array([int(before.name.rpartition(" ")[2]) if before.name.rpartition(" ")[2].isdigit() else 0 for before, _ in parts], np.uint8)
        edit.character = np.where(changed[..., None], made, whole)
        edit.colours = np.logical_or.reduce([painted(before.picture, after.picture) for before, after in parts])
        edit.whose = np.where(changed, ids[place], 0).astype(np.uint8)


def _background(edit: Edit, before: np.ndarray, after: np.ndarray) -> None:
    """Take an edited background; where it was made transparent the old one shows."""
    share = after[..., 3:] / 255.0 if after.shape[2] == 4 else 1.0
    made = np.rint(after[..., :3] * share + before * (1 - share)).astype(np.uint8)
    if (np.abs(made.astype(np.int16) - before) > NOISE).any():
        edit.background = made


def _effect(edit: Edit, before: Layer | None, after: Layer, straight: bool = True) -> None:
    if after.mode not in MODES:
        raise ValueError(f"effect has the blend mode {after.mode}: one of {', '.join(MODES)}")
    if before is None or before.mode != after.mode:
        edit.mode = after.mode
    if before is None or edit.mode or differs(before.picture, after.picture).any():
        lit = not straight and (before or after).mode == "add"
        edit.effect = off_black(after.picture) if lit else after.picture


def _sequence(output: Output, path: Path, root: Path, edits: dict[str, Edit]) -> Iterator[str]:
    """Take over what was changed in the numbered pictures of a shot; gives a line for each that cannot be."""
    for file, facts in sorted(_note(path).get("files", {}).items()):
        picture, name = path.parent / file, str((path.parent / file).relative_to(root))
        if Path(file).name != file or not picture.is_file():
            continue
        data = picture.read_bytes()
        if hashlib.sha256(data).hexdigest()[:32] == facts["digest"]:
            continue
        try:
            row = _row(output, facts["frame_id"])
            edit = _picture(output, row, str(facts["layer"]), data, str(facts["digest"]))
            edit.files.append(name)
            yield from (f"{name}: {line}" for line in _kept(edits, edit))
        except (ValueError, OSError) as problem:
            yield f"{name}: {problem}"


def _picture(output: Output, row: Row, layer: str, data: bytes, known: str) -> Edit:
    with Image.open(io.BytesIO(data)) as opened:
        if opened.size != (row["width"], row["height"]):
            raise ValueError(f"is {opened.width} x {opened.height} pixels, its frame {row['width']} x {row['height']}")
        after = np.asarray(opened.convert(_SHAPES[layer]))
    stored = output.stored(row, layer) if row.get(f"{layer}_file") else None
    if stored is not None and hashlib.sha256(stored).hexdigest()[:32] != known:
        raise ValueError(f"was exported from another {layer} than {output.path} has: export again, or import into the output it came from")
    before, edit = np.zeros_like(after) if stored is None else codecs.decode(stored), Edit(row["frame_id"])
    if layer == "background":
        _background(edit, before, after)
    elif layer == "effect":
        mode = row.get("effect_mode") or "none"
        _effect(edit, Layer(EFFECT, before, mode=mode), Layer(EFFECT, after, mode="over" if mode == "none" else mode))
    elif layer == "character":
        _characters(edit, before, [(Layer(CHARACTER, before), Layer(CHARACTER, after))])
    elif (before != after).any():
        whole = codecs.decode(output.stored(row, "character"))
        edit.character = np.dstack([whole[..., :3], remasked(whole[..., 3], before, after)])
    return edit


def _kept(edits: dict[str, Edit], edit: Edit) -> Iterator[str]:
    """Add an edit to those of its drawing; gives a line for a layer that another file changed otherwise."""
    there = edits.get(edit.frame_id)
    if there is None:
        if edit.layers:
            edits[edit.frame_id] = edit
        return
    for name in edit.layers:
        layer = "mode" if name == "effect_mode" else name
        old, new = getattr(there, layer), getattr(edit, layer)
        if old is None or old == "":
            fields = {"character": ("character", "colours", "whose"), "effect": ("effect", "mode")}.get(layer, (layer,))
            for part in fields:
                setattr(there, part, getattr(edit, part))
            there.files += edit.files
        elif not np.array_equal(old, new):
            yield f"changes the {layer} otherwise than {there.files[0]}, which is taken"


def _named(path: Path, root: Path) -> set[str]:
    """Pictures that the note in a folder names, below `root`."""
    note = path.parent / NOTE
    return {str((path.parent / file).relative_to(root)) for file in _note(note).get("files", {})} if note.is_file() else set()


def _note(path: Path) -> dict[str, Any]:
    try:
        note = json.loads(path.read_text())
        if not isinstance(note, dict) or not isinstance(note.get("layers", note.get("files")), dict):
            raise ValueError("not of an export")
        return note
    except ValueError as damaged:
        raise ValueError(f"{path.name} is damaged: {damaged}") from damaged


def _row(output: Output, frame_id: str) -> Row:
    if frame_id not in output:
        raise ValueError(f"frame {frame_id!r} is not in {output.path}")
    return output.row(frame_id)
