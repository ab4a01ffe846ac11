"""Who is who, as the file of characters says: contact pictures, and the edits a person makes, in that same file."""

from __future__ import annotations

from typing import Any

from animelayers.curate import cast, cluster
from animelayers.curate.cast import Member
from animelayers.sinks.store import Store

UNKNOWN = "unknown"


def is_cast(path: str) -> bool:
    """Whether a folder holds who is who."""
    store = Store(path)
    return store.exists(cast.FILE) and store.exists(cast.RECORD)


def now(path: str) -> dict[str, Member]:
    """The cast as the file and the pictures' folders have it by now. Raises `cast.EditError` where that cannot be read."""
    store = Store(path)
    before = cast.recorded(store.read(cast.RECORD))
    _, names, by_hand = cluster.last(store, before)
    return {track: member._replace(name=names.get(track, UNKNOWN), by_hand=track in by_hand) for track, member in before.items()}


def told(path: str) -> dict[str, Any]:
    """The characters with their tracks, those with most frames first. Raises `cast.EditError`."""
    store = Store(path)
    made = now(path)
    there = {name: folder for folder in store.folders("") for name in store.names(folder, ".jpg")}
    groups = []
    for name, members in cast.groups(made):
        tracks = [{"track": track, **member._asdict(), "folder": there.get(member.picture, "")} for track, member in members]
        groups.append({"name": name, "frames": sum(member.frames for _, member in members), "tracks": tracks})
    return {"characters": groups}


def rename(path: str, old: str, new: str) -> None:
    """Give a character another name; that of another one merges the two. Raises `cast.EditError` for a name that cannot be."""
    cast.checked(new, "name")
    made = now(path)
    if all(member.name != old for member in made.values()):
        raise cast.EditError(f"there is no character {old!r}")
    _write(path, {track: member._replace(name=new) if member.name == old else member for track, member in made.items()})


def move(path: str, tracks: list[str], name: str) -> None:
    """Move tracks to a character, a new one where nobody is called so, or to 'unknown'. Raises `cast.EditError`."""
    cast.checked(name, "name")
    made = now(path)
    if strange := [track for track in tracks if track not in made]:
        raise cast.EditError(f"there is no track {strange[0]!r}")
    _write(path, {track: member._replace(name=name, by_hand=True) if track in tracks else member for track, member in made.items()})


def _write(path: str, made: dict[str, Member]) -> None:
    """The file alone changes: the next run of cluster_characters reads it, moves the pictures and tells the frame table."""
    spelt: dict[str, str] = {}
    for member in made.values():
        if (other := spelt.setdefault(member.name.casefold(), member.name)) != member.name:
            raise cast.EditError(f"{member.name!r} and {other!r} differ in case alone; use one of them")
    Store(path).put(cast.FILE, "desk", cast.text(made).encode())
