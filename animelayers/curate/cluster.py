"""Identity over an output: colours looked at, tracks decided, edits kept, and what people look at and edit
written.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numpy as np

from animelayers.curate import roster
from animelayers.curate.cutouts import Cutouts, picture_name
from animelayers.curate.evidence import colours, looks, robust
from animelayers.curate.identity import UNKNOWN, decide
from animelayers.curate.roster import Member
from animelayers.curate.tracklets import Tracklet, Tracklets
from animelayers.imaging.codecs import encode_jpeg
from animelayers.imaging.vectors import unit
from animelayers.sinks.store import Store

log = logging.getLogger(__name__)

_READERS = 4
Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]
"""Shows how far an iteration is: the iterable, its length, and what it does."""


def painted(cutouts: Cutouts, tracks: Sequence[Tracklet], drawings: int, progress: Progress) -> np.ndarray:
    """What colours each track has, float32 (N, 2, 2048) as `evidence.colours`, from at most `drawings` of its
    drawings.
    """

    def of(track: Tracklet) -> np.ndarray:
        best = sorted(track.drawings, key=lambda seen: (-seen.weight, seen.row))[:drawings]
        total = np.asarray(sum(seen.weight * colours(cutouts.cut(seen)) for seen in best), np.float32)
        return total

    with ThreadPoolExecutor(_READERS) as pool:
        return unit(np.stack(list(progress(pool.map(of, tracks), len(tracks), "colours"))))


def recognised(
    cutouts: Cutouts,
    tracks: Sequence[Tracklet],
    net: Callable[[list[np.ndarray]], np.ndarray],
    progress: Progress,
) -> np.ndarray:
    """What a net that knows people again says of each track, float32 (N, 2, E) of unit length, from its
    drawings' cut-outs and the upper halves of those.
    """

    def of(track: Tracklet) -> np.ndarray:
        seen = looks(net, [cutouts.cut(each) for each in track.drawings])
        weights = np.array([each.weight for each in track.drawings])
        made = np.zeros(seen.shape[1:], np.float32)
        for way, vectors in enumerate(seen.swapaxes(0, 1)):
            there = vectors.any(axis=1)
            if there.any():
                made[way] = robust(vectors[there], weights[there])
        return made

    return np.stack(list(progress(map(of, tracks), len(tracks), "people")))


def assign(
    found: Tracklets,
    similar: np.ndarray,
    names: Mapping[str, str],
    by_hand: set[str],
    referred: Sequence[str] = (),
    min_frames: int = 1,
    min_height: float = 0.0,
    **how: Any,
) -> dict[str, Member]:
    """The roster: `names` stand, all other tracks are decided by `identity.decide` (`how`); characters that it
    made are unknown where they have fewer than `min_frames` frames, or are seen in one shot alone and never
    take the share `min_height` of the frame's height: things and effects that were taken for somebody.

    ``similar``: (N + R, N + R), the tracks and then the R reference pictures, whose characters are
    `referred`.
    """
    tracks = found.tracks
    given = [names.get(track.name, "") for track in tracks] + list(referred)
    known = sorted({name for name in given if name and name != UNKNOWN})
    number = {name: k for k, name in enumerate(known)}
    # Whom a person left out stays out: each is a group nobody is put to.
    out = {
        name: len(known) + k
        for k, name in enumerate(
            track.name for track, name in zip(tracks, given, strict=False) if name == UNKNOWN
        )
    }
    left = np.array([not (i < len(tracks) and tracks[i].name in out) for i in range(len(given))])
    kept = np.flatnonzero(left)
    place = np.cumsum(left) - 1
    pairs = found.apart[left[found.apart].all(axis=1)] if len(found.apart) else found.apart
    group = np.array([number.get(given[i], -1) for i in kept], int)
    _warn(found, given)
    decision = decide(similar[np.ix_(kept, kept)], place[pairs], group, **how)
    frames = np.zeros(decision.group.max(initial=-1) + 1, int)
    for i, k in zip(kept.tolist(), decision.group.tolist(), strict=True):
        frames[k] += tracks[i].frames if k >= 0 and i < len(tracks) else 0
    high, shots = np.zeros(len(frames)), [set[str]() for _ in frames]
    for i, k in zip(kept.tolist(), decision.group.tolist(), strict=True):
        if k >= 0 and i < len(tracks):
            high[k] = max(high[k], tracks[i].high)
            shots[k].add(tracks[i].shot)
    fresh = [
        k
        for k in np.argsort(-frames, kind="stable").tolist()
        if k >= len(known) and frames[k] >= min_frames and (high[k] >= min_height or len(shots[k]) > 1)
    ]
    label = {
        **dict(enumerate(known)),
        **dict(zip(fresh, roster.fresh([*known, UNKNOWN], len(fresh)), strict=True)),
    }
    made = {
        track.name: Member(UNKNOWN, 0.0, track.name in by_hand, track.frames, picture_name(track.name))
        for track in tracks
    }
    for i, k, sure in zip(kept.tolist(), decision.group.tolist(), decision.confidence.tolist(), strict=True):
        if i < len(tracks) and k in label:
            hand = tracks[i].name in by_hand
            made[tracks[i].name] = made[tracks[i].name]._replace(
                name=label[k], confidence=1.0 if hand else round(sure, 4)
            )
    return made


def last(store: Store, tracks: Iterable[str]) -> tuple[dict[str, Member], dict[str, str], set[str]]:
    """What the last run wrote, the names that stand after edits, and the tracks put somewhere by hand. Raises
    `roster.EditError`.
    """
    before = roster.recorded(store.read(roster.RECORD))
    there = set(tracks)
    data = store.read(roster.FILE)
    try:
        written = {} if data is None else roster.parse(data.decode(), there | set(before))
    except UnicodeDecodeError as damaged:
        raise roster.EditError(f"{roster.FILE} is not UTF-8 text ({damaged}); save it as such") from None
    track_of = {member.picture: track for track, member in before.items()}
    lies: dict[str, set[str]] = {}
    for folder in store.folders(""):
        for name in store.names(folder, ".jpg"):
            if name in track_of:
                lies.setdefault(track_of[name], set()).add(folder)
    filed = {}
    for track, folders in lies.items():
        moved = folders - {before[track].name}
        if len(moved) > 1:
            raise roster.EditError(
                f"the picture {before[track].picture} lies in {', '.join(sorted(moved))}: leave it in one of these folders"
            )
        if before[track].name not in folders:
            filed[track] = roster.checked(moved.pop(), f"folder of {before[track].picture}")
    names, by_hand = roster.edited(written, filed, before)
    if gone := sorted(set(names) - there):
        log.warning("%d tracks of %s are not in the output any more: %s", len(gone), roster.FILE, gone[:3])
    return before, {track: name for track, name in names.items() if track in there}, by_hand


def write(
    store: Store,
    made: Mapping[str, Member],
    before: Mapping[str, Member],
    found: Tracklets,
    cutouts: Cutouts,
    most: int,
    show: Progress,
) -> None:
    """The contact pictures of each character (its `most` largest tracks), the file people edit and the record
    of it.
    """
    wanted = {
        f"{name}/{member.picture}": track
        for name, group in roster.groups(made)
        for track, member in group[:most]
    }
    track_of = {track.name: track for track in found.tracks}
    old = {member.picture for member in before.values()}
    for folder in store.folders(""):
        gone = [
            name for name in store.names(folder, ".jpg") if name in old and f"{folder}/{name}" not in wanted
        ]
        for name in gone:
            store.remove(f"{folder}/{name}")
        if gone or folder in {member.name for member in before.values()}:
            _tidy(store, folder)
    for name in sorted({member.name for member in made.values()}):
        store.folder(name)

    def draw(item: tuple[str, str]) -> None:
        store.put(item[0], "cast", encode_jpeg(cutouts.contact(track_of[item[1]]), 88))

    drawable = [item for item in wanted.items() if track_of[item[1]].drawings]
    with ThreadPoolExecutor(_READERS) as pool:
        for _ in show(pool.map(draw, drawable), len(drawable), "pictures"):
            pass
    store.put(roster.FILE, "cast", roster.text(made).encode())
    store.put(roster.RECORD, "cast", roster.record(made))


def _warn(found: Tracklets, given: Sequence[str]) -> None:
    both = [(a, b) for a, b in found.apart.tolist() if given[a] and given[a] == given[b] != UNKNOWN]
    for a, b in both[:3]:
        log.warning(
            "%s and %s are in one frame together and both %s, as the file says",
            found.tracks[a].name,
            found.tracks[b].name,
            given[a],
        )


def _tidy(store: Store, folder: str) -> None:
    """Remove a folder whose pictures all went."""
    if store.local:
        with suppress(OSError):  # there is something else in it
            os.rmdir(store.path(folder))
