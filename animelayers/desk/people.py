"""Who is who, as the file of characters says: contact pictures, and the edits a person makes, in that same
file.
"""

from __future__ import annotations

import re
from typing import Any

from animelayers.curate import cluster, roster
from animelayers.curate.roster import Member
from animelayers.sinks.store import Store

UNKNOWN = "unknown"


def is_cast(path: str) -> bool:
    """Whether a folder holds who is who."""
    store = Store(path)
    return store.exists(roster.FILE) and store.exists(roster.RECORD)


def now(path: str) -> dict[str, Member]:
    """The roster as the file and the pictures' folders have it by now. Raises `roster.EditError` where that
    cannot be read.
    """
    store = Store(path)
    before = roster.recorded(store.read(roster.RECORD))
    _, names, by_hand = cluster.last(store, before)
    return {
        track: member._replace(name=names.get(track, UNKNOWN), by_hand=track in by_hand)
        for track, member in before.items()
    }


def described(path: str) -> dict[str, Any]:
    """The characters with their tracks, those with most frames first. Raises `roster.EditError`."""
    store = Store(path)
    made = now(path)
    there = {name: folder for folder in store.folders("") for name in store.names(folder, ".jpg")}
    groups: list[dict[str, Any]] = []
    for name, members in roster.groups(made):
        tracks = [
            {"track": track, **member._asdict(), "folder": there.get(member.picture, "")}
            for track, member in members
        ]
        who, outfit = parts(name)
        groups.append(
            {
                "name": name,
                "who": who,
                "outfit": outfit,
                "frames": sum(member.frames for _, member in members),
                "tracks": tracks,
            }
        )
    most: dict[str, int] = {}
    for group in groups:
        most[group["who"]] = most.get(group["who"], 0) + group["frames"]
    groups.sort(
        key=lambda group: (
            group["who"] == UNKNOWN,
            -most[group["who"]],
            group["who"],
            group["outfit"] != "",
            group["outfit"],
        )
    )
    return {"characters": groups}


def parts(name: str) -> tuple[str, str]:
    """Who is meant by a name, and in which outfit: 'akari (winter)' is akari in winter; '' for none that is
    named.
    """
    found = re.fullmatch(r"(.*\S) \(([^()]+)\)", name)
    return (found[1], found[2]) if found else (name, "")


def rename(path: str, old: str, new: str) -> None:
    """Give a character another name, in all outfits; that of another one merges the two. Raises
    `roster.EditError` for a name that cannot be.
    """
    roster.checked(new, "name")
    made = now(path)
    if all(member.name != old for member in made.values()):
        raise roster.EditError(f"there is no character {old!r}")

    def called(name: str) -> str:
        who, outfit = parts(name)
        return (
            new
            if name == old
            else f"{new} ({outfit})"
            if outfit and who == old and not parts(new)[1]
            else name
        )

    _write(path, {track: member._replace(name=called(member.name)) for track, member in made.items()})


def dress(path: str, tracks: list[str], outfit: str) -> None:
    """Say that tracks of one character show it in an outfit, '' for none that is named. Raises
    `roster.EditError`.
    """
    made = now(path)
    if strange := [track for track in tracks if track not in made]:
        raise roster.EditError(f"there is no track {strange[0]!r}")
    whose = sorted({parts(made[track].name)[0] for track in tracks})
    if len(whose) != 1 or whose == [UNKNOWN]:
        told = " and ".join(map(repr, whose)) if whose else "no tracks"
        raise roster.EditError(
            f"an outfit is one character's, not of {told}: choose pictures of one, and give it a name first"
        )
    if any(sign in outfit for sign in "()"):
        raise roster.EditError(f"{outfit!r} cannot be an outfit's name: leave the ( ) out")
    move(path, tracks, f"{whose[0]} ({outfit.strip()})" if outfit.strip() else whose[0])


def move(path: str, tracks: list[str], name: str) -> None:
    """Move tracks to a character, a new one where nobody is called so, or to 'unknown'. Raises
    `roster.EditError`.
    """
    roster.checked(name, "name")
    made = now(path)
    if strange := [track for track in tracks if track not in made]:
        raise roster.EditError(f"there is no track {strange[0]!r}")
    _write(
        path,
        {
            track: member._replace(name=name, by_hand=True) if track in tracks else member
            for track, member in made.items()
        },
    )


def _write(path: str, made: dict[str, Member]) -> None:
    """The file alone changes: the next run of cluster_characters reads it, moves the pictures and tells the
    frame table.
    """
    spelt: dict[str, str] = {}
    for member in made.values():
        if (other := spelt.setdefault(member.name.casefold(), member.name)) != member.name:
            raise roster.EditError(f"{member.name!r} and {other!r} differ in case alone; use one of them")
    Store(path).put(roster.FILE, "desk", roster.text(made).encode())
