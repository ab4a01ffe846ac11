"""Everything that was changed in an exported folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from animelayers.dataset.output import Output
from animelayers.edits.documents import DOCUMENTS, document
from animelayers.edits.edit import Edit
from animelayers.edits.sequences import named, sequence
from animelayers.exports.sequence import NOTE

_LARGEST = 1 << 30
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")


class Matches(NamedTuple):
    """The edits by frame id, and a line about each thing that could not be taken."""

    edits: dict[str, Edit]
    problems: list[str]


def find(output: Output, folder: str | Path) -> Matches:
    """Look through an exported folder of PSD or OpenRaster files or numbered pictures for what differs from
    what was exported.

    Raises ValueError for a folder that is not there or holds no export.
    """
    root, found = Path(folder), Matches({}, [])
    if not root.is_dir():
        raise ValueError(f"edits={folder}: no such folder")
    known = False
    for path in sorted(path for path in root.rglob("*") if path.is_file() and not path.name.startswith(".")):
        suffix, name = path.suffix.lower(), str(path.relative_to(root))
        try:
            if path.stat().st_size > _LARGEST:
                raise ValueError(f"has more than {_LARGEST >> 20} MB")
            if suffix in DOCUMENTS:
                found.problems.extend(f"{name}: {line}" for line in document(output, path, name, found.edits))
            elif path.name == NOTE:
                found.problems.extend(sequence(output, path, root, found.edits))
            elif suffix in _PICTURES and name not in named(path, root):
                raise ValueError("is none of the exported pictures, left out")
            known |= suffix in DOCUMENTS or path.name == NOTE
        # the boundary of an import: whatever a file makes a reader raise is a line about it
        except Exception as problem:
            found.problems.append(f"{name}: {problem or type(problem).__name__}")
    if not known:
        raise ValueError(f"edits={folder}: no export is there: no PSD or OpenRaster file and no {NOTE}")
    return found
