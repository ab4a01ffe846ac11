"""File names people know their frames by: a pure function of the plan, so that no worker has to ask another
one.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple, TypeVar

import pyarrow as pa

_UNSAFE = re.compile(r'[\x00-\x1f\x7f\ud800-\udfff/\\:*?"<>|]')
_LONGEST = 180  # bytes: with suffix, digest and '_background.jpg' below the 255 that a file name may have
K = TypeVar("K", bound=Hashable)


class Home(NamedTuple):
    """Where the frames of one input go: a folder ('' or 'episode_001_layers/'), and the name of a picture (''
    for a film).
    """

    folder: str
    picture: str

    def name(self, clip_id: str, frame_index: int, timestamp_s: float) -> str:
        """The name of a frame: the picture's own, or scene0042_frame002156_t847.25s (without a time that is
        not known).
        """
        time = "" if math.isnan(timestamp_s) else f"_t{timestamp_s:.2f}s"
        return self.picture or f"{clip_id.split('/')[1]}_frame{frame_index:06d}{time}"


def homes(plan: pa.Table) -> dict[str, Home]:
    """The home of every input of a plan (columns source, episode, kind).

    The pictures of an episode share a folder; a film or animation that shares its episode has its own; a
    single folder is none. Names that differ in nothing, or only in case, are told apart by their suffix, then
    by a digest of the path.
    """
    rows = plan.select(["source", "episode", "kind"]).to_pylist()
    episode = {row["source"]: row["episode"] for row in rows}
    moves = {row["source"] for row in rows if row["kind"] in ("video", "animation")}
    crowd = Counter(episode.values())
    units = {
        source: (name, source if source in moves and crowd[name] > 1 else "")
        for source, name in episode.items()
    }
    folders = _distinct({unit: _folder_names(*unit) for unit in set(units.values())})
    alone = len(folders) == 1
    pictures = _distinct(
        {
            source: _picture_names(folders[unit], source)
            for source, unit in units.items()
            if source not in moves
        }
    )
    return {
        source: Home(
            "" if alone else f"{folders[unit]}/",
            pictures[source].rpartition("/")[2] if source in pictures else "",
        )
        for source, unit in units.items()
    }


def _folder_names(episode: str, source: str) -> list[str]:
    name = _safe("_".join(filter(None, [episode, PurePosixPath(source).stem])))
    return [f"{name}_layers".lstrip("_"), f"{name}_{_digest(episode + source)}_layers".lstrip("_")]


def _picture_names(folder: str, source: str) -> list[str]:
    path = PurePosixPath(source)
    stem, suffix = f"{folder}/{_safe(path.stem)}", _UNSAFE.sub("_", path.suffix.lstrip("."))
    return [stem, f"{stem}_{suffix}", f"{stem}_{suffix}_{_digest(source)}"]


def _distinct(candidates: Mapping[K, Sequence[str]]) -> dict[K, str]:
    """Give each key the first of its names that no other key has, case aside; a clash moves all who share the
    name on.
    """
    chosen = {key: names[0] for key, names in candidates.items()}
    for step in range(1, max(map(len, candidates.values()), default=0)):
        shared = Counter(name.casefold() for name in chosen.values())
        chosen = {
            key: candidates[key][step] if shared[name.casefold()] > 1 else name
            for key, name in chosen.items()
        }
    shared = Counter(name.casefold() for name in chosen.values())  # a last name may be another's first
    return {
        key: f"{name}_{_digest(repr(key))}" if shared[name.casefold()] > 1 else name
        for key, name in chosen.items()
    }


def _safe(text: str) -> str:
    clean = _UNSAFE.sub("_", text).lstrip(".-")
    return clean.encode()[:_LONGEST].decode(errors="ignore") or "_"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]
