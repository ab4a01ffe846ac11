"""The file of who is who that people edit, and what was written last: together they tell what was changed by
hand.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from animelayers.curate.identity import UNKNOWN

FILE, RECORD = "characters.yaml", "tracks.json"
_BAD = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|,]')
_HEAD = """\
# Who is who. Edit this file, save it, and run the same command again: what stands here is kept.
#   rename   change a name
#   merge    give two entries the same name
#   split    move the line of a track to another entry, or to a new one (- name: …, tracks: and lines below)
#   leave out  move its line to the entry `unknown`; a line that is deleted is decided anew
# A contact picture moved to another character's folder does the same. Comments are written anew by every run.
"""


class EditError(ValueError):
    """A file of characters that was edited into something that cannot be read; the message names the line."""


class Member(NamedTuple):
    """A track in a roster: the name of its character, how sure that is, whether a person put it there, its
    frames and its contact picture.
    """

    name: str
    confidence: float
    by_hand: bool
    frames: int
    picture: str


def checked(name: str, where: str) -> str:
    """The name of a character, which is a folder's too. Raises EditError, naming `where`, for one that cannot
    be.
    """
    if (
        not name
        or name != name.strip()
        or name.startswith(".")
        or name == "none"
        or len(name.encode()) > 100
        or _BAD.search(name)
    ):
        raise EditError(
            f"{where}: {name!r} cannot be a character's name; it is a folder's name too, without / \\ : * ? \" < > | and commas, not 'none'"
        )
    return name


def parse(text: str, known: Collection[str]) -> dict[str, str]:
    """The character of each track in a file of characters; `known` are the tracks there are or were.

    Raises EditError: no YAML, another shape, a bad name, a track that there is not or that stands in two
    entries.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else 1
        raise EditError(f"{FILE} line {line}: {wrong.problem or 'no YAML'}") from None
    found: dict[str, str] = {}
    spelt: dict[str, str] = {}
    for entry in [] if root is None else _items(root, "a list of entries '- name: …'"):
        name, tracks = _entry(entry)
        if (other := spelt.setdefault(name.casefold(), name)) != name:
            raise EditError(f"{_line(entry)}: {name!r} and {other!r} differ in case alone; use one of them")
        for track in tracks:
            if track.value not in known:
                near = difflib.get_close_matches(str(track.value), known, 1)
                raise EditError(
                    f"{_line(track)}: there is no track {track.value!r}"
                    + (f"; did you mean {near[0]!r}?" if near else "")
                )
            if found.setdefault(track.value, name) != name:
                raise EditError(
                    f"{_line(track)}: track {track.value!r} stands under {found[track.value]!r} as well; leave one of them"
                )
    return found


def edited(
    written: Mapping[str, str], filed: Mapping[str, str], last: Mapping[str, Member]
) -> tuple[dict[str, str], set[str]]:
    """The names that stand, and the tracks that a person put where they are.

    ``written``: from the file; ``filed``: the folders that contact pictures lie in; ``last``: what was
    written last. A track that the file has as it was written goes where its picture was moved. A track is by
    hand where it left a character that still has others: a character that vanished was renamed or merged,
    which vouches for none of its tracks. Those unknown that nobody touched are left open.
    """
    names = {}
    for track, name in written.items():
        before = last.get(track)
        names[track] = filed.get(track, name) if before is not None and before.name == name else name
    standing = set(names.values())
    moved = {
        track
        for track, name in names.items()
        if track not in last or (name != last[track].name and last[track].name in {*standing, UNKNOWN})
    }
    stayed = {
        track
        for track, name in names.items()
        if track in last and last[track].by_hand and name == last[track].name
    }
    by_hand = moved | stayed
    return {track: name for track, name in names.items() if name != UNKNOWN or track in by_hand}, by_hand


def text(roster: Mapping[str, Member]) -> str:
    """The file of characters: those with most frames first, `unknown` last."""
    lines = [_HEAD]
    for name, members in groups(roster):
        frames = sum(member.frames for _, member in members)
        lines.append(f"- name: {_quoted(name)}  # {frames} frames\n  tracks:\n")
        lines += [f"  - {_quoted(track)}  # {_said(member)}\n" for track, member in members]
    return "".join(lines)


def groups(roster: Mapping[str, Member]) -> list[tuple[str, list[tuple[str, Member]]]]:
    """The characters of a roster with their tracks, those with most frames first, `unknown` last."""
    found: dict[str, list[tuple[str, Member]]] = {}
    for track, member in sorted(roster.items(), key=lambda item: (-item[1].frames, item[0])):
        found.setdefault(member.name, []).append((track, member))
    return sorted(
        found.items(),
        key=lambda item: (item[0] == UNKNOWN, -sum(member.frames for _, member in item[1]), item[0]),
    )


def record(roster: Mapping[str, Member]) -> bytes:
    """What is written for the next run."""
    return (
        json.dumps(
            {track: member._asdict() for track, member in sorted(roster.items())},
            indent=1,
            ensure_ascii=False,
        ).encode()
        + b"\n"
    )


def recorded(data: bytes | None) -> dict[str, Member]:
    """What the last run wrote; empty without one. Raises EditError for a file that is none."""
    try:
        return (
            {}
            if data is None
            else {str(track): Member(**member) for track, member in json.loads(data).items()}
        )
    except (ValueError, TypeError, AttributeError) as damaged:
        raise EditError(f"{RECORD} is damaged ({damaged}); delete it and {FILE} to start anew") from None


def fresh(taken: Iterable[str], count: int) -> list[str]:
    """Names for `count` new characters: character_01 …, none that is taken."""
    used = {name.casefold() for name in taken}
    free = (name for n in range(1, count + len(used) + 1) if (name := f"character_{n:02d}") not in used)
    return [name for name, _ in zip(free, range(count), strict=False)]


def _items(node: Any, shape: str) -> Sequence[Any]:
    if not isinstance(node, yaml.SequenceNode):
        raise EditError(f"{_line(node)}: here has to be {shape}")
    return list(node.value)


def _entry(node: Any) -> tuple[str, Sequence[Any]]:
    shape = "an entry of two keys, name and tracks"
    if not isinstance(node, yaml.MappingNode) or any(
        not isinstance(key, yaml.ScalarNode) for key, _ in node.value
    ):
        raise EditError(f"{_line(node)}: here has to be {shape}")
    parts = {key.value: value for key, value in node.value}
    for key, _ in node.value:
        if key.value not in ("name", "tracks"):
            raise EditError(f"{_line(key)}: {key.value!r} is no key of {shape}")
    if not isinstance(parts.get("name"), yaml.ScalarNode):
        raise EditError(f"{_line(node)}: the entry has no name")
    empty = "tracks" not in parts or (
        isinstance(parts["tracks"], yaml.ScalarNode) and not parts["tracks"].value
    )
    tracks = [] if empty else _items(parts["tracks"], "a list of tracks")
    for track in tracks:
        if not isinstance(track, yaml.ScalarNode):
            raise EditError(f"{_line(track)}: here has to be the name of a track")
    return checked(str(parts["name"].value), _line(parts["name"])), tracks


def _line(node: Any) -> str:
    return f"{FILE} line {node.start_mark.line + 1}"


def _said(member: Member) -> str:
    sure = "by hand" if member.by_hand else f"sure {member.confidence:.2f}"
    return f"{member.frames} frames" + (f", {sure}" if member.name != UNKNOWN or member.by_hand else "")


def _quoted(word: str) -> str:
    plain = (
        re.fullmatch(r"[\w./-]+( [\w./-]+)*", word)
        and yaml.safe_load(word) == word
        and not word.startswith("-")
    )
    return word if plain else json.dumps(word, ensure_ascii=False)
