"""Weights that are a folder of the model hub: which files count, their digests, and the manifest written when
they were fetched.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

from animelayers.weights.records import Hub

MANIFEST = ".manifest.json"
"""Beside the files of a fetched folder: the repository, the commit it came from and the sha256 of each file.
"""

_HEAVY = (".safetensors", ".onnx")


def files(folder: Path, source: Hub) -> list[str]:
    """The files of a folder that count, by their paths inside it with '/', sorted; whatever else lies there
    is never loaded.
    """
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(
        name
        for name in found
        if not name.startswith(".") and any(fnmatch(name, pattern) for pattern in source.patterns)
    )


def complete(folder: Path, source: Hub) -> bool:
    """Whether settings and numbers are both there, as far as that can be seen."""
    if not folder.is_dir():
        return False
    names = files(folder, source)
    return any(name.endswith(_HEAVY) for name in names) and any(name.endswith(".json") for name in names)


def size(folder: Path, source: Hub) -> int:
    """Bytes of the files that count."""
    return sum((folder / name).stat().st_size for name in files(folder, source))


def state(folder: Path, source: Hub) -> list[list[object]]:
    """What changes if a file does: name, size and both times of each. Plain JSON."""
    # ctime as well: a changed file can be given its old mtime, but not its old ctime.
    found = ((name, (folder / name).stat()) for name in files(folder, source))
    return [[name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns] for name, stat in found]


def hashed(folder: Path, source: Hub) -> dict[str, str]:
    """The sha256 of each file that counts."""
    digests = {}
    for name in files(folder, source):
        with (folder / name).open("rb") as file:
            digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def digest(digests: Mapping[str, str]) -> str:
    """One digest for all: 'sha256:HEX' over the sorted lines "HEX  NAME", as the tool sha256sum prints them."""
    lines = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
    return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"


def manifest(folder: Path) -> dict[str, str] | None:
    """The digests written down when the folder was fetched, or None for one brought by hand. Raises
    ValueError for a damaged one.
    """
    try:
        return {
            str(name): str(found)
            for name, found in json.loads((folder / MANIFEST).read_text())["files"].items()
        }
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, AttributeError) as damaged:
        raise ValueError(f"no digests in it: {damaged}") from damaged


def write_manifest(folder: Path, source: Hub, commit: str) -> None:
    """Hash the files of a folder that was just fetched and write them down."""
    facts = {"repository": source.repository, "revision": commit, "files": hashed(folder, source)}
    with (folder / MANIFEST).open("w") as out:
        out.write(json.dumps(facts, indent=1))
        out.flush()
        os.fsync(out.fileno())


def differences(pinned: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """What is not as the manifest has it, in words."""
    words = [f"{name} is missing" for name in pinned if name not in found]
    words += [f"{name} was not fetched with it" for name in found if name not in pinned]
    return words + [
        f"{name}: sha256 {found[name]}, expected {pinned[name]}"
        for name in pinned
        if name in found and found[name] != pinned[name]
    ]
