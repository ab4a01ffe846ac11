"""Edits in layered files: PSD and OpenRaster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from animelayers.dataset.output import Output
from animelayers.edits.edit import Edit, keep, take_background, take_characters, take_effect, take_shadow
from animelayers.edits.notes import read_note, row_of
from animelayers.exports.documents import Documents
from animelayers.exports.ora import Ora, read_ora
from animelayers.exports.psd import Psd, read_psd
from animelayers.exports.stack import (
    BACKGROUND,
    CHARACTER,
    EFFECT,
    FRAME,
    PLATE,
    SHADOW,
    Layer,
    decoded,
    digest,
    digests,
    stack,
)

DOCUMENTS: Mapping[str, tuple[type[Documents], Callable[[bytes], list[Layer]]]] = {
    ".psd": (Psd, read_psd),
    ".ora": (Ora, read_ora),
}
"""By suffix, the export and what reads its files."""


def document(output: Output, path: Path, name: str, edits: dict[str, Edit]) -> Iterator[str]:
    """Take over what was changed in a layered file; gives a line for each of its layers that cannot be."""
    kind, read = DOCUMENTS[path.suffix.lower()]
    beside = Path(f"{str(path)[: -len(path.suffix)]}.json")
    if not beside.is_file():
        raise ValueError(f"no {beside.name} beside it tells which frame it is of")
    note = read_note(beside)
    row = row_of(output, str(note.get("frame_id", "")))
    layers = {layer.name: layer for layer in read(path.read_bytes()) if layer.name not in (PLATE, FRAME)}
    known, mode = dict(note["layers"]), row.get("effect_mode") or "none"
    changed = {name for name, layer in layers.items() if known.get(name) != digest(layer.picture)}
    if EFFECT in layers and layers[EFFECT].mode != mode and EFFECT in known:
        changed.add(EFFECT)
    yield from (
        f"has no layer {name!r} any more, left as it was" for name in sorted(set(known) - set(layers))
    )
    for layer in [layers[name] for name in sorted(changed - set(known) - {EFFECT})]:
        yield f"layer {layer.name!r} is none of the export's, left out: merge it into one of them"
        changed.discard(layer.name)
    if not changed:
        return
    size = (int(row["height"]), int(row["width"]))
    if bad := next(
        (layers[name].picture.shape[:2] for name in changed if layers[name].picture.shape[:2] != size), None
    ):
        raise ValueError(f"is {bad[1]} x {bad[0]} pixels, its frame {size[1]} x {size[0]}")
    before = {
        layer.name: layer
        for layer in kind.prepared(stack(decoded(output, row), row, plate=False, frame=False))
    }
    if digests([*before.values()]) != known:
        raise ValueError(
            f"was exported from other layers than {output.path} has: export again, or import into the output it came from"
        )
    edit = Edit(row["frame_id"], [name])
    if BACKGROUND in changed:
        take_background(edit, before[BACKGROUND].picture[..., :3], layers[BACKGROUND].picture)
    if SHADOW in changed:
        take_shadow(edit, before[SHADOW].picture, layers[SHADOW].picture)
    if EFFECT in changed:
        take_effect(edit, before.get(EFFECT), layers[EFFECT], straight=kind is not Psd)
    if parts := [name for name in before if name.startswith(CHARACTER)]:
        take_characters(
            edit,
            decoded(output, row)["character"],
            [(before[name], layers.get(name, before[name])) for name in parts],
        )
    yield from keep(edits, edit)
